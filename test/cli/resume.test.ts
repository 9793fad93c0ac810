/** `tendril train --backup DIR`, interrupted by signals, and `--resume DIR` (TR-4, DT-1). */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { temporaryFolder, tendril, tendrilJson, writeMnist } from "./kit.ts";

const folder = temporaryFolder();
const data = join(folder.path, "data");
writeMnist(data, { train: 2000 });
const args = ["train", "mnist", "--data", data, "--batch-size", "20", "--epochs", "4", "--verbose", "2"];

afterAll(() => folder.remove());

test("a training interrupted twice ends with the weights of one that never was", async () => {
  const straight = await tendrilJson(args);
  expect(straight.code).toBe(0);
  const backup = join(folder.path, "run");
  const stops = [
    { flag: "--backup", after: { text: "Epoch 2/4", signal: "SIGINT" }, code: 130 },
    { flag: "--resume", after: { text: "Epoch 3/4", signal: "SIGTERM" }, code: 143 },
  ] as const;
  for (const { flag, after, code } of stops) {
    const stopped = await tendril([...args, flag, backup], { signalAfter: after });
    expect(stopped.code).toBe(code);
    expect(stopped.stderr).toMatch(/with --resume .*run goes on where it stopped/);
    expect(readdirSync(backup).every((f) => f.startsWith("checkpoint-"))).toBe(true);
  }
  const { document, code } = await tendrilJson([...args, "--resume", backup]);
  expect(code).toBe(0);
  expect(document.weightsSha256).toBe(straight.document.weightsSha256);
  expect(document.history).toEqual(straight.document.history);
  expect(document.epochsRun).toBe(4);
});

test("folders that do not fit are refused", async () => {
  const run = join(folder.path, "run");
  const refused = async (...more: string[]) => tendrilJson([...args, ...more]);
  expect(await refused("--backup", run)).toMatchObject({
    code: 4,
    document: { error: { code: "checkpoint" } },
  });
  expect(await refused("--resume", join(folder.path, "none"))).toMatchObject({ code: 4 });
  expect(await refused("--resume", run, "--seed", "5")).toMatchObject({ code: 4 });
  expect(await refused("--resume", run, "--backup", run)).toMatchObject({ code: 2 });
});
