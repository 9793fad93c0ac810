/**
 * Kernels as compiled functions: printed as C, looked up in the store, and what is missing compiled in units, up to two
 * compilers at once. Shared by all native backends of the process.
 */
import type { ChildProcess } from "node:child_process";
import type { Kernel } from "../../ir/index.ts";
import { UnsupportedError } from "../../ir/index.ts";
import { build } from "./build.ts";
import { emitKernel, widthsFor } from "./emit.ts";
import { nodeModule } from "./node.ts";
import { functionOf, PlanFiles } from "./plans.ts";
import { prelude } from "./prelude.ts";
import { runnerSource } from "./runner-source.ts";
import { sha256, storeFolder, UnitStore } from "./store.ts";
import type { Toolchain } from "./toolchain.ts";
import { findToolchain } from "./toolchain.ts";

/** The most kernels that one unit has, and the fewest for which a second compiler is started. */
const UNIT = 40;
const SMALL = 4;
const COMPILERS = 2;
/** Milliseconds for each unit of a compiler after which it is held to hang; a unit takes one or two seconds. */
const PATIENCE = 120_000;
/** What the headers of the system count for, in characters. */
const HEADERS = 12_000;

/** The function of the runner by which Node knows an addon. */
const RUNNER = "napi_register_module_v1";

/** A function to compile: its name, and its parameters and body. */
interface Source {
  readonly symbol: string;
  /** Undefined where the plan was read, and the function with it. */
  readonly text: string | undefined;
}

type Printed = Source & { readonly text: string };

/** A file to compile. */
interface Unit {
  readonly symbols: readonly string[];
  readonly text: string;
}

/** Where a compiled function is. */
export interface Place {
  readonly path: string;
  readonly symbol: string;
}

export class Library {
  readonly toolchain: Toolchain;
  /** Plans that outlive the process. None of modules one by one, which do not tell what they would plan now. */
  readonly plans: PlanFiles | undefined;
  private readonly store: UnitStore;
  private readonly begin: string;
  /** By the key of a kernel. */
  private readonly sources = new Map<string, Source>();
  private running: Compilation | undefined;

  /** Throws UnsupportedError, saying why, where nothing can be compiled or kept. */
  constructor(folder = storeFolder(), version = build) {
    this.toolchain = findToolchain(() => new UnitStore("compilers", folder));
    this.begin = prelude(widthsFor(this.toolchain.lanes));
    this.store = new UnitStore(`${this.toolchain.identity}\n${this.begin}\n${runnerSource}`, folder);
    const symbolOf = (k: Kernel): string | undefined => this.sources.get(k.key)?.symbol;
    this.plans = version === undefined ? undefined : new PlanFiles(this.store, symbolOf, version);
  }

  /** Compiles what is missing, and returns when all is there. Throws UnsupportedError where the compiler fails. */
  ensure(kernels: readonly Kernel[]): void {
    this.compilation(kernels)?.wait();
    this.plans?.write();
  }

  /**
   * Whether all is there. Where something is missing, compilers are started beside this process, unless some are running;
   * ask again later. Throws UnsupportedError where they failed.
   */
  obtain(kernels: readonly Kernel[]): boolean {
    if (this.running !== undefined) {
      const { running } = this;
      if (!running.ended()) return false;
      this.running = undefined;
      running.finish();
    }
    this.running = this.compilation(kernels);
    this.running?.start();
    if (this.running !== undefined) return false;
    this.plans?.write();
    return true;
  }

  /** Kept when the compilers that `obtain` started have ended, or so many milliseconds after that; Node may end before. */
  async compiled(patience: number): Promise<void> {
    await this.running?.over(patience);
  }

  /** Ends the compilers that `obtain` started; asked again, it starts them anew. */
  abandon(): void {
    this.running?.stop();
    this.running = undefined;
  }

  /** The path of the runner, which has been compiled. */
  get runner(): string {
    return this.place(RUNNER).path;
  }

