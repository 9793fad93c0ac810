/**
 * The words in which the threads of a backend agree, at the start of the shared memory (byte addresses).
 *
 * Thread 0 walks the rows. Where a row is shared it writes `kernel` and `args`, sets `left` and publishes a *job*; whoever is
 * awake takes tasks one by one: thread 0 the first, helpers the last, so that a thread finds what it made in its own cache
 * when the next row reads it. The job is done when `left` is 0, so nobody ever waits for a thread that sleeps or has not
 * started yet. `job` is 64 bits: the end and the beginning of the tasks not yet taken, below the number of the job; they
 * change in one step, so a thread that comes late cannot take a task of a job that is over. Words that are written often
 * have 128 bytes to themselves.
 */
import type { WasmMemory, WasmModule } from "./engine.ts";

export const control = {
  /** i64: end of the tasks not taken, their beginning (TASK_BITS each), number of the job (helpers sleep on the high half). */
  job: 128,
  /** Tasks not finished; thread 0 sleeps on it. */
  left: 256,
  /** 1 while thread 0 sleeps. */
  resting: 260,
  /** Helpers that sleep. */
  sleepers: 384,
  /** The row of the job. */
  kernel: 512,
  args: 516,
  /** How many modules of kernels there are, -1 when helpers should leave; the address of the first one's record. */
  version: 640,
  firstModule: 644,
  /** Helpers that have started. */
  helpers: 768,
  /** The length of the message of a helper whose kernel failed, and the message in UTF-8. */
  failure: 772,
  message: 1024,
} as const;

export const MESSAGE_BYTES = 512;

/** The words of the record of a module in the arena; its bytes follow. */
export const moduleRecord = { next: 0, tableAt: 1, functions: 2, length: 3, words: 4 } as const;

/** What a helper is started with. */
export interface HelperStart {
  readonly memory: WasmMemory;
  readonly walker: WasmModule;
}
