/**
 * Convolutions over one or two (or more) spatial axes, channels last: x [n, …space, cin], kernel
 * [...window, cin / groups, cout]. Padding is a `pad` before the primitive, so the primitive's operands are read with
 * affine strides alone. The gradients need one more primitive, for the kernel; the gradient for the input is again a
 * convolution, of the output's gradient spread out by the strides with the kernel turned round.
 */
import { ShapeError } from "../../ir/errors.ts";
import type { Shape, Size } from "../../ir/size.ts";
import { addSize, floorDivSize, mulSize, sameSize, showShape, staticSize, stridesOf } from "../../ir/size.ts";
import { defineOp } from "../op.ts";
import type { Operand } from "../operand.ts";
import { toFloat } from "../operand.ts";
import { placeOf } from "../scope.ts";
import { wholeNumber } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { permuteTo, place, reshapeTo, reverse } from "./move.ts";
import type { ConvPadding } from "./window.ts";
import { checkWindow, padSpace, padsOf, perAxis, spaceOf } from "./window.ts";

interface Geometry {
  readonly strides: readonly number[];
  readonly dilation: readonly number[];
  readonly groups: number;
}

/** Sizes of a convolution without padding. */
function windowsOf(space: Shape, window: readonly number[], { strides, dilation }: Geometry): Size[] {
  return space.map((s, i) => {
    const covered = dilation[i]! * (window[i]! - 1) + 1;
    const n = addSize(floorDivSize(addSize(s, -covered), strides[i]!), 1);
    return typeof n === "number" ? Math.max(n, 0) : n;
  });
}

const windowOf = (kernel: Tensor): number[] => kernel.shape.slice(0, -2).map((s) => staticSize(s, "conv"));

/** out [n, …space, (groups,) cout/groups] */
const convOp = defineOp<Geometry>({
  name: "conv",
  kind: "contract",
  infer: ([x, kernel], a) => {
    const cout = staticSize(kernel!.shape.at(-1)!, "conv");
    const channels = a.groups === 1 ? [cout] : [a.groups, cout / a.groups];
    return {
      shape: [x!.shape[0]!, ...windowsOf(spaceOf(x!), windowOf(kernel!), a), ...channels],
      dtype: "float32",
    };
  },
  lower: ({ strides, dilation, groups }, [x, kernel]) => {
    const sx = stridesOf(x!.shape);
    const sk = stridesOf(kernel!.shape);
    const space = strides.map((_, i) => i);
    const cin = staticSize(kernel!.shape.at(-2)!, "conv");
    const cout = staticSize(kernel!.shape.at(-1)!, "conv") / groups;
    const split = groups === 1 ? [] : [0];
    return {
      kind: "contract",
      reduce: kernel!.shape.slice(0, -1),
      a: {
        offset: 0,
        strides: [
          sx[0]!,
          ...space.map((i) => mulSize(sx[i + 1]!, strides[i]!)),
          ...split.map(() => cin),
          0,
          ...space.map((i) => mulSize(sx[i + 1]!, dilation[i]!)),
          1,
        ],
      },
      b: {
        offset: 0,
        strides: [0, ...space.map(() => 0), ...split.map(() => cout), 1, ...sk.slice(0, -1)],
      },
    };
  },
  gradient: (g, [x, kernel], _, a) => [
    convInput(g, kernel!, spaceOf(x!), a),
    convFilter(x!, g, windowOf(kernel!), a),
  ],
});

