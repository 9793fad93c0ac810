/** Training, evaluating and predicting from the command line, in processes of their own. */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { trainingCurves } from "../../src/cli/pictures.ts";
import { readPng } from "../../src/formats/index.ts";
import { loadModel } from "../../src/nn/index.ts";
import { renderPng } from "../../src/plot/index.ts";
import { temporaryFolder, tendril, tendrilJson, writeMnist } from "./kit.ts";

const folder = temporaryFolder();
const out = join(folder.path, "out");
const checkpoint = join(folder.path, "best.keras");
const small = ["train", "digits", "--samples", "600", "--batch-size", "50", "--learning-rate", "0.004"];
let trained: Awaited<ReturnType<typeof tendrilJson>>;

beforeAll(async () => {
  trained = await tendrilJson([...small, "--epochs", "3", "--out", out, "--checkpoint", checkpoint]);
});
afterAll(() => folder.remove());

describe("train", () => {
  test("reports what was asked for in one document", () => {
    expect(trained.stderr).toMatch(/^Epoch 3\/3 - 11\/11 - .*val_loss/m);
    expect(trained.code).toBe(0);
    const d = trained.document;
    expect(d).toMatchObject({ params: 21_898, epochsRun: 3, backend: "wasm", dataset: "digits" });
    expect(Object.keys(d.history)).toEqual(["accuracy", "loss", "val_accuracy", "val_loss"]);
    expect(d.history.loss).toHaveLength(3);
    expect(d.valAccuracy).toBe(d.history.val_accuracy[2]);
    expect(d.testAccuracy).toBeGreaterThan(0.3);
    expect(d.testLoss).toBeGreaterThan(0);
    expect(d.imagesPerSecond).toBeGreaterThan(0);
    expect(d.secondsTotal).toBeGreaterThan(0);
    expect(d.threads).toBeGreaterThanOrEqual(1);
    expect(d.bestEpoch).toBe(d.history.val_loss.indexOf(Math.min(...d.history.val_loss)) + 1);
    expect(d.bestTestAccuracy).toBeGreaterThan(0.3);
  });

  test("hashes the weights of the saved model", async () => {
    const model = await loadModel(join(out, "model.h5"));
    const hash = createHash("sha256");
    for (const weight of model.getWeights()) hash.update(weight);
    expect(hash.digest("hex")).toBe(trained.document.weightsSha256);
    expect(model.layers.map((l) => l.name)).toEqual([
      "conv2d",
      "max_pooling2d",
      "flatten",
      "dense",
      "dense_1",
    ]);
  });

  test("writes model, history and pictures, and nothing else", () => {
    const pictures = ["confusion-matrix", "curves", "feature-maps", "filters", "misread", "weights"];
    const names = [
      ...pictures.flatMap((p) => [`${p}.png`, `${p}.svg`]),
      "history.csv",
      "history.json",
      "model.h5",
    ];
    expect(readdirSync(out).sort()).toEqual(names.sort());
    for (const path of Object.values(trained.document.files)) expect(existsSync(path as string)).toBe(true);
    for (const name of pictures) {
      const { width, height, data } = readPng(readFileSync(join(out, `${name}.png`)));
      expect(width * height).toBeGreaterThan(10_000);
      expect(new Set(data).size).toBeGreaterThan(10);
    }
    const [head, first] = readFileSync(join(out, "history.csv"), "utf8").split("\n");
    expect(head).toBe("epoch,accuracy,loss,val_accuracy,val_loss");
    expect(first).toMatch(/^0,/);
    expect(JSON.parse(readFileSync(join(out, "history.json"), "utf8"))).toEqual(trained.document.history);
  });

  test("a picture is what renderPng makes, and they are listed in one order whichever is drawn first", async () => {
    const drawn = await renderPng(trainingCurves(trained.document.history)!);
    expect(readFileSync(join(out, "curves.png")).equals(drawn)).toBe(true);
    const listed = Object.keys(trained.document.files).filter((name) => name.endsWith(".png"));
    const order = ["curves", "weights", "filters", "misread", "confusion-matrix", "feature-maps"];
    expect(listed).toEqual(order.map((name) => `${name}.png`));
  });

  test("two classes: the curves of all thresholds as well", async () => {
    const file = join(folder.path, "two.mjs");
    writeFileSync(
      file,
      `const make = (n) => ({
         images: Float32Array.from({ length: n * 784 }, (_, i) =>
           Math.floor(i / 784) % 2 === (i % 784 < 392 ? 1 : 0) ? 1 : 0.1),
         labels: Uint8Array.from({ length: n }, (_, i) => i % 2),
       });
       export default () => ({ train: make(80), test: make(20), classes: ["lower", "upper"] });`,
    );
    const two = join(folder.path, "two");
    const more = [
      "--epochs",
      "5",
      "--batch-size",
      "20",
      "--learning-rate",
      "0.01",
      "--out",
      two,
      "--verbose",
      "0",
    ];
    const { document } = await tendrilJson(["train", file, ...more]);
    for (const name of ["roc", "precision-recall"]) {
      expect(document.files).toHaveProperty([`${name}.png`]);
      expect(readFileSync(join(two, `${name}.svg`), "utf8")).toContain("positive: upper");
    }
    expect(document.testAccuracy).toBe(1);
    expect(readFileSync(join(two, "roc.svg"), "utf8")).toContain("AUC 1<");
  });

  test("the learning rate is drawn where it changes", () => {
    const loss = [1, 0.5];
    const panels = (rates: readonly number[]) =>
      trainingCurves({ loss, learning_rate: rates })!.panels.length;
    expect(panels([0.1, 0.01])).toBeGreaterThan(panels([0.1, 0.1]));
  });

  test("same seed, same weights, for any number of threads; another seed, others", async () => {
    const again = await tendrilJson([...small, "--epochs", "3", "--threads", "1", "--verbose", "0"]);
    const other = await tendrilJson([...small, "--epochs", "3", "--seed", "5", "--verbose", "0"]);
    expect(again.document.weightsSha256).toBe(trained.document.weightsSha256);
    expect(again.document.threads).toBe(1);
    expect(again.document.testLoss).toBe(trained.document.testLoss);
    expect(other.document.weightsSha256).not.toBe(trained.document.weightsSha256);
    expect(again.stderr).toBe("");
  });

  test("takes a folder of data, the wide network, a saved model, early stopping, no validation", async () => {
    writeMnist(folder.path);
    const base = ["train", "mnist", "--data", folder.path, "--verbose", "0"];
    const wide = await tendrilJson([...base, "--model", "wide", "--epochs", "1", "--samples", "60"]);
    expect(wide.document.params).toBe(225_034);
    const more = await tendrilJson([
      ...base,
      "--model",
      checkpoint,
      "--epochs",
      "1",
      "--validation-split",
      "0",
    ]);
    expect(more.document.valAccuracy).toBeNull();
    expect(more.document.testAccuracy).toBeGreaterThan(0.3);
    const stopped = await tendrilJson([
      ...base,
      "--epochs",
      "30",
      "--early-stopping",
      "1",
      "--learning-rate",
      "0.5",
    ]);
    expect(stopped.document.epochsRun).toBeLessThan(30);
  });

  test("runs files of the user's own, which import the library by its name", async () => {
    const model = join(folder.path, "model.mjs");
    const data = join(folder.path, "data.mjs");
    writeFileSync(
      model,
      `import { Dense, Flatten, Input, Sequential } from "tendril";
       export default ({ inputShape, classes, seed }) => new Sequential(
         [Input({ shape: inputShape }), new Flatten(), new Dense({ units: classes.length, activation: "softmax" })],
         { seed });`,
    );
    writeFileSync(
      data,
      `const make = (n) => ({ x: Array.from({ length: n }, (_, i) => [i % 3 === 0 ? 1 : 0, i % 3 === 1 ? 1 : 0]),
         y: Array.from({ length: n }, (_, i) => i % 3) });
       export default ({ samples = 90 }) => ({ train: make(samples), test: make(30), classes: ["a", "b", "c"] });`,
    );
    const args = ["train", data, "--model", model, "--epochs", "40", "--batch-size", "10"];
    const { code, document } = await tendrilJson([...args, "--learning-rate", "0.1", "--verbose", "0"]);
    expect(code).toBe(0);
    expect(document).toMatchObject({ params: 9, testAccuracy: 1 });
  });
});

