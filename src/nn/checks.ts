/** What is checked before any step: that the model is compiled, numbers given as options, labels. */
import { DataError, UsageError } from "../ir/errors.ts";
import type { CompiledState } from "./compile-options.ts";
import type { FitOptions, Rows } from "./data-adapter.ts";
import { classWeights, outputsOf } from "./data-adapter.ts";
import type { Trainable } from "./trainable.ts";

/** The compiled state of a model. Throws UsageError before `compile`. */
export function compiledState(model: Trainable, call: string): CompiledState {
  if (model.compiled) return model.compiled;
  throw new UsageError({
    where: call,
    problem: "You must call compile() before using the model",
    expected: "a compiled model",
    got: `${model.name}, not compiled`,
    try: `model.compile({ optimizer: "adam", loss: "categoricalCrossentropy", metrics: ["accuracy"] })`,
  });
}

/** Throws UsageError unless `value` is a whole number of at least `least`. */
export function checkWhole(call: string, name: string, value: number | undefined, least: number): void {
  if (value === undefined || (Number.isInteger(value) && value >= least)) return;
  throw new UsageError({
    where: `${call}: ${name}`,
    problem: `${name} must be a whole number, at least ${least}`,
    expected: `a whole number >= ${least}`,
    got: String(value),
    try: `leave ${name} out to get the default`,
  });
}

/** Looks at the labels of all outputs. Throws DataError, ShapeError or NumericError where a loss cannot take them. */
export function checkLabels(model: Trainable, rows: Rows, call: string): void {
  const outputs = outputsOf(model);
  const state = compiledState(model, call);
  const { losses, metrics } = state.objective(
    outputs.map((o, i) => ({
      name: o.name,
      labels: rows.ys[i]?.shape ?? [],
      predictions: [rows.count, ...o.shape],
    })),
  );
  for (const { output, loss } of [
    ...losses,
    ...metrics.map((m) => ({ output: m.output, loss: undefined })),
  ]) {
    const labels = rows.ys[output];
    if (!labels) missingLabels(call, outputs[output]!.name);
    loss?.check(
      labels,
      outputs[output]!.shape,
      `${call}: y${outputs.length > 1 ? ` (${outputs[output]!.name})` : ""}`,
    );
  }
}

function missingLabels(call: string, output: string): never {
  throw new DataError({
    where: `${call}: y`,
    problem: "labels are needed for the loss and the metrics",
    expected: `labels for ${output}`,
    got: "none",
    try: `${call}(x, y)`,
  });
}

/** The rows with weights by class. Throws UsageError for a model with several outputs. */
export function withClassWeights(all: Rows, given: NonNullable<FitOptions["classWeight"]>): Rows {
  if (all.ys.length !== 1) {
    throw new UsageError({
      where: "fit: classWeight",
      problem: "classWeight is for models with a single output",
      expected: "one output",
      got: `${all.ys.length} outputs`,
      try: "pass sampleWeight",
    });
  }
  return { ...all, weight: classWeights(all.ys[0]!, given) };
}

/** A sentence where labels are sorted so that validation has classes that training never sees. */
export function orderedLabels(train: Rows, validation: Rows): string | undefined {
  const [a, b] = [train.ys[0], validation.ys[0]];
  if (!a || !b || a.shape.slice(1).some((s) => s !== 1) || a.data.length < 2) return undefined;
  const known = new Set(a.data);
  if (known.size > 1000 || known.size < 2) return undefined;
  for (let i = 1; i < a.data.length; i++) if (a.data[i]! < a.data[i - 1]!) return undefined;
  return b.data.some((v) => !known.has(v))
    ? "The labels are sorted, and validationSplit takes the last rows: validation has classes that training never sees. " +
        "Shuffle x and y together first, or pass validationData."
    : undefined;
}
