/** Layers one after the other, as `torch.nn.Sequential`. */
import type { Tensor } from "../../core/index.ts";
import { UsageError } from "../../ir/errors.ts";
import { Module } from "../../nn/module.ts";
import { type ActivationName, activationOf } from "../activations.ts";
import { type GraphContext, graphContext } from "../context.ts";
import type { Draws } from "../draws.ts";
import { GraphModule, resetPart } from "../module.ts";

/** Something that changes features [rows, …]. */
export interface FeatureModule extends Module {
  call(x: Tensor, ctx: GraphContext): Tensor;
}

/** A step of a chain: a layer, the name of an activation, or a function. */
export type Link = FeatureModule | ActivationName | ((x: Tensor) => Tensor);

/** What operators take as a network for features: a module, or the steps of a chain. */
export type NetworkOption = FeatureModule | readonly Link[];

/** Layers one after the other; a weight's path has the position of its layer (`nn.0.weight`). */
export class Chain extends GraphModule implements FeatureModule {
  readonly links: readonly Link[];

  /** @example new Chain([new Linear(16, 32), "relu", new Linear(32, 4)]) */
  constructor(links: readonly Link[]) {
    super();
    for (const link of links) if (typeof link === "string") activationOf(link);
    this.links = links;
  }

  override get type(): string {
    return "Sequential";
  }

  override children(): [field: string, value: unknown][] {
    return this.links.map((link, i) => [String(i), link instanceof Module ? link : new Step(link)]);
  }

  override resetParameters(draws: Draws = this.draws()): void {
    this.links.forEach((link, i) => {
      resetPart(link, draws.child(String(i)));
    });
  }

  call(x: Tensor, ctx: GraphContext = graphContext()): Tensor {
    return this.links.reduce<Tensor>((y, link) => {
      if (typeof link === "function") return link(y);
      return typeof link === "string" ? activationOf(link)(y) : link.call(y, ctx);
    }, x);
  }
}

/** A step without weights, for printouts. */
class Step extends Module {
  readonly #text: string;

  constructor(link: string | ((x: Tensor) => Tensor)) {
    super();
    this.#text = typeof link === "string" ? printed[link as ActivationName] : link.name || "Function";
  }

  override toString(): string {
    return `${this.#text}()`;
  }
}

/** How PyTorch prints activations. */
const printed: Record<ActivationName, string> = {
  relu: "ReLU",
  elu: "ELU",
  leakyRelu: "LeakyReLU",
  tanh: "Tanh",
  sigmoid: "Sigmoid",
  gelu: "GELU",
  silu: "SiLU",
  softplus: "Softplus",
  selu: "SELU",
  identity: "Identity",
};

/** A network from what was given. Throws UsageError for something else. */
export function networkOf(given: NetworkOption, where: string): FeatureModule {
  if (Array.isArray(given)) return new Chain(given);
  if (given instanceof Module && "call" in given) return given;
  throw new UsageError({
    where,
    problem: "there is no network",
    expected: "a module with call(x, ctx), or a list of layers and activations",
    got: typeof given,
    try: '[new Linear(16, 32), "relu", new Linear(32, 32)]',
  });
}