  /** Where the function of a kernel is, which has been compiled. */
  placeOf(kernel: Kernel): Place {
    return this.place(this.sourceOf(kernel).symbol);
  }

  private place(symbol: string): Place {
    const path = this.store.find(symbol);
    return path === undefined ? gone(symbol) : { path, symbol };
  }

  private sourceOf(kernel: Kernel): Source {
    const symbol = functionOf(kernel);
    if (symbol !== undefined) return { symbol, text: undefined };
    let source = this.sources.get(kernel.key);
    if (source === undefined) {
      const text = emitKernel(kernel, this.toolchain.lanes);
      source = { symbol: `k${sha256(text).slice(0, 40)}`, text };
      this.sources.set(kernel.key, source);
    }
    return source;
  }

  private compilation(kernels: readonly Kernel[]): Compilation | undefined {
    const wanted = new Map(kernels.map((k) => [this.sourceOf(k).symbol, this.sourceOf(k)]));
    const missing = (): Printed[] =>
      [...wanted.values()]
        .filter((s) => this.store.find(s.symbol) === undefined)
        .map(({ symbol, text }) => ({ symbol, text: text ?? gone(symbol) }));
    let sources = missing();
    const runner = (): boolean => this.store.find(RUNNER) === undefined;
    if (sources.length > 0 || runner()) {
      // Another process may have compiled it in the meantime.
      this.store.refresh();
      sources = missing();
    }
    const beside = runner() ? [{ symbols: [RUNNER], text: runnerSource }] : [];
    const units = [...unitsOf(sources, this.begin, beside), ...beside];
    return units.length === 0 ? undefined : new Compilation(this.toolchain, this.store, units);
  }
}

function gone(symbol: string): never {
  throw new UnsupportedError({
    where: "backend native",
    problem: "a compiled kernel has gone from the cache",
    got: symbol,
    try: "run it again",
  });
}

/** Units of about the same length; the compiler of the first has those `beside` it to do, too. */
function unitsOf(sources: readonly Printed[], begin: string, beside: readonly Unit[]): Unit[] {
  if (sources.length === 0) return [];
  const count = Math.max(Math.ceil(sources.length / UNIT), sources.length > SMALL ? COMPILERS : 1);
  const parts = Array.from({ length: count }, () => ({ sources: [] as Printed[], length: 0 }));
  if (count === COMPILERS) parts[0]!.length = beside.reduce((sum, u) => sum + HEADERS + u.text.length, 0);
  for (const s of [...sources].sort((a, b) => b.text.length - a.text.length)) {
    const open = parts.filter((p) => p.sources.length < UNIT);
    const part = open.reduce((a, b) => (b.length < a.length ? b : a));
    part.sources.push(s);
    part.length += s.text.length;
  }
  return parts.map((p) => ({
    symbols: p.sources.map((s) => s.symbol),
    text: [begin, ...p.sources.map((s) => `void ${s.symbol}${s.text}\n`)].join("\n"),
  }));
}

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** One run of the compilers over some units. */
export class Compilation {
  private readonly toolchain: Toolchain;
  private readonly store: UnitStore;
  private readonly units: readonly Unit[];
  private readonly folder: string;
  private child: ChildProcess | undefined;
  private started = 0;
  private failed: unknown;

  constructor(toolchain: Toolchain, store: UnitStore, units: readonly Unit[]) {
    this.toolchain = toolchain;
    this.store = store;
    this.units = units;
    this.folder = store.workFolder();
    const { writeFileSync } = nodeModule("node:fs");
    units.forEach((u, i) => {
      writeFileSync(`${this.folder}/${i}.c`, u.text);
    });
  }

  /** Compiles at once. */
  wait(): void {
    const { error } = nodeModule("node:child_process").spawnSync(
      "/bin/sh",
      ["-c", this.script()],
      this.options(),
    );
    this.failed = error;
    this.finish();
  }

