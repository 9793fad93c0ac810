/** A file system that fails where it is told to: the n-th operation, once or from then on. Nothing waits for the disk: no power is cut. */
import * as node from "node:fs/promises";
import type { CheckpointFolderOptions } from "../../src/nn/index.ts";

type Files = NonNullable<CheckpointFolderOptions["files"]>;

export interface Fault {
  /** The operation that fails first, from 1. */
  readonly at: number;
  /** The system's error; `short` writes half and reports success. */
  readonly code: string;
  /** All operations after it fail too: what a crash, or a disk that is gone, looks like. */
  readonly forGood: boolean;
}

/** Node's files with a fault. `operations` are those done so far, in words. */
export function faultyFiles(fault: Fault): { files: Files; operations: string[]; failed: () => boolean } {
  const operations: string[] = [];
  let failed = false;
  const step = (name: string): boolean => {
    operations.push(name);
    const here = operations.length === fault.at || (fault.forGood && operations.length > fault.at);
    if (!here) return false;
    failed = true;
    if (fault.code === "short" && name.startsWith("write")) return true;
    throw Object.assign(new Error(`${fault.code}: injected at ${name}`), {
      code: fault.code === "short" ? "EIO" : fault.code,
    });
  };
  const handle = (file: node.FileHandle): node.FileHandle =>
    new Proxy(file, {
      get(target, key) {
        if (key === "writeFile")
          return async (data: Uint8Array | string) =>
            step("write") ? target.writeFile(data.slice(0, data.length >> 1)) : target.writeFile(data);
        if (key === "sync") return async () => void step("sync");
        // A process that is gone has closed its files.
        if (key === "close")
          return async () => {
            await target.close();
            step("close");
          };
        const value = Reflect.get(target, key) as unknown;
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  const wrap = (name: string, fn: (...args: never[]) => Promise<unknown>) =>
    (async (...args: never[]) => {
      step(name);
      const result = await fn(...args);
      return name === "open" ? handle(result as node.FileHandle) : result;
    }) as never;
  const files: Files = {
    mkdir: wrap("mkdir", node.mkdir as never),
    open: wrap("open", node.open as never),
    readFile: wrap("readFile", node.readFile as never),
    rename: wrap("rename", node.rename as never),
    rm: wrap("rm", node.rm as never),
    stat: wrap("stat", node.stat as never),
    readdir: wrap("readdir", node.readdir as never),
  };
  return { files, operations, failed: () => failed };
}
