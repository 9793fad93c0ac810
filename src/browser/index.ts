/**
 * The engine of a page, in one dedicated worker: it is thread 0 of the backend and starts the others where the page is
 * cross-origin isolated; the page sees Promises only. `openEngine` is for pages, `serveEngine` for worker files of one's own.
 *
 * @example
 * const engine = await openEngine();
 * const model = await engine.model(compiledModel);
 * const { history } = await model.fit(x, y, { epochs: 5, onEvent: (event) => draw(event) });
 */
export { Engine, type EngineOptions, openEngine } from "./engine.ts";
export type { CallOptions, Port, WorkerLike } from "./port.ts";
export { EngineModel, type RemoteFitOptions, type RemoteHistory } from "./remote-model.ts";
export { type ServeOptions, serveEngine, type Task, type TaskContext } from "./serve.ts";
export type { CallbackSpec, FitEvent } from "./tasks.ts";
