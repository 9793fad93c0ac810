/** Where utilities and transforms draw their random numbers. */
import { defaultGenerator, type TorchGenerator } from "../../core/index.ts";
import { UsageError } from "../../ir/errors.ts";

export interface RandomOptions {
  /** Where numbers are drawn; the default generator, which `manualSeed` sets, unless given. */
  generator?: TorchGenerator | undefined;
}

export function generatorOf({ generator }: RandomOptions): TorchGenerator {
  return generator ?? defaultGenerator;
}

/** Throws UsageError unless `p` is a probability. */
export function checkProbability(where: string, p: number): void {
  if (p >= 0 && p <= 1) return;
  throw new UsageError({
    where,
    problem: "the probability of being dropped makes no sense",
    expected: "0 … 1",
    got: String(p),
    try: "p: 0.5",
  });
}
