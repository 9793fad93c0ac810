/** compile: traces, signatures, symbolic sizes, variables and effects, guards; on every backend. */
import { describe, expect, test } from "vitest";
import type { BackendName, Tensor } from "../../src/core/index.ts";
import {
  compile,
  deviceArray,
  dim,
  gradient,
  guard,
  memory,
  scope,
  segmentSum,
  sizeOf,
  tensor,
  variable,
} from "../../src/core/index.ts";
import { DTypeError, ShapeError, UsageError } from "../../src/ir/errors.ts";
import { printProgram } from "../../src/ir/program.ts";

const values = (t: Tensor): number[] => [...t.dataSync()];
const float = "float32" as const;
const backends: BackendName[] = ["reference", "js", "wasm"];

describe.each(backends)("compile on %s", (backend) => {
  test("keeps the structure of the result", async () => {
    const one = compile((x: Tensor) => x.add(1), { backend });
    expect(values(await one([1, 2]))).toEqual([2, 3]);
    const list = compile((x: Tensor) => [x, x.neg()], { backend });
    expect((await list([1, 2])).map(values)).toEqual([
      [1, 2],
      [-1, -2],
    ]);
    const record = compile((x: Tensor) => ({ sum: x.sum(), twice: x.mul(2) }), { backend });
    const { sum, twice, committed } = await record([1, 2]);
    expect([values(sum), values(twice), committed]).toEqual([[3], [2, 4], true]);
  });

  test("traces once for each signature, or once in all where inputs are declared", () => {
    const free = compile((x: Tensor) => x.sum(), { backend });
    free.runSync([1, 2]);
    free.runSync([3, 4]);
    free.runSync([3, 4, 5]);
    free.runSync(new Int32Array([3, 4]));
    expect(free.traces).toBe(3);
    const rows = dim("rows");
    const fixed = compile((x: Tensor) => x.sum(0), { inputs: [{ shape: [rows, 2], dtype: float }], backend });
    for (const n of [1, 5, 0, 33])
      expect(values(fixed.runSync(new Float32Array(2 * n).fill(1)))).toEqual([n, n]);
    expect(fixed.traces).toBe(1);
  });

  test("a key makes traces of their own", () => {
    let training = true;
    const fn = compile((x: Tensor) => (training ? x.mul(2) : x), { backend, key: () => String(training) });
    expect(values(fn.runSync([1]))).toEqual([2]);
    training = false;
    expect(values(fn.runSync([1]))).toEqual([1]);
    expect(fn.traces).toBe(2);
  });

  test("symbolic sizes are bound by whatever input tells them", () => {
    const [rows, edges] = [dim("rows"), dim("edges")];
    const fn = compile((x, ptr) => ({ sums: segmentSum(x!, ptr!), n: sizeOf(rows), mean: x!.mean() }), {
      inputs: [
        { shape: [edges, 2], dtype: float },
        { shape: [rows], dtype: "int32" },
      ],
      backend,
    });
    const { sums, n, mean } = fn.runSync(new Float32Array([1, 2, 3, 4, 5, 6]), new Int32Array([0, 1, 3]));
    expect(sums.shape).toEqual([2, 2]);
    expect(values(sums)).toEqual([1, 2, 8, 10]);
    expect(values(n)).toEqual([3]);
    expect(values(mean)).toEqual([3.5]);
  });

  test("assignments are carried out at the end, in the order of the trace, and variables may be exchanged", () => {
    const [a, b] = [variable([1, 2]), variable([3, 4])];
    const swap = compile(
      () => {
        const old = a.value;
        a.assign(b.value);
        b.assign(old);
        return a.value.sub(b.value);
      },
      { backend, inputs: [] },
    );
    expect(values(swap.runSync())).toEqual([2, 2]);
    expect([[...a.read()], [...b.read()]]).toEqual([
      [3, 4],
      [1, 2],
    ]);
    const count = variable(0, { dtype: "int32" });
    const step = compile(() => count.assign(count.value.add(1)), { backend, inputs: [] });
    for (let i = 0; i < 3; i++) step.runSync();
    expect([...count.read()]).toEqual([3]);
  });

  test("a value handed out keeps its content when the variable changes", () => {
    const v = variable([1, 2]);
    const before = v.value;
    expect(v.value).toBe(before);
    const square = before.square();
    compile(() => v.assign(v.value.add(10)), { backend, inputs: [] }).runSync();
    expect(values(before)).toEqual([1, 2]);
    expect(values(square)).toEqual([1, 4]);
    expect(values(v.value)).toEqual([11, 12]);
    v.assign(7);
    expect([...v.read()]).toEqual([7, 7]);
  });

  test("a guard that does not hold leaves every variable as it was", () => {
    const w = variable([1, 1]);
    const step = compile(
      (x: Tensor) => {
        const loss = w.value.mul(x).sum();
        guard(loss.isFinite());
        w.assign(w.value.sub(gradient(loss, [w])[0]!));
        return { loss };
      },
      { backend },
    );
    expect(step.runSync([1, 2]).committed).toBe(true);
    const bad = step.runSync([1, Number.NaN]);
    expect(bad.committed).toBe(false);
    expect(values(bad.loss)).toEqual([Number.NaN]);
    expect([...w.read()]).toEqual([0, -1]);
  });

  test("device arrays are inputs without a copy; batches are assembled inside from uint8", () => {
    const [rows, n] = [dim("rows"), dim("n")];
    const before = memory(backend).buffers;
    const images = deviceArray(
      Uint8Array.from({ length: 12 }, (_, i) => 20 * i),
      [4, 3],
      { backend },
    );
    const fn = compile((x: Tensor, i: Tensor) => x.take(i).cast(float).div(20).sum(1), {
      backend,
      inputs: [
        { shape: [n, 3], dtype: "uint8" },
        { shape: [rows], dtype: "int32" },
      ],
    });
    expect(values(fn.runSync(images, new Int32Array([3, 0])))).toEqual([30, 3]);
    images.write([0, 0, 0], 9);
    expect(values(fn.runSync(images, [3]))).toEqual([0]);
    images.release();
    expect(memory(backend).buffers).toBe(before);
  });

  test("random streams of a traced step equal those of a known step", async () => {
    const { key, randomUniform } = await import("../../src/core/index.ts");
    const k = key(5, "dropout");
    const fn = compile((step: Tensor) => randomUniform(k.at(step), [4]), {
      inputs: [{ shape: [], dtype: "int32" }],
      backend,
    });
    for (const step of [0, 1, 1000])
      expect(values(fn.runSync(step))).toEqual(values(randomUniform(k.at(step), [4])));
  });
});

