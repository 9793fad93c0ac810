/** Files of the user's own, `train FILE` and `--model FILE`: modules whose default export is called. Node only. */
import nodeModule from "node:module";
import { extname, resolve as resolvePath } from "node:path";
import { pathToFileURL } from "node:url";
import { errnoOf, fileExists } from "../data/index.ts";
import { DataError, TendrilError, UsageError } from "../ir/errors.ts";
import { resolve as resolveLibrary } from "./library-hook.ts";

/** What the default export of a file is given. */
export interface FileContext {
  readonly seed: number;
  readonly signal: AbortSignal;
  /** `--samples`, for files that make data. */
  readonly samples?: number | undefined;
  /** The names of the classes, for files that make models. */
  readonly classes?: readonly string[];
  /** The shape of a sample, for files that make models. */
  readonly inputShape?: readonly number[];
}

const endings = [".js", ".mjs", ".ts", ".mts"];

/** True for what is meant as a file rather than a name. */
export function looksLikePath(text: string): boolean {
  return endings.includes(extname(text)) || /[/\\]/.test(text);
}

/**
 * What the default export of the module at `path` gives for `context`. The module may import "tendril".
 *
 * @throws DataError where the file is missing, cannot be loaded or throws; UsageError for another kind of file.
 */
export async function runUserFile(path: string, context: FileContext): Promise<unknown> {
  if (!(await fileExists(path))) {
    throw new DataError({
      where: path,
      problem: "the file does not exist",
      expected: "a module with a default export",
      got: "no such file",
      try: "check the path",
    });
  }
  if (!endings.includes(extname(path))) {
    throw new UsageError({
      where: path,
      problem: "this is not a file that can be run",
      expected: `a file that ends in ${endings.join(", ")}`,
      got: extname(path) || "no ending",
      try: "write a module with a default export",
    });
  }
  shareLibrary();
  try {
    const module = import(pathToFileURL(resolvePath(path)).href) as Promise<{ default?: unknown }>;
    const { default: made } = await settled(path, module);
    if (typeof made === "function") return await settled(path, made(context));
    throw new DataError({
      where: path,
      problem: "the module has no function as its default export",
      expected: "export default (ctx) => …",
      got: made === undefined ? "no default export" : typeof made,
      try: "export default (ctx) => new Sequential([...])",
    });
  } catch (cause) {
    throw cause instanceof TendrilError && cause.code !== "usage" ? cause : loadError(path, cause);
  }
}

/** What `promise` gives. DataError where the process has nothing left to do, and so nothing will ever come. */
async function settled<T>(path: string, promise: T | Promise<T>): Promise<T> {
  let listener = () => {};
  const idle = new Promise<never>((_, reject) => {
    listener = () =>
      reject(
        new DataError({
          where: path,
          problem: "the file waits for something that never comes",
          expected: "promises that are fulfilled or rejected",
          got: "a promise that nothing is left to settle",
          try: "look for a `new Promise` whose functions are never called",
        }),
      );
    process.once("beforeExit", listener);
  });
  try {
    return await Promise.race([promise, idle]);
  } finally {
    process.off("beforeExit", listener);
  }
}

function loadError(path: string, cause: unknown): TendrilError {
  // The library was used wrongly, by the file: the command itself is in order.
  if (cause instanceof TendrilError) {
    const { problem, expected = "another use of the library", got = problem } = cause;
    const { try: advice = "run it with node to see where it fails" } = cause;
    return new DataError({ where: `${path}: ${cause.where}`, problem, expected, got, try: advice, cause });
  }
  if (errnoOf(cause) === "ERR_UNKNOWN_FILE_EXTENSION") {
    return new UsageError({
      where: path,
      problem: "this version of Node does not run TypeScript",
      expected: "Node 22.18 or later for .ts files",
      got: process.version,
      try: "write the file in JavaScript (.mjs), or use a newer Node",
      cause,
    });
  }
  return new DataError({
    where: path,
    problem: `the file failed: ${cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause)}`,
    expected: "a module that can be loaded and whose default export returns",
    got: cause instanceof Error ? cause.name : typeof cause,
    try: "run it with node to see where it fails",
    cause,
  });
}

/**
 * The files import "tendril" wherever they lie, and get the very modules that are running: a layer of another copy of
 * the library would not be a layer here.
 */
function shareLibrary(): void {
  if (sharing) return;
  sharing = true;
  // Node 20 has only the older way, which loads the hook by its address.
  const { registerHooks } = nodeModule as {
    registerHooks?: (hooks: { resolve: typeof resolveLibrary }) => void;
  };
  const source = import.meta.url.endsWith(".ts");
  if (registerHooks) registerHooks({ resolve: resolveLibrary });
  else nodeModule.register(new URL(source ? "./library-hook.ts" : "./library-hook.js", import.meta.url));
}
let sharing = false;
