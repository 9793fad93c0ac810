/** The lock of a run folder: one process at a time writes checkpoints there. Node only; `node:` modules load on use. */
import { errnoOf } from "../../data/files.ts";
import { CheckpointError } from "../../ir/errors.ts";
import type { CheckpointFiles } from "./folder.ts";

/** Who holds a lock. */
interface Holder {
  readonly pid: number;
  readonly host: string;
  /** When the process began, in milliseconds: tells it from a later one of the same number. */
  readonly born: number;
  readonly since: string;
}

/** A lock that is held. */
export interface FolderLock {
  release(): Promise<void>;
}

/** Tries before two processes that take over the same stale lock give up. */
const tries = 20;

/**
 * Locks a folder that exists. The lock of a process that is gone is taken over.
 *
 * @throws CheckpointError naming the holder.
 */
export async function lockFolder(folder: string, files: CheckpointFiles): Promise<FolderLock> {
  const { join } = await import("node:path");
  const { hostname } = await import("node:os");
  const path = join(folder, "lock");
  const since = new Date().toISOString();
  const own: Holder = { pid: process.pid, host: hostname(), born: performance.timeOrigin, since };
  for (let i = 0; i < tries; i++) {
    if (await create(path, own, files)) return { release: () => release(path, own, files) };
    const holder = await read(path, files);
    if (holder && isAlive(holder, own)) refuse(folder, holder);
    await takeAway(path, own, files);
    await new Promise((resume) => setTimeout(resume, 5 * i));
  }
  return refuse(folder, await read(path, files));
}

/** Creates the lock file; false where there is one. */
async function create(path: string, own: Holder, files: CheckpointFiles): Promise<boolean> {
  try {
    const file = await files.open(path, "wx");
    try {
      await file.writeFile(JSON.stringify(own));
    } finally {
      await file.close();
    }
    return true;
  } catch (error) {
    if (errnoOf(error) === "EEXIST") return false;
    throw error;
  }
}

/** The holder; undefined where the lock is gone or its text is not whole. */
async function read(path: string, files: CheckpointFiles): Promise<Holder | undefined> {
  try {
    const holder: unknown = JSON.parse(new TextDecoder().decode(await files.readFile(path)));
    const { pid, host } = (holder ?? {}) as Partial<Holder>;
    return Number.isInteger(pid) && typeof host === "string" ? (holder as Holder) : undefined;
  } catch {
    return undefined;
  }
}

/** Whether the holder may still be at work. Of processes on another machine nothing is known: they count as alive. */
function isAlive(holder: Holder, own: Holder): boolean {
  if (holder.host !== own.host) return true;
  if (holder.pid === own.pid) return holder.born === own.born;
  try {
    process.kill(holder.pid, 0);
    return true;
  } catch (error) {
    return errnoOf(error) === "EPERM";
  }
}

/**
 * Removes a lock whose holder is gone. Of several processes that try, the one that makes the second lock does it, and looks
 * again before: another may have taken the first lock over meanwhile.
 */
async function takeAway(path: string, own: Holder, files: CheckpointFiles): Promise<void> {
  const second = `${path}.takeover`;
  if (!(await create(second, own, files))) {
    const holder = await read(second, files);
    if (!holder || !isAlive(holder, own)) await files.rm(second, { force: true });
    return;
  }
  try {
    const holder = await read(path, files);
    if (!holder || !isAlive(holder, own)) await files.rm(path, { force: true });
  } finally {
    await files.rm(second, { force: true });
  }
}

/** Removes the lock, if it is still our own. */
async function release(path: string, own: Holder, files: CheckpointFiles): Promise<void> {
  const holder = await read(path, files);
  if (holder?.pid === own.pid && holder.born === own.born) await files.rm(path, { force: true });
}

function refuse(folder: string, holder: Holder | undefined): never {
  throw new CheckpointError({
    where: folder,
    problem: "another run is using this folder",
    expected: "a folder of its own for each run",
    got: holder ? `held by process ${holder.pid} on ${holder.host} since ${holder.since}` : "held by someone",
    try: "wait for it to end, choose another folder, or remove the file `lock` if that process is gone",
    details: { pid: holder?.pid, host: holder?.host },
  });
}
