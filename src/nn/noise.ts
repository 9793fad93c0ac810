/** What the layers that add noise or drop elements have in common. */
import { bernoulli, key, type RandomKey, type Tensor } from "../core/index.ts";
import { ShapeError } from "../ir/errors.ts";
import { type Shape, type Size, showShape } from "../ir/size.ts";
import type { CallContext } from "./context.ts";
import { type Field, optional, orNull, readInteger, readList } from "./fields.ts";

/**
 * The random numbers of a layer in this step: from its own seed where it has one, else from its place in the model. `part`
 * tells apart what a layer draws several times.
 */
export function noiseKey(ctx: CallContext, seed: number | null, purpose: string, part?: string): RandomKey {
  const random = seed === null ? ctx.key : key(seed, purpose);
  return (part === undefined ? random : random.child(part)).at(ctx.step);
}

type NoiseShape = readonly (number | null)[] | null;

/** Where elements share one fate: a size for each axis, 1 for a shared axis, null for the input's size. */
export const noiseShapeField: Field<NoiseShape, NoiseShape, true> = optional<NoiseShape>(
  null,
  orNull(readList(orNull(readInteger(1)), "a list of sizes, null where the input's is meant")),
);

/** The shape to draw for `x`. Throws ShapeError where `noiseShape` has another number of axes. */
export function noiseShapeFor(x: Tensor, noiseShape: NoiseShape, where: string): Shape {
  if (noiseShape === null) return x.shape;
  if (noiseShape.length !== x.rank) {
    throw new ShapeError({
      where,
      problem: "`noiseShape` has another number of axes than the input",
      expected: `${x.rank} sizes`,
      got: showShape(noiseShape.map((s) => s ?? -1)),
      try: "give one size for each axis, rows included; null stands for the input's",
    });
  }
  return noiseShape.map((s, i): Size => s ?? x.shape[i]!);
}

/** `x` with a share `rate` of its elements set to 0 and the rest multiplied by 1 / (1 - rate); drawn in `shape`. */
export function dropped(x: Tensor, rate: number, random: RandomKey, shape: Shape): Tensor {
  if (rate === 0) return x;
  if (rate === 1) return x.mul(0);
  return x.mul(
    bernoulli(random, shape, 1 - rate)
      .cast("float32")
      .mul(1 / (1 - rate)),
  );
}
