/** What plans are made of: which arrays are never stored, and what kernels do not depend on. */
import { describe, expect, test } from "vitest";
import { compileProgram, planOf } from "../../src/compile/index.ts";
import {
  bernoulli,
  compile,
  dim,
  gradient,
  key,
  type Tensor,
  tensor,
  variable,
  zeros,
} from "../../src/core/index.ts";
import type { CompressedName } from "../../src/graph/compressed.ts";
import { type EdgeSource, Edges } from "../../src/graph/edges.ts";
import { SparseMatrix, type SparseName } from "../../src/graph/sparse.ts";
import {
  addSize,
  type Plan,
  type Program,
  printPlan,
  type Size,
  type ValueSpec,
} from "../../src/ir/index.ts";

/** Sizes of the plan's own arrays, as texts. */
const stored = (plan: Plan) =>
  plan.slots.filter(({ where }) => where.kind === "scratch").map(({ count }) => `${count}`);

const ints = (size: Size): ValueSpec => ({ shape: [size], dtype: "int32" });

test("kernels are the same for every seed", () => {
  const inputs: ValueSpec[] = [{ shape: [dim("rows"), 4], dtype: "float32" }];
  const kernels = (seed: number) => {
    const drop = (x: Tensor) =>
      x.mul(bernoulli(key(seed, "dropout").at(zeros([], "int32")), x.shape, 0.5).cast("float32"));
    const plan = compile(drop, { inputs, backend: "wasm" }).plan();
    return plan.rows.map((r) => r.kernel.key);
  };
  expect(kernels(2)).toEqual(kernels(1));
});

describe("no array of messages", () => {
  const [nodes, edges] = [dim("nodes"), dim("edges")];
  const names: readonly CompressedName[] = ["ptr", "source", "target", "columnPtr", "column"];
  const inputs: ValueSpec[] = [
    { shape: [nodes, 8], dtype: "float32" },
    ...names.map((name) => ints(/ptr/i.test(name) ? addSize(nodes, 1) : edges)),
  ];

  test("forwards and backwards, with and without a map of them", () => {
    const w = variable(zeros([8, 8]));
    const step = (x: Tensor, ...arrays: Tensor[]) => {
      const source: EdgeSource = {
        numNodes: nodes,
        numListed: edges,
        numEdges: edges,
        looped: false,
        array: (name) => arrays[names.indexOf(name)]!,
        loops: () => source,
      };
      const e = new Edges(source);
      const sum = (h: Tensor) => e.rows.sum(e.fromSource(h).mul(0.5));
      const y = sum(sum(x.matmul(w)).relu().matmul(w));
      w.assign(w.value.sub(gradient(y.square().sum(), [w])[0]!));
    };
    const sizes = stored(compile(step, { inputs, backend: "wasm" }).plan());
    expect(sizes).not.toContain("8*edges");
    expect(sizes).toContain("8*nodes");
  });
});

test("masks of sparse features are computed where the features are", () => {
  const [rows, count] = [dim("rows"), dim("elements")];
  const names: readonly SparseName[] = ["rowPtr", "column", "place", "columnPtr", "row", "element"];
  const inputs: ValueSpec[] = [
    { shape: [count], dtype: "float32" },
    ...names.map((n) => ints(n === "rowPtr" ? addSize(rows, 1) : n === "columnPtr" ? 101 : count)),
  ];
  const w = variable(zeros([100, 4]));
  const step = (value: Tensor, ...arrays: Tensor[]) => {
    const x = new SparseMatrix((name) => (name === "value" ? value : arrays[names.indexOf(name)]!));
    const mask = bernoulli(key(1).at(zeros([], "int32")), [rows, 100], 0.5).cast("float32");
    const y = x.times(mask).matmul(w.value);
    w.assign(w.value.sub(gradient(y.square().sum(), [w])[0]!));
  };
  const sizes = stored(compile(step, { inputs, backend: "wasm" }).plan());
  expect(sizes).not.toContain("100*rows");
  expect(sizes).not.toContain("4*elements");
});

describe("plans are remembered", () => {
  const rows = dim("rows");
  const inputs: ValueSpec[] = [{ shape: [rows, 4], dtype: "float32" }];
  const program = (factor: number, offset: number) =>
    compile(
      (x: Tensor) => ({
        y: x
          .mul(factor)
          .add(tensor([1, 2, 3, offset]))
          .sum(1),
      }),
      { inputs },
    ).program();
  const target = { lanes: 16, tile: { rows: 4, columns: 8 }, neighbours: true, prefetch: false };

  test("equal programs have the same kernels, as objects, and labels of their own", () => {
    const [a, b] = [program(2, 4), program(2, 4)];
    const named = (p: Program, label: string): Program => ({
      ...p,
      nodes: p.nodes.map((n) => ({ ...n, label })),
    });
    const [first, second] = [planOf(named(a, "first"), target), planOf(named(b, "second/sum"), target)];
    expect(second.rows.map((r) => r.kernel)).toEqual(first.rows.map((r) => r.kernel));
    expect(second.rows.every((r, i) => r.kernel === first.rows[i]!.kernel)).toBe(true);
    expect(first.rows.map((r) => r.label)).toEqual(first.rows.map(() => "first"));
    expect(second.rows.map((r) => r.label)).toEqual(first.rows.map(() => "second/sum"));
    expect(first).toEqual(compileProgram(named(a, "first"), target));
  });

  test("another number, another constant, a sign of zero: another plan", () => {
    const text = (p: Program) => printPlan(planOf(p, target), true);
    const constants = (p: Program) => planOf(p, target).slots.map(({ where }) => where);
    expect(text(program(2, 4))).not.toEqual(text(program(3, 4)));
    expect(text(program(0, 4))).not.toEqual(text(program(-0, 4)));
    expect(constants(program(2, 4))).not.toEqual(constants(program(2, 5)));
  });

  test("what holds on to large constants is not kept", () => {
    const plus = (count: number) => {
      const large = tensor(new Float32Array(count));
      return compile((x: Tensor) => x.add(large), {
        inputs: [{ shape: [count], dtype: "float32" }],
      }).program();
    };
    const kernel = (p: Program) => planOf(p, target).rows[0]!.kernel;
    const [small, large] = [plus(2 ** 10), plus(2 ** 20)];
    expect(kernel(small)).toBe(kernel(small));
    expect(kernel(large)).not.toBe(kernel(large));
  });
});
