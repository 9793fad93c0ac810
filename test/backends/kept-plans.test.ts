/** Plans that are kept on disk beside their kernels: read back whole, by other processes too, and by no other build. */
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Library } from "../../src/backends/native/library.ts";
import { NativeMachine } from "../../src/backends/native/machine.ts";
import { nativeTarget } from "../../src/backends/native/target.ts";
import { MachineBackend } from "../../src/backends/runner.ts";
import { pagedArena } from "../../src/backends/wasm/memory.ts";
import { planOf } from "../../src/compile/index.ts";
import { compile, gradient, tensor } from "../../src/core/index.ts";
import { contentKey, type Dim, dim, evalSize, type Plan, symbolsOf } from "../../src/ir/index.ts";
import { nativeProblem } from "../native.ts";
import { sameBits } from "./kit.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "tendril-plans-"));
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

/** A program with symbolic sizes and a quotient of one, a constant that is an array, and `factor`. */
const programOf = (rows: Dim, factor: number) =>
  compile(
    (x, w) => {
      const y = x.matmul(w).mul(tensor([1, factor, Number.NaN]));
      const every = y.slice([0, 0], undefined, [2, 1]);
      return [every.tanh(), ...gradient(y.square().sum(), [w])];
    },
    {
      inputs: [
        { shape: [rows, 5], dtype: "float32" },
        { shape: [5, 3], dtype: "float32" },
      ],
    },
  ).program();

describe.skipIf(nativeProblem)("kept plans", () => {
  const open = (build = "a build") => new Library(join(root, "native"), build);
  const target = () => nativeTarget(open().toolchain.lanes);

  /** Makes a plan, compiles its kernels, and so keeps it; with what it is asked for by. */
  function kept(rows: Dim, factor: number) {
    const library = open();
    let asked: readonly [string, readonly Dim[]] | undefined;
    const plan = planOf(programOf(rows, factor), target(), {
      find: (...by) => {
        asked = by;
        return library.plans!.find(...by);
      },
      keep: (...all) => library.plans!.keep(...all),
    });
    library.ensure(plan.rows.map((r) => r.kernel));
    return { library, plan, asked: asked! };
  }
  const textFile = () => {
    const all = readdirSync(root, { recursive: true, encoding: "utf8" }).map((name) => join(root, name));
    return all.find((path) => path.endsWith(".txt") && readFileSync(path, "utf8").includes('"kernels"'))!;
  };

  test("what was planned and compiled is read by the next process, and computes the same bits", () => {
    const rows = dim("rows");
    const { library, plan, asked } = kept(rows, 2);
    const next = open();
    const found = next.plans!.find(...asked)!;
    const plain = (p: Plan) =>
      p.rows.map(({ kernel: { name, params }, label: _, ...rest }) => ({ name, params, ...rest }));
    expect(plain(found)).toEqual(plain(plan));
    const { rows: _, ...rest } = found;
    const { rows: __, ...want } = plan;
    expect(contentKey(rest)).toBe(contentKey(want));
    expect(rest).toEqual(want);

    const id = [...symbolsOf(rows).keys()][0]!;
    const run = (p: Plan, by: Library) => {
      const backend = new MachineBackend(
        "native",
        target(),
        new NativeMachine(pagedArena(false).arena, 1, by),
      );
      const inputs = [7 * 5, 5 * 3].map((n) => Float32Array.from({ length: n }, (_, i) => Math.sin(i)));
      const { outputs } = backend.prepare(p).run({ inputs, variables: [], sizes: new Map([[id, 7]]) });
      backend.release();
      return outputs;
    };
    const [first, second] = [run(plan, library), run(found, next)];
    expect(second.map((y) => y.length)).toEqual([4 * 3, 5 * 3]);
    for (const [i, y] of second.entries()) expect(sameBits(y, first[i]!)).toBe(true);
  });

  test("symbols have other numbers in another process; sizes are made of those", () => {
    const { asked } = kept(dim("rows"), 3);
    const other = dim("rows");
    let again: readonly [string, readonly Dim[]] | undefined;
    planOf(programOf(other, 3), target(), {
      find: (...by) => {
        again = by;
        return undefined;
      },
      keep: () => {},
    });
    expect(again![0]).toBe(asked[0]);
    const found = open().plans!.find(...again!)!;
    const at = (n: number) => new Map([[[...symbolsOf(other).keys()][0]!, n]]);
    expect(found.outputs.map((o) => evalSize(o.value.shape[0]!, at(9)))).toEqual([5, 5]);
  });

  test("only the build that wrote it reads it", () => {
    const { asked } = kept(dim("rows"), 4);
    expect(open().plans!.find(...asked)).toBeDefined();
    expect(open("another build").plans!.find(...asked)).toBeUndefined();
    expect(new Library(join(root, "native"), undefined).plans).toBeUndefined();
  });

  test("one that is damaged, or writable by others, is made anew", () => {
    const { asked } = kept(dim("rows"), 5);
    const path = textFile();
    const bytes = readFileSync(path);
    chmodSync(path, 0o622);
    expect(open().plans!.find(...asked)).toBeUndefined();
    chmodSync(path, 0o600);
    for (const change of [
      [0, 1],
      [100, 1],
      [bytes.length - 9, 4],
    ] as const) {
      const damaged = Uint8Array.from(bytes);
      damaged[change[0]]! ^= change[1];
      writeFileSync(path, damaged);
      expect(open().plans!.find(...asked)).toBeUndefined();
    }
    writeFileSync(path, bytes.subarray(0, 50));
    expect(open().plans!.find(...asked)).toBeUndefined();
    writeFileSync(path, bytes);
    expect(open().plans!.find(...asked)).toBeDefined();
  });

  test("without its kernels it is made anew", () => {
    const { asked } = kept(dim("rows"), 6);
    const folder = join(textFile(), "..");
    for (const name of readdirSync(folder)) if (name.endsWith(".so")) rmSync(join(folder, name));
    expect(open().plans!.find(...asked)).toBeUndefined();
  });

  test("an array that is no short constant is told apart in one process only: such plans are not kept", () => {
    const long = tensor(Float32Array.from({ length: 100 }, (_, i) => i));
    const program = compile((x) => x.mul(long).exp(), {
      inputs: [{ shape: [100], dtype: "float32" }],
    }).program();
    const plan = planOf(program, target(), {
      find: () => expect.unreachable(),
      keep: () => expect.unreachable(),
    });
    // The array is a constant of the plan, so it is the plan that is told apart by it.
    expect(plan.slots.map((s) => s.where.kind)).toContain("constant");
  });
});
