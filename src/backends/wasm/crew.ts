/** The threads of a backend besides its own: started when first worth it, told of new kernels, let go at the end. */
import { DeviceError } from "../../ir/index.ts";
import type { Arena } from "../arena.ts";
import { TASK_BITS } from "../layout.ts";
import { control, MESSAGE_BYTES, moduleRecord } from "./control.ts";
import type { WasmMemory, WasmModule } from "./engine.ts";
import { startHelper } from "./host.ts";
import { LOST } from "./job.ts";

export class Crew {
  /** How many threads there should be, this one included. */
  readonly threads: number;
  private readonly memory: WasmMemory;
  private readonly walker: WasmModule;
  private readonly warn: (text: string) => void;
  /** The words at the start of a shared memory, which stay where they are however it grows. */
  private readonly words: Int32Array;
  private summoned = false;
  private released = false;
  private warned = false;
  private modules = 0;
  /** Where the address of the next module's record goes. */
  private link: number = control.firstModule;

  constructor(threads: number, memory: WasmMemory, walker: WasmModule, warn: (text: string) => void) {
    this.threads = threads;
    this.memory = memory;
    this.walker = walker;
    this.warn = warn;
    this.words = new Int32Array(memory.buffer);
  }

  /** How many helpers have started. */
  get helpers(): number {
    return this.threads === 1 ? 0 : Math.max(0, Atomics.load(this.words, control.helpers / 4));
  }

  /** Starts the helpers, once. They take part as soon as they are there; where one cannot start, the others do its work. */
  summon(): void {
    if (this.summoned || this.released) return;
    this.summoned = true;
    try {
      for (let i = 1; i < this.threads; i++) {
        const start = { memory: this.memory, walker: this.walker };
        startHelper(start, `tendril-${i}`, (error) => this.missing(error));
      }
    } catch (error) {
      this.missing(error);
    }
  }

  private missing(error: unknown): void {
    if (this.warned) return;
    this.warned = true;
    this.warn(
      `a thread of the wasm backend could not start; fewer threads compute the same numbers (${error})`,
    );
  }

  /** Leaves a compiled module of kernels for the helpers: they are busy or asleep, and can receive no messages. */
  announce(arena: Arena, bytes: Uint8Array, tableAt: number, functions: number): void {
    if (this.threads === 1 || this.released) return;
    const at = arena.allocate(4 * moduleRecord.words + bytes.length);
    const { u8, i32 } = arena.view();
    i32[at / 4 + moduleRecord.next] = 0;
    i32[at / 4 + moduleRecord.tableAt] = tableAt;
    i32[at / 4 + moduleRecord.functions] = functions;
    i32[at / 4 + moduleRecord.length] = bytes.length;
    u8.set(bytes, at + 4 * moduleRecord.words);
    i32[this.link / 4] = at;
    this.link = at + 4 * moduleRecord.next;
    this.tell(++this.modules);
  }

  /** Lets the helpers go. */
  release(): void {
    if (this.threads === 1 || this.released) return;
    this.released = true;
    this.dismiss();
    this.tell(-1);
  }

  /** Forgets that a kernel failed in a helper: it failed in thread 0 too, which has an error to throw. */
  forgive(): void {
    if (this.threads > 1) Atomics.store(this.words, control.failure / 4, 0);
  }

  /** The error for a status of the walker. */
  failure(status: number): DeviceError {
    const length = Math.min(MESSAGE_BYTES, Atomics.exchange(this.words, control.failure / 4, 0));
    const message = new Uint8Array(this.words.buffer).slice(control.message, control.message + length);
    if (status === LOST) this.dismiss();
    return new DeviceError({
      where: "wasm threads",
      problem: status === LOST ? "a thread stopped answering" : "a kernel failed in a thread",
      ...(status === LOST ? {} : { got: new TextDecoder().decode(message) }),
      try: "run with one thread; if it fails too, report this as a bug",
    });
  }

  /** From now on no row is shared. */
  private dismiss(): void {
    Atomics.store(this.words, control.helpers / 4, -(2 ** 30));
  }

  /** Sets the version and wakes everybody, by a job of no tasks. */
  private tell(version: number): void {
    Atomics.store(this.words, control.version / 4, version);
    Atomics.add(this.words, control.job / 4 + 1, 2 ** (2 * TASK_BITS - 32));
    Atomics.notify(this.words, control.job / 4 + 1);
  }
}
