/**
 * The folder of a run: numbered checkpoints, of which the newest few are kept. A checkpoint is written under another name,
 * synced and renamed, so that a crash at any moment leaves the old ones whole. Node only; `node:` modules load on use.
 */
import { errnoOf, type FileSystem, makeFolder, writeFileAtomic } from "../../data/files.ts";
import { CheckpointError, TendrilError, UnsupportedError } from "../../ir/errors.ts";
import { type FolderLock, lockFolder } from "./lock.ts";

/** The part of `node:fs/promises` that is used here; tests pass one that fails on demand. */
export type CheckpointFiles = FileSystem & Pick<typeof import("node:fs/promises"), "readdir">;

export interface CheckpointFolderOptions {
  /** How many checkpoints stay; at least 2. */
  keep?: number;
  /** Where files lie; Node's file system unless given. */
  files?: CheckpointFiles;
}

/** A checkpoint that could not be used, and why. */
export interface RefusedCheckpoint {
  readonly file: string;
  readonly problem: string;
}

/** The newest checkpoint that could be read. */
export interface LoadedCheckpoint<T> {
  readonly file: string;
  readonly value: T;
  /** Newer ones that are damaged. */
  readonly refused: readonly RefusedCheckpoint[];
}

const checkpointName = /^checkpoint-(\d{6,})\.tendril$/;
const leftoverName = /^\.checkpoint-\d{6,}\.tendril\..*\.tmp$/;

/** An open, locked run folder. */
export class CheckpointFolder {
  readonly path: string;
  readonly keep: number;
  readonly #files: CheckpointFiles;
  readonly #lock: FolderLock;
  /** Numbers of the checkpoints that are there. */
  #numbers: number[];
  readonly #damaged = new Set<number>();
  /** The largest number that was used. */
  #last: number;

  private constructor(
    path: string,
    keep: number,
    files: CheckpointFiles,
    lock: FolderLock,
    numbers: number[],
  ) {
    this.path = path;
    this.keep = keep;
    this.#files = files;
    this.#lock = lock;
    this.#numbers = numbers;
    this.#last = numbers.at(-1) ?? 0;
  }

  /**
   * Makes the folder where it is missing, locks it, and removes what an interrupted save left.
   *
   * @throws CheckpointError where another process holds it, or it cannot be made.
   */
  static async open(path: string, options: CheckpointFolderOptions = {}): Promise<CheckpointFolder> {
    const { keep = 2 } = options;
    if (!(Number.isInteger(keep) && keep >= 2)) {
      throw new CheckpointError({
        where: path,
        problem: "too few checkpoints would be kept: the last one may be damaged",
        expected: "keep: 2 or more",
        got: String(keep),
        try: "leave keep out to get 2",
      });
    }
    const files = options.files ?? (await import("node:fs/promises"));
    return guarded(path, "the folder cannot be used", async () => {
      const { join } = await import("node:path");
      await makeFolder(path, files);
      const lock = await lockFolder(path, files);
      try {
        const names = await files.readdir(path);
        for (const name of names) {
          // What cannot be removed now is tried again at the next start.
          if (leftoverName.test(name))
            await files.rm(join(path, name), { force: true }).catch(() => undefined);
        }
        const numbers = names.flatMap((name) => checkpointName.exec(name)?.[1] ?? []).map(Number);
        return new CheckpointFolder(
          path,
          keep,
          files,
          lock,
          numbers.sort((a, b) => a - b),
        );
      } catch (error) {
        await lock.release().catch(() => undefined);
        throw error;
      }
    });
  }

  /** Whether there is such a folder at all. */
  static async exists(path: string, options: CheckpointFolderOptions = {}): Promise<boolean> {
    const files = options.files ?? (await import("node:fs/promises"));
    return files.stat(path).then(
      (found) => found.isDirectory(),
      () => false,
    );
  }

  /** True where no checkpoint is there. */
  get isEmpty(): boolean {
    return this.#numbers.length === 0;
  }

  /**
   * Writes a checkpoint and then removes all but the newest few. Returns its path.
   *
   * @throws CheckpointError where it could not be written; the earlier ones are as they were.
   */
  async save(bytes: Uint8Array): Promise<string> {
    // A process that was killed between writing and removing left one too many.
    await this.#remove(this.#surplus());
    const number = this.#last + 1;
    const path = await this.#pathOf(number);
    await guarded(path, "the checkpoint cannot be written", () => writeFileAtomic(path, bytes, this.#files));
    this.#last = number;
    this.#numbers.push(number);
    // Now that there is a new one, those that are damaged are of no more use.
    await this.#remove([...this.#damaged, ...this.#surplus()]);
    return path;
  }

  /**
   * The newest checkpoint that `decode` accepts; undefined where there is none at all.
   *
   * @throws CheckpointError where there are checkpoints and none can be used.
   */
  async load<T>(decode: (bytes: Uint8Array, name: string) => T): Promise<LoadedCheckpoint<T> | undefined> {
    const refused: RefusedCheckpoint[] = [];
    for (const number of this.#numbers.toReversed()) {
      const file = await this.#pathOf(number);
      try {
        const bytes = await this.#files.readFile(file);
        const value = decode(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength), file);
        return { file, value, refused };
      } catch (error) {
        // Another version of the format is no damage: an older state instead would be a surprise.
        if (error instanceof UnsupportedError || error instanceof CheckpointError) throw error;
        refused.push({
          file,
          problem: error instanceof Error ? error.message.split("\n")[0]! : String(error),
        });
        this.#damaged.add(number);
      }
    }
    if (refused.length === 0) return undefined;
    throw new CheckpointError({
      where: this.path,
      problem: "none of the checkpoints can be used",
      expected: "at least one that is whole",
      got: refused.map((r) => `${r.file}: ${r.problem}`).join("; "),
      try: "begin anew in another folder",
    });
  }

  /** Removes all checkpoints. */
  async clear(): Promise<void> {
    await guarded(this.path, "the checkpoints cannot be removed", async () => {
      for (const number of this.#numbers) await this.#files.rm(await this.#pathOf(number), { force: true });
      this.#numbers = [];
    });
  }

  /** Gives up the lock. */
  async close(): Promise<void> {
    await guarded(this.path, "the lock cannot be removed", () => this.#lock.release());
  }

  /** All but the newest few of those that are whole, as far as is known. */
  #surplus(): number[] {
    return this.#numbers.filter((n) => !this.#damaged.has(n)).slice(0, -this.keep);
  }

  /** Removes checkpoints. One too many does no harm: what cannot be removed is tried again after the next save. */
  async #remove(numbers: readonly number[]): Promise<void> {
    for (const number of numbers) {
      const removed = await this.#files.rm(await this.#pathOf(number), { force: true }).then(
        () => true,
        () => false,
      );
      if (!removed) continue;
      this.#numbers = this.#numbers.filter((n) => n !== number);
      this.#damaged.delete(number);
    }
  }

  async #pathOf(number: number): Promise<string> {
    const { join } = await import("node:path");
    return join(this.path, `checkpoint-${String(number).padStart(6, "0")}.tendril`);
  }
}

/** `work`, with errors of the system as CheckpointErrors. */
async function guarded<T>(where: string, problem: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof CheckpointError) throw cause;
    const inner = cause instanceof TendrilError ? (cause.cause ?? cause) : cause;
    throw new CheckpointError({
      where,
      problem,
      expected: "a folder that may be written and has room",
      got: errnoOf(inner) ?? String(inner),
      try: "check the path, the permissions and the free space, or choose another folder",
      details: { path: where, errno: errnoOf(inner) },
      cause: inner,
    });
  }
}
