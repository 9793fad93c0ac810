/** The names of the options of passes over data, so that a mistyped one is refused rather than passed over. */
import { UsageError } from "../ir/errors.ts";
import type { EvaluateOptions, FitOptions, PassOptions, PredictOptions } from "./data-adapter.ts";
import type { DictOption } from "./evaluate.ts";
import { suggestion } from "./naming.ts";

/** One entry for each option. */
export type Names<Options> = { readonly [K in keyof Required<Options>]: true };

export const passNames: Names<PassOptions> = {
  batchSize: true,
  verbose: true,
  callbacks: true,
  stallLimit: true,
  signal: true,
  print: true,
};

export const fitNames: Names<FitOptions> = {
  ...passNames,
  epochs: true,
  validationSplit: true,
  validationData: true,
  shuffle: true,
  classWeight: true,
  sampleWeight: true,
  initialEpoch: true,
  stepsPerEpoch: true,
  validationSteps: true,
  validationBatchSize: true,
  validationFreq: true,
  seed: true,
  residentLimit: true,
};

export const evaluateNames: Names<EvaluateOptions & DictOption> = {
  ...passNames,
  sampleWeight: true,
  steps: true,
  returnDict: true,
};

export const predictNames: Names<PredictOptions> = { ...passNames, steps: true };

/** Throws UsageError for an option of another name. */
export function checkNames(call: string, options: object | undefined, known: object): void {
  const names = Object.keys(known);
  const strange = Object.entries(options ?? {}).find(([k, v]) => v !== undefined && !names.includes(k))?.[0];
  if (strange === undefined) return;
  throw new UsageError({
    where: call,
    problem: `there is no option \`${strange}\``,
    expected: `one of ${names.join(", ")}`,
    got: strange,
    try: suggestion(strange, names) ?? "leave it out",
  });
}