describe("saved models", () => {
  test("evaluate gives the numbers that training reported", async () => {
    const best = await tendrilJson(["evaluate", checkpoint, "--dataset", "digits"]);
    expect(best.document.accuracy).toBe(trained.document.bestTestAccuracy);
    const { code, document } = await tendrilJson(["evaluate", join(out, "model.h5"), "--dataset", "digits"]);
    expect(code).toBe(0);
    expect(document.accuracy).toBe(trained.document.testAccuracy);
    expect(document.loss).toBe(trained.document.testLoss);
    expect(document.confusion).toHaveLength(10);
    expect(document.confusion.flat().reduce((a: number, b: number) => a + b)).toBe(2000);
  });

  test("summary prints the slide's table", async () => {
    const { stdout } = await tendril(["summary", join(out, "model.h5"), "--style", "legacy"]);
    expect(stdout).toContain("conv2d (Conv2D)              (None, 26, 26, 8)         80        \n");
    expect(stdout).toContain("Total params: 21,898\n");
    const wide = await tendril(["summary", checkpoint, "--line-length", "90", "--show-trainable"]);
    expect(wide.stdout).toMatch(/^│ dense_1 \(Dense\) .* 170 │ +Y +│$/m);
    expect(wide.stdout.split("\n")[1]).toHaveLength(90);
  });

  test("a saved model is trained further", async () => {
    const { code, document } = await tendrilJson([...small, "--epochs", "1", "--model", checkpoint]);
    expect(code).toBe(0);
    expect(document.history.loss[0]).toBeLessThan(trained.document.history.loss[0]);
  });

  test("predict reads pictures and shows its stages", async () => {
    const stages = join(folder.path, "stages");
    const picture = join(out, "feature-maps.png");
    const { code, document } = await tendrilJson(["predict", checkpoint, picture, "--stages", stages]);
    expect(code).toBe(0);
    expect(document).toHaveLength(1);
    expect(document[0].file).toBe(picture);
    expect(document[0].probabilities).toHaveLength(10);
    expect(document[0].digit).toBe(document[0].probabilities.indexOf(Math.max(...document[0].probabilities)));
    const written = readdirSync(stages).sort();
    expect(written.at(-1)).toMatch(/^feature-maps-\d-digit28\.png$/);
    expect(readPng(readFileSync(join(stages, written.at(-1)!)))).toMatchObject({ width: 28, height: 28 });
  });
});

