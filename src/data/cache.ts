/** Where downloaded data files are kept: a folder in Node, the Cache API in a browser. Both are loaded when used. */
import { cacheFolder } from "../ir/cache-folder.ts";
import { fileExists, isNode, readFileBytes, writeFileAtomic } from "./files.ts";

/** Keeps files by name, e.g. `mnist/train-images-idx3-ubyte.gz`. */
export interface DataCache {
  /** The place in words, for messages. */
  readonly where: string;
  get(name: string): Promise<Uint8Array | undefined>;
  /** Keeps a file; may do nothing where there is no room. */
  put(name: string, bytes: Uint8Array): Promise<void>;
}

/** The cache of this machine or browser. */
export async function defaultCache(): Promise<DataCache> {
  if (!isNode()) return browserCache();
  const { homedir } = await import("node:os");
  return folderCache(cacheFolder({ platform: process.platform, home: homedir(), env: process.env }));
}

/** Keeps files in a folder. Node only. */
export function folderCache(folder: string): DataCache {
  const pathOf = (name: string) => `${folder}/${name}`;
  return {
    where: folder,
    get: async (name) => ((await fileExists(pathOf(name))) ? await readFileBytes(pathOf(name)) : undefined),
    put: (name, bytes) => writeFileAtomic(pathOf(name), bytes),
  };
}

/** The little of the Cache API that is used. */
interface BrowserCaches {
  open(name: string): Promise<{
    match(url: string): Promise<Response | undefined>;
    put(url: string, response: Response): Promise<void>;
  }>;
}

/** Keeps files in the browser; in a context that has no Cache API (not https) it keeps nothing. */
function browserCache(): DataCache {
  const { caches } = globalThis as { caches?: BrowserCaches };
  const urlOf = (name: string) => `/tendril-data/${name}`;
  return {
    where: "the browser's cache",
    get: async (name) => {
      const kept = await (await caches?.open("tendril-data"))?.match(urlOf(name));
      return kept === undefined ? undefined : new Uint8Array(await kept.arrayBuffer());
    },
    put: async (name, bytes) => {
      // A full quota costs the next visit a download, not this one its data.
      await (await caches?.open("tendril-data"))
        ?.put(urlOf(name), new Response(Uint8Array.from(bytes)))
        .catch(() => undefined);
    },
  };
}
