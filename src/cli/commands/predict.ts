/** `tendril predict`: reads digits from pictures, by MNIST's own preprocessing. */
import { basename, extname } from "node:path";
import { type PreparedDigit, prepareDigit } from "../../data/image/prepare.ts";
import { readFileBytes } from "../../data/index.ts";
import { readPng, writePng } from "../../formats/index.ts";
import { CancelledError, ShapeError } from "../../ir/errors.ts";
import type { Model } from "../../nn/index.ts";
import { compileForUse, readClasses } from "../assess.ts";
import { defineCommand } from "../command.ts";
import { engineFlags, startEngine } from "../flags.ts";
import { openModel } from "../models.ts";
import { OutputFolder } from "../output.ts";
import { inputFor, sizeOf } from "../samples.ts";
import { printable } from "../terminal.ts";

const pixels = 28 * 28;

/** What was read in one picture. */
export interface Reading {
  readonly file: string;
  readonly digit: number;
  readonly probabilities: readonly number[];
}

export const predict = defineCommand({
  name: "predict",
  about: "Reads a handwritten digit from each picture.",
  positionals: [
    { name: "MODEL", about: "a model (.keras, .h5) trained on digits" },
    { name: "FILE", many: true, about: "pictures (PNG): drawings, scans or photographs of one digit each" },
  ],
  flags: {
    stages: { kind: "text", value: "DIR", about: "write each step of the preparation as a picture" },
    ...engineFlags,
  },
  examples: [
    "tendril predict m.h5 your_own_digit.png",
    "tendril predict m.keras *.png --stages stages --json",
  ],
  async run([path, ...paths], values, { signal }) {
    const engine = startEngine(values);
    const model = await openModel(path!, { compile: false });
    compileForUse(model, engine.name);
    const written = new Map<string, string>();
    const stages =
      values.stages === undefined ? undefined : await OutputFolder.open(values.stages, written, "--stages");
    const readings = await readDigits(model, paths, { stages, signal });
    const text = readings.map((r) => `${printable(r.file)}  ${r.digit}  ${likely(r)}\n`).join("");
    return { data: readings, text };
  },
});

/**
 * Reads one digit from each file.
 *
 * @throws DataError and FormatError for files that are missing, damaged or show no digit, ShapeError for a model that
 *   does not take images of 28 × 28.
 */
export async function readDigits(
  model: Model,
  paths: readonly string[],
  { stages, signal }: { stages?: OutputFolder | undefined; signal: AbortSignal },
): Promise<Reading[]> {
  checkTakesDigits(model);
  const images = new Uint8Array(paths.length * pixels);
  const names = uniqueNames(paths);
  for (const [i, path] of paths.entries()) {
    if (signal.aborted) throw stopped(i);
    const prepared = prepareDigit(readPng(await readFileBytes(path), { name: path }), { name: path });
    images.set(prepared.image, i * pixels);
    if (stages) await writeStages(stages, names[i]!, prepared);
  }
  const samples = { count: paths.length, values: images, labels: new Uint8Array(paths.length) };
  const { probabilities, predicted } = await readClasses(
    model,
    inputFor(model, samples, [28, 28, 1]),
    signal,
  );
  const classes = probabilities.length / paths.length;
  return paths.map((file, i) => ({
    file,
    digit: predicted[i]!,
    probabilities: [...probabilities.subarray(i * classes, (i + 1) * classes)],
  }));
}

function stopped(done: number): CancelledError {
  return new CancelledError({
    where: "tendril predict",
    problem: "stopped on request",
    got: `${done} pictures prepared`,
    try: "run it again",
  });
}

function checkTakesDigits(model: Model): void {
  const shape = model.inputs[0]?.shape;
  if (
    model.inputs.length === 1 &&
    shape?.every((s) => typeof s === "number") &&
    sizeOf(shape as number[]) === pixels
  ) {
    return;
  }
  throw new ShapeError({
    where: model.name,
    problem: "the model does not take images of digits",
    expected: "one input of 28 × 28 pixels",
    got: model.inputs.map((p) => `[${p.shape.join(", ")}]`).join(", ") || "no known input",
    try: "use a model that was trained on mnist or digits",
  });
}

/** The names of the files without folder and ending, numbered where two are alike. */
function uniqueNames(paths: readonly string[]): string[] {
  const plain = paths.map((path) => basename(path, extname(path)));
  return plain.map((name, i) =>
    plain.indexOf(name) === plain.lastIndexOf(name) ? name : `${i + 1}-${name}`,
  );
}

async function writeStages(folder: OutputFolder, name: string, { stages }: PreparedDigit): Promise<void> {
  for (const [i, { name: step, ...image }] of stages.entries()) {
    await folder.write(`${name}-${i + 1}-${step}.png`, writePng({ ...image, channels: 1 }));
  }
}

/** The three likeliest digits. */
function likely({ probabilities }: Reading): string {
  const order = [...probabilities.keys()].sort((a, b) => probabilities[b]! - probabilities[a]! || a - b);
  const shown = order.slice(0, 3).map((digit) => `${digit}: ${(100 * probabilities[digit]!).toFixed(1)} %`);
  return `(${shown.join(", ")})`;
}
