/** Where initial weights come from: PyTorch's generator after `manualSeed`, else counter-based streams. */
import { defaultGenerator, isReplaying, key, type RandomKey, type TorchGenerator } from "../core/index.ts";
import { threefry2x32 } from "../ir/scalar.ts";

/** Draws the initial weights of an operator. */
export interface Draws {
  /** `count` numbers evenly distributed from -bound to bound, for the weight of that name. */
  uniform(name: string, count: number, bound: number): Float32Array;
  /** The draws of a part of the operator. */
  child(name: string): Draws;
}

/** PyTorch's: in the order in which they are asked for. */
function replayed(generator: TorchGenerator): Draws {
  const draws: Draws = {
    uniform: (_, count, bound) => generator.uniform(count, -bound, bound),
    child: () => draws,
  };
  return draws;
}

/** Ours: by the names of operator and weight, whatever was drawn before. */
export function counted(random: RandomKey): Draws {
  return {
    uniform(name, count, bound) {
      const [k0, k1] = random.child(name).words as readonly [number, number];
      // 24 bits make a number of [0, 1), as `randomUniform` takes them.
      const unit = (i: number) => (threefry2x32(k0, k1, i, 0)[0] >>> 8) / 2 ** 24;
      return Float32Array.from({ length: count }, (_, i) => (2 * unit(i) - 1) * bound);
    },
    child: (name) => counted(random.child(name)),
  };
}

/** Draws for an operator that goes by `name`. */
export function drawsFor(name: string): Draws {
  return isReplaying() ? replayed(defaultGenerator) : counted(key(0, name));
}
