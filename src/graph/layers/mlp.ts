/** MLP: linear layers with activations, normalisation and dropout between, as `torch_geometric.nn.MLP`. */
import type { Tensor } from "../../core/index.ts";
import { UsageError } from "../../ir/errors.ts";
import { type ActivationOption, activationOf } from "../activations.ts";
import { dropout, type GraphContext, graphContext } from "../context.ts";
import type { Draws } from "../draws.ts";
import type { Groups } from "../groups.ts";
import { GraphModule, resetPart } from "../module.ts";
import { type Norm, type NormOption, normOf } from "../norm/norm.ts";
import type { FeatureModule } from "./chain.ts";
import { Linear } from "./linear.ts";

export interface MLPOptions {
  /** Default `relu`; null for none. */
  act?: ActivationOption;
  /** Activate before normalising. Default false. */
  actFirst?: boolean;
  /** Default `batchNorm`; null for none. */
  norm?: NormOption;
  /** For all layers (but not the last one where it is plain), or one for each. */
  dropout?: number | readonly number[];
  /** The last layer is linear alone. Default true. */
  plainLast?: boolean;
  bias?: boolean | readonly boolean[];
}

export class MLP extends GraphModule implements FeatureModule {
  readonly lins: readonly Linear[];
  readonly norms: readonly (Norm | undefined)[];
  readonly channels: readonly number[];
  readonly #act: (x: Tensor) => Tensor;
  readonly #actFirst: boolean;
  readonly #plainLast: boolean;
  readonly #dropout: readonly number[];

  /**
   * @param channels the widths: of the input, between the layers, of the output.
   * @example new MLP([16, 32, 32, 4], { dropout: 0.5 })
   */
  constructor(channels: readonly number[], options: MLPOptions = {}) {
    super();
    const { act = "relu", actFirst = false, norm = "batchNorm", plainLast = true } = options;
    const layers = channels.length - 1;
    if (layers < 1) {
      throw new UsageError({
        where: "MLP",
        problem: "there are no layers",
        expected: "two widths or more",
        got: `[${channels.join(", ")}]`,
        try: "new MLP([16, 32, 4])",
      });
    }
    this.channels = channels;
    this.#act = activationOf(act);
    this.#actFirst = actFirst;
    this.#plainLast = plainLast;
    const rates = each(options.dropout ?? 0, layers, "dropout");
    this.#dropout =
      typeof (options.dropout ?? 0) === "number" && plainLast ? [...rates.slice(0, -1), 0] : rates;
    const biases = each(options.bias ?? true, layers, "bias");
    this.lins = biases.map((bias, i) => new Linear(channels[i]!, channels[i + 1]!, { bias }));
    const normed = plainLast ? channels.slice(1, -1) : channels.slice(1);
    this.norms = normed.map((width) => normOf(norm, width));
    this.resetParameters();
  }

  get inChannels(): number {
    return this.channels[0]!;
  }
  get outChannels(): number {
    return this.channels.at(-1)!;
  }

  override resetParameters(draws: Draws = this.draws()): void {
    resetPart(this.lins, draws.child("lins"));
    resetPart(this.norms, draws.child("norms"));
  }

  /** @param batch the nodes of each graph, for normalisations that ask for it. */
  call(x: Tensor, ctx: GraphContext = graphContext(), batch?: Groups): Tensor {
    let h = x;
    this.lins.forEach((lin, i) => {
      h = lin.call(h);
      if (!this.#plainLast || i < this.lins.length - 1) {
        if (this.#actFirst) h = this.#act(h);
        h = this.norms[i]?.call(h, batch, ctx) ?? h;
        if (!this.#actFirst) h = this.#act(h);
      }
      h = dropout(h, this.#dropout[i]!, ctx);
    });
    return h;
  }

  protected override get printsParts(): boolean {
    return false;
  }

  protected override describe(): string {
    return this.channels.join(", ");
  }
}

/** One value for each layer. */
function each<T extends number | boolean>(
  value: T | readonly T[],
  layers: number,
  what: string,
): readonly T[] {
  if (!Array.isArray(value)) return Array.from({ length: layers }, () => value as T);
  if (value.length === layers) return value;
  throw new UsageError({
    where: `MLP: ${what}`,
    problem: "there must be one value for each layer",
    expected: `${layers} values`,
    got: String(value.length),
    try: `give a single ${what} for all layers`,
  });
}
