/**
 * Finds the files of a public data set: in a folder that the user names, in the cache, or on the network, in this
 * order. What comes from the network is checked against its SHA-256 before it is used or kept.
 */

import { Turn } from "../core/turn.ts";
import { declaredSize, decodedLimit, type GunzipOptions, gunzipInTurns, isGzip } from "../formats/gzip.ts";
import { ZipArchive } from "../formats/zip.ts";
import { CancelledError, DataError } from "../ir/errors.ts";
import { type DataCache, defaultCache } from "./cache.ts";
import { type DownloadProgress, download } from "./download.ts";
import { fileExists, isNode, readFileBytes } from "./files.ts";

/** One file of a data set. */
export interface SourceFile {
  /** Without `.gz`, e.g. `train-images-idx3-ubyte`. */
  readonly name: string;
  /** Of the uncompressed file; of a zip archive the most that it may have. */
  readonly bytes: number;
  /**
   * Of the uncompressed file, in lower-case hexadecimal. The bytes of a zip archive depend on who packed it: of one these are
   * the checksums of the files in it, by their names without folders; none of a file that is only ever read from a folder.
   */
  readonly sha256: string | ReadonlyMap<string, string>;
  /** How it is published: with gzip unless said otherwise. */
  readonly published?: "gzip" | "plain";
}

/** A data set that is a few files, published at one or more places. */
export interface SourceSet {
  /** The folder's name, e.g. `mnist`, or its path, e.g. `planetoid/raw`. */
  readonly folder: string;
  /** The name that people use, e.g. `MNIST`. */
  readonly title: string;
  /** Where `<file>.gz` is found, best first; each ends with a slash. None where the files are not published in this form. */
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
  const key = `${set.folder}/${publishedName(file)}`;
  const kept = await cache.get(key);
  // gzip's own checksum guards what was checked when it was kept, other files are checked again; a damaged file is downloaded.
  if (kept !== undefined) {
    try {
      const place = `${cache.where}/${key}`;
      if (file.published === "plain") await checkSum(kept, file, place);
      return await unpack(kept, file, place, options);
    } catch (error) {
      if (options.offline || error instanceof CancelledError) throw error;
    }
  }
  return await fromNetwork(set, file, cache, options);
}

/** Every file of a set by its name, as `loadSourceFile` finds them. */
export async function loadSourceSet(
  set: SourceSet,
  options: SourceOptions = {},
): Promise<ReadonlyMap<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  for (const file of set.files) files.set(file.name, await loadSourceFile(set, file, options));
  return files;
}

/** Where the files of a set may lie in a folder of data: `planetoid/raw`, `planetoid`, `raw` in it, and itself. */
function foldersOf({ folder }: SourceSet, base: string): string[] {
  const parts = folder.split("/");
  const paths = parts.flatMap((_, from) =>
    parts.slice(from).map((_part, length) => parts.slice(from, from + length + 1)),
  );
  paths.sort((a, b) => b.length - a.length);
  const at = base.replace(/[/\\]+$/, "");
  return [...paths.map((path) => [at, ...path].join("/")), at];
}

/** The names under which a file may lie in a folder. */
function namesOf({ name, published = "gzip" }: SourceFile): string[] {
  return published === "gzip" ? [`${name}.gz`, name] : [name];
}

/** The folder in a folder of data that has every file of a set; undefined where none has. Node only. */
export async function folderWith(set: SourceSet, base: string): Promise<string | undefined> {
  for (const folder of foldersOf(set, base)) {
    const has = set.files.map(async (file) =>
      (await Promise.all(namesOf(file).map((name) => fileExists(`${folder}/${name}`)))).includes(true),
    );
    if ((await Promise.all(has)).every(Boolean)) return folder;
  }
  return undefined;
}

/** Where a file may lie in a folder of data. */
function candidates(set: SourceSet, file: SourceFile, folder: string): string[] {
  return foldersOf(set, folder).flatMap((at) => namesOf(file).map((name) => `${at}/${name}`));
}

/** The file's name where it is published, and in the cache. */
function publishedName(file: SourceFile): string {
  return namesOf(file)[0]!;
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
      options,
    );
  }
  for (const path of candidates(set, file, folder)) {
    if (await fileExists(path)) return unpack(await readFileBytes(path), file, path, options);
  }
  return undefined;
}

