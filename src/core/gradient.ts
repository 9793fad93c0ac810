/** Reverse-mode differentiation: a walk from the value back to its inputs, by each operation's own rule. */
import { DTypeError, ShapeError, UnsupportedError } from "../ir/errors.ts";
import { sameShape, showShape } from "../ir/size.ts";
import { ones, zeros } from "./ops/create.ts";
import { placeOf } from "./scope.ts";
import { Tensor } from "./tensor.ts";
import type { Variable } from "./variable.ts";

/** Options of `gradient`. */
export interface GradientOptions {
  /** The gradient for `y` itself, shaped like `y`; needed when `y` is not a scalar. */
  seed?: Tensor;
}

/**
 * dy/dx for each of `xs`, where `y` is a scalar (or weighted by `seed`). The result is made of Tensors like any other, so
 * it can be differentiated again. Inputs on which `y` does not depend get zeros. A Variable stands for its value at this
 * point. Throws ShapeError when `y` is not a scalar, DTypeError when it is not float32.
 */
export function gradient(
  y: Tensor,
  xs: readonly (Tensor | Variable)[],
  options: GradientOptions = {},
): Tensor[] {
  const targets = xs.map((x) => (x instanceof Tensor ? x : x.value));
  const seed = checkSeed(y, options.seed);
  const order = ancestors([y]);
  const wanted = new Set<Tensor>(targets);
  const onPath = new Set<Tensor>();
  for (const t of order) if (wanted.has(t) || t.inputs.some((x) => onPath.has(x))) onPath.add(t);

  const gradients = new Map<Tensor, Tensor>([[y, seed]]);
  for (let i = order.length - 1; i >= 0; i--) {
    const t = order[i]!;
    const g = gradients.get(t);
    if (g === undefined || !onPath.has(t)) continue;
    if (!wanted.has(t)) gradients.delete(t);
    if (!t.inputs.some((x) => onPath.has(x))) continue;
    const parts = ruleOf(t)(g, t.inputs, t, t.attrs);
    t.inputs.forEach((x, k) => {
      const part = parts[k];
      if (part === undefined || x.dtype !== "float32" || !onPath.has(x)) return;
      const before = gradients.get(x);
      gradients.set(x, before === undefined ? part : before.add(part));
    });
  }
  return targets.map((x) => gradients.get(x) ?? zeros(x.shape));
}

function checkSeed(y: Tensor, seed: Tensor | undefined): Tensor {
  if (y.dtype !== "float32") {
    throw new DTypeError({
      where: placeOf("gradient"),
      problem: "only float32 values have a gradient",
      expected: "float32",
      got: y.dtype,
      try: "differentiate before converting or comparing",
    });
  }
  if (seed === undefined ? y.rank === 0 : sameShape(seed.shape, y.shape)) return seed ?? ones([]);
  throw new ShapeError({
    where: placeOf("gradient"),
    problem:
      seed === undefined ? "the value to differentiate must be a scalar" : "the seed has another shape",
    expected: seed === undefined ? "[]" : showShape(y.shape),
    got: showShape(seed === undefined ? y.shape : seed.shape),
    try: "take the sum or mean first, or give { seed } shaped like the value",
  });
}

function ruleOf(t: Tensor): NonNullable<Tensor["def"]["gradient"]> {
  const { def } = t;
  if (def.gradient !== undefined) return def.gradient.bind(def);
  throw new UnsupportedError({
    where: t.label,
    problem: `${def.name} has no gradient`,
    expected: "an operation that can be differentiated",
    got: def.name,
    try: "use stopGradient on its input, or customGradient",
  });
}

/** `roots` and everything they are made of, inputs first. */
export function ancestors(
  roots: readonly Tensor[],
  inputsOf: (t: Tensor) => readonly Tensor[] = (t) => t.inputs,
): Tensor[] {
  const order: Tensor[] = [];
  const seen = new Set<Tensor>();
  const open: { tensor: Tensor; inputs: readonly Tensor[]; next: number }[] = [];
  for (const root of roots) {
    if (!seen.has(root)) open.push({ tensor: root, inputs: inputsOf(root), next: 0 });
    seen.add(root);
    while (open.length > 0) {
      const top = open.at(-1)!;
      const input = top.inputs[top.next++];
      if (input === undefined) {
        order.push(top.tensor);
        open.pop();
      } else if (!seen.has(input)) {
        seen.add(input);
        open.push({ tensor: input, inputs: inputsOf(input), next: 0 });
      }
    }
  }
  return order;
}
