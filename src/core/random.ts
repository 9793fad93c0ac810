/**
 * Random numbers as a pure function of (key, position): Threefry-2x32-13 (Salmon et al., SC11). A key is made from a seed
 * and a path of names, so that a stream depends on what it is for and not on the order in which things are made.
 */
import { UsageError } from "../ir/errors.ts";
import type { ScalarOp } from "../ir/scalar.ts";
import { apply, arg, threefry2x32 } from "../ir/scalar.ts";
import type { Shape } from "../ir/size.ts";
import { countOf } from "../ir/size.ts";
import { defineOp } from "./op.ts";
import type { Operand } from "./operand.ts";
import { toFloat, toIndices } from "./operand.ts";
import { mapOp } from "./ops/map.ts";
import { broadcast, reshapeTo, sliceTo } from "./ops/move.ts";
import { argsort } from "./ops/sort.ts";
import { constant, iota, scalarConstant } from "./ops/source.ts";
import { checkShape, maxElements, wholeNumber } from "./shape.ts";
import type { Tensor } from "./tensor.ts";

/** Marks apart what is derived from one key: names, steps. */
const domains = { name: 1, step: 2 } as const;

/** The key of a stream of random numbers. */
export interface RandomKey {
  /** The key of a stream of its own for `name`. */
  child(name: string): RandomKey;
  /** The key for one step; `step` may be an int32 scalar computed in a program. */
  at(step: number | Tensor): RandomKey;
  /** Both words of the key, as numbers where they are known. */
  readonly words: readonly [number, number] | readonly [Tensor, Tensor];
}

type Words = readonly [number, number];

function isKnown(words: RandomKey["words"]): words is Words {
  return typeof words[0] === "number";
}

/** Both words after taking in a text. */
function absorb(words: Words, text: string): Words {
  let state = words;
  for (let i = 0; i < text.length; i += 2) {
    const next = i + 1 < text.length ? text.charCodeAt(i + 1) : -1;
    state = threefry2x32(state[0], state[1], text.charCodeAt(i), next);
  }
  return threefry2x32(state[0], state[1], text.length, -domains.name);
}

function knownKey(words: Words): RandomKey {
  return {
    words,
    child: (name) => knownKey(absorb(words, name)),
    at: (step) =>
      typeof step === "number"
        ? knownKey(threefry2x32(words[0], words[1], step, -domains.step))
        : tracedKey(derive(inMemory(words), step)),
  };
}

/** The words as memory: programs and kernels are then the same for every seed. */
function inMemory(words: Words): [Tensor, Tensor] {
  const both = constant(Int32Array.from(words), [2], "int32");
  const word = (i: number): Tensor => reshapeTo(sliceTo(both, [1], [i], [1]), []);
  return [word(0), word(1)];
}

function tracedKey(words: readonly [Tensor, Tensor]): RandomKey {
  return {
    words,
    child: () => {
      throw new UsageError({
        where: "key.child",
        problem: "the key already contains a computed step",
        expected: "names before steps",
        got: "child() after at(tensor)",
        try: "write key.child(name).at(step)",
      });
    },
    at: (step) => tracedKey(derive(words, typeof step === "number" ? scalarConstant(step, "int32") : step)),
  };
}

const none = () => [undefined, undefined, undefined, undefined];
const word0 = mapOp("random", "random0", none);
const word1 = mapOp("random", "random1", none);

function derive(words: readonly [Tensor, Tensor], step: Tensor): [Tensor, Tensor] {
  const inputs = [...words, toIndices("key.at", step).reshape([]), scalarConstant(-domains.step, "int32")];
  return [word0(inputs, {}), word1(inputs, {})];
}

/** The key for `seed` (a whole number up to 2^53) and a path of names separated by `/`. */
export function key(seed: number, path = ""): RandomKey {
  if (!Number.isSafeInteger(seed)) {
    throw new UsageError({
      where: "key",
      problem: "a seed must be a whole number",
      expected: "an integer between -2^53 and 2^53",
      got: String(seed),
      try: "use a seed such as 0 or 42",
    });
  }
  const root = knownKey(threefry2x32(seed | 0, Math.floor(seed / 2 ** 32) | 0, 0, 0));
  return path === "" ? root : path.split("/").reduce((k, name) => k.child(name), root);
}

/** The random words (int32) at positions 0, 1, 2, … of `shape`. */
function bits(k: RandomKey, shape: Shape, word: typeof word0, op: string): Tensor {
  checkShape(op, shape);
  const at = reshapeTo(iota(countOf(shape)), shape);
  const words = isKnown(k.words) ? inMemory(k.words) : k.words;
  const spread = (w: Tensor): Tensor => broadcast(w, shape, op);
  return word([spread(words[0]), spread(words[1]), at, spread(scalarConstant(0, "int32"))], {}, op);
}

const unitOp = defineOp<object>({
  name: "random",
  kind: "map",
  infer: ([x]) => ({ shape: x!.shape, dtype: "float32" }),
  lower: (_, [x]) => ({ kind: "map", expr: apply("unit" satisfies ScalarOp, arg(0, x!.dtype)) }),
  gradient: () => [undefined],
});

/** Bounds of `randomUniform`. */
export interface UniformOptions {
  low?: Operand;
  high?: Operand;
}

