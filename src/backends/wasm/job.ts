/**
 * The functions by which threads work on one row together; what the words mean is in control.ts. The walker is made of
 * them and of the walk itself.
 */
import { TASK_BITS } from "../layout.ts";
import { control } from "./control.ts";
import { FunctionWriter } from "./encoder.ts";
import { op } from "./opcodes.ts";

/** A kernel failed in a helper. */
export const FAILED = -3;
/** A helper took a task and was not heard of again. */
export const LOST = -4;

/** How often a waiting thread looks before it sleeps. */
export const SPINS = 2000;
/** A helper is lost when thread 0, awake, has waited so many times for a second. Stopping the process costs one of them. */
const PATIENCE = 30;
const SECOND = 1e9;
const FOREVER = -1;

/** Indices of the walker's types and functions. */
export const signature = { kernel: 0, walk: 1, version: 2, status: 3, nothing: 4, help: 5 } as const;
export const fn = { walk: 0, share: 1, help: 2, gather: 3, finish: 4, settle: 5, work: 6 } as const;

/** What taking a task subtracts from the job: thread 0 takes the first one, helpers take the last. */
const FIRST = -(2 ** TASK_BITS);
const LAST = 1;

/** Instructions that several of the functions are made of. */
export class WalkerWriter extends FunctionWriter {
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
  /** Pushes the first task of a job that is not taken, and the end of those that are not. */
  firstOf(job: number): void {
    this.get(job);
    this.i64(TASK_BITS);
    this.op(op.i64ShrU);
    this.taskOf();
  }
  endOf(job: number): void {
    this.get(job);
    this.taskOf();
  }
  private taskOf(): void {
    this.op(op.i32WrapI64);
    this.i32(2 ** TASK_BITS - 1);
    this.op(op.i32And);
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

/** `share(kernel, args, tasks)`: makes a row a job, wakes who sleeps, takes part and waits for the rest. 0, FAILED or LOST. */
export function shareBody(): Uint8Array {
  const w = new WalkerWriter(3);
  const [kernel, args, tasks] = [0, 1, 2];
  for (const [at, local] of [
    [control.kernel, kernel],
    [control.args, args],
    [control.left, tasks],
  ] as const) {
    w.store(at, () => w.get(local));
  }
  w.i32(0);
  w.loadJob();
  w.i64(2 * TASK_BITS);
  w.op(op.i64ShrU);
  w.op(op.i32WrapI64);
  w.i32(1);
  w.op(op.i32Add);
  w.op(op.i64ExtendI32U);
  w.i64(2 * TASK_BITS);
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
  w.i64(FIRST);
  w.call(fn.help);
  w.call(fn.gather);
  return w.finish();
}

/** `help(version, step)`: takes tasks and does them, until none is left to take or other kernels are needed. */
export function helpBody(): Uint8Array {
  const w = new WalkerWriter(2);
  const [version, step] = [0, 1];
  const job = w.local("i64");
  w.forever(() => {
    w.loadJob();
    w.set(job);
    w.firstOf(job);
    w.endOf(job);
    w.op(op.i32Eq);
    w.brIf(1);
    // Looked at after the job: kernels that a job needs are there before it is.
    w.load(control.version);
    w.get(version);
    w.op(op.i32Ne);
    w.brIf(1);
    w.i32(0);
    w.get(job);
    w.get(job);
    w.get(step);
    w.op(op.i64Sub);
    w.memory(op.i64AtomicCompareExchange, control.job, 3);
    w.get(job);
    w.op(op.i64Eq);
    w.when(() => {
      w.load(control.args);
      w.endOf(job);
      w.i32(1);
      w.op(op.i32Sub);
      w.firstOf(job);
      w.get(step);
      w.i64(LAST);
      w.op(op.i64Eq);
      w.op(op.select);
      w.load(control.kernel);
      w.callIndirect(signature.kernel);
      w.call(fn.finish);
    });
  });
  return w.finish();
}

/** `finish()`: one task less is left; wakes thread 0 after the last one. */
export function finishBody(): Uint8Array {
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
export function gatherBody(spins: number): Uint8Array {
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
export function settleBody(): Uint8Array {
  const w = new WalkerWriter(0);
  w.load(control.left);
  w.when(() => {
    w.call(fn.finish);
    w.load(control.version);
    w.i64(FIRST);
    w.call(fn.help);
    w.call(fn.gather);
    w.op(op.drop);
  });
  return w.finish();
}

/** `work(version)` */
export function workBody(spins: number): Uint8Array {
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
    w.i64(LAST);
    w.call(fn.help);
    leaveIfOutdated(1);
    w.i32(spins);
    w.set(spin);
    w.forever(() => {
      w.loadJob();
      w.set(job);
      w.firstOf(job);
      w.endOf(job);
      w.op(op.i32Ne);
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
    const highHalf = (): void => {
      w.get(job);
      w.i64(32);
      w.op(op.i64ShrU);
      w.op(op.i32WrapI64);
    };
    w.wait(control.job + 4, highHalf, FOREVER);
    w.op(op.drop);
    w.fetch(op.i32AtomicSub, control.sleepers, 1);
    w.op(op.drop);
  });
  return w.finish();
}
