/** Processes that save checkpoints and are killed, and what is found after. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep, setImmediate as turn } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { CheckpointFolder, decodeState } from "../../src/nn/resume/index.ts";
import { noise } from "../nn/training-kit.ts";

const script = fileURLToPath(new URL("checkpoint-loop.mjs", import.meta.url));

/** What the folder holds now: the step of the newest checkpoint, all of whose numbers must belong to it. */
async function newest(folder: string): Promise<number> {
  const store = await CheckpointFolder.open(folder);
  const found = await store.load((bytes, name) => decodeState(bytes, name));
  await store.close();
  expect(found?.refused ?? []).toEqual([]);
  const { step, weights } = (found?.value ?? { step: 0, weights: [] }) as { step: number; weights: number[] };
  expect([...weights].every((w) => w === step)).toBe(true);
  return step;
}

/** The last step that the words of a process call safe. */
function lastSafe(text: string): number {
  return Number([...text.matchAll(/^(?:found|saved) (\d+)$/gm)].at(-1)?.[1] ?? 0);
}

/** What must be in the folder of a process that is gone, which had called `safe` safe: the step found. */
async function checkLeft(folder: string, safe: number): Promise<number> {
  expect(readdirSync(folder).filter((f) => !f.startsWith("lock")).length).toBeLessThanOrEqual(3);
  const found = await newest(folder);
  expect(found).toBeGreaterThanOrEqual(safe);
  expect(readdirSync(folder).every((f) => /^checkpoint-\d+\.tendril$/.test(f))).toBe(true);
  return found;
}

/** Starts the process, kills it a random time after its first word, and returns the last step that it called safe. */
function killed(folder: string, delay: number): Promise<number> {
  return new Promise((resolve, reject) => {
    let text = "";
    const child = spawn(process.execPath, [script, folder], { stdio: ["ignore", "pipe", "inherit"] });
    child.stdout.on("data", (chunk: Buffer) => {
      if (text === "") setTimeout(() => child.kill("SIGKILL"), delay);
      text += chunk;
    });
    child.on("error", reject);
    child.on("close", () => resolve(lastSafe(text)));
  });
}

/** CK-1: so many kills at random moments, drawn from `seed`; each time what was called safe is there, and nothing piles up. */
export async function manyKills(kills: number, seed = 0): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "tendril-kills-"));
  try {
    let step = 0;
    const random = noise(seed);
    for (let i = 0; i < kills; i++) {
      const safe = await killed(folder, 25 * (random() + 1));
      const found = await checkLeft(folder, safe);
      expect(found).toBeGreaterThanOrEqual(step);
      step = found;
    }
    return step;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Stops every thread of a process between two system calls. */
async function freeze(child: ChildProcess): Promise<void> {
  child.kill("SIGSTOP");
  const tasks = `/proc/${child.pid}/task`;
  const running = (task: string) => !/^\d+ \(.*\) T/.test(readFileSync(`${tasks}/${task}/stat`, "latin1"));
  while (readdirSync(tasks).some(running)) await turn();
}

/**
 * CK-1 without a start for each kill (Linux): one process is stopped at so many random moments, and a copy of its folder must be
 * as good as after a kill. Only what a kill cuts inside one system call is left to real kills.
 */
export async function manyFreezes(freezes: number, seed = 0): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "tendril-freezes-"));
  const child = spawn(process.execPath, [script, folder], { stdio: ["ignore", "pipe", "inherit"] });
  try {
    let text = "";
    child.stdout.on("data", (chunk: Buffer) => void (text += chunk));
    while (text === "") await sleep(5);
    const random = noise(seed);
    let step = 0;
    for (let i = 0; i < freezes; i++) {
      await sleep(5 * (random() + 1));
      await freeze(child);
      // What was said before is heard before the copy is judged.
      await turn();
      const copy = mkdtempSync(join(tmpdir(), "tendril-frozen-"));
      try {
        cpSync(folder, copy, { recursive: true });
        child.kill("SIGCONT");
        const lock = join(copy, "lock");
        // Whoever holds the copy is gone.
        const held = JSON.parse(readFileSync(lock, "utf8")) as object;
        writeFileSync(lock, JSON.stringify({ ...held, pid: 2 ** 30 }));
        const found = await checkLeft(copy, lastSafe(text));
        expect(found).toBeGreaterThanOrEqual(step);
        step = found;
      } finally {
        rmSync(copy, { recursive: true, force: true });
      }
    }
    return step;
  } finally {
    const gone = new Promise((resolve) => child.on("close", resolve));
    child.kill("SIGKILL");
    await gone;
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * CK-8: a save that passes the limit on the size of files. Returns what the process said; the two states saved before are
 * still there, and nothing else.
 */
export async function saveBeyondLimit(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "tendril-limit-"));
  try {
    spawnSync(process.execPath, [script, folder, "2"]);
    const limited = ["-c", 'ulimit -f 64; exec "$@"', "limited", process.execPath, script, folder, "1"];
    const { status, stderr } = spawnSync("bash", limited, { encoding: "utf8" });
    expect(status).toBe(1);
    expect(await newest(folder)).toBe(2);
    expect(readdirSync(folder).sort()).toEqual(["checkpoint-000001.tendril", "checkpoint-000002.tendril"]);
    return stderr;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Whether the system can kill a process at a chosen system call. */
export const hasStrace = spawnSync("strace", ["-V"]).status === 0;

/** CK-2: kills at the n-th of a system call, n = 1, 2, …, until the save is not touched. Returns n. */
export async function killsAtEach(call: string): Promise<number> {
  for (let n = 1; ; n++) {
    const folder = mkdtempSync(join(tmpdir(), "tendril-strace-"));
    try {
      spawnSync(process.execPath, [script, folder, "2"]);
      const inject = `inject=${call}:signal=SIGKILL:when=${n}`;
      const args = ["-f", "-qq", "-o", "/dev/null"];
      const run = spawnSync("strace", [
        ...args,
        "-e",
        `trace=${call}`,
        "-e",
        inject,
        process.execPath,
        script,
        folder,
        "1",
      ]);
      const found = await newest(folder);
      expect([2, 3], `${call} ${n}`).toContain(found);
      if (run.status === 0) return n;
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
}
