/** Text files of callbacks. Node's modules are loaded when a file is used, so that pages can load this one. */
import { DataError, UnsupportedError } from "../ir/errors.ts";
import type { TextFiles } from "./callbacks/callback.ts";

async function nodeFiles() {
  try {
    return { fs: await import("node:fs/promises"), path: await import("node:path") };
  } catch (cause) {
    throw new UnsupportedError({
      where: "files",
      problem: "there are no files here",
      expected: "a program that runs in Node",
      got: "a page or worker of a browser",
      try: "keep the history instead: it has the same numbers",
      cause,
    });
  }
}

function isMissing(error: unknown): boolean {
  return typeof error === "object" && error !== null && "code" in error && error.code === "ENOENT";
}

function failed(path: string, cause: unknown): DataError {
  return new DataError({
    where: path,
    problem: `the file could not be used: ${cause instanceof Error ? cause.message : String(cause)}`,
    expected: "a place that can be read and written",
    try: "check the folder and its permissions",
    cause,
  });
}

/** Files of the machine. A file is written under another name, then renamed, so that half of it is never seen. */
export const textFiles: TextFiles = {
  async read(path) {
    const { fs } = await nodeFiles();
    try {
      return await fs.readFile(path, "utf8");
    } catch (cause) {
      if (isMissing(cause)) return undefined;
      throw failed(path, cause);
    }
  },
  async write(path, text) {
    const node = await nodeFiles();
    const temporary = `${path}.tmp`;
    try {
      await node.fs.mkdir(node.path.dirname(path), { recursive: true });
      await node.fs.writeFile(temporary, text);
      await node.fs.rename(temporary, path);
    } catch (cause) {
      throw failed(path, cause);
    }
  },
};
