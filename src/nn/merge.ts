/** Layers that make one tensor of several, element by element. Each layer has its own file. */
import type { Tensor } from "../core/index.ts";
import { ShapeError } from "../ir/errors.ts";
import { Layer } from "./layer.ts";

/** The inputs of a layer that takes `least` or more. Throws ShapeError where there are fewer. */
export function severalInputs(
  x: Tensor | Tensor[],
  where: string,
  least: number,
  most = Number.POSITIVE_INFINITY,
): Tensor[] {
  const inputs = Array.isArray(x) ? x : [x];
  if (inputs.length >= least && inputs.length <= most) return inputs;
  throw new ShapeError({
    where,
    problem: "the number of inputs does not fit the layer",
    expected: least === most ? `${least} inputs` : `at least ${least} inputs`,
    got: String(inputs.length),
    try: "apply the layer to a list of tensors: layer.apply([a, b])",
  });
}

/** Combines its inputs from the first to the last; those with fewer axes get axes of size 1 behind the rows. */
export abstract class Merge extends Layer {
  protected readonly least: number = 1;
  protected readonly most: number = Number.POSITIVE_INFINITY;

  override call(x: Tensor | Tensor[]): Tensor {
    const inputs = severalInputs(x, this.label, this.least, this.most);
    const rank = Math.max(...inputs.map((t) => t.rank));
    const aligned = inputs.map((t) =>
      t.rank === rank
        ? t
        : t.reshape([t.shape[0]!, ...Array.from({ length: rank - t.rank }, () => 1), ...t.shape.slice(1)]),
    );
    return this.finish(
      aligned.reduce((a, b) => this.merge(a, b)),
      aligned.length,
    );
  }

  /** Two of them into one. */
  protected abstract merge(a: Tensor, b: Tensor): Tensor;

  /** What is done last, given the number of inputs. */
  protected finish(merged: Tensor, _count: number): Tensor {
    return merged;
  }
}
