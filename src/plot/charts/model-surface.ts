import { ShapeError, UsageError } from "../../ir/errors.ts";
import type { Model } from "../../nn/model.ts";
import type { Numbers } from "../figure.ts";
import { checkLengths, count, rangeOf, type Values } from "../values.ts";
import type { Surface } from "./decision-surface.ts";

/** What gives an answer for each point: [points, 2] → [points, classes], or [points] with the probability of class 1. */
export type Classifier = (points: {
  data: Float32Array;
  shape: [number, number];
}) => Values | Promise<Values>;

export interface ModelSurfaceOptions {
  /** The points it learnt from; they are drawn, and say where to look. */
  points?: { x: Numbers; y: Numbers; classes: Numbers };
  /** Where to look; by default as far as the points reach, and `eps` beyond. */
  x?: readonly [number, number];
  y?: readonly [number, number];
  eps?: number;
  /** Points along each axis; 100 unless given. */
  resolution?: number;
}

/**
 * What a model of two inputs answers over the plane, for `decisionSurface`.
 *
 * @example decisionSurface(await modelSurface(model, { points }))
 * @throws UsageError where there is nothing that says where to look, ShapeError for a model of other inputs.
 */
export async function modelSurface(
  model: Model | Classifier,
  options: ModelSurfaceOptions = {},
): Promise<Surface> {
  const { points, eps = 1, resolution = 100 } = options;
  if (!Number.isInteger(resolution) || resolution < 2 || resolution > 2000) {
    throw usage("resolution", "a whole number of 2 to 2,000", String(resolution));
  }
  if (points) {
    checkLengths("plot.modelSurface", { x: points.x.length, y: points.y.length });
  }
  const around = (values: Numbers | undefined): readonly [number, number] => {
    if (values === undefined) throw usage("x` and `y", "a range for both, or `points`", "neither");
    const [low, high] = rangeOf(values);
    return [low - eps, high + eps];
  };
  const [x, y] = [options.x ?? around(points?.x), options.y ?? around(points?.y)];
  const at = (range: readonly [number, number], i: number) =>
    range[0] + ((range[1] - range[0]) * i) / (resolution - 1);
  const data = new Float32Array(2 * resolution * resolution);
  for (const i of count(resolution * resolution)) {
    data[2 * i] = at(x, i % resolution);
    data[2 * i + 1] = at(y, Math.floor(i / resolution));
  }
  const given = { data, shape: [resolution * resolution, 2] as [number, number] };
  const answers = typeof model === "function" ? await model(given) : await predicted(model, given);
  const classes = answers.data.length / given.shape[0];
  if (!Number.isInteger(classes) || classes < 1) {
    throw new ShapeError({
      where: "plot.modelSurface",
      problem: "the answers do not fit the points",
      expected: `[${given.shape[0]}, classes]`,
      got: `[${answers.shape.join(", ")}]`,
      try: "give an answer for each point",
    });
  }
  const shape = classes === 1 ? [resolution, resolution] : [resolution, resolution, classes];
  return { x, y, probabilities: { shape, data: answers.data }, ...(points ? { points } : {}) };
}

async function predicted(model: Model, points: { data: Float32Array; shape: [number, number] }) {
  const output = await model.predict(points, { batchSize: 1024, verbose: 0 });
  if (Array.isArray(output)) throw usage("model", "a model of one output", `${output.length} outputs`);
  return { shape: output.shape as number[], data: await output.data() };
}

function usage(option: string, expected: string, got: string): UsageError {
  return new UsageError({
    where: `plot.modelSurface \`${option}\``,
    problem: "this value is not acceptable",
    expected,
    got,
    try: "modelSurface(model, { points: { x, y, classes } })",
  });
}
