import { UsageError } from "../../ir/errors.ts";
import type { Figure } from "../figure.ts";
import { pca } from "../layout/pca.ts";
import { type TsneOptions, tsne } from "../layout/tsne.ts";
import { formatPercent } from "../scale.ts";
import { checkValues, type Values } from "../values.ts";
import { type ScatterData, type ScatterOptions, scatter } from "./scatter.ts";

export interface EmbeddingOptions
  extends ScatterOptions,
    TsneOptions,
    Pick<ScatterData, "classes" | "values"> {
  /** How more than two columns become two. Default `pca`. */
  method?: "pca" | "tsne";
}

/**
 * Rows of numbers [rows, columns] as points: two columns as they are, more by their principal components or by t-SNE.
 *
 * @throws ShapeError unless the values have two axes, UsageError for a method that there is not.
 */
export function embedding(values: Values, options: EmbeddingOptions = {}): Figure {
  checkValues("plot.embedding", values, ["rows", "columns"]);
  const { classes, values: shades, ...rest } = options;
  const { data, xLabel, yLabel } = inPlane(values, options);
  const column = (c: number) => Float64Array.from({ length: values.shape[0]! }, (_, i) => data[2 * i + c]!);
  return scatter(
    { x: column(0), y: column(1), ...(classes ? { classes } : {}), ...(shades ? { values: shades } : {}) },
    { xLabel, yLabel, ...rest },
  );
}

interface Plane {
  readonly data: ArrayLike<number>;
  readonly xLabel: string;
  readonly yLabel: string;
}

const methods: Readonly<
  Record<NonNullable<EmbeddingOptions["method"]>, (values: Values, options: TsneOptions) => Plane>
> = {
  pca(values) {
    const { data, explained } = pca(values, 2);
    const label = (c: number) => `component ${c + 1} (${formatPercent(explained[c] ?? 0)} of the variance)`;
    return { data, xLabel: label(0), yLabel: label(1) };
  },
  tsne: (values, options) => ({ data: tsne(values, options), xLabel: "t-SNE 1", yLabel: "t-SNE 2" }),
};

function inPlane(values: Values, { method = "pca", ...options }: EmbeddingOptions): Plane {
  if (!Object.hasOwn(methods, method)) {
    throw new UsageError({
      where: "plot.embedding",
      problem: "there is no such method",
      expected: Object.keys(methods).join(" or "),
      got: String(method),
      try: 'method: "pca"',
    });
  }
  if (values.shape[1] === 2) return { data: values.data, xLabel: "dimension 1", yLabel: "dimension 2" };
  return methods[method](values, options);
}
