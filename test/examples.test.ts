/** The examples in a short form, on the built library as users get it. Each has to reach what it promises. */
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { digits } from "tendril/data";
import { type Figure, renderSvg } from "tendril/plot";
import { afterAll, describe, expect, test } from "vitest";
import attention from "../examples/attention.ts";
import autoencoder from "../examples/autoencoder.ts";
import customLoop from "../examples/custom-loop.ts";
import detectorEvents from "../examples/detector-events.ts";
import ganDigits from "../examples/gan-digits.ts";
import ganGaussian from "../examples/gan-gaussian.ts";
import improving from "../examples/improving.ts";
import karate from "../examples/karate.ts";
import linkPredictor from "../examples/link-predictor.ts";
import mnistCnn from "../examples/mnist-cnn.ts";
import molecules from "../examples/molecules.ts";
import overtraining from "../examples/overtraining.ts";
import ownOperator from "../examples/own-operator.ts";
import proteins from "../examples/proteins.ts";
import readDigit from "../examples/read-digit.ts";
import tracks from "../examples/tracks.ts";
import transfer from "../examples/transfer.ts";
import xor from "../examples/xor.ts";

const folder = mkdtempSync(join(tmpdir(), "tendril-examples-"));
const drawing = fileURLToPath(new URL("../examples/your_own_digit.png", import.meta.url));
afterAll(() => rmSync(folder, { recursive: true }));

/** Every example has a line here. */
const tested = [
  "attention",
  "autoencoder",
  "custom-loop",
  "detector-events",
  "gan-digits",
  "gan-gaussian",
  "improving",
  "karate",
  "link-predictor",
  "mnist-cnn",
  "molecules",
  "overtraining",
  "own-operator",
  "proteins",
  "read-digit",
  "tracks",
  "transfer",
  "xor",
];

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

test("autoencoders press digits into 32 numbers and take noise away", async () => {
  const dataset = digits({ train: 1500, test: 100, seed: 3 });
  const short = { dataset, epochs: 6, denoisingEpochs: 6 };
  const { crossentropy, denoisedError, noiseError, codes, picture } = await autoencoder(short);
  expect(crossentropy).toBeLessThan(0.3);
  expect(denoisedError!).toBeLessThan(0.7 * noiseError);
  expect(codes).toEqual([100, 32]);
  expectPicture(picture);
});

test("adversaries in one dimension: numbers move to where the samples are", async () => {
  const { mean, deviation, losses, picture } = await ganGaussian({ steps: 1000 });
  expect(Math.abs(mean - 4)).toBeLessThan(1.5);
  expect(deviation).toBeGreaterThan(0.2);
  expect(losses.discriminator!).toBeGreaterThan(0.5);
  expectPicture(picture);
});

test("adversaries on images: what is made gets as much ink as what is real", async () => {
  const dataset = digits({ train: 200, test: 0, seed: 3 });
  const { ink, history, picture } = await ganDigits({ dataset, filters: 4, epochs: 8 });
  expect(Math.abs(ink.generated - ink.real)).toBeLessThan(0.4);
  expect(history.discriminatorLoss!.at(-1)).toBeLessThan(history.discriminatorLoss![0]!);
  expectPicture(picture);
});

test("the better net has the exercise's size and learns from digits that are moved about", async () => {
  const dataset = digits({ train: 600, test: 200, seed: 3 });
  const { parameters, accuracy, epochs, picture } = await improving({ dataset, epochs: 3 });
  expect(parameters).toBe(121_930);
  expect(epochs).toBe(3);
  expect(accuracy).toBeGreaterThan(0.2);
  expectPicture(picture);
});

test("frozen features serve other digits", async () => {
  const dataset = digits({ train: 1000, test: 300, seed: 3 });
  const { transferred, trained, picture } = await transfer({ dataset, epochs: 2 });
  expect(trained).toBe(4);
  expect(transferred).toBeGreaterThan(0.4);
  expectPicture(picture);
});

test("the karate club gives the losses of PyTorch Geometric's introduction", async () => {
  const { losses, accuracy, picture } = await karate();
  expect(losses).toEqual(["1.4324", "1.3547", "1.2063", "0.5632", "0.1795", "0.0667", "0.0374", "0.0246"]);
  expect(accuracy).toBeCloseTo(0.824, 3);
  expectPicture(picture);
});

test("a graph operator of one's own learns", async () => {
  const { accuracy, share, picture } = await ownOperator();
  expect(accuracy).toBeGreaterThan(0.6);
  expect(share).toBeGreaterThan(0);
  expect(share).toBeLessThan(1);
  expectPicture(picture);
});

test("the attention at each node adds up to 1", async () => {
  const { sums, picture } = await attention();
  for (const sum of sums) expect(sum).toBeCloseTo(1, 5);
  expectPicture(picture);
});

test("collisions in a detector are told by the graph of their hits", async () => {
  const { results, picture } = await detectorEvents({ events: 800, epochs: 12 });
  expect(Object.keys(results)).toEqual(["graph network", "sums of hits", "number of hits"]);
  for (const { accuracy, auc } of Object.values(results)) {
    expect(accuracy).toBeGreaterThan(0.7);
    expect(auc).toBeGreaterThan(0.75);
  }
  expectPicture(picture);
});

test("links are predicted from those that are known", async () => {
  const { testAuc, picture } = await linkPredictor();
  expect(testAuc).toBeGreaterThan(0.7);
  expectPicture(picture);
});

const shared = fileURLToPath(new URL("../../shared/data", import.meta.url));
describe.skipIf(!existsSync(shared))("with public data (need ../shared)", () => {
  test("the notebook on molecules: its batches and its accuracies", async () => {
    const { dataset, batches, lines, picture } = await molecules({ data: shared, epochs: 3 });
    expect(dataset).toBe("MUTAG(188)");
    expect(batches[0]).toMatch(/^DataBatch\(edge_index=\[2, 2636\], x=\[1188, 7\]/);
    expect(lines[0]).toBe("Epoch: 001, Train Acc: 0.6467, Test Acc: 0.7368");
    expectPicture(picture);
  });

  test("proteins, with nodes dropped in stages", async () => {
    const { accuracy, picture } = await proteins({ data: shared, graphs: 300, epochs: 3 });
    expect(accuracy).toBeGreaterThan(0.4);
    expectPicture(picture);
  });

  test("edges of tracks are told better than by a cut on the distance", async () => {
    const { auc, aucOfDistance, picture } = await tracks({ data: shared, graphs: 25, epochs: 6 });
    expect(auc).toBeGreaterThan(aucOfDistance);
    expectPicture(picture);
  });
});
