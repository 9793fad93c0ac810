/** Activations by the names that graph models take, with PyTorch's defaults. */
import { exp, type Tensor, where } from "../core/index.ts";
import { UsageError } from "../ir/errors.ts";
import { activate } from "../nn/activations.ts";

/** x where it is positive, `slope` times x elsewhere. */
export function leakyRelu(x: Tensor, slope = 0.01): Tensor {
  return where(x.greater(0), x, x.mul(slope));
}

/** e^x - 1 below 0, without overflow in the branch that is not taken. */
function elu(x: Tensor): Tensor {
  return where(x.greater(0), x, exp(x.minimum(0)).sub(1));
}

/** Every activation by name. */
export const graphActivations = {
  relu: (x: Tensor): Tensor => x.relu(),
  elu,
  leakyRelu: (x: Tensor): Tensor => leakyRelu(x),
  tanh: (x: Tensor): Tensor => x.tanh(),
  sigmoid: (x: Tensor): Tensor => x.sigmoid(),
  gelu: (x: Tensor): Tensor => activate("gelu", x),
  silu: (x: Tensor): Tensor => x.mul(x.sigmoid()),
  softplus: (x: Tensor): Tensor => x.softplus(),
  selu: (x: Tensor): Tensor => activate("selu", x),
  identity: (x: Tensor): Tensor => x,
} as const;

export type ActivationName = keyof typeof graphActivations;
/** An activation: its name, a function, or null for none. */
export type ActivationOption = ActivationName | ((x: Tensor) => Tensor) | null;

/** An activation from its name. Throws UsageError for one that is not known. */
export function activationOf(option: ActivationOption): (x: Tensor) => Tensor {
  if (typeof option === "function") return option;
  const found = new Map(Object.entries(graphActivations)).get(option ?? "identity");
  if (found) return found;
  throw new UsageError({
    where: "activation",
    problem: "there is no such activation",
    expected: `one of ${Object.keys(graphActivations).join(", ")}, or a function`,
    got: String(option),
    try: '"relu"',
  });
}