/** The gradient for the kernel: Σ over images and places of x · g, shaped [...window, cin/groups, (groups,) cout/groups]. */
const convFilterOp = defineOp<Geometry & { window: readonly number[] }>({
  name: "convFilter",
  kind: "contract",
  infer: ([x, g], { window, groups }) => {
    const cin = staticSize(x!.shape.at(-1)!, "conv") / groups;
    return { shape: [...window, cin, ...g!.shape.slice(window.length + 1)], dtype: "float32" };
  },
  lower: ({ strides, dilation, groups, window }, [x, g]) => {
    const sx = stridesOf(x!.shape);
    const sg = stridesOf(g!.shape);
    const space = window.map((_, i) => i);
    const cin = staticSize(x!.shape.at(-1)!, "conv") / groups;
    const split = groups === 1 ? [] : [0];
    return {
      kind: "contract",
      reduce: [x!.shape[0]!, ...g!.shape.slice(1, window.length + 1)],
      a: {
        offset: 0,
        strides: [
          ...space.map((i) => mulSize(sx[i + 1]!, dilation[i]!)),
          1,
          ...split.map(() => cin),
          0,
          sx[0]!,
          ...space.map((i) => mulSize(sx[i + 1]!, strides[i]!)),
        ],
      },
      b: {
        offset: 0,
        strides: [
          ...space.map(() => 0),
          0,
          ...split.map(() => sg.at(-2)!),
          1,
          ...sg.slice(0, window.length + 1),
        ],
      },
    };
  },
  gradient: (u, [x, g], _, a) => {
    const kernel = mergeGroups(u, a.groups);
    return [convInput(g!, kernel, spaceOf(x!), a), convOp([x!, kernel], a)];
  },
});

/** [..., groups, cout/groups] as [..., cout]. */
function mergeGroups(t: Tensor, groups: number): Tensor {
  if (groups === 1) return t;
  return reshapeTo(t, [...t.shape.slice(0, -2), mulSize(t.shape.at(-2)!, t.shape.at(-1)!)]);
}

function convFilter(x: Tensor, g: Tensor, window: readonly number[], a: Geometry): Tensor {
  return mergeGroups(convFilterOp([x, g], { ...a, window }), a.groups);
}

/** The kernel turned round in space, with its channels in and out exchanged within each group. */
function turned(kernel: Tensor, groups: number): Tensor {
  const rank = kernel.rank - 2;
  const window = kernel.shape.slice(0, rank);
  const flipped = reverse(
    kernel,
    window.map((_, i) => i),
  );
  const cin = kernel.shape.at(-2)!;
  const cout = staticSize(kernel.shape.at(-1)!, "conv") / groups;
  const grouped = reshapeTo(flipped, [...window, cin, groups, cout]);
  const axes = [...window.map((_, i) => i), rank + 2, rank + 1, rank];
  return reshapeTo(permuteTo(grouped, axes), [...window, cout, mulSize(cin, groups)]);
}

/**
 * The gradient for the input, of spatial sizes `space`: `g` spread out by the strides and padded by the window, convolved
 * with the kernel turned round. `before` cells of padding that the forward pass had are left out of the result.
 */
function convInput(
  g: Tensor,
  kernel: Tensor,
  space: Shape,
  { strides, dilation, groups }: Geometry,
  before: readonly number[] = strides.map(() => 0),
): Tensor {
  const whole = mergeGroups(g, groups);
  const reach = windowOf(kernel).map((k, i) => (k - 1) * dilation[i]!);
  const spreadOut = place(
    [whole],
    [whole.shape[0]!, ...space.map((s, i) => addSize(s, reach[i]!)), whole.shape.at(-1)!],
    0,
    [[0, ...reach.map((r, i) => r - before[i]!), 0]],
    [[1, ...strides, 1]],
  );
  const unit = strides.map(() => 1);
  return mergeGroups(
    convOp([spreadOut, turned(kernel, groups)], { strides: unit, dilation, groups }),
    groups,
  );
}

/** Options of `conv`. One number stands for all spatial axes. */
export interface ConvOptions {
  /** Steps between windows; 1 unless given. */
  strides?: number | readonly number[];
  padding?: ConvPadding;
  /** Distance between the cells of a window; 1 unless given. */
  dilation?: number | readonly number[];
  /** Channels are cut into this many groups that do not mix; 1 unless given. */
  groups?: number;
}

function checkRanks(op: string, x: Tensor, kernel: Tensor): void {
  if (x.rank >= 3 && kernel.rank === x.rank) return;
  throw new ShapeError({
    where: placeOf(op),
    problem: "the ranks do not fit",
    expected: "x [n, l, c] with kernel [k, cin, cout], or x [n, h, w, c] with kernel [kh, kw, cin, cout]",
    got: `x ${showShape(x.shape)}, kernel ${showShape(kernel.shape)}`,
    try: "add the axis of images or of channels with expandDims",
  });
}

