/**
 * The plan runner, itself WebAssembly: walks the entries [from, to) of a plan's table in memory and calls each row's
 * kernel once per task. The layout of an entry is in ../layout.ts. In a shared memory the tasks of marked rows are a job
 * that helping threads take part in, as control.ts tells.
 *
 * Over 400 lines: one function in machine words, written out row by row with its barriers.
 */
import { INTERRUPT } from "../arena.ts";
import { ENTRY_BYTES, GUARD, SHARED, STOPPABLE } from "../layout.ts";
import { DONE, STOPPED } from "../runner.ts";
import { control } from "./control.ts";
import type { FunctionType } from "./encoder.ts";
import { encodeModule, FunctionWriter } from "./encoder.ts";
import type { WasmModule } from "./engine.ts";
import { wasm } from "./engine.ts";
import { kernelType, MAX_PAGES } from "./module.ts";
import { op } from "./opcodes.ts";

/** The functions of a walker. Those after the first exist only in a shared memory. */
export interface Walker {
  /** `walk(table, from, to)`: DONE, STOPPED, the entry of the guard that was false, FAILED or LOST. */
  readonly walk: (table: number, from: number, to: number) => number;
  /** Ends the job in progress, if there is one, after a kernel failed in thread 0. */
  readonly settle?: () => void;
  /** What a helper does until the version is another one than `version`: takes tasks, or sleeps. */
  readonly work?: (version: number) => void;
  /** Counts the task of a helper as finished after its kernel failed. */
  readonly finish?: () => void;
}

/** A kernel failed in a helper. */
export const FAILED = -3;
/** A helper took a task and was not heard of again. */
export const LOST = -4;

/** How often a waiting thread looks before it sleeps. */
const SPINS = 2000;
/** A helper is lost when thread 0, awake, has waited so many times for a second. Stopping the process costs one of them. */
const PATIENCE = 30;
const SECOND = 1e9;
const FOREVER = -1;

const types: readonly FunctionType[] = [
  kernelType,
  { params: ["i32", "i32", "i32"], results: ["i32"] },
  { params: ["i32"], results: [] },
  { params: [], results: ["i32"] },
  { params: [], results: [] },
];
const [KERNEL, THREE, ONE, RESULT, NOTHING] = [0, 1, 2, 3, 4];
/** The functions by number. */
const [WALK, SHARE, HELP, GATHER, FINISH, SETTLE, WORK] = [0, 1, 2, 3, 4, 5, 6];

/** The walker for memories that are shared or not; threads that wait look again and again first if they may `spin`. */
export function walkerModule(shared: boolean, spin: boolean): WasmModule {
  const spins = spin ? SPINS : 1;
  const alone = [{ type: THREE, body: walkBody(shared) }];
  const together = [
    { type: THREE, body: shareBody() },
    { type: ONE, body: helpBody() },
    { type: RESULT, body: gatherBody(spins) },
    { type: NOTHING, body: finishBody() },
    { type: NOTHING, body: settleBody() },
    { type: ONE, body: workBody(spins) },
  ];
  const names = shared ? { walk: WALK, settle: SETTLE, work: WORK, finish: FINISH } : { walk: WALK };
  const bytes = encodeModule({
    types,
    memory: { initial: 1, maximum: MAX_PAGES, shared },
    functions: shared ? [...alone, ...together] : alone,
    exports: Object.entries(names).map(([name, f]) => ({ name, function: f })),
  });
  return new wasm.Module(bytes);
}

/** Instructions that several of the functions are made of. */
class WalkerWriter extends FunctionWriter {
  /** Repeats `body`; a branch of depth 1 in it leaves. */
  forever(body: () => void): void {
    this.block();
    this.loop();
    body();
    this.br(0);
    this.end();
    this.end();
  }
  when(body: () => void): void {
    this.if();
    body();
    this.end();
  }
  add(local: number, amount: number): void {
    this.get(local);
    this.i32(amount);
    this.op(op.i32Add);
    this.set(local);
  }
  /** Pushes a word that other threads write. */
  load(at: number): void {
    this.i32(0);
    this.memory(op.i32AtomicLoad, at, 2);
  }
  /** Writes a word that other threads read; `value` pushes it. */
  store(at: number, value: () => void): void {
    this.i32(0);
    value();
    this.memory(op.i32AtomicStore, at, 2);
  }
  /** Adds to a word (or subtracts) and pushes what it was. */
  fetch(code: number, at: number, amount: number): void {
    this.i32(0);
    this.i32(amount);
    this.memory(code, at, 2);
  }
  loadJob(): void {
    this.i32(0);
    this.memory(op.i64AtomicLoad, control.job, 3);
  }
  /** Wakes up to as many sleepers on a word as `count` pushes. */
  notify(at: number, count: () => void): void {
    this.i32(0);
    count();
    this.memory(op.atomicNotify, at, 2);
    this.op(op.drop);
  }
  /** Sleeps while the word is what `expected` pushes; pushes 2 after `nanoseconds`, else 0 or 1. */
  wait(at: number, expected: () => void, nanoseconds: number): void {
    this.i32(0);
    expected();
    this.i64(nanoseconds);
    this.memory(op.atomicWait32, at, 2);
  }
}