async function unpack(
  bytes: Uint8Array,
  file: SourceFile,
  name: string,
  { signal }: SourceOptions,
): Promise<Uint8Array> {
  if (!isGzip(bytes)) return bytes;
  // Twice the published size leaves room for a user's own, larger set in the same form.
  return inTurns(bytes, { name, maxBytes: Math.max(2 * file.bytes, 2 ** 28) }, signal);
}

/** A large file takes a while, in which others get their turn. */
async function inTurns(
  bytes: Uint8Array,
  options: GunzipOptions & { name: string },
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const turn = new Turn(options.name, signal === undefined ? {} : { signal });
  const quick = isNode() ? await gunzipBeside(bytes, options) : undefined;
  turn.check();
  return quick ?? gunzipInTurns(bytes, () => turn.take(), options);
}

/**
 * Decompresses on another thread by Node's zlib, which checks length and checksum too, in a fifth of the time. Undefined
 * for all that is unusual or wrong: our own reader says what, and has the limits.
 */
async function gunzipBeside(bytes: Uint8Array, limits: GunzipOptions): Promise<Uint8Array | undefined> {
  const size = declaredSize(bytes);
  if (size === 0 || size > decodedLimit(bytes, limits)) return undefined;
  const { gunzip } = await import("node:zlib");
  return new Promise((resolve) => {
    // One chunk for all, and room to find that there is more.
    const whole = { chunkSize: Math.max(size + 1, 64), maxOutputLength: size + 1, info: true };
    gunzip(bytes, whole, (error, result) => {
      const { buffer, engine } = (result ?? {}) as unknown as {
        buffer?: Uint8Array;
        engine?: { bytesWritten: number };
      };
      const fits = error === null && buffer?.length === size && engine?.bytesWritten === bytes.length;
      resolve(fits ? new Uint8Array(buffer!.buffer, buffer!.byteOffset, size) : undefined);
    });
  });
}

async function fromNetwork(
  set: SourceSet,
  file: SourceFile,
  cache: DataCache,
  options: SourceOptions,
): Promise<Uint8Array> {
  const failures: unknown[] = [];
  const name = publishedName(file);
  for (const mirror of options.offline ? [] : set.mirrors) {
    const url = `${mirror}${name}`;
    try {
      const packed = await download(url, { ...options, name, maxBytes: file.bytes + 2 ** 16 });
      const limits = { name: url, maxBytes: file.bytes };
      const bytes = file.published === "plain" ? packed : await inTurns(packed, limits, options.signal);
      await checkSum(bytes, file, url);
      await keep(cache, `${set.folder}/${name}`, packed);
      return bytes;
    } catch (error) {
      if (error instanceof CancelledError) throw error;
      failures.push(error);
    }
  }
  const last = failures.at(-1);
  if (set.mirrors.length === 0) {
    throw new DataError({
      where: set.title,
      problem: `the file ${file.name} is not on this machine, and is not published in this form`,
      expected: `${set.folder}/${name} in the folder of --data or TENDRIL_DATA`,
      got: "no such file",
      try: "pass the folder that has it with --data DIR",
      details: { file: file.name },
    });
  }
  throw new DataError({
    where: set.title,
    problem: `the file ${file.name} is not on this machine and could not be downloaded`,
    expected: `${set.folder}/${name} in the folder of --data or TENDRIL_DATA, or in the cache ${cache.where}`,
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

async function checkSum(bytes: Uint8Array, { sha256, name }: SourceFile, url: string): Promise<void> {
  if (typeof sha256 === "string") return expectSum(await sha256Hex(bytes), sha256, url);
  const zip = new ZipArchive(bytes, { name: url });
  const paths = new Map(zip.entries.map((e) => [e.name.slice(e.name.lastIndexOf("/") + 1), e.name]));
  for (const [inner, sum] of sha256) {
    const path = paths.get(inner);
    const content = path === undefined ? undefined : zip.read(path);
    expectSum(content === undefined ? "no such file" : await sha256Hex(content), sum, `${url}: ${inner}`);
  }
  // A file more, of a name that readers look for, would be used too.
  const prefix = name.replace(/\.zip$/, "_");
  for (const inner of paths.keys()) {
    if (inner.startsWith(prefix) && inner.endsWith(".txt") && !sha256.has(inner))
      expectSum(inner, "no such file", url);
  }
}

function expectSum(got: string, expected: string, where: string): void {
  if (got === expected) return;
  throw new DataError({
    where,
    problem: "the file is not the one that was published",
    expected: `SHA-256 ${expected}`,
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