describe("programs", () => {
  test("equal nodes are shared, dead ones left out, scalar constants are part of maps", () => {
    const fn = compile((x: Tensor) => {
      x.exp();
      return x.add(1).mul(x.add(1)).mul(1);
    });
    expect(
      printProgram(fn.program(tensor([1, 2])))
        .split("\n")
        .map((l) => l.replace(/ {2,}.*/, "")),
    ).toEqual(["%0 = input 0", "%1 = map add($0, 1) %0", "%2 = map mul($0, $0) %1", "return %2"]);
  });

  test("labels tell the scope", () => {
    const fn = compile((x: Tensor) => scope("model", () => scope("dense", () => x.exp())));
    expect(fn.program([1]).nodes.at(-1)!.label).toBe("model/dense/exp");
  });
});

describe("errors of compile", () => {
  const rows = dim("rows");
  const inputs = [
    { shape: [rows, 2], dtype: float },
    { shape: [rows], dtype: "int32" as const },
  ];
  const fn = compile((x: Tensor, y: Tensor) => x.sum(1).add(y), { inputs, backend: "reference" });

  test("arguments that do not fit", () => {
    expect(() => fn.runSync(new Float32Array(4))).toThrow(UsageError);
    expect(() => fn.runSync(new Float32Array(5), [1, 2])).toThrow(
      /input 0: the number of values does not fit/,
    );
    expect(() => fn.runSync(new Float32Array(4), [1, 2, 3])).toThrow(ShapeError);
    expect(() => fn.runSync([[1, 2, 3]], [1])).toThrow(/axis 1 differs/);
    expect(() => fn.runSync([[1, 2]], [0.5])).toThrow(DTypeError);
    expect(() => fn.runSync([[1, 2]], tensor([1]))).toThrow(/\.cast\("int32"\)/);
  });

  test("what a trace cannot do", async () => {
    const wrong = (body: (x: Tensor) => unknown) => () =>
      compile(body as (x: Tensor) => Tensor).runSync([1, 2]);
    let leaked: Tensor | undefined;
    compile((x: Tensor) => (leaked = x.add(1))).runSync([1]);
    expect(() => leaked!.dataSync()).toThrow(UsageError);
    expect(wrong((x) => tensor([...x.dataSync()]))).toThrow(/cannot be read here/);
    expect(wrong(async (x) => x)).toThrow(/asynchronous/);
    expect(wrong((x) => compile((y: Tensor) => y).runSync(x))).toThrow(/inside another one/);
    const guarded = (x: Tensor): Tensor => {
      guard(true);
      return x;
    };
    expect(wrong(guarded)).toThrow(/must return a record/);
    expect(() => guard(true)).toThrow(/inside a compiled function only/);
    expect(() => variable([1, 2]).assign([1, 2, 3])).toThrow(ShapeError);
    const gone = variable([1]);
    gone.release();
    expect(() => gone.read()).toThrow(/was released/);
    expect(() => compile((x: Tensor) => x, { backend: "abacus" as never }).runSync([1])).toThrow(
      /no such backend/,
    );
  });
});