/** `walk(table, row, end)` */
function walkBody(shared: boolean): Uint8Array {
  const w = new WalkerWriter(3);
  const [table, row, end] = [0, 1, 2];
  const [entry, kernel, args, tasks, flags] = Array.from({ length: 5 }, () => w.local("i32")) as Five;
  const task = w.local("i32");
  const status = w.local("i32");
  const field = (n: number, into: number): void => {
    w.get(entry);
    w.memory(op.i32Load, 4 * n, 2);
    w.set(into);
  };
  const stopIfAsked = (): void => {
    w.get(flags);
    w.i32(STOPPABLE);
    w.op(op.i32And);
    w.when(() => {
      w.i32(0);
      w.memory(shared ? op.i32AtomicLoad : op.i32Load, INTERRUPT, 2);
      w.when(() => {
        w.i32(STOPPED);
        w.op(op.return);
      });
    });
  };
  const guard = (): void => {
    w.get(args);
    w.memory(op.i32Load8U, 0);
    w.op(op.i32Eqz);
    w.when(() => {
      w.get(row);
      w.op(op.return);
    });
  };
  const allTasks = (): void => {
    w.i32(0);
    w.set(task);
    w.forever(() => {
      w.get(task);
      w.get(tasks);
      w.op(op.i32GeS);
      w.brIf(1);
      w.get(args);
      w.get(task);
      w.get(kernel);
      w.callIndirect(KERNEL);
      w.add(task, 1);
    });
  };
  const share = (): void => {
    w.get(kernel);
    w.get(args);
    w.get(tasks);
    w.call(SHARE);
    w.tee(status);
    w.when(() => {
      w.get(status);
      w.op(op.return);
    });
  };
  const shareOrDo = (): void => {
    w.get(flags);
    w.i32(SHARED);
    w.op(op.i32And);
    w.load(control.helpers);
    w.i32(0);
    w.op(op.i32GtS);
    w.op(op.i32And);
    w.if();
    share();
    w.else();
    allTasks();
    w.end();
  };
  w.forever(() => {
    w.get(row);
    w.get(end);
    w.op(op.i32GeS);
    w.brIf(1);
    w.get(row);
    w.i32(ENTRY_BYTES);
    w.op(op.i32Mul);
    w.get(table);
    w.op(op.i32Add);
    w.set(entry);
    for (const [n, local] of [kernel, args, tasks, flags].entries()) field(n, local);
    stopIfAsked();
    w.get(kernel);
    w.i32(GUARD);
    w.op(op.i32Eq);
    w.if();
    guard();
    w.else();
    if (shared) shareOrDo();
    else allTasks();
    w.end();
    w.add(row, 1);
  });
  w.i32(DONE);
  return w.finish();
}

type Five = [number, number, number, number, number];

/** `share(kernel, args, tasks)`: makes a row a job, wakes who sleeps, takes part and waits for the rest. 0, FAILED or LOST. */
function shareBody(): Uint8Array {
  const w = new WalkerWriter(3);
  const [kernel, args, tasks] = [0, 1, 2];
  for (const [at, local] of [
    [control.kernel, kernel],
    [control.args, args],
    [control.tasks, tasks],
    [control.left, tasks],
  ] as const) {
    w.store(at, () => w.get(local));
  }
  w.i32(0);
  w.load(control.job + 4);
  w.i32(1);
  w.op(op.i32Add);
  w.op(op.i64ExtendI32U);
  w.i64(32);
  w.op(op.i64Shl);
  w.get(tasks);
  w.op(op.i64ExtendI32U);
  w.op(op.i64Or);
  w.memory(op.i64AtomicStore, control.job, 3);
  w.load(control.sleepers);
  w.when(() =>
    w.notify(control.job + 4, () => {
      w.get(tasks);
      w.i32(1);
      w.op(op.i32Sub);
    }),
  );
  w.load(control.version);
  w.call(HELP);
  w.call(GATHER);
  return w.finish();
}

