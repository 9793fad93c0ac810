/** Training on graphs from the command line, in processes of their own. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { readSafetensors } from "../../src/formats/safetensors.ts";
import { temporaryFolder, tendril, tendrilJson } from "./kit.ts";

const folder = temporaryFolder();
afterAll(() => folder.remove());
const quiet = ["--verbose", "0"];

describe("train on graphs", () => {
  test("the karate club replays PyTorch's losses and leaves its pictures", async () => {
    const out = join(folder.path, "karate");
    const {
      code,
      stderr,
      document: d,
    } = await tendrilJson([
      ...["train", "karate", "--conv", "gat", "--seed", "1234", "--epochs", "401", "--out", out],
    ]);
    expect([code, d.epochsRun, d.losses.length, d.seed]).toEqual([0, 401, 401, 1234]);
    expect(d.losses[400]).toBeCloseTo(0.1442, 4);
    expect(d).toMatchObject({ dataset: "karate", model: "gat", params: 202, backend: "wasm", auc: null });
    expect(d).toMatchObject({ trainAccuracy: 1, bestEpoch: 401 });
    expect(d.accuracy).toBeCloseTo(21 / 34, 6);
    expect(d.secondsPerEpoch).toBeGreaterThan(0);
    expect(d.programsCompiled).toBe(1);
    expect(stderr).toMatch(/^KarateClub\(\): Data\(x=\[34, 34\]/);
    const pictures = ["attention", "confusion-matrix", "curves", "embedding", "graph", "prediction"];
    const names = pictures.flatMap((p) => [`${p}.png`, `${p}.svg`]);
    expect(readdirSync(out).sort()).toEqual(
      [...names, "history.csv", "history.json", "model.safetensors"].sort(),
    );
    const { tensors } = readSafetensors(readFileSync(join(out, "model.safetensors")));
    expect([...tensors.keys()]).toContain("convs.0.att_src");
  });

  test("several seeds and folds of events give means and deviations", async () => {
    const small = ["train", "trd", "--events", "60", "--epochs", "2", "--hidden", "4", ...quiet];
    const { document: folds } = await tendrilJson([...small, "--folds", "3"]);
    expect(folds.runs.map((r: { fold: number }) => r.fold)).toEqual([0, 1, 2]);
    const accuracies = folds.runs.map((r: { testAccuracy: number }) => r.testAccuracy);
    const mean = accuracies.reduce((a: number, b: number) => a + b) / 3;
    expect(folds.testAccuracy).toBeCloseTo(mean, 12);
    expect(folds.testAccuracySpread.mean).toBeCloseTo(mean, 12);
    expect(folds.testAccuracySpread.sd).toBeGreaterThanOrEqual(0);
    expect(folds.aucSpread.mean).toBe(folds.auc);
    const { document: seeds } = await tendrilJson([...small, "--seeds", "2", "--threads", "1"]);
    expect(seeds.runs.map((r: { seed: number }) => r.seed)).toEqual([0, 1]);
  });

  test("help of the command leads to the tasks, help of a task has its flags", async () => {
    const images = await tendril(["train", "--help"]);
    expect(images.stdout).toContain("tendril train karate --help");
    expect(images.stdout).not.toContain("--conv");
    const graphs = await tendril(["train", "trd", "--help"]);
    expect(graphs.stdout).toContain("--conv gcn|gat");
  });

  test.each<[string, string[], number, RegExp]>([
    ["a task that there is not", ["train", "karat"], 2, /did you mean `karate`/],
    ["heads without attention", ["train", "karate", "--heads", "2"], 2, /--conv gat/],
    ["events of one graph", ["train", "karate", "--events", "20"], 2, /one graph[\s\S]*leave --events out/],
    ["batches of one graph", ["train", "karate", "--batch-size", "2"], 2, /leave --batch-size out/],
    ["more folds than graphs", ["train", "trd", "--events", "20", "--folds", "21"], 2, /2 … 20/],
    ["data that are nowhere", ["train", "mutag", "--data", "/nowhere"], 3, /MUTAG\.zip/],
    ["a rate too large", ["train", "trd", "--events", "40", "--learning-rate", "1e38"], 5, /overflows/],
  ])("%s is refused", async (_, args, code, text) => {
    const ended = await tendril([...args, ...quiet]);
    expect([ended.code, ended.stdout]).toEqual([code, ""]);
    expect(ended.stderr).toMatch(text);
  });

  test("Ctrl-C ends it in order", async () => {
    const ended = await tendril(["train", "trd", "--epochs", "100000"], {
      signalAfter: { text: "TRDEvents", signal: "SIGINT" },
    });
    expect(ended.code).toBe(130);
    expect(ended.stderr).toContain("stopped on request");
  });

  test("interrupted and resumed it ends as if it had not been", async () => {
    const backup = join(folder.path, "kept");
    const more = ["--dropout", "0.3", "--epochs", "400", "--seeds", "2", "--verbose", "2"];
    const args = ["train", "karate", ...more];
    const straight = await tendrilJson(args);
    const stops = [
      { flag: "--backup", after: { text: "epoch  60", signal: "SIGINT" }, code: 130 },
      { flag: "--resume", after: { text: "seed 1234", signal: "SIGTERM" }, code: 143 },
    ] as const;
    for (const { flag, after, code } of stops) {
      const stopped = await tendril([...args, flag, backup], { signalAfter: after });
      expect(stopped.code).toBe(code);
      expect(stopped.stderr).toMatch(/with --resume .*kept goes on where it stopped/);
    }
    expect(readdirSync(backup)).toEqual(["seed-1234", "seed-1235"]);
    const { code, document: d } = await tendrilJson([...args, "--resume", backup]);
    expect([code, d.epochsRun]).toEqual([0, 400]);
    expect([d.weightsSha256, d.losses, d.runs]).toEqual([
      straight.document.weightsSha256,
      straight.document.losses,
      straight.document.runs,
    ]);
    expect(await tendrilJson([...args, "--backup", backup])).toMatchObject({
      code: 4,
      document: { error: { code: "checkpoint" } },
    });
    expect(await tendrilJson([...args, "--resume", join(folder.path, "none")])).toMatchObject({ code: 4 });
  });

  const shared = resolve("../shared/data");
  test.skipIf(!existsSync(shared))("edges of TrackML (needs ../shared)", async () => {
    const { document: d } = await tendrilJson([
      ...["train", "trackml", "--events", "20", "--epochs", "3", "--data", shared, ...quiet],
    ]);
    expect(d.auc).toBeGreaterThan(0.6);
    expect(d.history).toHaveProperty("accuracy");
  });
});
