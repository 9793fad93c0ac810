/** The worker's side: does the tasks that the page asks for, one message each, and answers. */
import { availableThreads } from "../core/index.ts";
import { CancelledError, UsageError } from "../ir/errors.ts";
import type { LayerClass } from "../nn/index.ts";
import { suggestion } from "../nn/naming.ts";
import { type Port, plainError, type Reply, type Request } from "./port.ts";
import { modelTasks } from "./tasks.ts";

/** What a task is given besides its argument. */
export interface TaskContext {
  /** The page wants the call to end. */
  readonly signal: AbortSignal;
  /** Sends something to the page's `onEvent`: plain data. */
  report(event: unknown): void;
}

/** Something that pages can ask for by name: plain data in, plain data (or a Promise of them) out. */
export type Task = (argument: never, context: TaskContext) => unknown;

export interface ServeOptions {
  /** Tasks of one's own, by name. */
  readonly tasks?: Readonly<Record<string, Task>>;
  /** Layer classes of one's own, for models that pages send. */
  readonly customObjects?: ReadonlyMap<string, LayerClass> | undefined;
  /** The end of the channel; the worker's own unless given. */
  readonly port?: Port;
}

/**
 * Makes a worker an engine. A worker file of one's own calls it once, at its top level.
 *
 * @example
 * // experiment.js, opened by openEngine({ worker: new Worker(new URL("./experiment.js", import.meta.url), { type: "module" }) })
 * serveEngine({ tasks: { train: async ({ seed }, { signal, report }) => { … report({ loss }); … return result; } } });
 */
export function serveEngine(options: ServeOptions = {}): void {
  const port = options.port ?? (globalThis as unknown as Port);
  const tasks = new Map(Object.entries({ ...modelTasks(options), ...options.tasks }));
  const running = new Map<number, AbortController>();
  const reply = (message: Reply) => port.postMessage(message);
  port.addEventListener("message", async ({ data }) => {
    const request = data as Request;
    if ("abort" in request) return running.get(request.call)?.abort();
    const { call, task, argument } = request;
    const controller = new AbortController();
    running.set(call, controller);
    try {
      const run = tasks.get(task) ?? unknownTask(task, [...tasks.keys()]);
      const report = (event: unknown) => reply({ call, event });
      const result = await run(argument as never, { signal: controller.signal, report });
      if (controller.signal.aborted) throw stopped(task);
      reply({ call, result });
    } catch (error) {
      reply({ call, error: plainError(error) });
    } finally {
      running.delete(call);
    }
  });
  const isolated = (globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated === true;
  reply({ ready: { threads: availableThreads(), isolated } });
}

function stopped(task: string): CancelledError {
  return new CancelledError({
    where: task,
    problem: "stopped on request",
    expected: "a call to its end",
    got: "an aborted signal",
    try: "call it again",
  });
}

function unknownTask(task: string, names: readonly string[]): never {
  throw new UsageError({
    where: "Engine.call",
    problem: "the engine has no such task",
    expected: `one of ${names.join(", ")}`,
    got: task,
    try: suggestion(task, names) ?? "serveEngine({ tasks }) in a worker file of your own",
  });
}
