/** Recorded cases of PyTorch Geometric: operators made from their arguments, outputs and gradients compared. */
import { readFileSync } from "node:fs";
import { expect } from "vitest";
import {
  type BackendName,
  compile,
  gradient,
  type Tensor,
  tensor,
  type Variable,
} from "../../src/core/index.ts";
import { readSafetensors } from "../../src/formats/safetensors.ts";
import type { AggregationName } from "../../src/graph/aggr/aggregation.ts";
import { convs } from "../../src/graph/convs/index.ts";
import { EdgeIndex } from "../../src/graph/edge-index.ts";
import { Linear } from "../../src/graph/layers/linear.ts";
import { globalAddPool, globalMaxPool, globalMeanPool } from "../../src/graph/pool/global.ts";
import { namedState } from "../../src/graph/state.ts";
import type { Module } from "../../src/nn/module.ts";

/** An array of a case. */
export interface CaseArray {
  readonly shape: readonly number[];
  readonly data: ArrayLike<number>;
}

/** A recorded case: what was called with what, and what came out. */
export interface Case {
  readonly op: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly arrays: ReadonlyMap<string, CaseArray>;
}

/** Inputs of an operator as tensors, and its edges. */
export interface Inputs {
  readonly x: Tensor;
  readonly edges: EdgeIndex;
  readonly edgeWeight: Tensor | undefined;
  readonly edgeAttr: Tensor | undefined;
  get(name: string): Tensor | undefined;
  /** Whole numbers: of graphs, of classes. */
  host(name: string): CaseArray;
}

/** How an operator is made from the arguments of a case, and called. */
export type Maker = (args: never) => { module?: Module; call(inputs: Inputs): Tensor };

export function sharedCase(folder: URL, name: string): Case {
  const { op, args } = JSON.parse(readFileSync(new URL(`${name}.json`, folder), "utf8"));
  const { tensors } = readSafetensors(readFileSync(new URL(`${name}.safetensors`, folder)));
  return { op, args, arrays: tensors as ReadonlyMap<string, CaseArray> };
}

/** Compares the outputs and all recorded gradients of a case on a backend. */
export async function checkCase(c: Case, maker: Maker, backend: BackendName): Promise<void> {
  const { module, call } = maker(c.args as never);
  const weights = new Map(module === undefined ? [] : namedState(module));
  for (const [name, weight] of weights) weight.write(c.arrays.get(`weight:${name}`)!.data);
  const array = (name: string) => c.arrays.get(name);
  const floats = [...c.arrays.keys()].filter(
    (k) => k.startsWith("input:") && array(k)!.data instanceof Float32Array,
  );
  const graded = [...c.arrays.keys()].filter((k) => k.startsWith("grad:"));
  const pairs = array("input:edge_index");
  const nodes = array("input:x")?.shape[0] ?? 0;
  const edges = new EdgeIndex(
    pairs === undefined ? [[], []] : { data: pairs.data, shape: pairs.shape },
    nodes,
  );
  const run = compile(
    (...tensors) => {
      const byName = new Map(floats.map((name, i) => [name, tensors[i]!]));
      const get = (name: string) => byName.get(`input:${name}`);
      const output = call({
        x: get("x")!,
        edges,
        edgeWeight: get("edge_weight"),
        edgeAttr: get("edge_attr"),
        get,
        host: (name) => array(`input:${name}`)!,
      });
      const target = (key: string): Tensor | Variable => {
        const [, kind, name] = key.split(":") as [string, string, string];
        return kind === "input" ? byName.get(`input:${name}`)! : weights.get(name)!;
      };
      const slopes = gradient(output, graded.map(target), { seed: tensors.at(-1)! });
      return [output, ...slopes];
    },
    { backend },
  );
  const tensorOf = ({ data, shape }: CaseArray) => tensor(Float32Array.from(data), { shape: [...shape] });
  const results = await run(...floats.map((n) => tensorOf(array(n)!)), tensorOf(array("cotangent")!));
  close(results[0]!, array("output")!, 1e-5, 1e-4, "output");
  graded.forEach((name, i) => {
    close(results[i + 1]!, array(name)!, 1e-4, 1e-3, name);
  });
  run.release();
}

/** |a − b| ≤ absolute + relative·|b|, everywhere. */
export function close(a: Tensor, b: CaseArray, absolute: number, relative: number, what: string): void {
  expect(a.shape, what).toEqual([...b.shape]);
  const got = a.dataSync();
  const bad = Array.from(got).findIndex(
    (v, i) => !(Math.abs(v - b.data[i]!) <= absolute + relative * Math.abs(b.data[i]!)),
  );
  if (bad >= 0) expect.fail(`${what}[${bad}]: ${got[bad]} instead of ${b.data[bad]}`);
}

const { EdgeConv, GATConv, GCNConv, GINConv, GraphConv, SAGEConv } = convs;

/** `[5, 8, 4]` as linear layers with relu between, as the cases have them. */
const mlp = (widths: readonly number[]) =>
  widths.slice(1).flatMap((w, i) => {
    const lin = new Linear(widths[i]!, w);
    return i + 2 < widths.length ? [lin, "relu" as const] : [lin];
  });

const pool = (fn: (x: Tensor, batch: ArrayLike<number>, size: number) => Tensor): Maker => {
  return ({ size }: { size: number }) => ({ call: ({ x, host }) => fn(x, host("batch").data, size) });
};

interface Widths {
  in: number;
  out: number;
}

/** Operators by name, from the arguments that the recorder was given. */
export const makers: Readonly<Record<string, Maker>> = {
  GCNConv: ({ in: i, out }: Widths) => {
    const module = new GCNConv(i, out);
    return { module, call: ({ x, edges, edgeWeight }) => module.call(x, edges, edgeWeight) };
  },
  GATConv: (a: Widths & { heads?: number; concat?: boolean; edge_dim?: number }) => {
    const { heads = 1, concat = true, edge_dim: edgeDim = null } = a;
    const module = new GATConv(a.in, a.out, { heads, concat, edgeDim });
    return { module, call: ({ x, edges, edgeAttr }) => module.call(x, edges, edgeAttr) };
  },
  SAGEConv: ({ in: i, out }: Widths) => {
    const module = new SAGEConv(i, out);
    return { module, call: ({ x, edges }) => module.call(x, edges) };
  },
  GraphConv: ({ in: i, out }: Widths) => {
    const module = new GraphConv(i, out);
    return { module, call: ({ x, edges, edgeWeight }) => module.call(x, edges, edgeWeight) };
  },
  GINConv: ({ mlp: widths }: { mlp: number[] }) => {
    const module = new GINConv(mlp(widths), { trainEps: true });
    return { module, call: ({ x, edges }) => module.call(x, edges) };
  },
  EdgeConv: ({ mlp: widths, aggr }: { mlp: number[]; aggr: AggregationName }) => {
    const module = new EdgeConv(mlp(widths), { aggr });
    return { module, call: ({ x, edges }) => module.call(x, edges) };
  },
  global_add_pool: pool(globalAddPool),
  global_mean_pool: pool(globalMeanPool),
  global_max_pool: pool(globalMaxPool),
};
