/** The primitives that only move elements: reshape, permute, broadcast, slice, place. */
import type { Shape, Size } from "../../ir/size.ts";
import { addSize, mulSize, sameShape, sameSize } from "../../ir/size.ts";
import { defineOp } from "../op.ts";
import type { Tensor } from "../tensor.ts";

const reshapeOp = defineOp<{ shape: Shape }>({
  name: "reshape",
  kind: "move",
  infer: ([x], { shape }) => ({ shape, dtype: x!.dtype }),
  lower: () => ({ kind: "move", move: "reshape" }),
  gradient: (g, [x]) => [reshapeTo(g, x!.shape)],
});

/** `x` in another shape of as many elements. */
export function reshapeTo(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  const source = x.def === reshapeOp.def ? x.inputs[0]! : x;
  return sameShape(source.shape, shape) ? source : reshapeOp([source], { shape });
}

const permuteOp = defineOp<{ axes: readonly number[] }>({
  name: "transpose",
  kind: "move",
  infer: ([x], { axes }) => ({ shape: axes.map((a) => x!.shape[a]!), dtype: x!.dtype }),
  lower: ({ axes }) => ({ kind: "move", move: "permute", axes }),
  gradient: (g, _, __, { axes }) => [
    permuteTo(
      g,
      axes.map((_, i) => axes.indexOf(i)),
    ),
  ],
});

/** Output axis i is input axis `axes[i]`. */
export function permuteTo(x: Tensor, axes: readonly number[]): Tensor {
  return axes.every((a, i) => a === i) ? x : permuteOp([x], { axes });
}

const broadcastOp = defineOp<{ shape: Shape; axes: readonly number[] }>({
  name: "broadcast",
  kind: "move",
  infer: ([x], { shape }) => ({ shape, dtype: x!.dtype }),
  lower: ({ axes }) => ({ kind: "move", move: "broadcast", axes }),
  gradient: (g, [x], _, { shape, axes }) => {
    const repeated = axes.flatMap((a, i) => (a < 0 || !sameSize(x!.shape[a]!, shape[i]!) ? [i] : []));
    return [reshapeTo(g.sum(repeated), x!.shape)];
  },
});

/** `x` repeated to `shape`, to which it must broadcast. Axes line up from the last. */
export function broadcast(x: Tensor, shape: Shape, label = "broadcast"): Tensor {
  if (sameShape(x.shape, shape)) return x;
  const extra = shape.length - x.shape.length;
  return broadcastOp([x], { shape, axes: shape.map((_, i) => (i < extra ? -1 : i - extra)) }, label);
}

/** Axis i of the result is axis `axes[i]` of `x`, or a new one along which values repeat where that is -1. */
export function broadcastAlong(x: Tensor, shape: Shape, axes: readonly number[]): Tensor {
  return sameShape(x.shape, shape) ? x : broadcastOp([x], { shape, axes });
}

/** Whether `t` holds the elements of its input, each at least once, and nothing else. */
export function onlyRepeats(t: Tensor): boolean {
  return t.def === broadcastOp.def || t.def === reshapeOp.def;
}

interface SliceAttrs {
  readonly shape: Shape;
  readonly starts: readonly Size[];
  readonly steps: readonly number[];
}

const sliceOp = defineOp<SliceAttrs>({
  name: "slice",
  kind: "move",
  infer: ([x], { shape }) => ({ shape, dtype: x!.dtype }),
  lower: ({ starts, steps }) => ({ kind: "move", move: "slice", starts, steps }),
  gradient: (g, [x], _, a) => {
    const back = a.steps.flatMap((s, i) => (s < 0 ? [i] : []));
    const turned = reverse(g, back);
    const first = a.starts.map((s, i) =>
      a.steps[i]! < 0 ? addSize(s, mulSize(addSize(a.shape[i]!, -1), a.steps[i]!)) : s,
    );
    return [place([turned], x!.shape, 0, [first], [a.steps.map(Math.abs)])];
  },
});

/** Elements `start + i * step` on every axis. */
export function sliceTo(x: Tensor, shape: Shape, starts: readonly Size[], steps: readonly number[]): Tensor {
  const whole = starts.every((s) => s === 0) && steps.every((s) => s === 1) && sameShape(shape, x.shape);
  return whole ? x : sliceOp([x], { shape, starts, steps });
}

/** `x` with the order on `axes` turned round. */
export function reverse(x: Tensor, axes: readonly number[]): Tensor {
  if (axes.length === 0) return x;
  return sliceTo(
    x,
    x.shape,
    x.shape.map((s, i) => (axes.includes(i) ? addSize(s, -1) : 0)),
    x.shape.map((_, i) => (axes.includes(i) ? -1 : 1)),
  );
}

interface PlaceAttrs {
  readonly shape: Shape;
  readonly fill: number;
  readonly starts: readonly (readonly Size[])[];
  readonly steps: readonly (readonly number[])[];
}

/** Inputs written without overlap into an array filled with `fill`; steps are positive. */
const placeOp = defineOp<PlaceAttrs>({
  name: "pad",
  kind: "move",
  infer: ([x], { shape }) => ({ shape, dtype: x!.dtype }),
  lower: ({ fill, starts, steps }) => ({ kind: "move", move: "place", fill, starts, steps }),
  gradient: (g, inputs, _, a) => inputs.map((x, i) => sliceTo(g, x.shape, a.starts[i]!, a.steps[i]!)),
});

/** `inputs` written at `starts + index * steps` of an array of `shape` filled with `fill`. They must not overlap. */
export function place(
  inputs: readonly Tensor[],
  shape: Shape,
  fill: number,
  starts: PlaceAttrs["starts"],
  steps: PlaceAttrs["steps"],
  label = "pad",
): Tensor {
  const only = inputs.length === 1 ? inputs[0]! : undefined;
  const whole =
    only !== undefined &&
    sameShape(only.shape, shape) &&
    starts[0]!.every((s) => s === 0) &&
    steps[0]!.every((s) => s === 1);
  return whole ? only : placeOp(inputs, { shape, fill, starts, steps }, label);
}