/** float32 numbers evenly distributed over [low, high), [0, 1) unless given. */
export function randomUniform(k: RandomKey, shape: Shape, options: UniformOptions = {}): Tensor {
  const u = unitOp([bits(k, shape, word0, "randomUniform")], {}, "randomUniform");
  const { low = 0, high = 1 } = options;
  if (low === 0 && high === 1) return u;
  const from = toFloat(low);
  return u.mul(toFloat(high).sub(from)).add(from);
}

/** Moments of the normal distributions. */
export interface NormalOptions {
  mean?: Operand;
  stddev?: Operand;
}

function scaled(z: Tensor, { mean = 0, stddev = 1 }: NormalOptions): Tensor {
  const wide = stddev === 1 ? z : z.mul(stddev);
  return mean === 0 ? wide : wide.add(mean);
}

/** Normally distributed float32 numbers (Box and Muller 1958). */
export function randomNormal(k: RandomKey, shape: Shape, options: NormalOptions = {}): Tensor {
  const radius = unitOp([bits(k, shape, word0, "randomNormal")], {}, "randomNormal");
  const angle = unitOp([bits(k, shape, word1, "randomNormal")], {}, "randomNormal");
  const r = radius.neg().add(1).log().mul(-2).sqrt();
  return scaled(r.mul(angle.mul(2 * Math.PI).cos()), options);
}

/** erf(√2): the normal distribution within two standard deviations has this mass. */
const twoSigmaMass = 0.9544997361036416;

/**
 * Coefficients of the inverse error function for |x| up to 0.9966, from M. Giles, "Approximating the erfinv function"
 * (GPU Computing Gems, 2011), highest power first.
 */
const inverseErf = [
  2.81022636e-8, 3.43273939e-7, -3.5233877e-6, -4.39150654e-6, 0.00021858087, -0.00125372503, -0.00417768164,
  0.246640727, 1.50140941,
];

/** Normally distributed float32 numbers within two standard deviations of the mean, by the inverse distribution. */
export function truncatedNormal(k: RandomKey, shape: Shape, options: NormalOptions = {}): Tensor {
  const u = unitOp([bits(k, shape, word0, "truncatedNormal")], {}, "truncatedNormal");
  const x = u
    .add(2 ** -25)
    .mul(2)
    .sub(1)
    .mul(twoSigmaMass);
  const w = x.mul(x).neg().log1p().neg().sub(2.5);
  const p = inverseErf.slice(1).reduce<Tensor>((sum, c) => sum.mul(w).add(c), w.mul(0).add(inverseErf[0]!));
  return scaled(p.mul(x).mul(Math.SQRT2).clip(-2, 2), options);
}

/** true with probability `p`. */
export function bernoulli(k: RandomKey, shape: Shape, p: Operand): Tensor {
  return randomUniform(k, shape).less(toFloat(p));
}

const andOp = mapOp("randomInt", "bitAnd", none);

/** Whole numbers from `low` up to but not including `high` (int32). */
export function randomInt(k: RandomKey, shape: Shape, low: number, high: number): Tensor {
  const range = wholeNumber("randomInt", "high - low", high - low, 1);
  const positive = andOp(
    [bits(k, shape, word0, "randomInt"), broadcast(scalarConstant(maxElements, "int32"), shape)],
    {},
  );
  return positive.mod(range).add(low);
}

/** The numbers 0 to n - 1 in random order (int32). */
export function permutation(k: RandomKey, n: number | Shape[number]): Tensor {
  return argsort(bits(k, [n], word0, "permutation"));
}

/** The most bits by which `ascending` tells words apart at once. */
const mostBits = 20;

/**
 * The positions of random `words` in ascending order, equal words in the order in which they stand: by their first bits into about
 * as many bins as there are words, then by insertion, as hardly two are in the same bin.
 */
function ascending(words: Int32Array): Int32Array {
  const count = words.length;
  const bits = Math.min(mostBits, Math.max(1, 32 - Math.clz32(count)));
  const shift = 32 - bits;
  const places = new Int32Array(2 ** bits + 1);
  // With the sign bit turned round, negative words come first.
  const sign = 1 << 31;
  for (let i = 0; i < count; i++) places[((words[i]! ^ sign) >>> shift) + 1]!++;
  for (let bin = 0; bin < 2 ** bits; bin++) places[bin + 1]! += places[bin]!;
  const order = new Int32Array(count);
  const sorted = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    const word = words[i]!;
    const place = places[(word ^ sign) >>> shift]!++;
    order[place] = i;
    sorted[place] = word;
  }
  for (let i = 1; i < count; i++) {
    const word = sorted[i]!;
    if (sorted[i - 1]! <= word) continue;
    const position = order[i]!;
    let place = i;
    for (; place > 0 && sorted[place - 1]! > word; place--) {
      sorted[place] = sorted[place - 1]!;
      order[place] = order[place - 1]!;
    }
    sorted[place] = word;
    order[place] = position;
  }
  return order;
}

/** The values of `permutation(key(seed, path).at(epoch), n)`, computed here and now. */
export function permutationHost(seed: number, path: string, epoch: number, n: number): Int32Array {
  const [k0, k1] = key(seed, path).at(epoch).words as Words;
  const words = new Int32Array(wholeNumber("permutationHost", "n", n, 0));
  for (let i = 0; i < n; i++) words[i] = threefry2x32(k0, k1, i, 0)[0];
  return ascending(words);
}
