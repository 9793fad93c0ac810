/**
 * Finds the files of a public data set: in a folder that the user names, in the cache, or on the network, in this
 * order. What comes from the network is checked against its SHA-256 before it is used or kept.
 */

import { gunzip, isGzip } from "../formats/gzip.ts";
import { CancelledError, DataError } from "../ir/errors.ts";
import { type DataCache, defaultCache } from "./cache.ts";
import { type DownloadProgress, download } from "./download.ts";
import { fileExists, isNode, readFileBytes } from "./files.ts";

/** One file of a data set. */
export interface SourceFile {
  /** Without `.gz`, e.g. `train-images-idx3-ubyte`. */
  readonly name: string;
  /** Of the uncompressed file. */
  readonly bytes: number;
  /** Of the uncompressed file, in lower-case hexadecimal. */
  readonly sha256: string;
}

/** A data set that is a few files, published at one or more places. */
export interface SourceSet {
  /** The folder's name, e.g. `mnist`. */
  readonly folder: string;
  /** The name that people use, e.g. `MNIST`. */
  readonly title: string;
  /** Where `<file>.gz` is found, best first; each ends with a slash. */
  readonly mirrors: readonly string[];
  readonly files: readonly SourceFile[];
}

export interface SourceOptions {
  /**
   * A folder (in a browser: the address of one) that holds `<set>/<file>.gz` or `<set>/<file>`; nothing else is
   * searched then. Without it `TENDRIL_DATA` names such a folder, which is searched first.
   */
  data?: string | undefined;
  /** Never use the network. */
  offline?: boolean | undefined;
  onProgress?: ((progress: DownloadProgress) => void) | undefined;
  signal?: AbortSignal | undefined;
  /** Default: the cache of this machine or browser. */
  cache?: DataCache | undefined;
  /** Default: the global `fetch`. */
  fetch?: typeof fetch | undefined;
}

/**
 * The uncompressed bytes of one file of a data set.
 *
 * @throws DataError that names both ways to get it (a folder, the network) where the file is nowhere; FormatError when
 *   a file that is there is damaged; CancelledError when `signal` fires.
 */
export async function loadSourceFile(
  set: SourceSet,
  file: SourceFile,
  options: SourceOptions = {},
): Promise<Uint8Array> {
  if (options.data !== undefined) {
    const given = await fromFolder(set, file, options.data, options);
    if (given !== undefined) return given;
    throw new DataError({
      where: set.title,
      problem: `the file ${file.name} is not in the folder of data`,
      expected: `${candidates(set, file, options.data).join(" or ")}`,
      got: "no such file",
      try: "name the folder that holds the data set, or leave the folder out to download it",
      details: { path: options.data, file: file.name },
    });
  }
  const folder = isNode() ? process.env.TENDRIL_DATA : undefined;
  const given = folder ? await fromFolder(set, file, folder, options) : undefined;
  if (given !== undefined) return given;

  const cache = options.cache ?? (await defaultCache());
  const key = `${set.folder}/${file.name}.gz`;
  const kept = await cache.get(key);
  // gzip's own checksum guards what was checked when it was kept; a damaged file is downloaded again.
  if (kept !== undefined) {
    try {
      return unpack(kept, file, `${cache.where}/${key}`);
    } catch (error) {
      if (options.offline) throw error;
    }
  }
  return await fromNetwork(set, file, cache, options);
}

/** Where a file may lie in a folder of data. */
function candidates(set: SourceSet, file: SourceFile, folder: string): string[] {
  const base = folder.replace(/[/\\]+$/, "");
  return [`${base}/${set.folder}/`, `${base}/`].flatMap((at) => [
    `${at}${file.name}.gz`,
    `${at}${file.name}`,
  ]);
}

/** The file from a folder or, where that is an address, from a server; undefined where there is none. */
async function fromFolder(
  set: SourceSet,
  file: SourceFile,
  folder: string,
  options: SourceOptions,
): Promise<Uint8Array | undefined> {
  if (/^https?:/.test(folder) || !isNode()) {
    const url = candidates(set, file, folder)[0]!;
    return unpack(
      await download(url, { ...options, name: file.name, maxBytes: file.bytes + 2 ** 16 }),
      file,
      url,
    );
  }
  for (const path of candidates(set, file, folder)) {
    if (await fileExists(path)) return unpack(await readFileBytes(path), file, path);
  }
  return undefined;
}

function unpack(bytes: Uint8Array, file: SourceFile, name: string): Uint8Array {
  // Twice the published size leaves room for a user's own, larger set in the same form.
  return isGzip(bytes) ? gunzip(bytes, { name, maxBytes: Math.max(2 * file.bytes, 2 ** 28) }) : bytes;
}

async function fromNetwork(
  set: SourceSet,
  file: SourceFile,
  cache: DataCache,
  options: SourceOptions,
): Promise<Uint8Array> {
  const failures: unknown[] = [];
  for (const mirror of options.offline ? [] : set.mirrors) {
    const url = `${mirror}${file.name}.gz`;
    try {
      const packed = await download(url, {
        ...options,
        name: `${file.name}.gz`,
        maxBytes: file.bytes + 2 ** 16,
      });
      const bytes = gunzip(packed, { name: url, maxBytes: file.bytes });
      await checkSum(bytes, file, url);
      await keep(cache, `${set.folder}/${file.name}.gz`, packed);
      return bytes;
    } catch (error) {
      if (error instanceof CancelledError) throw error;
      failures.push(error);
    }
  }
  const last = failures.at(-1);
  throw new DataError({
    where: set.title,
    problem: `the file ${file.name} is not on this machine and could not be downloaded`,
    expected: `${set.folder}/${file.name}.gz in the folder of --data or TENDRIL_DATA, or in the cache ${cache.where}`,
    got: options.offline ? "no such file, and the network is not to be used" : reasonsOf(failures),
    try: `run again with a network connection, or get the file from ${set.mirrors[0]} elsewhere and pass its folder with --data DIR`,
    details: { file: file.name, mirrors: set.mirrors },
    cause: last,
  });
}

/** A cache that cannot be written costs the next run a download, not this one its data. */
async function keep(cache: DataCache, key: string, bytes: Uint8Array): Promise<void> {
  try {
    await cache.put(key, bytes);
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
  }
}

function reasonsOf(failures: readonly unknown[]): string {
  const reasons = failures.map((e) =>
    e instanceof DataError ? (e.got ?? e.message) : String((e as Error).message).split("\n")[0],
  );
  return [...new Set(reasons)].join("; ");
}

async function checkSum(bytes: Uint8Array, file: SourceFile, url: string): Promise<void> {
  const got = await sha256Hex(bytes);
  if (got === file.sha256) return;
  throw new DataError({
    where: url,
    problem: "the file is not the one that was published",
    expected: `SHA-256 ${file.sha256}`,
    got: `SHA-256 ${got}`,
    try: "try another network, or get the file from another place and pass its folder with --data DIR",
  });
}

/** SHA-256 in lower-case hexadecimal, by the platform's own implementation. DataError in a page without https. */
export async function sha256Hex(bytes: Uint8Array): Promise<string> {
  const { subtle } = globalThis.crypto;
  if (subtle === undefined) {
    throw new DataError({
      where: "sha256",
      problem: "this page cannot compute checksums",
      expected: "a page loaded from https or localhost",
      try: "serve the page over https or from localhost",
    });
  }
  const digest = new Uint8Array(await subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>));
  return Array.from(digest, (b) => b.toString(16).padStart(2, "0")).join("");
}
