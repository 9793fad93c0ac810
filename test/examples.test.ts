/** The examples in a short form, on the built library as users get it. Each has to reach what it promises. */
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { digits } from "tendril/data";
import { type Figure, renderSvg } from "tendril/plot";
import { afterAll, expect, test } from "vitest";
import customLoop from "../examples/custom-loop.ts";
import mnistCnn from "../examples/mnist-cnn.ts";
import overtraining from "../examples/overtraining.ts";
import readDigit from "../examples/read-digit.ts";
import xor from "../examples/xor.ts";

const folder = mkdtempSync(join(tmpdir(), "tendril-examples-"));
const drawing = fileURLToPath(new URL("../examples/your_own_digit.png", import.meta.url));
afterAll(() => rmSync(folder, { recursive: true }));

/** Every example has a line here. */
const tested = ["custom-loop", "mnist-cnn", "overtraining", "read-digit", "xor"];

test("every example is tested", () => {
  const files = readdirSync(new URL("../examples/", import.meta.url)).filter((f) => f.endsWith(".ts"));
  expect(files.map((f) => f.slice(0, -3)).sort()).toEqual(tested);
});

function expectPicture(picture: Figure): void {
  expect(renderSvg(picture)).toMatch(/^<svg[\s\S]*<\/svg>\s*$/);
}

test("the slide's program trains and saves, another program reads a digit with its file", async () => {
  const file = join(folder, "mnist_keras_model.h5");
  const dataset = digits({ train: 6000, test: 500, seed: 3 });
  const trained = await mnistCnn({ dataset, file, epochs: 20, verbose: 0 });
  expect(trained.summary).toContain("Total params: 21,898");
  expect(existsSync(file)).toBe(true);
  expect(trained.accuracy).toBeGreaterThan(0.85);
  expectPicture(trained.picture);

  const read = await readDigit({ file, drawing });
  expect(read.digit).toBe(7);
  expectPicture(read.picture);
});

test("exclusive or needs a hidden layer", async () => {
  const { withoutHidden, withHidden, picture } = await xor();
  expect(withoutHidden).toBeLessThan(1);
  expect(withHidden).toBe(1);
  expectPicture(picture);
});

test("overtraining shows, and is stopped within the patience", async () => {
  const { turn, stoppedAfter, trainingLoss, validationLoss, picture } = await overtraining({
    epochs: 80,
    patience: 10,
  });
  expect(trainingLoss[1]!).toBeLessThan(0.8 * trainingLoss[0]!);
  expect(validationLoss[1]!).toBeGreaterThan(1.2 * validationLoss[0]!);
  expect(stoppedAfter).toBeLessThanOrEqual(turn + 10);
  expectPicture(picture);
});

test("a loop of one's own is one program and learns", async () => {
  const { accuracy, programs, picture } = await customLoop();
  expect(programs).toBe(1);
  expect(accuracy).toBeGreaterThan(0.95);
  expectPicture(picture);
});
