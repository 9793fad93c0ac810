/**
 * PyTorch's CPU generator (ATen/CPUGeneratorImpl.h and native/cpu/DistributionTemplates.h): MT19937 and the rules by which
 * its words become numbers, as they are on AMD and ARM processors, where Intel's vector library is not asked.
 */
import { UsageError } from "../../ir/errors.ts";
import { MT19937 } from "./mt19937.ts";

/** The seed of a generator that was given none. */
const DEFAULT_SEED = 67280421310721n;

const bits = new Float64Array(1);
const words = new Uint32Array(bits.buffer);
const LOW = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? 0 : 1;

/**
 * a·b + c as float32 with one rounding, for float32 arguments: the product is exact in float64; a sum that is not is made
 * odd in its last bit, so that rounding it to float32 rounds the true value.
 */
export function fusedMultiplyAdd(a: number, b: number, c: number): number {
  const product = a * b;
  const sum = product + c;
  const back = sum - product;
  const error = product - (sum - back) + (c - back);
  if (error === 0 || !Number.isFinite(sum)) return Math.fround(sum);
  bits[0] = sum;
  if (words[LOW]! % 2 === 0) {
    // An even last bit lies below (in size) when the error points away from zero, above when it points to it.
    if (error > 0 === sum > 0) words[LOW]! += 1;
    else if (words[LOW] === 0) {
      words[1 - LOW]! -= 1;
      words[LOW] = 0xffffffff;
    } else words[LOW]! -= 1;
  }
  return Math.fround(bits[0]);
}

/** `torch.Generator`: the same numbers from the same calls in the same order. */
export class TorchGenerator {
  #words: MT19937;
  #seed: bigint;
  /** The second of two normal numbers that are made together. */
  #spare: number | undefined;

  constructor(seed: number | bigint = DEFAULT_SEED) {
    this.#seed = checkSeed(seed);
    this.#words = new MT19937(this.#seed);
  }

  /** `manual_seed`. Throws UsageError when the seed is no whole number. */
  manualSeed(seed: number | bigint): this {
    this.#seed = checkSeed(seed);
    this.#words = new MT19937(this.#seed);
    this.#spare = undefined;
    return this;
  }

  /** `initial_seed`. */
  get initialSeed(): bigint {
    return this.#seed;
  }

