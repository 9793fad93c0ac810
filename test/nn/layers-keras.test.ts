import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { gradient, type Tensor, tensor } from "../../src/core/index.ts";
import type { JsonValue } from "../../src/formats/json.ts";
import { affine, type FillMode } from "../../src/nn/affine.ts";
import { constrain, constraintField } from "../../src/nn/constraints.ts";
import { callContext } from "../../src/nn/context.ts";
import { deserialize } from "../../src/nn/deserialize.ts";
import { testBackend as backend } from "../backends.ts";

type Array = readonly [shape: number[], values: number[]];

interface Case {
  readonly what: string;
  readonly layer: { readonly class_name: string };
  readonly training: boolean;
  readonly inputs: readonly Array[];
  readonly weights: readonly number[][];
  readonly output: Array;
  /** Of Σ output · cotangent, for the inputs and then the trained weights; null where Keras has none. */
  readonly cotangent: number[];
  readonly gradients: readonly (number[] | null)[];
  /** The weights after the call, where it was one of training. */
  readonly after: readonly number[][] | null;
}

interface Moved {
  readonly fillMode: FillMode;
  readonly interpolation: "bilinear" | "nearest";
  readonly output: number[];
}

/** What Keras 3.15 on TensorFlow 2.21 computes. */
const keras = JSON.parse(
  readFileSync(new URL("../reference/keras-layers.json", import.meta.url), "utf8"),
) as {
  layers: Case[];
  affine: { images: number[]; maps: number[]; cases: Moved[] };
  constraints: { weight: number[]; cases: { constraint: { class_name: string }; output: number[] }[] };
};

function near(got: Tensor, want: readonly number[], relative: number, absolute: number): void {
  const values = got.dataSync({ backend });
  expect(values.length).toBe(want.length);
  values.forEach((g, i) => {
    expect(Math.abs(g - want[i]!), `element ${i}: ${g}, ${want[i]}`).toBeLessThanOrEqual(
      absolute + relative * Math.abs(want[i]!),
    );
  });
}

describe("layers as Keras computes them", () => {
  test.each(keras.layers.map((c) => [`${c.layer.class_name}, ${c.what}`, c] as const))("%s", (_, c) => {
    const layer = deserialize(c.layer as unknown as JsonValue);
    const xs = c.inputs.map(([shape, values]) => tensor(values, { shape }));
    layer.buildOn(xs.map((x) => x.shape));
    layer.setWeights(c.weights);
    const context = callContext({ training: c.training });
    const [y] = layer.forward(xs, context) as [Tensor];
    expect(y.shape).toEqual(c.output[0]);
    near(y, c.output[1], 1e-4, 1e-5);
    const cost = y.mul(tensor(c.cotangent, { shape: y.shape })).sum();
    const gradients = gradient(cost, [...xs, ...layer.trainableWeights()]);
    c.gradients.forEach((want, i) => {
      if (want !== null) near(gradients[i]!, want, 1e-3, 1e-4);
    });
    const changed = new Map(context.updates);
    layer.weights().forEach((w, i) => {
      if (c.after !== null) near(changed.get(w) ?? w.value, c.after[i]!, 1e-5, 1e-6);
    });
  });
});

describe("images moved as TensorFlow moves them", () => {
  const images = tensor(keras.affine.images, { shape: [3, 4, 5, 2] });
  const maps = tensor(keras.affine.maps, { shape: [3, 6] });

  test.each(keras.affine.cases)("$fillMode, $interpolation", ({ output, ...options }) => {
    near(affine(images, maps, { ...options, fillValue: 0.7 }), output, 1e-4, 1e-5);
  });
});

describe("constraints as Keras has them", () => {
  const weight = tensor(keras.constraints.weight, { shape: [3, 3, 2, 4] });

  test.each(keras.constraints.cases)("$constraint", ({ constraint, output }) => {
    const spec = constraintField.read(constraint, "constraint")!;
    near(constrain(spec, weight), output, 1e-5, 1e-6);
    expect(constraintField.write(spec)).toEqual(constraint);
  });
});
