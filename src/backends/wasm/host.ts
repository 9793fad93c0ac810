/**
 * What the machine offers a backend: how many threads, and starting one. Node's modules are asked for at run time, so that
 * pages load this file as it is.
 */
import type { HelperStart } from "./control.ts";

/** The most threads a backend may have. */
export const MAX_THREADS = 256;

/** The parts of a page's globals that are used, typed here because no DOM types are loaded. */
interface PageGlobals {
  readonly crossOriginIsolated?: boolean;
  readonly WorkerGlobalScope?: unknown;
  readonly navigator?: { readonly hardwareConcurrency?: number };
  readonly Worker?: unknown;
}
declare const Worker: new (
  url: URL,
  options: { type: "module"; name: string },
) => {
  onerror: ((event: { readonly message?: string; preventDefault?(): void }) => void) | null;
  postMessage(message: unknown): void;
};

const page = globalThis as unknown as PageGlobals;

/** Node's `process`, undefined elsewhere. */
const node = (globalThis as { process?: NodeJS.Process }).process?.getBuiltinModule
  ? globalThis.process
  : undefined;

/**
 * How many threads may run at once: the available parallelism in Node; the logical processors in a worker of a
 * cross-origin isolated page; 1 where memory cannot be shared or a thread may not wait (the main thread of a page).
 */
export function availableThreads(): number {
  if (!canShare()) return 1;
  const found =
    node?.getBuiltinModule("node:os").availableParallelism() ?? page.navigator?.hardwareConcurrency;
  return Math.min(MAX_THREADS, found ?? 1);
}

/** Whether memory may be shared between threads here, and this thread may wait for others. */
export function canShare(): boolean {
  if (node !== undefined) return true;
  return (
    page.crossOriginIsolated === true && page.WorkerGlobalScope !== undefined && page.Worker !== undefined
  );
}

/** Starts a helper, which keeps no process alive; `failed` is called if it cannot start or ends by an error. */
export function startHelper(start: HelperStart, name: string, failed: (error: unknown) => void): void {
  if (node !== undefined) startInNode(node, start, name, failed);
  else startInPage(start, name, failed);
}

function startInPage(start: HelperStart, name: string, failed: (error: unknown) => void): void {
  // Bundlers look for exactly this form.
  const worker = new Worker(new URL("./helper.js", import.meta.url), { type: "module", name });
  worker.onerror = (event) => {
    event.preventDefault?.();
    failed(event.message ?? "the worker's module could not be loaded");
  };
  worker.postMessage(start);
}

function startInNode(
  { getBuiltinModule }: NodeJS.Process,
  start: HelperStart,
  name: string,
  failed: (error: unknown) => void,
): void {
  const threads = getBuiltinModule("node:worker_threads");
  const source = import.meta.url.endsWith(".ts");
  const url = new URL(source ? "./helper.source.mjs" : "./helper.js", import.meta.url);
  const worker = new threads.Worker(url, { workerData: start, name, execArgv: [] });
  worker.on("error", failed);
  worker.unref();
}

/** Says something once to whoever runs the process: a warning in Node, the console in a page. */
export function warn(text: string): void {
  if (node !== undefined) node.emitWarning(text, "TendrilWarning");
  else console.warn(text);
}
