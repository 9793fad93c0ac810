/** Processes that save checkpoints and are killed, and what is found after. */
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
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
    child.on("close", () => {
      const steps = [...text.matchAll(/^(?:found|saved) (\d+)/gm)].map((m) => Number(m[1]));
      resolve(steps.at(-1) ?? 0);
    });
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
      const files = readdirSync(folder).filter((f) => !f.startsWith("lock"));
      expect(files.length).toBeLessThanOrEqual(3);
      const found = await newest(folder);
      expect(found).toBeGreaterThanOrEqual(safe);
      expect(found).toBeGreaterThanOrEqual(step);
      expect(readdirSync(folder).every((f) => /^checkpoint-\d+\.tendril$/.test(f))).toBe(true);
      step = found;
    }
    return step;
  } finally {
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
