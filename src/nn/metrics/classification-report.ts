/** Precision, recall and F1 by class, as numbers and in scikit-learn's text layout. */
import { ShapeError, UsageError } from "../../ir/errors.ts";
import { fixed } from "../number-format.ts";

/** The scores of one class, or an average of them. */
export interface ClassScores {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  /** How many samples have this label. */
  readonly support: number;
}

/** The scores of all classes. */
export interface ClassificationScores {
  readonly classes: ReadonlyMap<string, ClassScores>;
  readonly accuracy: number;
  readonly macroAverage: ClassScores;
  readonly weightedAverage: ClassScores;
  readonly samples: number;
}

export interface ReportOptions {
  /** Names of the classes, in the order of their numbers. */
  targetNames?: readonly string[];
}

/**
 * The scores of predicted class numbers. The classes are those that occur in either list, in ascending order; what would
 * be a division by zero is 0, as in scikit-learn.
 *
 * @throws ShapeError where the lists differ in length or are empty, UsageError where the names do not fit the classes.
 */
export function classificationScores(
  labels: ArrayLike<number>,
  predicted: ArrayLike<number>,
  options: ReportOptions = {},
): ClassificationScores {
  const n = labels.length;
  if (n !== predicted.length || n === 0) badLengths(n, predicted.length);
  const classes = [...new Set([...Array.from(labels), ...Array.from(predicted)])].sort((a, b) => a - b);
  const { targetNames = classes.map(String) } = options;
  if (targetNames.length !== classes.length) badNames(classes, targetNames);
  const place = new Map(classes.map((c, i) => [c, i]));
  const [hits, called, support] = [0, 1, 2].map(() => new Float64Array(classes.length));
  for (let i = 0; i < n; i++) {
    if (labels[i] === predicted[i]) hits![place.get(labels[i]!)!]!++;
    called![place.get(predicted[i]!)!]!++;
    support![place.get(labels[i]!)!]!++;
  }
  const each = classes.map((_, i): ClassScores => {
    const precision = called![i] === 0 ? 0 : hits![i]! / called![i]!;
    const recall = support![i] === 0 ? 0 : hits![i]! / support![i]!;
    const both = called![i]! + support![i]!;
    return { precision, recall, f1: both === 0 ? 0 : (2 * hits![i]!) / both, support: support![i]! };
  });
  return {
    classes: new Map(each.map((scores, i) => [targetNames[i]!, scores])),
    accuracy: hits!.reduce((a, b) => a + b, 0) / n,
    macroAverage: average(
      each,
      each.map(() => 1 / each.length),
      n,
    ),
    weightedAverage: average(
      each,
      each.map((s) => s.support / n),
      n,
    ),
    samples: n,
  };
}

/**
 * The scores as a table of text, character for character scikit-learn's `classification_report`.
 *
 * @throws ShapeError, UsageError as `classificationScores`.
 */
export function classificationReport(
  labels: ArrayLike<number>,
  predicted: ArrayLike<number>,
  options: ReportOptions & {
    /** Digits behind the point; 2 unless given. */
    digits?: number;
  } = {},
): string {
  const { digits = 2 } = options;
  const scores = classificationScores(labels, predicted, options);
  const names = [...scores.classes.keys()];
  const width = Math.max(...names.map((name) => [...name].length), "weighted avg".length, digits);
  const line = (name: string, cells: readonly string[]) =>
    `${name.padStart(width)} ${cells.map((c) => ` ${c.padStart(9)}`).join("")}\n`;
  const row = (name: string, s: ClassScores) =>
    line(name, [...[s.precision, s.recall, s.f1].map((v) => fixed(v, digits)), String(s.support)]);
  return [
    line("", ["precision", "recall", "f1-score", "support"]),
    "\n",
    ...[...scores.classes].map(([name, s]) => row(name, s)),
    "\n",
    line("accuracy", ["", "", fixed(scores.accuracy, digits), String(scores.samples)]),
    row("macro avg", scores.macroAverage),
    row("weighted avg", scores.weightedAverage),
  ].join("");
}

function average(each: readonly ClassScores[], weights: readonly number[], support: number): ClassScores {
  const mean = (of: (s: ClassScores) => number) =>
    each.reduce((total, s, i) => total + of(s) * weights[i]!, 0);
  return {
    precision: mean((s) => s.precision),
    recall: mean((s) => s.recall),
    f1: mean((s) => s.f1),
    support,
  };
}

function badLengths(labels: number, predicted: number): never {
  throw new ShapeError({
    where: "classificationScores",
    problem: "labels and predicted classes do not pair up",
    expected: "as many predictions as labels, at least one",
    got: `${labels} labels, ${predicted} predictions`,
    try: "give class numbers, one per sample: argmax(-1) of the probabilities",
  });
}

function badNames(classes: readonly number[], names: readonly string[]): never {
  throw new UsageError({
    where: "classificationScores: targetNames",
    problem: "the names do not fit the classes",
    expected: `${classes.length} names, for the classes ${classes.join(", ")}`,
    got: String(names.length),
    try: "name the classes that occur, in ascending order of their numbers",
  });
}