  #long(): bigint {
    const high = BigInt(this.#words.word());
    return (high << 32n) | BigInt(this.#words.word());
  }

  /** 53 random bits as a number of [0, 1). */
  #double(): number {
    const high = this.#words.word() & 0x1fffff;
    return (high * 2 ** 32 + this.#words.word()) / 2 ** 53;
  }

  #float(): number {
    return (this.#words.word() & 0xffffff) / 2 ** 24;
  }

  /** `torch.rand(size)`. */
  rand(size: number): Float32Array {
    return Float32Array.from({ length: size }, () => this.#float());
  }

  /** `torch.rand(size, dtype=torch.float64)`. */
  randDouble(size: number): Float64Array {
    return Float64Array.from({ length: size }, () => this.#double());
  }

  /** `tensor.uniform_(from, to)` on a float32 tensor of `size` elements. */
  uniform(size: number, from: number, to: number): Float32Array {
    const low = Math.fround(from);
    const width = Math.fround(Math.fround(to) - low);
    return Float32Array.from({ length: size }, () => fusedMultiplyAdd(this.#float(), width, low));
  }

  /** `torch.randperm(n)`. */
  randperm(n: number): Int32Array {
    const order = Int32Array.from({ length: n }, (_, i) => i);
    for (let i = 0; i < n - 1; i++) {
      const j = i + (this.#words.word() % (n - i));
      const moved = order[i]!;
      order[i] = order[j]!;
      order[j] = moved;
    }
    return order;
  }

  /** `torch.empty((), dtype=torch.int64).random_()`: 63 random bits. */
  random(): bigint {
    return this.#long() & 0x7fffffffffffffffn;
  }

  /** `torch.randint(low, high, (size,))`, with less than 2^32 numbers between. */
  randint(low: number, high: number, size: number): Int32Array {
    const range = high - low;
    if (!(range > 0 && range < 2 ** 32)) {
      throw new UsageError({
        where: "TorchGenerator.randint",
        problem: "there is no such range",
        expected: "low < high, less than 2^32 apart",
        got: `${low} … ${high}`,
        try: "randint(0, 10, 1)",
      });
    }
    return Int32Array.from({ length: size }, () => low + (this.#words.word() % range));
  }

  /** `tensor.bernoulli_(p)`: 1 with probability `p`. The mask of `F.dropout(x, q)` is `bernoulli(n, 1 - q)`, divided by 1 - q. */
  bernoulli(size: number, p: number): Float32Array {
    return Float32Array.from({ length: size }, () => (this.#double() < p ? 1 : 0));
  }

  /**
   * `torch.randn(size)`. For 16 values and more PyTorch's vector code rounds logarithm, angle and cosine in its own way, which
   * differs between processors: these agree up to the last bit of the angle, about 1e-6. Fewer values are made one by one, in
   * pairs.
   */
  randn(size: number): Float32Array {
    if (size < 16) return Float32Array.from({ length: size }, () => this.#normal());
    const out = this.rand(size);
    for (let i = 0; i + 16 <= size; i += 16) pairNormals(out, i);
    if (size % 16 !== 0) {
      out.set(this.rand(16), size - 16);
      pairNormals(out, size - 16);
    }
    return out;
  }

  #normal(): number {
    if (this.#spare !== undefined) {
      const z = this.#spare;
      this.#spare = undefined;
      return z;
    }
    const angle = 2 * Math.PI * this.#double();
    const radius = Math.sqrt(-2 * Math.log1p(-this.#double()));
    this.#spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  /**
   * The order in which `DataLoader(shuffle=True)` visits `n` examples in one epoch: a base seed is drawn first, then the seed
   * of a fresh generator that shuffles.
   */
  dataLoaderOrder(n: number): Int32Array {
    this.random();
    return new TorchGenerator(this.random()).randperm(n);
  }

  /** The base seed that an epoch of a loader without shuffling draws. */
  dataLoaderSeed(): bigint {
    return this.random();
  }

  /** `nn.Linear(inputs, outputs)`: its initial weight [outputs, inputs] and bias [outputs]. */
  linear(inputs: number, outputs: number): { weight: Float32Array; bias: Float32Array } {
    // kaiming_uniform_ with a = √5, computed as PyTorch does.
    const gain = Math.sqrt(2 / (1 + Math.sqrt(5) ** 2));
    const bound = Math.sqrt(3) * (gain / Math.sqrt(inputs));
    const weight = this.uniform(inputs * outputs, -bound, bound);
    const side = inputs > 0 ? 1 / Math.sqrt(inputs) : 0;
    return { weight, bias: this.uniform(outputs, -side, side) };
  }

  /** What the generator is about to draw, for `restore`. */
  save(): TorchGeneratorState {
    return { seed: String(this.#seed), words: this.#words.save(), spare: this.#spare ?? null };
  }

  /** Goes back to what `save` gave. */
  restore(state: TorchGeneratorState): void {
    this.#seed = BigInt(state.seed);
    this.#words.restore(state.words);
    this.#spare = state.spare ?? undefined;
  }
}

/** Plain data: fits into JSON. */
export interface TorchGeneratorState {
  readonly seed: string;
  readonly words: readonly number[];
  readonly spare: number | null;
}

/** Box and Muller on 16 values in place: the first eight are radii, the others angles. */
function pairNormals(values: Float32Array, at: number): void {
  for (let i = at; i < at + 8; i++) {
    const radius = Math.fround(Math.sqrt(-2 * Math.fround(Math.log(1 - values[i]!))));
    const angle = Math.fround(Math.fround(2 * Math.PI) * values[i + 8]!);
    values[i] = radius * Math.cos(angle);
    values[i + 8] = radius * Math.sin(angle);
  }
}

function checkSeed(seed: number | bigint): bigint {
  if (typeof seed === "bigint" || Number.isSafeInteger(seed)) return BigInt(seed);
  throw new UsageError({
    where: "manualSeed",
    problem: "a seed must be a whole number",
    expected: "an integer",
    got: String(seed),
    try: "manualSeed(0)",
  });
}

/**
 * The generator that graph operators draw their initial weights from, and that data sets and loaders shuffle by, as PyTorch's
 * default generator. Lives for the whole process; `manualSeed` sets it.
 */
export const defaultGenerator: TorchGenerator = new TorchGenerator();

let replays = false;

/**
 * `torch.manual_seed(seed)`: what is drawn from `defaultGenerator` afterwards is what PyTorch would draw, and graph operators
 * take their initial weights and dropout masks from it. With null they take them from counter-based streams again.
 *
 * @example manualSeed(1234); const model = new GCN(); // the initial weights of the notebook
 */
export function manualSeed(seed: number | bigint | null): TorchGenerator {
  replays = seed !== null;
  return defaultGenerator.manualSeed(seed ?? DEFAULT_SEED);
}

/** Whether a seed was set by `manualSeed`. */
export function isReplaying(): boolean {
  return replays;
}
