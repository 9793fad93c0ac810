/** `tendril demo`, which `npm start` runs: the course's network on built-in digits, its pictures, and a digit read from a picture. */
import { join } from "node:path";
import { digits } from "../../data/index.ts";
import { writePng } from "../../formats/index.ts";
import { defineCommand } from "../command.ts";
import { openModel } from "../models.ts";
import { OutputFolder } from "../output.ts";
import { printable } from "../terminal.ts";
import { readDigits } from "./predict.ts";
import { reportText, runTraining } from "./train.ts";

export const demo = defineCommand({
  name: "demo",
  about: "Trains the course's network on built-in digits, draws pictures, and reads a digit from a picture.",
  positionals: [],
  flags: {
    samples: { kind: "whole", value: "N", min: 100, max: 2 ** 21, default: 40_000, about: "training digits" },
    epochs: { kind: "whole", value: "N", min: 1, default: 10, about: "passes over the training digits" },
    seed: { kind: "whole", value: "N", default: 0, about: "same seed, same result" },
    out: { kind: "text", value: "DIR", default: join("runs", "demo"), about: "where the files go" },
  },
  examples: ["tendril demo", "npm start"],
  async run(_, { samples, epochs, seed, out }, context) {
    const { terminal, signal } = context;
    const report = await runTraining(
      "digits",
      {
        ...{ model: "lecture", data: undefined, samples, epochs, seed, out },
        ...{ batchSize: 128, validationSplit: 0.1, optimizer: "adam", learningRate: 0.004 },
        ...{ backend: undefined, threads: undefined },
        ...{
          checkpoint: undefined,
          backup: undefined,
          resume: undefined,
          earlyStopping: undefined,
          verbose: "1",
        },
      },
      context,
    );
    const files = new Map(Object.entries(report.files));
    const folder = await OutputFolder.open(out, files);
    const example = await folder.write("your-own-digit.png", writePng(drawing()));
    const stages = await OutputFolder.open(join(out, "stages"), new Map());
    const model = await openModel(report.files.model!, { compile: false });
    const [reading] = await readDigits(model, [example], { stages, signal });
    const sure = Math.max(...reading!.probabilities);
    terminal.line();
    const text = [
      reportText({ ...report, files: {} }),
      `\nIt read ${reading!.digit} (${(100 * sure).toFixed(1)} %) in ${printable(example)}.\n`,
      `The model is ${printable(report.files.model!)}, the pictures are beside it.\n`,
      "\nNext:\n",
      `  tendril predict ${printable(report.files.model!)} your_own_digit.png\n`,
      "  tendril train mnist --epochs 50 --validation-split 0.5 --early-stopping 2 --out runs/mnist\n",
    ].join("");
    return { data: { ...report, reading, files: Object.fromEntries(files) }, text };
  },
});

/** Pixels of the example for one of the digit's own. */
const zoom = 10;

/** A digit as somebody might send it: large, dark on paper whose light falls off to one side. It is in no data set. */
function drawing() {
  const { test } = digits({ train: 0, test: 10, seed: 2026 });
  const at = test.labels.indexOf(3);
  const ink = test.images.subarray(at * 784, (at + 1) * 784);
  const side = 28 * zoom;
  const data = new Uint8Array(side * side);
  const level = (x: number, y: number) => (x < 0 || y < 0 || x > 27 || y > 27 ? 0 : ink[y * 28 + x]!);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      // Bilinear, between the centres of the small pixels.
      const [u, v] = [(x + 0.5) / zoom - 0.5, (y + 0.5) / zoom - 0.5];
      const [left, top] = [Math.floor(u), Math.floor(v)];
      const [right, below] = [u - left, v - top];
      const upper = level(left, top) * (1 - right) + level(left + 1, top) * right;
      const lower = level(left, top + 1) * (1 - right) + level(left + 1, top + 1) * right;
      const paper = 238 - (40 * (x + y)) / (2 * side);
      data[y * side + x] = Math.round(paper * (1 - (0.85 * (upper * (1 - below) + lower * below)) / 255));
    }
  }
  return { width: side, height: side, channels: 1 as const, data };
}
