/** Every operator, normalisation, aggregation, pooling and model against recorded cases: first weights, outputs, gradients. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compile, gradient, manualSeed, type Tensor } from "../../src/core/index.ts";
import { Aggregation, BasicGNN, type GraphContext, graphContext, Norm } from "../../src/graph/index.ts";
import type { Pooled } from "../../src/graph/pool/top-k-pooling.ts";
import { namedState } from "../../src/graph/state.ts";
import { testBackend } from "../backends.ts";
import {
  moduleOf,
  type Recorded,
  recordedBatch,
  recordedCases,
  recordedEdges,
  recordedGraph,
  tensorOf,
} from "./operator-cases.ts";
import { close } from "./oracle.ts";

beforeAll(() => void manualSeed(null));
afterAll(() => void manualSeed(null));

/** What a module gives for the inputs of a case. */
function called(module: unknown, c: Recorded, ctx: GraphContext, inputs: ReadonlyMap<string, Tensor>) {
  const [x, weight, attr] = ["x", "weight", "attr"].map((name) => inputs.get(name));
  const batch = c.inputs.includes("batch") ? recordedBatch : undefined;
  if (module instanceof Aggregation) return module.call(x!, recordedBatch);
  if (module instanceof Norm) return module.call(x!, batch, ctx);
  if (module instanceof BasicGNN) return module.encode(x!, recordedEdges, { edgeWeight: weight }, ctx);
  const op = module as { call(...args: unknown[]): Tensor | Pooled };
  if (c.pooled) return op.call(x, recordedEdges, batch);
  if (!c.inputs.includes("edges")) return op.call(x, ctx);
  return op.call(x, recordedEdges, weight ?? attr);
}

describe.each(recordedCases)("%s", (_, c) => {
  test("the first weights are those that PyTorch draws", () => {
    manualSeed(7);
    const state = moduleOf(c).stateDict();
    manualSeed(null);
    expect([...state.keys()].sort()).toEqual(Object.keys(c.init).sort());
    for (const [name, { shape, data }] of state) {
      const saved = c.init[name]!;
      expect(shape, name).toEqual(saved.shape);
      Array.from(data, Number).forEach((v, i) => {
        expect(v, `${name}[${i}]`).toBeCloseTo(saved.data[i]!, 6);
      });
    }
  });

  test("outputs and gradients", async () => {
    const module = moduleOf(c);
    const state = namedState(module);
    for (const [name, weight] of state) weight.write(c.arrays[`weight:${name}`]!.data);
    const weights = new Map(state);
    const names = (["x", "weight", "attr"] as const).filter((n) => c.inputs.includes(n));
    const graded = Object.keys(c.arrays).filter((k) => k.startsWith("grad:"));
    const run = compile(
      (...tensors) => {
        const inputs = new Map<string, Tensor>(names.map((name, i) => [name, tensors[i]!]));
        const ctx = graphContext({ training: c.training });
        const result = called(module, c, ctx, inputs);
        // Above a score there are rows of nothing behind those that are kept.
        const output = "x" in result ? result.x.slice(0, c.pooled!.perm.length) : result;
        const targets = graded.map((key) => {
          const [, kind, name] = key.split(":") as [string, string, string];
          return kind === "input" ? inputs.get(name)! : weights.get(name)!;
        });
        const slopes = gradient(output, targets, { seed: tensors.at(-1)! });
        ctx.commit();
        const { batch, perm, score, edgeIndex } = result as Pooled;
        const ends = "x" in result ? [batch.ids, perm, score, edgeIndex.source, edgeIndex.target] : [];
        return [output, ...slopes, ...ends];
      },
      { backend: testBackend },
    );
    const given = names.map((name) => tensorOf(recordedGraph[name]));
    const results = await run(...given, tensorOf(c.arrays.cotangent!));
    close(results[0]!, c.arrays.output!, 1e-5, 1e-4, "output");
    graded.forEach((name, i) => {
      close(results[i + 1]!, c.arrays[name]!, 1e-4, 1e-3, name);
    });
    for (const [name, saved] of Object.entries(c.after ?? {})) {
      Array.from(weights.get(name)!.read()).forEach((v, i) => {
        expect(v, name).toBeCloseTo(saved.data[i]!, 5);
      });
    }
    if (c.pooled) comparePooled(results.slice(graded.length + 1), c.pooled);
    run.release();
  });
});

function comparePooled(
  [batch, perm, score, source, target]: readonly Tensor[],
  saved: NonNullable<Recorded["pooled"]>,
): void {
  const count = saved.perm.length;
  expect([...batch!.dataSync().subarray(0, count)]).toEqual(saved.batch);
  expect([...perm!.dataSync().subarray(0, count)]).toEqual(saved.perm);
  expect(
    perm!
      .dataSync()
      .subarray(count)
      .every((node) => node === -1),
  ).toBe(true);
  close(score!.slice(0, count), saved.score, 1e-5, 1e-4, "score");
  const pairs = (from: ArrayLike<number>, to: ArrayLike<number>) =>
    Array.from(from, (s, e) => `${s} ${to[e]}`).filter((_, e) => to[e]! < count);
  const own = pairs(source!.dataSync(), target!.dataSync());
  expect(own.sort()).toEqual(pairs(...saved.edges).sort());
}
