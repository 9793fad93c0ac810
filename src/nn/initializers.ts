/**
 * Initial weights: Keras's initializers as plain data, drawn from the counter-based generator.
 *
 * The numbers depend on the seed of the model and the path of the weight (`layers.0.kernel`) only, never on the order in
 * which weights are made. An initializer with a `seed` of its own gives the same numbers wherever it is used.
 */
import {
  eye,
  full,
  key,
  ones,
  type RandomKey,
  randomNormal,
  randomUniform,
  type Tensor,
  truncatedNormal as truncatedNormalTensor,
  zeros,
} from "../core/index.ts";
import { ShapeError } from "../ir/errors.ts";
import { showShape } from "../ir/size.ts";
import {
  choice,
  type Field,
  type Fields,
  optional,
  orNull,
  readInteger,
  readList,
  readNumber,
  real,
  seedField,
} from "./fields.ts";
import { readSpec, type SpecKind, writeSpec } from "./specs.ts";

/** An initializer as plain data: its class name and parameters. */
export interface InitializerSpec {
  readonly type: string;
  readonly [parameter: string]: unknown;
}

interface Initializer {
  readonly fields: Fields;
  make(shape: readonly number[], random: RandomKey, spec: InitializerSpec): Tensor;
}

const seed = seedField;
const axes = optional<readonly number[] | null>(
  null,
  orNull(readList(readInteger(Number.MIN_SAFE_INTEGER), "a list of axes")),
);
const scaling = { seed, inputAxes: axes, outputAxes: axes };

type Mode = "fan_in" | "fan_out" | "fan_avg";
type Distribution = "truncated_normal" | "untruncated_normal" | "uniform";

/** Units going in and out: the last two axes, times the receptive field of a convolution kernel. */
export function fans(
  shape: readonly number[],
  inputAxes: readonly number[] | null = null,
  outputAxes: readonly number[] | null = null,
): { fanIn: number; fanOut: number } {
  const product = (sizes: readonly number[]) => sizes.reduce((a, b) => a * b, 1);
  if (inputAxes !== null && outputAxes !== null) {
    return {
      fanIn: product(inputAxes.map((a) => shape.at(a)!)),
      fanOut: product(outputAxes.map((a) => shape.at(a)!)),
    };
  }
  if (shape.length < 2) return { fanIn: shape[0] ?? 1, fanOut: shape[0] ?? 1 };
  const field = product(shape.slice(0, -2));
  return { fanIn: shape.at(-2)! * field, fanOut: shape.at(-1)! * field };
}

/** The standard deviation of a normal distribution cut at ±2 standard deviations. */
const cutNormalDeviation = 0.8796256610342398;

function varianceScaling(
  shape: readonly number[],
  random: RandomKey,
  spec: InitializerSpec,
  scale: number,
  mode: Mode,
  distribution: Distribution,
): Tensor {
  const { fanIn, fanOut } = fans(
    shape,
    spec.inputAxes as number[] | null,
    spec.outputAxes as number[] | null,
  );
  const n = mode === "fan_in" ? fanIn : mode === "fan_out" ? fanOut : (fanIn + fanOut) / 2;
  const variance = scale / Math.max(1, n);
  if (distribution === "uniform") {
    const limit = Math.sqrt(3 * variance);
    return randomUniform(random, shape, { low: -limit, high: limit });
  }
  const deviation = Math.sqrt(variance);
  return distribution === "untruncated_normal"
    ? randomNormal(random, shape).mul(deviation)
    : truncatedNormalTensor(random, shape).mul(deviation / cutNormalDeviation);
}

function fixedScaling(scale: number, mode: Mode, distribution: Distribution): Initializer {
  return {
    fields: scaling,
    make: (shape, random, spec) => varianceScaling(shape, random, spec, scale, mode, distribution),
  };
}

function identity(shape: readonly number[], gain: number): Tensor {
  if (shape.length !== 2) {
    throw new ShapeError({
      where: "Identity initializer",
      problem: "only a matrix can be an identity",
      expected: "2 axes",
      got: showShape(shape),
      try: "use another initializer for this weight",
    });
  }
  return eye(shape[0]!, shape[1]!).mul(gain);
}

/** Coefficients of X·(a + b·XᵀX + c·(XᵀX)²): the first lift small singular values, the last end at 1 exactly. */
const lift = [3.4445, -4.775, 2.0315] as const;
const settle = [1.5, -0.5, 0] as const;
const polarSteps = [...Array.from({ length: 13 }, () => lift), ...Array.from({ length: 7 }, () => settle)];

/**
 * A matrix with orthonormal columns (rows, where it is wide), evenly distributed over all of them: the orthogonal factor of
 * a matrix of normal numbers, found by iteration with matrix products alone (Björck and Bowie, 1971), so that nothing is
 * computed before the weight is needed. As in Keras all axes but the last are taken together (Saxe et al., 2014).
 */