/**
 * Convolution (without turning the kernel round, as everywhere in the field): x [n, l, cin] or [n, h, w, cin] with
 * kernel [...window, cin / groups, cout] gives [n, …, cout]. Padding is zeros, so that
 * NaN in the kernel reaches the border too. Computes in float32. Throws ShapeError when ranks, channels
 * or groups do not fit, or the window is larger than the padded image.
 */
export function conv(x: Operand, kernel: Operand, options: ConvOptions = {}): Tensor {
  const image = toFloat(x);
  const k = toFloat(kernel);
  checkRanks("conv", image, k);
  const rank = image.rank - 2;
  const groups = wholeNumber("conv", "groups", options.groups ?? 1, 1);
  const [cin, cout] = k.shape.slice(-2).map((s) => staticSize(s, "conv", "the number of channels")) as [
    number,
    number,
  ];
  if (!sameSize(image.shape.at(-1)!, cin * groups) || cout % groups !== 0) {
    throw new ShapeError({
      where: placeOf("conv"),
      problem: "the channels do not fit",
      expected: `x with ${cin * groups} channels (kernel.shape[${rank}] · groups), cout divisible by ${groups}`,
      got: `x ${showShape(image.shape)}, kernel ${showShape(k.shape)}, groups ${groups}`,
      try: "images are channels last; kernel is [...window, cin / groups, cout]",
    });
  }
  const strides = perAxis("conv", "strides", options.strides, rank);
  const dilation = perAxis("conv", "dilation", options.dilation, rank);
  const covered = windowOf(k).map((w, i) => (w - 1) * dilation[i]! + 1);
  const padded = padSpace(image, padsOf("conv", options.padding, spaceOf(image), covered, strides));
  checkWindow("conv", padded, covered);
  return mergeGroups(convOp([padded, k], { strides, dilation, groups }), groups);
}

/** Options of `convTranspose`. */
export interface ConvTransposeOptions {
  strides?: number | readonly number[];
  padding?: "valid" | "same";
  dilation?: number | readonly number[];
  /** Extra cells at the end; chosen by Keras's rule unless given. */
  outputPadding?: number | readonly number[];
}

/**
 * The adjoint of a convolution: x [n, …space, cin] with kernel [...window, cout, cin] gives [n, …larger space, cout],
 * with Keras's size: space · stride for `same`, space · stride + max(window - stride, 0) for `valid`; with
 * `outputPadding`, (space - 1) · stride + window - 2 · pad + outputPadding. Throws ShapeError when ranks or channels do
 * not fit.
 */
export function convTranspose(x: Operand, kernel: Operand, options: ConvTransposeOptions = {}): Tensor {
  const image = toFloat(x);
  const k = toFloat(kernel);
  const op = "convTranspose";
  checkRanks(op, image, k);
  if (!sameSize(image.shape.at(-1)!, k.shape.at(-1)!)) {
    throw new ShapeError({
      where: placeOf(op),
      problem: "the channels do not fit",
      expected: `x with ${k.shape.at(-1)} channels, the last axis of the kernel`,
      got: `x ${showShape(image.shape)}, kernel ${showShape(k.shape)}`,
      try: "the kernel of a transposed convolution is [...window, cout, cin]",
    });
  }
  const rank = image.rank - 2;
  const strides = perAxis(op, "strides", options.strides, rank);
  const dilation = perAxis(op, "dilation", options.dilation, rank);
  const extra =
    typeof options.outputPadding === "number"
      ? strides.map(() => options.outputPadding as number)
      : options.outputPadding;
  const same = options.padding === "same";
  const covered = windowOf(k).map((w, i) => (w - 1) * dilation[i]! + 1);
  const before: number[] = [];
  const space = spaceOf(image).map((s, i): Size => {
    const [stride, w] = [strides[i]!, covered[i]!];
    const more =
      extra === undefined
        ? same
          ? stride
          : Math.max(w, stride)
        : w - 2 * (same ? Math.floor(w / 2) : 0) + wholeNumber(op, "outputPadding", extra[i], 0);
    before.push(same ? Math.floor(Math.max(w - more, 0) / 2) : 0);
    return addSize(mulSize(addSize(s, -1), stride), more);
  });
  return convInput(image, k, space, { strides, dilation, groups: 1 }, before);
}
