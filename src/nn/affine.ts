/**
 * Images moved, turned and stretched: each cell of the result is read at an affine function of its position. The maps of
 * positions beyond the border are those of TensorFlow's `ImageProjectiveTransformV3`, which Keras uses.
 */
import { arange, concat, type Tensor, where } from "../core/index.ts";
import { mulSize } from "../ir/size.ts";
import { choice, dataFormat, real, seedField } from "./fields.ts";
import { imageSize } from "./resize.ts";

/** How positions beyond the border are read: the border mirrored, the image repeated, the nearest cell, or a constant. */
const fillModes = ["reflect", "wrap", "nearest", "constant"] as const;
export type FillMode = (typeof fillModes)[number];

/** Options of the layers that move images. */
export const movingFields = {
  fillMode: choice(fillModes, "reflect"),
  interpolation: choice(["bilinear", "nearest"], "bilinear"),
  seed: seedField,
  fillValue: real(0),
  dataFormat,
};

export interface AffineOptions {
  readonly fillMode: FillMode;
  readonly interpolation: "bilinear" | "nearest";
  readonly fillValue: number;
}

/** A position along an axis of `size` cells, brought inside; `constant` leaves it as it is. */
const inside: { readonly [K in FillMode]: (at: Tensor, size: number) => Tensor } = {
  // Periodic with twice the size, counted from the edge of the first cell.
  reflect: (at, size) => {
    const phase = at.add(0.5).mod(2 * size);
    return where(phase.less(size), phase, phase.neg().add(2 * size))
      .sub(0.5)
      .clip(0, size - 1);
  },
  wrap: wrapped,
  nearest: (at, size) => at.clip(0, size - 1),
  constant: (at) => at,
};

/** TensorFlow's rule: whole sizes are added or taken away, and what then lies beyond the last cell is the last. */
function wrapped(at: Tensor, size: number): Tensor {
  if (size === 1) return at.mul(0);
  const turns = at
    .abs()
    .div(size - 1)
    .trunc();
  const before = at.add(turns.add(1).mul(size));
  const behind = at.sub(turns.mul(size));
  return where(at.less(0), before, where(at.greater(size - 1), behind, at)).clip(0, size - 1);
}

/**
 * Images [n, height, width, channels] read at `(x, y) ↦ (a₀·x + a₁·y + a₂, b₀·x + b₁·y + b₂)`, where x counts columns and y
 * lines: `maps` [n, 6] holds a₀, a₁, a₂, b₀, b₁, b₂ for each image. Throws ShapeError where the size of the images is not
 * known before a plan runs.
 */
export function affine(images: Tensor, maps: Tensor, options: AffineOptions): Tensor {
  const [n, , , channels] = images.shape as [number, number, number, number];
  const [height, width] = imageSize(images, "affine");
  const column = arange(width).cast("float32").reshape([1, 1, width]);
  const line = arange(height).cast("float32").reshape([1, height, 1]);
  const coefficient = (i: number) => maps.slice([0, i], [null, i + 1]).reshape([n, 1, 1]);
  const position = (k: number) =>
    coefficient(k)
      .mul(column)
      .add(coefficient(k + 1).mul(line))
      .add(coefficient(k + 2));
  const x = inside[options.fillMode](position(0), width);
  const y = inside[options.fillMode](position(3), height);
  const cells = images.reshape([mulSize(mulSize(n, height), width), channels]);
  const image = arange(n)
    .reshape([n, 1, 1])
    .mul(height * width);
  const read = (row: Tensor, at: Tensor): Tensor => {
    const i = row.clip(0, height - 1).cast("int32");
    const k = at.clip(0, width - 1).cast("int32");
    const found = cells.take(image.add(i.mul(width)).add(k), 0);
    if (options.fillMode !== "constant") return found;
    const outside = row
      .less(0)
      .logicalOr(row.greater(height - 1))
      .logicalOr(at.less(0))
      .logicalOr(at.greater(width - 1));
    return where(outside.expandDims(-1), options.fillValue, found);
  };
  if (options.interpolation === "nearest") return read(rounded(y), rounded(x));
  const [top, left] = [y.floor(), x.floor()];
  const [down, right] = [y.sub(top).expandDims(-1), x.sub(left).expandDims(-1)];
  const mix = (a: Tensor, b: Tensor, share: Tensor) => a.mul(share.neg().add(1)).add(b.mul(share));
  // All four cells in one reading: then images that are themselves computed are computed once, not for each of the four.
  const next = arange(2).cast("float32");
  const four = read(top.add(next.reshape([2, 1, 1, 1, 1])), left.add(next.reshape([1, 2, 1, 1, 1])));
  const cell = (i: number, k: number) =>
    four.slice([i, k], [i + 1, k + 1]).reshape([n, height, width, channels]);
  return mix(mix(cell(0, 0), cell(0, 1), right), mix(cell(1, 0), cell(1, 1), right), down);
}

/** To the nearest whole number, halves away from zero. */
function rounded(x: Tensor): Tensor {
  return x.sign().mul(x.abs().add(0.5).floor());
}

/** The maps of `affine` from their six coefficients, each [n, 1] or a number. */
export function mapsOf(rows: Tensor, coefficients: readonly (Tensor | number)[]): Tensor {
  return concat(
    coefficients.map((c) => (typeof c === "number" ? rows.mul(0).add(c) : c)),
    1,
  );
}
