import * as fs from "node:fs/promises";
import { mkdtemp, open, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type FileSystem, fileExists, readFileBytes, writeFileAtomic } from "../../src/data/files.ts";
import { DataError } from "../../src/ir/errors.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tendril-files-"));
});
afterEach(() => rm(folder, { recursive: true }));

/** A file system whose `n`-th operation that can fail does, with the given code. */
function failing(n: number, code: string): FileSystem & { count: number } {
  /** `operation`, counted. */
  const counted =
    <A extends unknown[], R>(operation: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      if (++system.count === n) throw Object.assign(new Error(code), { code });
      return await operation(...args);
    };
  const system: FileSystem & { count: number } = {
    ...fs,
    count: 0,
    mkdir: counted(fs.mkdir) as typeof fs.mkdir,
    rename: counted(fs.rename),
    open: counted(async (...args: Parameters<typeof open>) => {
      const handle = await open(...args);
      handle.writeFile = counted(handle.writeFile.bind(handle));
      handle.sync = counted(handle.sync.bind(handle));
      return handle;
    }),
  };
  return system;
}

describe("files", () => {
  test("are written whole, into folders that are made, and read back", async () => {
    const path = join(folder, "a", "b", "x.bin");
    await writeFileAtomic(path, Uint8Array.of(1, 2, 3));
    expect(await readFileBytes(path)).toEqual(Uint8Array.of(1, 2, 3));
    await writeFileAtomic(path, "text");
    expect(await readFile(path, "utf8")).toBe("text");
    expect(await readdir(join(folder, "a", "b"))).toEqual(["x.bin"]);
    expect([await fileExists(path), await fileExists(folder), await fileExists(`${path}y`)]).toEqual([
      true,
      false,
      false,
    ]);
  });

  test("a failure of any step leaves the old file or the new one, and no other", async () => {
    const path = join(folder, "x.bin");
    for (const code of ["ENOSPC", "EIO", "EACCES"]) {
      for (let n = 1; ; n++) {
        await writeFile(path, "old");
        const system = failing(n, code);
        const error = await writeFileAtomic(path, "new", system).catch((e: unknown) => e);
        if (error === undefined) {
          expect(system.count).toBe(n - 1);
          break;
        }
        expect(error).toBeInstanceOf(DataError);
        expect((error as DataError).details).toMatchObject({ path, errno: code });
        expect(["old", "new"]).toContain(await readFile(path, "utf8"));
        expect(await readdir(folder)).toEqual(["x.bin"]);
        expect(n).toBeLessThan(20);
      }
    }
  });

  test.skipIf(process.platform !== "linux")(
    "a folder that the system denies is refused at once",
    async () => {
      for (const path of ["/proc/x/y", "/proc/x", "/dev/null/x"]) {
        await expect(writeFileAtomic(join(path, "file"), "x")).rejects.toThrow(/cannot be written/);
      }
    },
  );

  test("what cannot be read is a DataError that says why", async () => {
    await expect(readFileBytes(join(folder, "none"))).rejects.toThrow(DataError);
    await expect(readFileBytes(join(folder, "none"))).rejects.toThrow(/none: the file does not exist/);
    await expect(readFileBytes(folder)).rejects.toThrow(/folder, not a file/);
  });
});
