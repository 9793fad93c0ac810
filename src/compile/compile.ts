/**
 * Program → Plan. The passes, in order: `simplify` (rewrites), `winners` (gradients behind max pooling), `orient` (contractions
 * run along lanes), `split` (long sums are cut), `fuse` (which kernels there are), `lower/*` (a generator for each kind of
 * kernel), `assemble` (rows and slots).
 */
import type { Plan, Program, Target } from "../ir/index.ts";
import { assemble } from "./assemble.ts";
import { Graph } from "./graph.ts";
import { orient } from "./orient.ts";
import { simplify } from "./simplify.ts";
import { splitSums } from "./split.ts";
import { alongWinners } from "./winners.ts";

/** Compiles a program for a backend's `target`. Pure: equal programs give equal plans. */
export function compileProgram(program: Program, target: Target): Plan {
  const graph = new Graph();
  const roots = splitSums(orient(alongWinners(simplify(program, graph), graph), graph, target), graph);
  return assemble(program, roots, graph, target);
}