describe("interruption", () => {
  test("while the trained model is measured leaves the model and its history", async () => {
    const model = join(folder.path, "interrupted.mjs");
    const kept = join(folder.path, "measured");
    writeFileSync(
      model,
      `import { Dense, Flatten, Input, Sequential } from "tendril";
       export default ({ inputShape, classes }) => {
         const units = classes.length;
         const model = new Sequential([Input({ shape: inputShape }), new Flatten(), new Dense({ units, activation: "softmax" })]);
         const evaluate = model.evaluate.bind(model);
         model.evaluate = async (...given) => {
           process.kill(process.pid, "SIGINT");
           await new Promise((resume) => setTimeout(resume, 50));
           return evaluate(...given);
         };
         return model;
       };`,
    );
    const ended = await tendrilJson([...small, "--model", model, "--epochs", "1", "--out", kept]);
    expect(ended.code).toBe(130);
    expect(ended.document.error).toMatchObject({ code: "cancelled", epochsRun: 1 });
    expect(readdirSync(kept).sort()).toEqual(["history.csv", "history.json", "model.h5"]);
  });

  test("SIGINT while pictures are drawn ends that and keeps what is written", async () => {
    const kept = join(folder.path, "drawing");
    const ended = await tendrilJson([...small, "--epochs", "1", "--out", kept], {
      signalAfter: { text: "val_loss", signal: "SIGINT" },
    });
    expect(ended.code).toBe(130);
    const { error } = ended.document;
    expect(error).toMatchObject({ code: "cancelled", epochsRun: 1 });
    expect(Object.keys(error.files)).toEqual(
      expect.arrayContaining(["model", "history.json", "history.csv"]),
    );
    const written = Object.values<string>(error.files).map((path) => basename(path));
    expect(readdirSync(kept).sort()).toEqual(written.sort());
  });

  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("%s ends training in order with %i", async (signal, code) => {
    const kept = join(folder.path, signal);
    const ended = await tendrilJson([...small, "--epochs", "5000", "--out", kept], {
      signalAfter: { text: "Epoch 2/5000", signal },
    });
    expect(ended.code).toBe(code);
    expect(ended.document.error).toMatchObject({ code: "cancelled" });
    expect(readdirSync(kept).sort()).toEqual(["history.csv", "history.json", "model.h5"]);
    expect((await loadModel(join(kept, "model.h5"))).countParams()).toBe(21_898);
  });
});
