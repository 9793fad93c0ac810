import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { zipSync } from "fflate";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type DataCache, folderCache } from "../../src/data/cache.ts";
import { folderWith, loadSourceFile, type SourceSet, sha256Hex } from "../../src/data/source.ts";
import { cacheFolder } from "../../src/ir/cache-folder.ts";
import { CancelledError, DataError, FormatError } from "../../src/ir/errors.ts";

const payload = new Uint8Array(300_000).map((_, i) => (Math.imul(i, 2654435761) >>> 13) & 255);
const packed = gzipSync(payload);

type Handler = (request: IncomingMessage, response: ServerResponse) => void;
let handler: Handler;
let requests: IncomingMessage[];
let server: Server;
let folder: string;
let set: SourceSet;
let cache: DataCache;

beforeEach(async () => {
  vi.stubEnv("TENDRIL_DATA", "");
  requests = [];
  server = createServer((request, response) => {
    requests.push(request);
    handler(request, response);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  folder = await mkdtemp(join(tmpdir(), "tendril-source-"));
  cache = folderCache(join(folder, "cache"));
  const { port } = server.address() as AddressInfo;
  set = {
    folder: "little",
    title: "Little",
    mirrors: [`http://127.0.0.1:${port}/a/`, `http://127.0.0.1:${port}/b/`],
    files: [{ name: "points", bytes: payload.length, sha256: await sha256Hex(payload) }],
  };
});
afterEach(async () => {
  vi.unstubAllEnvs();
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
  await rm(folder, { recursive: true });
});

const load = (options: Parameters<typeof loadSourceFile>[2] = {}) =>
  loadSourceFile(set, set.files[0]!, { cache, ...options });
const equal = (bytes: Uint8Array) => Buffer.compare(bytes, payload) === 0;
const serve: Handler = (_, response) => response.setHeader("content-length", packed.length).end(packed);

describe("files that are published as they are", () => {
  const text = (s: string) => new TextEncoder().encode(s);
  const contents = { "SET_A.txt": text("1, 2\n"), "SET_graph_labels.txt": text("1\n") };
  const zipOf = (files: Record<string, Uint8Array>) =>
    zipSync(Object.fromEntries(Object.entries(files).map(([name, bytes]) => [`SET//${name}`, bytes])));

  beforeEach(async () => {
    const sums = await Promise.all(
      Object.entries(contents).map(async ([name, bytes]) => [name, await sha256Hex(bytes)] as const),
    );
    const file = { name: "SET.zip", bytes: 1000, sha256: new Map(sums), published: "plain" as const };
    set = { ...set, folder: "zips/raw", files: [file] };
  });

  test("an archive is checked by the files in it, whoever packed it, and again in the cache", async () => {
    const good = zipOf({ ...contents, "README.txt": text("read me"), "SET_A.txt~": text("older") });
    handler = (_, response) => response.end(good);
    expect(await load()).toEqual(good);
    expect(requests.map((r) => r.url)).toEqual(["/a/SET.zip"]);
    expect(await load({ offline: true })).toEqual(good);
    await cache.put("zips/raw/SET.zip", zipOf({ ...contents, "SET_A.txt": text("2, 1\n") }));
    await expect(load({ offline: true })).rejects.toThrow(/SET_A\.txt/);
    expect(await load()).toEqual(good);
  });

  test.each([
    ["another content", { ...contents, "SET_A.txt": text("2, 1\n") }, /SET_A\.txt/],
    ["a file less", { "SET_A.txt": contents["SET_A.txt"] }, /no such file/],
    ["a file more that would be read", { ...contents, "SET_edge_labels.txt": text("1\n") }, /edge_labels/],
  ])("%s is refused", async (_, files, message) => {
    handler = (_request, response) => response.end(zipOf(files));
    const error = (await load().catch((e: unknown) => e)) as DataError;
    expect(error).toBeInstanceOf(DataError);
    expect(String((error.cause as Error).message)).toMatch(message);
    expect(await cache.get("zips/raw/SET.zip")).toBeUndefined();
  });

  test("lie in a folder of data by any part of their path", async () => {
    const data = join(folder, "data");
    for (const path of ["zips/raw", "zips", "raw", "."]) {
      await mkdir(join(data, path), { recursive: true });
      await writeFile(join(data, path, "SET.zip"), payload);
      expect(equal(await load({ data }))).toBe(true);
      expect(await folderWith(set, data)).toBe(path === "." ? data : `${data}/${path}`);
      await rm(data, { recursive: true });
    }
    expect(await folderWith(set, data)).toBeUndefined();
    set = { ...set, mirrors: [] };
    await expect(load()).rejects.toThrow(/not published in this form/);
  });
});

describe("finding a data file", () => {
  test("downloads with progress, keeps the file, and then needs no network", async () => {
    handler = serve;
    const progress: number[] = [];
    expect(equal(await load({ onProgress: (p) => progress.push(p.received / p.total!) }))).toBe(true);
    expect(progress.at(-1)).toBe(1);
    expect(await cache.get("little/points.gz")).toEqual(new Uint8Array(packed));
    expect(equal(await load({ offline: true }))).toBe(true);
    expect(requests).toHaveLength(1);
  });

  test("a damaged file in the cache is downloaded again", async () => {
    handler = serve;
    await cache.put("little/points.gz", packed.subarray(0, 500));
    await expect(load({ offline: true })).rejects.toThrow(FormatError);
    expect(equal(await load())).toBe(true);
  });

  test("an interrupted transfer goes on where it stopped", async () => {
    handler = (request, response) => {
      const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? "")?.[1] ?? 0);
      response.setHeader("etag", '"v1"').setHeader("content-length", packed.length - from);
      if (from > 0)
        response.writeHead(206, { "content-range": `bytes ${from}-${packed.length - 1}/${packed.length}` });
      if (from > packed.length / 2) response.end(packed.subarray(from));
      else
        response.write(packed.subarray(from, from + packed.length / 2 + 1), () =>
          setTimeout(() => response.destroy(), 20),
        );
    };
    expect(equal(await load())).toBe(true);
    expect(requests.map((r) => r.headers.range !== undefined)).toEqual([false, true]);
    expect(requests[1]!.headers["if-range"]).toBe('"v1"');
  });

  test("where the server cannot go on, the transfer begins again", async () => {
    handler = (_, response) => {
      response.setHeader("content-length", packed.length);
      if (requests.length > 1) response.end(packed);
      else response.write(packed.subarray(0, 1000), () => setTimeout(() => response.destroy(), 20));
    };
    expect(equal(await load())).toBe(true);
  });

  test("an interrupted transfer keeps nothing", async () => {
    handler = (_, response) => {
      response.setHeader("content-length", packed.length);
      response.write(packed.subarray(0, 1000), () => setTimeout(() => response.destroy(), 5));
    };
    await expect(load()).rejects.toThrow(DataError);
    expect(await cache.get("little/points.gz")).toBeUndefined();
  });

  test("the second place is asked when the first has another file or none", async () => {
    for (const first of [
      (r: ServerResponse) => r.writeHead(404).end(),
      (r: ServerResponse) => r.end(gzipSync("something else")),
      (r: ServerResponse) => r.end("<html>sign in to this network</html>"),
      (r: ServerResponse) => r.end(Buffer.alloc(payload.length + 2 ** 17)),
    ]) {
      handler = (request, response) =>
        request.url!.startsWith("/a/") ? first(response) : serve(request, response);
      await rm(join(folder, "cache"), { recursive: true, force: true });
      expect(equal(await load())).toBe(true);
    }
  });

  test("a wrong checksum is refused and not kept", async () => {
    const other = payload.slice();
    other[7]! ^= 1;
    handler = (_, response) => response.end(gzipSync(other));
    const error = await load().catch((e: unknown) => e);
    expect(error).toBeInstanceOf(DataError);
    expect((error as DataError).got).toMatch(/^SHA-256 /);
    expect(await cache.get("little/points.gz")).toBeUndefined();
  });

  test("without a network, both ways are named", async () => {
    set = { ...set, mirrors: ["http://127.0.0.1:1/"] };
    for (const offline of [true, false]) {
      const error = (await load({ offline }).catch((e: unknown) => e)) as DataError;
      expect(error).toBeInstanceOf(DataError);
      expect(error.message).toMatch(/--data or TENDRIL_DATA/);
      expect(error.try).toMatch(/network connection, or .* --data DIR/);
      expect(error.expected).toContain(join(folder, "cache"));
    }
  });

  test("a stalled transfer and a request to stop end it", async () => {
    handler = (_, response) => void response.write(packed.subarray(0, 10));
    const abort = new AbortController();
    const stopped = load({ signal: abort.signal, onProgress: () => abort.abort() });
    await expect(stopped).rejects.toThrow(CancelledError);
    await expect(load({ signal: AbortSignal.abort() })).rejects.toThrow(CancelledError);
    const { download } = await import("../../src/data/download.ts");
    await expect(
      download(set.mirrors[0]!, { name: "x", maxBytes: 100, stallMs: 50, retries: 1 }),
    ).rejects.toThrow(/no data for/);
  });

  test("a folder that is named is the only one searched; TENDRIL_DATA comes before the cache", async () => {
    handler = serve;
    const data = join(folder, "data");
    await expect(load({ data })).rejects.toThrow(/little\/points\.gz or /);
    expect(requests).toHaveLength(0);
    await mkdir(join(data, "little"), { recursive: true });
    await writeFile(join(data, "little", "points"), payload);
    expect(equal(await load({ data, offline: true }))).toBe(true);
    vi.stubEnv("TENDRIL_DATA", data);
    expect(equal(await load({ offline: true }))).toBe(true);
    for (const damaged of [
      packed.subarray(0, 99),
      Buffer.concat([packed, Buffer.alloc(5)]),
      Buffer.concat([packed, packed.subarray(0, -1)]),
      packed.map((byte, i) => (i === packed.length - 6 ? byte ^ 1 : byte)),
    ]) {
      await writeFile(join(data, "little", "points.gz"), damaged);
      await expect(load({ data })).rejects.toThrow(FormatError);
    }
  });

  test("a folder may be an address", async () => {
    handler = serve;
    expect(equal(await load({ data: `${set.mirrors[0]}x/` }))).toBe(true);
    expect(requests[0]!.url).toBe("/a/x/little/points.gz");
  });
});

test("the cache lies where each system has its caches", () => {
  const at = (platform: string, env: Record<string, string> = {}) =>
    cacheFolder({ platform, home: "/home/me", env });
  expect(at("linux")).toBe("/home/me/.cache/tendril");
  expect(at("linux", { XDG_CACHE_HOME: "/var/c" })).toBe("/var/c/tendril");
  expect(at("linux", { XDG_CACHE_HOME: "relative" })).toBe("/home/me/.cache/tendril");
  expect(at("darwin")).toBe("/home/me/Library/Caches/tendril");
  expect(at("win32", { LOCALAPPDATA: "C:\\L" })).toBe("C:\\L\\tendril\\Cache");
  expect(at("linux", { TENDRIL_CACHE: "/c" })).toBe("/c");
});