  /** Lets the compilers run beside this process; they end with it. */
  start(): void {
    const options = { ...this.options(), detached: true };
    const child = nodeModule("node:child_process").spawn("/bin/sh", ["-c", this.script()], options);
    this.child = child;
    this.started = performance.now();
    process.once("exit", this.stop);
    child.once("error", (error) => {
      this.failed = error;
    });
    child.once("exit", () => process.off("exit", this.stop));
    child.unref();
  }

  /** Ends the compilers, and removes what they have made. */
  readonly stop = (): void => {
    try {
      if (this.child?.pid !== undefined) process.kill(-this.child.pid);
    } catch {
      // They have ended.
    }
    this.clear();
  };

  private clear(): void {
    try {
      nodeModule("node:fs").rmSync(this.folder, { recursive: true, force: true });
    } catch {
      // A compiler that dies may still write: the folder goes with other leftovers.
    }
  }

  /** Whether the compilers have ended, well or not; those that hang are ended. */
  ended(): boolean {
    if (this.failed !== undefined || nodeModule("node:fs").existsSync(`${this.folder}/done`)) return true;
    const patience = PATIENCE * Math.ceil(this.units.length / COMPILERS);
    if (performance.now() - this.started < patience) return false;
    this.failed = `no end after ${patience / 1000} s`;
    this.stop();
    return true;
  }

  /** Kept when the compilers have ended, or so many milliseconds after their start; Node may end before. */
  over(patience: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, Math.max(0, this.started + patience - performance.now()));
      timer.unref();
      const end = (): void => {
        clearTimeout(timer);
        resolve();
      };
      if (this.ended()) end();
      else this.child?.once("exit", end).once("error", end);
    });
  }

  private options() {
    return { cwd: this.folder, stdio: "ignore" as const, env: { ...process.env, TMPDIR: this.folder } };
  }

  /** Each compiler takes every other unit. */
  private script(): string {
    const { availableParallelism } = nodeModule("node:os");
    const compilers = Math.min(COMPILERS, availableParallelism());
    const { compiler, flags } = this.toolchain;
    const command = (i: number): string =>
      `${[compiler, ...flags].map(quoted).join(" ")} -o ${i}.so ${i}.c 2> ${i}.err; echo $? > ${i}.status`;
    const shares = Array.from({ length: compilers }, (_, c) =>
      this.units.flatMap((_unit, i) => (i % compilers === c ? [command(i)] : [])),
    ).filter((s) => s.length > 0);
    return `${shares.map((s) => `(${s.join("; ")}) &`).join(" ")} wait; : > done`;
  }

  /** Keeps what they made. Throws UnsupportedError where one failed. */
  finish(): void {
    const fs = nodeModule("node:fs");
    try {
      if (this.failed !== undefined) throw failure(String(this.failed), this.failed);
      this.units.forEach((unit, i) => {
        const path = `${this.folder}/${i}`;
        const status = fs.existsSync(`${path}.status`)
          ? fs.readFileSync(`${path}.status`, "utf8").trim()
          : "nothing";
        if (status !== "0") throw failure(complaint(`${path}.err`) ?? `exit status ${status}`);
        this.store.add(`${path}.so`, unit.symbols);
      });
    } finally {
      this.clear();
    }
  }
}

/** The first line in which a compiler says what is wrong. */
function complaint(path: string): string | undefined {
  const fs = nodeModule("node:fs");
  const lines = fs.existsSync(path) ? fs.readFileSync(path, "utf8").split("\n") : [];
  return lines.find((l) => l.includes("error")) ?? lines.find((l) => l !== "");
}

function failure(got: string, cause?: unknown): UnsupportedError {
  return new UnsupportedError({
    where: "backend native",
    problem: "the C compiler failed",
    expected: "compiled kernels",
    got,
    try: 'report this as a bug, or use the backend "wasm", which computes the same bits',
    cause,
  });
}

let shared: Library | undefined;

/** The library of this process, made when first asked for. */
export function library(): Library {
  shared ??= new Library();
  return shared;
}