/** `help(version)`: takes tasks and does them, until none is left to take or other kernels are needed. */
function helpBody(): Uint8Array {
  const w = new WalkerWriter(1);
  const version = 0;
  const job = w.local("i64");
  w.forever(() => {
    w.loadJob();
    w.tee(job);
    w.op(op.i32WrapI64);
    w.op(op.i32Eqz);
    w.brIf(1);
    // Looked at after the job: kernels that a job needs are there before it is.
    w.load(control.version);
    w.get(version);
    w.op(op.i32Ne);
    w.brIf(1);
    w.i32(0);
    w.get(job);
    w.get(job);
    w.i64(1);
    w.op(op.i64Sub);
    w.memory(op.i64AtomicCompareExchange, control.job, 3);
    w.get(job);
    w.op(op.i64Eq);
    w.when(() => {
      w.load(control.args);
      w.load(control.tasks);
      w.get(job);
      w.op(op.i32WrapI64);
      w.op(op.i32Sub);
      w.load(control.kernel);
      w.callIndirect(KERNEL);
      w.call(FINISH);
    });
  });
  return w.finish();
}

/** `finish()`: one task less is left; wakes thread 0 after the last one. */
function finishBody(): Uint8Array {
  const w = new WalkerWriter(0);
  w.fetch(op.i32AtomicSub, control.left, 1);
  w.i32(1);
  w.op(op.i32Eq);
  w.when(() => {
    w.load(control.resting);
    w.when(() => w.notify(control.left, () => w.i32(1)));
  });
  return w.finish();
}

/** `gather()`: waits until no task is left. 0, FAILED or LOST. */
function gatherBody(spins: number): Uint8Array {
  const w = new WalkerWriter(0);
  const [left, patience] = [w.local("i32"), w.local("i32")];
  w.i32(spins);
  w.set(patience);
  w.forever(() => {
    w.load(control.left);
    w.op(op.i32Eqz);
    w.brIf(1);
    w.add(patience, -1);
    w.get(patience);
    w.op(op.i32Eqz);
    w.brIf(1);
  });
  w.store(control.resting, () => w.i32(1));
  w.i32(PATIENCE);
  w.set(patience);
  w.forever(() => {
    w.load(control.left);
    w.tee(left);
    w.op(op.i32Eqz);
    w.brIf(1);
    w.wait(control.left, () => w.get(left), SECOND);
    w.i32(2);
    w.op(op.i32Eq);
    w.when(() => {
      w.add(patience, -1);
      w.get(patience);
      w.op(op.i32Eqz);
      w.when(() => {
        w.i32(LOST);
        w.op(op.return);
      });
    });
  });
  w.store(control.resting, () => w.i32(0));
  w.load(control.failure);
  w.ifValue("i32");
  w.i32(FAILED);
  w.else();
  w.i32(0);
  w.end();
  return w.finish();
}

/** `settle()` */
function settleBody(): Uint8Array {
  const w = new WalkerWriter(0);
  w.load(control.left);
  w.when(() => {
    w.call(FINISH);
    w.load(control.version);
    w.call(HELP);
    w.call(GATHER);
    w.op(op.drop);
  });
  return w.finish();
}

/** `work(version)` */
function workBody(spins: number): Uint8Array {
  const w = new WalkerWriter(1);
  const version = 0;
  const job = w.local("i64");
  const spin = w.local("i32");
  const leaveIfOutdated = (depth: number): void => {
    w.load(control.version);
    w.get(version);
    w.op(op.i32Ne);
    w.brIf(depth);
  };
  w.forever(() => {
    w.get(version);
    w.call(HELP);
    leaveIfOutdated(1);
    w.i32(spins);
    w.set(spin);
    w.forever(() => {
      w.loadJob();
      w.tee(job);
      w.op(op.i32WrapI64);
      // There is a task again: from the loop of spins back to the start of the outer loop.
      w.brIf(2);
      w.add(spin, -1);
      w.get(spin);
      w.op(op.i32Eqz);
      w.brIf(1);
    });
    leaveIfOutdated(1);
    w.fetch(op.i32AtomicAdd, control.sleepers, 1);
    w.op(op.drop);
    const number = (): void => {
      w.get(job);
      w.i64(32);
      w.op(op.i64ShrU);
      w.op(op.i32WrapI64);
    };
    w.wait(control.job + 4, number, FOREVER);
    w.op(op.drop);
    w.fetch(op.i32AtomicSub, control.sleepers, 1);
    w.op(op.drop);
  });
  return w.finish();
}
