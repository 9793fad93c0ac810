/** Operators on a node with very many neighbours. */
import { expect } from "vitest";
import type { Tensor } from "../../src/core/index.ts";
import { Data, Graph, type GraphContext, graphContext } from "../../src/graph/index.ts";
import { type Row, width } from "./operators-table.ts";

/** Leaves that are alike around node 0, joined in both directions. */
export function star(leaves: number): Data {
  const ends = Array.from({ length: leaves }, (_, i) => i + 1);
  const hub = new Array<number>(leaves).fill(0);
  const alike = (count: number, wide: number, hubs: readonly number[]) => {
    const data = Float32Array.from({ length: count * wide }, (_, i) => 0.3 - (i % wide) / 5);
    data.set(hubs);
    return { data, shape: wide === 1 ? [count] : [count, wide], dtype: "float32" as const };
  };
  return new Data({
    x: alike(leaves + 1, width.nodes, [0.5, -0.25, 1]),
    edgeIndex: [
      [...hub, ...ends],
      [...ends, ...hub],
    ],
    edgeAttr: alike(2 * leaves, width.edges, []),
    edgeWeight: alike(2 * leaves, 1, []),
  });
}

/** What an operator makes of a graph. */
export function run(made: ReturnType<Row["make"]>, data: Data, ctx: GraphContext = graphContext()): Tensor {
  return made.call(Graph.of(data), ctx);
}

/** What comes out for leaves that are alike is alike, and all of it is finite. */
export function checkStar(row: Row, leaves: number): void {
  const graph = star(leaves);
  const out = run(row.make(), graph);
  const rows = row.rows === "graphs" ? 1 : graph.numNodes;
  expect(out.shape[0]).toBe(rows);
  const values = out.dataSync();
  expect(values.every(Number.isFinite)).toBe(true);
  if (row.rows === "graphs") return;
  const inner = values.length / rows;
  const first = values.subarray(inner, 2 * inner);
  expect(values.subarray(inner).every((v, i) => v === first[i % inner])).toBe(true);
}
