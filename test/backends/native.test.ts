/**
 * The native backend besides its arithmetic (which the tables of kernels and operations test): the cache of compiled
 * kernels and what may be wrong with it, compilers that are not there or fail, and going over from wasm.
 */
import {
  appendFileSync,
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createAutoBackend } from "../../src/backends/auto.ts";
import { Library, library } from "../../src/backends/native/library.ts";
import { clearStore, reportStore, sha256, UnitStore } from "../../src/backends/native/store.ts";
import { nativeTarget } from "../../src/backends/native/target.ts";
import { createWasmBackend } from "../../src/backends/wasm/index.ts";
import { compileProgram } from "../../src/compile/index.ts";
import { preparing } from "../../src/core/backend.ts";
import { compile, gradient } from "../../src/core/index.ts";
import type { Executable, Kernel, Target } from "../../src/ir/index.ts";
import { UnsupportedError } from "../../src/ir/index.ts";
import { nativeProblem } from "../native.ts";
import { KernelWriter, sameBits } from "./kit.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "tendril-native-"));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(root, { recursive: true, force: true });
});

const superuser = process.getuid?.() === 0;

describe.skipIf(process.platform === "win32")("the store of compiled units", () => {
  const folder = () => join(root, "native");
  const open = (mostBytes?: number) => new UnitStore("toolchain", folder(), mostBytes);
  /** Adds an object of `size` bytes with one function. */
  const add = (store: UnitStore, symbol: string, size = 1000): void => {
    const work = store.workFolder();
    writeFileSync(join(work, "0.so"), new Uint8Array(size).fill(symbol.length));
    appendFileSync(join(work, "0.so"), symbol);
    store.add(join(work, "0.so"), [symbol]);
    rmSync(work, { recursive: true });
  };

  test("what is added is found, also by another process; the folder is closed to others", () => {
    add(open(), "f");
    const path = open().find("f")!;
    expect(readFileSync(path).length).toBe(1001);
    for (let at = path; at.length >= folder().length; at = join(at, "..")) {
      expect(statSync(at).mode & 0o077).toBe(0);
      if (at === folder()) break;
    }
    expect(open().find("g")).toBeUndefined();
    expect(reportStore(folder())).toMatchObject({ units: 1 });
    open().write("a name", "a text");
    expect(open().read("a name")).toBe("a text");
    expect(open().read("another")).toBeUndefined();
    const orphan = open();
    const inner = join(path, "..");
    rmSync(inner, { recursive: true });
    writeFileSync(inner, "no folder any more");
    expect(orphan.read("a name")).toBeUndefined();
    orphan.write("a name", "a text");
    expect(readdirSync(folder()).filter((n) => n.startsWith("work-"))).toEqual([]);
    clearStore(folder());
    expect(reportStore(folder())).toEqual({ folder: folder(), units: 0, bytes: 0 });
  });

  const damages: Readonly<Record<string, (path: string) => void>> = {
    "a byte changed": (path) => {
      const bytes = readFileSync(path);
      bytes[500]! ^= 1;
      chmodSync(path, 0o700);
      writeFileSync(path, bytes);
    },
    "cut short": (path) => {
      chmodSync(path, 0o700);
      truncateSync(path, 700);
    },
    gone: (path) => rmSync(path),
    "writable by others": (path) => chmodSync(path, 0o722),
    "a link to somewhere else": (path) => {
      writeFileSync(join(root, "elsewhere"), readFileSync(path));
      rmSync(path);
      symlinkSync(join(root, "elsewhere"), path);
    },
    ...(superuser ? { "someone else's": (path: string) => chownSync(path, 12345, 12345) } : {}),
  };
  test.each(Object.keys(damages))(
    "an object that is damaged or foreign is absent, and can be made again: %s",
    (how) => {
      add(open(), "f");
      damages[how]!(open().find("f")!);
      const store = open();
      expect(store.find("f")).toBeUndefined();
      add(store, "f");
      expect(store.find("f")).toBeDefined();
    },
  );

  test("a list that does not have its own hash in its name is ignored", () => {
    const store = open();
    add(store, "f");
    const inside = join(folder(), readdirSync(folder())[0]!);
    const object = readdirSync(inside).find((n) => n.endsWith(".so"))!;
    const list = JSON.stringify({ object: object.slice(0, -3), symbols: ["planted"] });
    writeFileSync(join(inside, `${sha256("something else")}.json`), list, { mode: 0o400 });
    expect(open().find("planted")).toBeUndefined();
    expect(open().find("f")).toBeDefined();
  });

  test("a folder that is no folder, a link, or someone else's is refused", () => {
    writeFileSync(folder(), "");
    expect(open).toThrow(UnsupportedError);
    rmSync(folder());
    mkdirSync(join(root, "elsewhere"));
    symlinkSync(join(root, "elsewhere"), folder());
    expect(open).toThrow(/no folder/);
    rmSync(folder());
    mkdirSync(folder(), { mode: 0o777 });
    open();
    expect(statSync(folder()).mode & 0o777).toBe(0o700);
    if (superuser) {
      chownSync(folder(), 12345, 12345);
      expect(open).toThrow(/someone else's/);
    } else {
      chmodSync(folder(), 0o500);
      chmodSync(root, 0o500);
      expect(() => open().workFolder()).toThrow(UnsupportedError);
      chmodSync(root, 0o700);
    }
  });

  test("the least recently used units go when there are too many bytes; those in use stay", () => {
    const first = open(10_000);
    add(first, "a", 3000);
    first.find("a");
    for (const symbol of ["bb", "ccc", "dddd", "eeeee"]) {
      add(first, symbol, 3000);
    }
    expect(reportStore(folder()).bytes).toBeLessThanOrEqual(10_000);
    expect(existsSync(open().find("a")!)).toBe(true);
    expect(open().find("bb")).toBeUndefined();
  });
});

function increment(by: number): Kernel {
  const k = new KernelWriter(`increment${by}`);
  const x = k.buffer("int32");
  k.store("int32", x, k.prim("iadd", [k.load("int32", x), k.i(by)]));
  return k.finish();
}

describe.skipIf(process.platform === "win32")("compilers", () => {
  const script = (text: string): string => {
    const path = join(root, "cc");
    writeFileSync(path, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    return path;
  };

  test("one that is not there, or does not work, is told with its name", () => {
    vi.stubEnv("TENDRIL_CC", join(root, "none"));
    expect(() => new Library(root)).toThrow(/none: ENOENT/);
    vi.stubEnv("TENDRIL_CC", script("echo out of order >&2; exit 3"));
    expect(() => new Library(root)).toThrow(/out of order/);
  });

  test.skipIf(nativeProblem)(
    "one that fails at a kernel is an error that says how; nothing is left behind",
    () => {
      vi.stubEnv(
        "TENDRIL_CC",
        script('case "$*" in *-dM*) exec cc "$@";; esac; echo "x.c:1: error: no" >&2; exit 1'),
      );
      const library = new Library(join(root, "store"));
      expect(() => library.ensure([increment(1)])).toThrow(/x\.c:1: error: no/);
      expect(readdirSync(join(root, "store")).filter((n) => n.startsWith("work-"))).toEqual([]);
    },
  );

  test.skipIf(nativeProblem)("one that hangs is ended and told; nothing is left behind", () => {
    vi.stubEnv("TENDRIL_CC", script('case "$*" in *-dM*) exec cc "$@";; esac; exec sleep 600'));
    const library = new Library(join(root, "store"));
    expect(library.obtain([increment(1)])).toBe(false);
    expect(library.obtain([increment(1)])).toBe(false);
    const late = performance.now() + 121_000;
    const clock = vi.spyOn(performance, "now").mockReturnValue(late);
    try {
      expect(() => library.obtain([increment(1)])).toThrow(/no end after 120 s/);
    } finally {
      clock.mockRestore();
    }
    expect(readdirSync(join(root, "store")).filter((n) => n.startsWith("work-"))).toEqual([]);
  });

  test.skipIf(nativeProblem)("what one says of itself is asked again when it has changed", () => {
    const asked = join(root, "asked");
    const times = () => (existsSync(asked) ? readFileSync(asked, "utf8").length : 0);
    const answer = `case "$*" in *-dM*) printf x >> ${asked};; esac; exec cc "$@"`;
    vi.stubEnv("TENDRIL_CC", script(answer));
    const folder = join(root, "store");
    const first = new Library(folder).toolchain;
    expect(times()).toBe(1);
    expect(new Library(folder).toolchain).toEqual(first);
    expect(times()).toBe(existsSync("/proc/cpuinfo") ? 1 : 2);
    const before = times();
    script(`${answer} # another`);
    new Library(folder);
    expect(times()).toBe(before + 1);
  });

  test.skipIf(nativeProblem)("what was compiled once is not compiled again", () => {
    const kernels = [increment(1), increment(2)];
    new Library(root).ensure(kernels);
    vi.stubEnv("TENDRIL_CC", "");
    const again = new Library(root);
    expect(again.placeOf(kernels[1]!).path).toBe(new Library(root).placeOf(kernels[1]!).path);
    expect(again.obtain(kernels)).toBe(true);
  });
});

describe.skipIf(nativeProblem)("auto", () => {
  const inputs = [
    { shape: [37, 50], dtype: "float32" as const },
    { shape: [50, 24], dtype: "float32" as const },
  ];
  const program = compile((a, b) => gradient(a.matmul(b).tanh().square().sum(), [a, b]), {
    inputs,
  }).program();
  const data = inputs.map(({ shape: [m, n] }, i) =>
    Float32Array.from({ length: m! * n! }, (_, j) => Math.sin(j * (i + 1.3))),
  );
  const binding = { inputs: data, variables: [], sizes: new Map() };
  const wasm = createWasmBackend();
  const want = wasm.prepare(compileProgram(program, wasm.target)).run(binding).outputs;

  test.each([1, 2])(
    "begins on wasm, goes over to native code, and gives the same bits (%i threads)",
    async (threads) => {
      const warnings: string[] = [];
      const auto = createAutoBackend({ threads, worth: 0, warn: (text) => warnings.push(text) });
      const e = auto.prepare(compileProgram(program, auto.target), (target) =>
        compileProgram(program, target),
      );
      const check = () => {
        const { outputs } = e.run(binding);
        outputs.forEach((y, i) => {
          expect(sameBits(y, want[i]!)).toBe(true);
        });
      };
      check();
      for (let i = 0; auto.moves === 0 && i < 3000; i++) {
        await sleep(10);
        check();
      }
      expect(auto.moves).toBe(1);
      check();
      expect(warnings).toEqual([]);
      const bytes = auto.memory().bytes;
      e.release();
      expect(auto.memory().bytes).toBe(bytes);
      auto.release();
    },
  );

  /** A number that no kernel has had before; float32 tells the milliseconds of an hour apart. */
  let asked = 0;
  const unseen = (): number => ((Date.now() % 2 ** 22) + 1) / 2 ** (22 + asked++);

  test("much work begins on native code where its kernels are in the cache, and with compilers beside it where not", async () => {
    const auto = createAutoBackend();
    const replan = (target: Target) => compileProgram(program, target);
    expect(auto.ahead(replan, 1e6)).toBeUndefined();
    library().ensure(replan(nativeTarget(library().toolchain.lanes)).rows.map((r) => r.kernel));
    const e = auto.ahead(replan, 2 ** 31) as Executable;
    expect(auto.moves).toBe(1);
    expect(sameBits(e.run(binding).outputs[0]!, want[0]!)).toBe(true);
    // A kernel that nobody has compiled before.
    const odd = unseen();
    const other = compile((x) => [x.mul(odd).exp().sum(1)], { inputs: inputs.slice(0, 1) }).program();
    const replanOther = (target: Target) => compileProgram(other, target);
    expect(auto.ahead(replanOther, 2 ** 31)).toBeUndefined();
    const moving = auto.prepare(compileProgram(other, auto.target), replanOther);
    const bound = { ...binding, inputs: data.slice(0, 1) };
    const before = moving.run(bound).outputs[0]!;
    for (let i = 0; auto.moves === 1 && i < 3000; i++) {
      await sleep(10);
      moving.run(bound);
    }
    expect(auto.moves).toBe(2);
    expect(sameBits(moving.run(bound).outputs[0]!, before)).toBe(true);
    auto.release();
  });

  test("very much work waits for the compilers", async () => {
    const auto = createAutoBackend();
    const odd = unseen();
    const other = compile((x) => [x.mul(odd).exp().sum(0)], { inputs: inputs.slice(0, 1) }).program();
    const replan = (target: Target) => compileProgram(other, target);
    const timers = () => process.getActiveResourcesInfo().filter((r) => r === "Timeout").length;
    const before = timers();
    const soon = auto.ahead(replan, 1e12);
    expect(soon).toBeInstanceOf(Promise);
    // Who no longer waits may end: nothing here keeps Node from it.
    expect(timers()).toBe(before);
    await soon;
    const e = auto.ahead(replan, 1e12) as Executable;
    expect(auto.moves).toBe(1);
    const onWasm = auto.prepare(compileProgram(other, auto.target));
    const bound = { ...binding, inputs: data.slice(0, 1) };
    expect(sameBits(e.run(bound).outputs[0]!, onWasm.run(bound).outputs[0]!)).toBe(true);
    auto.release();
  });

  test("who no longer waits for compilers ends them; who asks again starts them anew", async () => {
    const auto = createAutoBackend();
    const odd = unseen();
    const other = compile((x) => [x.mul(odd).exp().sum(0)], { inputs: inputs.slice(0, 1) }).program();
    const work = preparing(auto, other, 1e12);
    const { value: soon } = work.next();
    expect(soon).toBeInstanceOf(Promise);
    work.return(undefined as never);
    await soon;
    const plan = compileProgram(other, nativeTarget(library().toolchain.lanes));
    const kernels = plan.rows.map((r) => r.kernel);
    expect(library().obtain(kernels)).toBe(false);
    await library().compiled(60_000);
    expect(library().obtain(kernels)).toBe(true);
    auto.release();
  });

  test("plans that run shortly stay on wasm", () => {
    const auto = createAutoBackend({ worth: 1e9 });
    const e = auto.prepare(compileProgram(program, auto.target), () => expect.fail("planned again"));
    for (let i = 0; i < 10; i++) e.run(binding);
    expect(auto.moves).toBe(0);
  });

  test("what cannot be compiled stays on wasm, with one notice", () => {
    const warnings: string[] = [];
    const auto = createAutoBackend({ worth: 0, warn: (text) => warnings.push(text) });
    const failing = () => {
      throw new UnsupportedError({
        where: "backend native",
        problem: "no C compiler works",
        got: "cc: ENOENT",
      });
    };
    for (let i = 0; i < 3; i++) {
      const e = auto.prepare(compileProgram(program, auto.target), failing);
      expect(sameBits(e.run(binding).outputs[0]!, want[0]!)).toBe(true);
      expect(sameBits(e.run(binding).outputs[0]!, want[0]!)).toBe(true);
    }
    expect(warnings).toEqual([expect.stringMatching(/no C compiler works: cc: ENOENT/)]);
  });
});
