/**
 * Files on disk, read whole and written whole. Node only: `node:` modules are imported when a function is called, so
 * that a browser can load the modules that mention this one.
 */
import { DataError } from "../ir/errors.ts";

/** The part of `node:fs/promises` that is used here; tests pass one that fails on demand. */
export type FileSystem = Pick<
  typeof import("node:fs/promises"),
  "mkdir" | "open" | "readFile" | "rename" | "rm" | "stat"
>;

/** Node's file system; DataError outside Node. */
export async function nodeFileSystem(): Promise<FileSystem> {
  if (!isNode()) {
    throw new DataError({
      where: "files",
      problem: "there is no file system here",
      try: "pass the bytes of the file instead of its path",
    });
  }
  return await import("node:fs/promises");
}

/** True in Node, false in a page or a worker of a browser. */
export function isNode(): boolean {
  return typeof process !== "undefined" && typeof process.versions?.node === "string";
}

/** The `code` of a system error, e.g. `ENOENT`. */
export function errnoOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : undefined;
}

const readProblems: ReadonlyMap<string | undefined, string> = new Map([
  ["ENOENT", "the file does not exist"],
  ["ENOTDIR", "the file does not exist: a part of its path is no folder"],
  ["EISDIR", "this is a folder, not a file"],
  ["EACCES", "the file may not be read"],
  ["EPERM", "the file may not be read"],
]);

/** The bytes of a file. DataError when it is missing, a folder, or may not be read. */
export async function readFileBytes(path: string, fs?: FileSystem): Promise<Uint8Array> {
  const files = fs ?? (await nodeFileSystem());
  try {
    const bytes = await files.readFile(path);
    return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  } catch (cause) {
    throw new DataError({
      where: path,
      problem: readProblems.get(errnoOf(cause)) ?? "the file cannot be read",
      expected: "a file that can be read",
      got: errnoOf(cause) ?? String(cause),
      try: "check the path and the permissions",
      details: { path, errno: errnoOf(cause) },
      cause,
    });
  }
}

/** Whether there is a file (not a folder) at `path`. */
export async function fileExists(path: string, fs?: FileSystem): Promise<boolean> {
  const files = fs ?? (await nodeFileSystem());
  try {
    return (await files.stat(path)).isFile();
  } catch {
    return false;
  }
}

/**
 * Makes a folder with the folders above it, where they are missing. Step by step: Node's own `recursive` never ends where
 * the system says of a new folder that it does not exist, as under /proc.
 *
 * @throws the error of the system, for the first folder that cannot be made.
 */
export async function makeFolder(path: string, fs?: FileSystem): Promise<void> {
  const files = fs ?? (await nodeFileSystem());
  const { dirname, resolve } = await import("node:path");
  const make = async (folder: string): Promise<void> => {
    const found = await files.stat(folder).catch((error: unknown) => {
      if (errnoOf(error) !== "ENOENT") throw error;
    });
    if (found?.isDirectory()) return;
    if (found) throw Object.assign(new Error(`ENOTDIR: not a directory, ${folder}`), { code: "ENOTDIR" });
    if (dirname(folder) !== folder) await make(dirname(folder));
    await files.mkdir(folder).catch((error: unknown) => {
      // Another process was faster.
      if (errnoOf(error) !== "EEXIST") throw error;
    });
  };
  await make(resolve(path));
}

/** What virus scanners and indexers on Windows cause for a moment. */
const passing = new Set(["EPERM", "EACCES", "EBUSY"]);
let temporaryFiles = 0;

/**
 * Writes a file so that, whatever happens, `path` holds the old bytes or the new ones: a temporary file in the same
 * folder, synced, renamed, and the folder synced. Missing folders are made.
 *
 * @throws DataError when the disk is full, the folder may not be written, and so on; the old file is then untouched
 *   and the temporary one removed.
 */
export async function writeFileAtomic(
  path: string,
  data: Uint8Array | string,
  fs?: FileSystem,
): Promise<void> {
  const files = fs ?? (await nodeFileSystem());
  const { dirname, basename, join, resolve } = await import("node:path");
  const folder = dirname(resolve(path));
  const temporary = join(folder, `.${basename(path)}.${process.pid}-${temporaryFiles++}.tmp`);
  try {
    await makeFolder(folder, files);
    const file = await files.open(temporary, "wx");
    try {
      await file.writeFile(data);
      await file.sync();
      const size = typeof data === "string" ? new TextEncoder().encode(data).length : data.length;
      const written = (await files.stat(temporary)).size;
      if (written !== size) throw new Error(`${written} of ${size} bytes were written`);
    } finally {
      await file.close();
    }
    await renameOver(files, temporary, resolve(path));
    await syncFolder(files, folder);
  } catch (cause) {
    await files.rm(temporary, { force: true }).catch(() => undefined);
    throw notWritten(path, cause);
  }
}

function notWritten(path: string, cause: unknown): DataError {
  return new DataError({
    where: path,
    problem: "the file cannot be written",
    expected: "a folder that may be written and has room",
    got: errnoOf(cause) ?? String(cause),
    try: "check the path, the permissions and the free space, or choose another folder",
    details: { path, errno: errnoOf(cause) },
    cause,
  });
}

/**
 * Adds to the end of a file, making it and its folder if need be.
 *
 * @throws DataError when the disk is full, the folder may not be written, and so on.
 */
export async function appendToFile(path: string, data: Uint8Array, fs?: FileSystem): Promise<void> {
  const files = fs ?? (await nodeFileSystem());
  const { dirname, resolve } = await import("node:path");
  try {
    await files.mkdir(dirname(resolve(path)), { recursive: true });
    const file = await files.open(path, "a");
    try {
      await file.writeFile(data);
    } finally {
      await file.close();
    }
  } catch (cause) {
    throw notWritten(path, cause);
  }
}

/** Renames, trying again for about a second where another program holds the file for a moment. */
async function renameOver(files: FileSystem, from: string, to: string): Promise<void> {
  for (let wait = 10; ; wait *= 2) {
    try {
      await files.rename(from, to);
      return;
    } catch (error) {
      if (wait > 640 || process.platform !== "win32" || !passing.has(errnoOf(error) ?? "")) throw error;
      await new Promise((resume) => setTimeout(resume, wait));
    }
  }
}

/** Makes the rename last through a power cut, where the system can sync a folder (Windows cannot). */
async function syncFolder(files: FileSystem, folder: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await files.open(folder, "r");
  try {
    await handle.sync();
  } catch (error) {
    // Some network file systems refuse; the rename itself has happened.
    if (!["EINVAL", "ENOTSUP", "EPERM", "EBADF"].includes(errnoOf(error) ?? "")) throw error;
  } finally {
    await handle.close();
  }
}
