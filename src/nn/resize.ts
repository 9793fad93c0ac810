/**
 * Images in another size. Every interpolation but `nearest` is a matrix for each of the two axes, whose rows hold the share
 * of each cell of the old image in a cell of the new one; cells are squares, so that borders fall on borders (half-pixel
 * centres), and shares beyond the image are given to the rest. These are the definitions of TensorFlow's `image.resize`.
 */
import { type Tensor, tensor } from "../core/index.ts";
import { staticSize } from "../ir/size.ts";

/** The interpolations, by Keras's names. */
export const interpolations = ["nearest", "bilinear", "bicubic", "lanczos3", "lanczos5"] as const;
export type Interpolation = (typeof interpolations)[number];

interface Filter {
  readonly radius: number;
  /** TensorFlow reads the filter from a table with so many entries for each cell, unless it grows. */
  readonly table?: number;
  /** The share of a cell at distance `x`. */
  value(x: number): number;
}

function lanczos(radius: number): Filter {
  return {
    radius,
    value: (x) => {
      if (x >= radius) return 0;
      if (x < 1e-3) return 1;
      const t = Math.PI * x;
      return (radius * Math.sin(t) * Math.sin(t / radius)) / t ** 2;
    },
  };
}

const filters: { readonly [K in Exclude<Interpolation, "nearest">]: Filter } = {
  bilinear: { radius: 1, value: (x) => Math.max(0, 1 - x) },
  // Keys, 1981, with a = -1/2.
  bicubic: {
    radius: 2,
    table: 1024,
    value: (x) => (x >= 2 ? 0 : x >= 1 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : (1.5 * x - 2.5) * x * x + 1),
  },
  lanczos3: lanczos(3),
  lanczos5: lanczos(5),
};

/** The shares of `from` cells in each of `to` cells: [to, from]. With `antialias` the filter grows when cells get larger. */
function shares(from: number, to: number, { radius, value, table }: Filter, antialias: boolean): Tensor {
  const ratio = from / to;
  const width = antialias ? Math.max(1, ratio) : 1;
  const data = new Float32Array(to * from);
  for (let i = 0; i < to; i++) {
    const exact = (i + 0.5) * ratio;
    const center = table === undefined || antialias ? exact : Math.round((exact - 0.5) * table) / table + 0.5;
    const first = Math.max(0, Math.ceil(center - radius * width - 0.5));
    const last = Math.min(from - 1, Math.floor(center + radius * width - 0.5));
    const row = Array.from({ length: Math.max(0, last - first + 1) }, (_, k) =>
      value(Math.abs(first + k + 0.5 - center) / width),
    );
    const sum = row.reduce((a, b) => a + b, 0);
    row.forEach((share, k) => {
      data[i * from + first + k] = share / sum;
    });
  }
  return tensor(data, { shape: [to, from] });
}

/** The cell of the old image that each cell of the new one lies in. */
function nearestCells(from: number, to: number): Int32Array {
  return Int32Array.from({ length: to }, (_, i) => Math.min(from - 1, Math.floor((i + 0.5) * (from / to))));
}

/**
 * Images [n, height, width, channels] → [n, size[0], size[1], channels], float32. Throws ShapeError where the size of the
 * images is not known before a plan runs.
 */
export function resize(
  images: Tensor,
  size: readonly [number, number],
  interpolation: Interpolation,
  antialias = false,
): Tensor {
  const [height, width] = imageSize(images);
  const [newHeight, newWidth] = size;
  if (interpolation === "nearest") {
    const rows = newHeight === height ? images : images.take(nearestCells(height, newHeight), 1);
    return newWidth === width ? rows : rows.take(nearestCells(width, newWidth), 2);
  }
  const filter = filters[interpolation];
  const [n, , , channels] = images.shape as [number, number, number, number];
  // Along the width first, where the channels lie together; then along the height, where whole lines do.
  const wide = newWidth === width ? images : shares(width, newWidth, filter, antialias).matmul(images);
  if (newHeight === height) return wide;
  const lines = wide.reshape([n, height, newWidth * channels]);
  return shares(height, newHeight, filter, antialias)
    .matmul(lines)
    .reshape([n, newHeight, newWidth, channels]);
}

type ImageSize = readonly [number, number];

/** Height and width of images. Throws ShapeError where they are not known before a plan runs. */
export function imageSize(images: Tensor, where = "resize"): [number, number] {
  return [1, 2].map((axis) => staticSize(images.shape[axis]!, where, "the size of the images")) as [
    number,
    number,
  ];
}

/** The middle of the images, as large as the ratio of the sides of `size` allows. */
export function cropToAspect(images: Tensor, [newHeight, newWidth]: ImageSize): Tensor {
  const [height, width] = imageSize(images);
  const h = Math.max(1, Math.min(height, Math.trunc((width * newHeight) / newWidth)));
  const w = Math.max(1, Math.min(width, Math.trunc((height * newWidth) / newHeight)));
  const [top, left] = [Math.trunc((height - h) / 2), Math.trunc((width - w) / 2)];
  return images.slice([0, top, left], [null, top + h, left + w]);
}

/** The images with `value` on the shorter sides, so that their sides have the ratio of `size`. */
export function padToAspect(images: Tensor, [newHeight, newWidth]: ImageSize, value: number): Tensor {
  const [height, width] = imageSize(images);
  const top = Math.trunc((Math.max(height, Math.trunc((width * newHeight) / newWidth)) - height) / 2);
  const left = Math.trunc((Math.max(width, Math.trunc((height * newWidth) / newHeight)) - width) / 2);
  return images.pad(
    [
      [0, 0],
      [top, top],
      [left, left],
      [0, 0],
    ],
    value,
  );
}
