/** The cases that test/reference/make_pyg.py recorded: modules made from PyTorch Geometric's own arguments. */
import { readFileSync } from "node:fs";
import { tensor } from "../../src/core/index.ts";
import { EdgeIndex } from "../../src/graph/edge-index.ts";
import * as graph from "../../src/graph/index.ts";
import type { Module } from "../../src/nn/module.ts";
import type { CaseArray } from "./oracle.ts";

/** One case. Names are PyTorch Geometric's. */
export interface Recorded {
  readonly op: string;
  readonly args: readonly unknown[];
  readonly options: Readonly<Record<string, unknown>>;
  readonly inputs: readonly ("x" | "edges" | "weight" | "attr" | "batch")[];
  readonly training: boolean;
  readonly init: Readonly<Record<string, CaseArray>>;
  readonly after?: Readonly<Record<string, CaseArray>>;
  readonly pooled?: {
    readonly edges: readonly [number[], number[]];
    readonly batch: readonly number[];
    readonly perm: readonly number[];
    readonly score: CaseArray;
  };
  readonly arrays: Readonly<Record<string, CaseArray>>;
}

interface File {
  readonly graph: {
    readonly x: CaseArray;
    readonly weight: CaseArray;
    readonly attr: CaseArray;
    readonly edges: readonly [number[], number[]];
    readonly batch: readonly number[];
  };
  readonly cases: Readonly<Record<string, Recorded>>;
}

const file: File = JSON.parse(readFileSync(new URL("../reference/pyg.json", import.meta.url), "utf8"));

export const recordedGraph = file.graph;
export const recordedCases: readonly (readonly [string, Recorded])[] = Object.entries(file.cases);

/** Names of values that PyTorch Geometric spells otherwise. */
const words: ReadonlyMap<unknown, unknown> = new Map([
  ["target_to_source", "targetToSource"],
  ["self_loop", "selfLoop"],
  ["batch_norm", "batchNorm"],
  ["layer_norm", "layerNorm"],
]);

const camel = (name: string) => name.replace(/_([a-z])/g, (_, c: string) => c.toUpperCase());

function argument(value: unknown): unknown {
  if (words.has(value)) return words.get(value);
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const widths = (value as { mlp: number[] }).mlp;
  return widths.slice(1).flatMap((width, i) => {
    const lin = new graph.TorchLinear(widths[i]!, width);
    return i + 2 < widths.length ? [lin, "relu"] : [lin];
  });
}

/** The module of a case. */
export function moduleOf({
  op,
  args,
  options,
}: Pick<Recorded, "op" | "args" | "options">): graph.GraphModule {
  const Class = (graph as never as Record<string, new (...a: unknown[]) => graph.GraphModule>)[op]!;
  const given = Object.fromEntries(Object.entries(options).map(([k, v]) => [camel(k), argument(v)]));
  return new Class(...args.map(argument), ...(Object.keys(options).length > 0 ? [given] : []));
}

export const recordedEdges = new EdgeIndex(file.graph.edges, file.graph.x.shape[0]);
export const recordedBatch = graph.Groups.of(file.graph.batch, 4, "node");

export function tensorOf({ data, shape }: CaseArray) {
  return tensor(Float32Array.from(data), { shape: [...shape] });
}

export type { Module };
