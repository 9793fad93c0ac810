/** The page's side of an engine. */
import { CancelledError, DeviceError, UsageError } from "../ir/errors.ts";
import type { Model } from "../nn/index.ts";
import { packModel } from "./parcel.ts";
import {
  type CallOptions,
  type EngineFacts,
  type Port,
  type Reply,
  revivedError,
  type WorkerLike,
} from "./port.ts";
import { EngineModel } from "./remote-model.ts";

export interface EngineOptions {
  /** How many threads compute; all that the machine offers unless given. The numbers are the same for any. */
  readonly threads?: number;
  /** A worker of one's own, whose module calls `serveEngine`. */
  readonly worker?: WorkerLike;
  /** Told, once, that the page is not isolated and one thread computes; the console unless given. */
  readonly notice?: (text: string) => void;
}

declare const Worker: (new (url: URL, options: { type: "module"; name: string }) => WorkerLike) | undefined;

/** Why one thread computes, and what to do about it. */
const NOT_ISOLATED =
  "tendril: this page is not cross-origin isolated, so one thread computes (the same numbers). Serve it with the headers " +
  "Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp to use all.";

/**
 * Starts the engine of a page: one worker, which starts the other threads itself where memory may be shared.
 *
 * @throws DeviceError where the worker cannot start.
 */
export async function openEngine(options: EngineOptions = {}): Promise<Engine> {
  const { threads, notice = (text) => console.info(text) } = options;
  const worker = options.worker ?? startWorker();
  const failed = new Promise<never>((_, reject) => {
    worker.onerror = (event) => {
      event.preventDefault?.();
      reject(cannotStart(event.message));
    };
  });
  const engine = await Promise.race([Engine.over(worker, threads), failed]);
  worker.onerror = (event) => {
    event.preventDefault?.();
    engine.fail(ended(event.message ?? "an error in the worker"));
  };
  if (!engine.isolated) notice(NOT_ISOLATED);
  return engine;
}

function startWorker(): WorkerLike {
  if (typeof Worker === "undefined") throw cannotStart("there are no workers here");
  // Bundlers look for exactly this form.
  return new Worker(new URL("./worker.js", import.meta.url), { type: "module", name: "tendril" });
}

function cannotStart(got: string | undefined): DeviceError {
  return new DeviceError({
    where: "openEngine",
    problem: "the worker of the engine cannot start",
    expected: "a page that may load the module browser/worker.js of this library as a worker",
    got: got || "a module that could not be loaded",
    try: "serve the library's files from the page's own origin and allow worker-src 'self'; in Node call the library itself",
  });
}

function ended(got: string): DeviceError {
  return new DeviceError({
    where: "Engine",
    problem: "the engine has ended",
    expected: "an engine that is open",
    got,
    try: "await openEngine() again",
  });
}

function notPlain(task: string, cause: unknown): UsageError {
  return new UsageError({
    where: task,
    problem: "the argument cannot be sent to the engine",
    expected: "plain data: numbers, texts, arrays, typed arrays, objects of these",
    got: cause instanceof Error ? cause.message : String(cause),
    try: "leave functions and objects of classes out, and make them in a worker file of your own: serveEngine({ tasks })",
    cause,
  });
}

interface Pending {
  resolve(result: unknown): void;
  reject(error: Error): void;
  readonly onEvent: CallOptions["onEvent"];
}

/** An engine in a worker. */
export class Engine implements EngineFacts {
  readonly threads: number;
  /** Whether memory may be shared between threads there. */
  readonly isolated: boolean;
  readonly #port: Port & { terminate?(): void };
  readonly #backend: string | undefined;
  readonly #pending = new Map<number, Pending>();
  #calls = 0;
  #over: Error | undefined;

  private constructor(port: Port, facts: EngineFacts, threads: number | undefined) {
    this.#port = port;
    this.isolated = facts.isolated;
    this.threads = facts.isolated ? (threads ?? facts.threads) : 1;
    this.#backend = threads === undefined ? undefined : `wasm:${this.threads}`;
    port.addEventListener("message", ({ data }) => this.#receive(data as Reply));
  }

  /** The engine at the other end of a channel, once it says that it is there. */
  static over(port: Port, threads?: number): Promise<Engine> {
    return new Promise((resolve) => {
      let engine: Engine | undefined;
      port.addEventListener("message", ({ data }) => {
        if (engine === undefined && "ready" in (data as Reply)) {
          engine = new Engine(port, (data as { ready: EngineFacts }).ready, threads);
          resolve(engine);
        }
      });
    });
  }

  /**
   * Sends a model with its weights, what `compile` was told, and the state of its optimizer. The page's own stays as it is;
   * `EngineModel.copyTo` brings back what was learnt.
   *
   * @throws UsageError for a model that is not built, UnsupportedError for one that holds code.
   */
  async model(model: Model): Promise<EngineModel> {
    const argument = { parcel: packModel(model), backend: this.#backend };
    return new EngineModel(this, await this.call<number>("model.open", argument));
  }

  /**
   * Asks for a task by name, with plain data, and gives its result.
   *
   * @throws what the task throws; UsageError for an argument that cannot be copied to the worker; CancelledError where `signal` ended it; DeviceError where the engine has ended.
   */
  call<T>(task: string, argument?: unknown, { signal, onEvent }: CallOptions = {}): Promise<T> {
    if (this.#over) return Promise.reject(this.#over);
    const call = ++this.#calls;
    return new Promise<T>((resolve, reject) => {
      const abort = () => this.#port.postMessage({ call, abort: true });
      const settle =
        <A>(then: (value: A) => void) =>
        (value: A) => {
          signal?.removeEventListener("abort", abort);
          this.#pending.delete(call);
          then(value);
        };
      this.#pending.set(call, {
        resolve: settle(resolve as (result: unknown) => void),
        reject: settle(reject),
        onEvent,
      });
      try {
        this.#port.postMessage({ call, task, argument });
      } catch (cause) {
        this.#pending.get(call)!.reject(notPlain(task, cause));
        return;
      }
      if (signal?.aborted) abort();
      else signal?.addEventListener("abort", abort);
    });
  }

  #receive(reply: Reply): void {
    if ("ready" in reply) return;
    const pending = this.#pending.get(reply.call);
    if ("event" in reply) pending?.onEvent?.(reply.event as never);
    else if ("error" in reply) pending?.reject(revivedError(reply.error));
    else pending?.resolve(reply.result);
  }

  /** Ends the worker with its threads. Calls under way end with a CancelledError. */
  close(): void {
    this.#port.terminate?.();
    const error = new CancelledError({
      where: "Engine",
      problem: "the engine was closed",
      expected: "a call to its end",
      got: "close()",
      try: "await openEngine() again",
    });
    this.fail(error);
    this.#over = ended("close() was called");
  }

  /** Ends all calls with an error, now and later. */
  fail(error: Error): void {
    this.#over ??= error;
    for (const pending of [...this.#pending.values()]) pending.reject(error);
  }
}