function orthogonal(shape: readonly number[], random: RandomKey, gain: number): Tensor {
  if (shape.length < 2) {
    throw new ShapeError({
      where: "Orthogonal initializer",
      problem: "only a matrix can be orthogonal",
      expected: "at least 2 axes",
      got: showShape(shape),
      try: "use another initializer for this weight",
    });
  }
  const columns = shape.at(-1)!;
  const rows = shape.slice(0, -1).reduce((a, b) => a * b, 1);
  const [long, short] = [Math.max(rows, columns), Math.min(rows, columns)];
  let x = randomNormal(random, [long, short]).div(Math.sqrt(long) + Math.sqrt(short));
  for (const [a, b, c] of polarSteps) {
    const square = x.transpose().matmul(x);
    const linear = eye(short).mul(a).add(square.mul(b));
    x = x.matmul(c === 0 ? linear : linear.add(square.matmul(square).mul(c)));
  }
  return (rows < columns ? x.transpose() : x).reshape([...shape]).mul(gain);
}

const table: Record<string, Initializer> = {
  Zeros: { fields: {}, make: (shape) => zeros(shape) },
  Ones: { fields: {}, make: (shape) => ones(shape) },
  Constant: { fields: { value: real(0) }, make: (shape, _, s) => full(shape, s.value as number) },
  Identity: { fields: { gain: real(1) }, make: (shape, _, s) => identity(shape, s.gain as number) },
  Orthogonal: {
    fields: { gain: real(1), seed },
    make: (shape, random, s) => orthogonal(shape, random, s.gain as number),
  },
  RandomNormal: {
    fields: { mean: real(0), stddev: real(0.05), seed },
    make: (shape, random, s) =>
      randomNormal(random, shape)
        .mul(s.stddev as number)
        .add(s.mean as number),
  },
  TruncatedNormal: {
    fields: { mean: real(0), stddev: real(0.05), seed },
    make: (shape, random, s) =>
      truncatedNormalTensor(random, shape)
        .mul(s.stddev as number)
        .add(s.mean as number),
  },
  RandomUniform: {
    fields: { minval: real(-0.05), maxval: real(0.05), seed },
    make: (shape, random, s) =>
      randomUniform(random, shape, { low: s.minval as number, high: s.maxval as number }),
  },
  VarianceScaling: {
    fields: {
      scale: optional<number>(1, readNumber(Number.MIN_VALUE)),
      mode: choice(["fan_in", "fan_out", "fan_avg"], "fan_in"),
      distribution: choice(["truncated_normal", "untruncated_normal", "uniform"], "truncated_normal"),
      ...scaling,
    },
    make: (shape, random, s) =>
      varianceScaling(shape, random, s, s.scale as number, s.mode as Mode, s.distribution as Distribution),
  },
  GlorotUniform: fixedScaling(1, "fan_avg", "uniform"),
  GlorotNormal: fixedScaling(1, "fan_avg", "truncated_normal"),
  HeUniform: fixedScaling(2, "fan_in", "uniform"),
  HeNormal: fixedScaling(2, "fan_in", "truncated_normal"),
  LecunUniform: fixedScaling(1, "fan_in", "uniform"),
  LecunNormal: fixedScaling(1, "fan_in", "truncated_normal"),
};

/** Every initializer, by Keras's class name. */
export const initializers: ReadonlyMap<string, Initializer> = new Map(Object.entries(table));

const kind: SpecKind = {
  what: "initializer",
  module: "keras.initializers",
  types: initializers,
  aliases: {
    normal: "RandomNormal",
    uniform: "RandomUniform",
    one: "Ones",
    zero: "Zeros",
    orthogonal_initializer: "Orthogonal",
    identity_initializer: "Identity",
  },
};

/** Names that may be given, as Keras's classes are called. */
export type InitializerName = Uncapitalize<
  | "Zeros"
  | "Ones"
  | "Constant"
  | "Identity"
  | "Orthogonal"
  | "RandomNormal"
  | "TruncatedNormal"
  | "RandomUniform"
  | "VarianceScaling"
  | "GlorotUniform"
  | "GlorotNormal"
  | "HeUniform"
  | "HeNormal"
  | "LecunUniform"
  | "LecunNormal"
>;

/** What may be given: a name (`"heNormal"`, or as Keras spells it), or a spec such as `{ type: "heNormal", seed: 1 }`. */
export type InitializerOption = InitializerName | (string & {}) | InitializerSpec;

export function initializerField(initial: InitializerName): Field<InitializerOption, InitializerSpec, true> {
  return optional<InitializerOption, InitializerSpec>(
    readSpec(kind, initial, "initializer"),
    (value, at) => readSpec(kind, value, at),
    (spec) => writeSpec(kind, spec),
  );
}

/** Reads a name or spec; throws an UnsupportedError for an unknown name. */
export function readInitializer(value: InitializerOption, at = "initializer"): InitializerSpec {
  return readSpec(kind, value, at);
}

/** The initial values of a weight, float32 of that shape. */
export function initialValues(spec: InitializerSpec, shape: readonly number[], random: RandomKey): Tensor {
  const own = typeof spec.seed === "number" ? key(spec.seed, "initializer") : random;
  return initializers.get(spec.type)!.make(shape, own, spec);
}

/** Whether the values depend on a key: not for constants, nor where the initializer has a seed of its own. */
export function isRandom(spec: InitializerSpec): boolean {
  return Object.hasOwn(spec, "seed") && spec.seed === null;
}
