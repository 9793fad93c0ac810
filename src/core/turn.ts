/** Giving others a turn: timers, input and output run only when a macrotask is awaited. */
import { CancelledError, DataError } from "../ir/errors.ts";

/** Milliseconds of work after which others get a turn; a step comes on top, and 50 ms are promised. */
const workFor = 20;

/** The longest that a timer can be set to, in milliseconds. */
const longestTimer = 2 ** 31 - 1;

interface Immediate {
  readonly setImmediate?: (fn: () => void) => unknown;
}

/** Resolves in a new macrotask. */
function macrotask(): Promise<void> {
  const { setImmediate } = globalThis as Immediate;
  if (setImmediate) return new Promise((resolve) => void setImmediate(resolve));
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.addEventListener("message", () => {
      port1.close();
      resolve();
    });
    port1.start();
    port2.postMessage(undefined);
  });
}

/** Keeps the time since others had their turn, and looks at the signal that ends the work. */
export class Turn {
  readonly #signal: AbortSignal | undefined;
  readonly #where: string;
  /** Milliseconds that a batch of a stream may take. */
  readonly #stallLimit: number;
  #since = performance.now();

  constructor(where: string, { signal, stallLimit = 300 }: { signal?: AbortSignal; stallLimit?: number }) {
    this.#where = where;
    this.#signal = signal;
    this.#stallLimit = Math.min(stallLimit * 1000, longestTimer);
  }

  /** To be called before each step, and awaited where it gives a promise. Throws CancelledError once the signal is given. */
  take(): Promise<void> | undefined {
    if (performance.now() - this.#since > workFor) return this.give();
    this.check();
    return undefined;
  }

  /** Gives others their turn. Throws as `check` does. */
  async give(): Promise<void> {
    await macrotask();
    this.#since = performance.now();
    this.check();
  }

  /** Throws CancelledError once the signal is given. */
  check(): void {
    if (!this.#signal?.aborted) return;
    throw new CancelledError({
      where: this.#where,
      problem: "stopped on request",
      expected: "a signal that is not aborted",
      got: String(this.#signal.reason),
      try: "call again to go on; the model has the weights of the last finished step",
      cause: this.#signal.reason,
    });
  }

  /** `work`, or a CancelledError as soon as the signal is given. Node does not end meanwhile, whatever is waited for. */
  async wait<T>(work: Promise<T>): Promise<T> {
    const awake = setInterval(() => {}, longestTimer);
    let stop: (() => void) | undefined;
    const stopped = new Promise<never>((_, reject) => {
      stop = () => {
        try {
          this.check();
        } catch (e) {
          reject(e);
        }
      };
      if (this.#signal?.aborted) stop();
      else this.#signal?.addEventListener("abort", stop, { once: true });
    });
    try {
      return await Promise.race([work, stopped]);
    } finally {
      clearInterval(awake);
      this.#signal?.removeEventListener("abort", stop!);
    }
  }

  /** What `wait` gives, or a DataError naming `what` once it takes too long. */
  async race<T>(work: Promise<T> | T, what: string): Promise<T> {
    if (!(work instanceof Promise)) return work;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(stalled(what, this.#stallLimit / 1000)), this.#stallLimit);
    });
    try {
      return await this.wait(Promise.race([work, late]));
    } finally {
      clearTimeout(timer);
    }
  }
}

function stalled(where: string, seconds: number): DataError {
  return new DataError({
    where,
    problem: `the iterable gave nothing for ${seconds} s`,
    expected: "a batch, an end or an error within the stall limit",
    got: "a promise that is still pending",
    try: "look at what the iterable waits for, or raise stallLimit (seconds)",
  });
}
