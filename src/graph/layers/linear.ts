/** Linear layers with PyTorch's layout: weights are [out, in]. */
import type { Tensor, Variable } from "../../core/index.ts";
import { ShapeError, UsageError } from "../../ir/errors.ts";
import { showShape } from "../../ir/size.ts";
import type { Draws } from "../draws.ts";
import { GraphModule } from "../module.ts";
import { sparseOf } from "../sparse.ts";

/** How the weight of a `Linear` begins; `null` is `kaimingUniform`, as in PyTorch. */
export type WeightInitializer = "glorot" | "uniform" | "kaimingUniform" | null;

export interface LinearOptions {
  /** Adds a learnt vector. Default true. */
  bias?: boolean;
  weightInitializer?: WeightInitializer;
  /** `null` is evenly distributed over ±1/√inChannels. */
  biasInitializer?: "zeros" | null;
}

/** The bound of the uniform distribution that a weight begins with. */
const bounds: Record<Exclude<WeightInitializer, null>, (inputs: number, outputs: number) => number> = {
  glorot: (inputs, outputs) => Math.sqrt(6 / (outputs + inputs)),
  uniform: (inputs) => 1 / Math.sqrt(inputs),
  kaimingUniform: (inputs) => Math.sqrt(6 / ((1 + Math.sqrt(5) ** 2) * inputs)),
};

/** Draws a weight of PyTorch Geometric's `glorot`. */
export function glorot(weight: Variable | undefined, name: string, draws: Draws): void {
  if (weight === undefined) return;
  const [outputs, inputs] = weight.shape.slice(-2) as [number, number];
  draw(weight, name, bounds.glorot(inputs, outputs), draws);
}

/** Draws a weight evenly distributed over ±bound. */
export function draw(weight: Variable, name: string, bound: number, draws: Draws): void {
  const count = (weight.shape as readonly number[]).reduce((a, b) => a * b, 1);
  weight.write(draws.uniform(name, count, bound));
}

/** Fills a weight with one number. */
export function fill(weight: Variable | undefined, value: number): void {
  weight?.write(new Float32Array((weight.shape as readonly number[]).reduce((a, b) => a * b, 1)).fill(value));
}

/**
 * x·Wᵀ + b on the last axis, as `torch_geometric.nn.Linear`: `weight` [out, in], `bias` [out]. With -1 input channels the
 * weight is made at the first call.
 *
 * @throws ShapeError where the features have another width.
 */
export class Linear extends GraphModule {
  weight: Variable | undefined;
  readonly bias: Variable | undefined;
  inChannels: number;
  readonly outChannels: number;
  protected readonly options: LinearOptions;

  constructor(inChannels: number, outChannels: number, options: LinearOptions = {}) {
    super();
    checkWidth(this.type, "inChannels", inChannels, true);
    checkWidth(this.type, "outChannels", outChannels, false);
    this.inChannels = inChannels;
    this.outChannels = outChannels;
    this.options = options;
    this.weight = inChannels > 0 ? this.parameter([outChannels, inChannels]) : undefined;
    this.bias = (options.bias ?? true) ? this.parameter([outChannels]) : undefined;
    this.resetParameters();
  }

  override resetParameters(draws: Draws = this.draws()): void {
    if (this.weight === undefined) return;
    const { weightInitializer, biasInitializer } = this.options;
    draw(this.weight, "weight", this.weightBound(weightInitializer ?? "kaimingUniform"), draws);
    if (this.bias === undefined) return;
    if (biasInitializer === "zeros") fill(this.bias, 0);
    else draw(this.bias, "bias", 1 / Math.sqrt(this.inChannels), draws);
  }

  protected weightBound(initializer: Exclude<WeightInitializer, null>): number {
    return bounds[initializer](this.inChannels, this.outChannels);
  }

  call(x: Tensor): Tensor {
    const y = this.product(x);
    return this.bias === undefined ? y : y.add(this.bias);
  }

  /** x·Wᵀ without the bias. */
  product(x: Tensor): Tensor {
    const width = x.shape.at(-1);
    if (this.weight === undefined && typeof width === "number") {
      this.inChannels = width;
      this.weight = this.parameter([this.outChannels, width]);
      this.resetParameters();
    }
    if (width !== this.inChannels) {
      throw new ShapeError({
        where: `${this}`,
        problem: "the features have another width than the layer was made for",
        expected: `[…, ${this.inChannels}]`,
        got: showShape(x.shape),
        try: "give the operator the width of x as inChannels, or -1 to take it from the first call",
      });
    }
    const matrix = this.weight!.value.transpose();
    return sparseOf(x)?.matmul(matrix) ?? x.matmul(matrix);
  }

  protected override describe(): string {
    return `${this.inChannels}, ${this.outChannels}, bias=${this.bias === undefined ? "False" : "True"}`;
  }
}

/** `torch.nn.Linear`: the same layer as PyTorch draws and prints it. */
export class TorchLinear extends Linear {
  constructor(inFeatures: number, outFeatures: number, options: { bias?: boolean } = {}) {
    super(inFeatures, outFeatures, options);
  }

  override get type(): string {
    return "Linear";
  }

  /** √3 times a standard deviation: the same bound, rounded as PyTorch computes it. */
  protected override weightBound(): number {
    return Math.sqrt(3) * (Math.sqrt(2 / (1 + Math.sqrt(5) ** 2)) / Math.sqrt(this.inChannels));
  }

  protected override describe(): string {
    const bias = this.bias === undefined ? "False" : "True";
    return `in_features=${this.inChannels}, out_features=${this.outChannels}, bias=${bias}`;
  }
}

/** Throws UsageError unless a number of channels is a whole number above 0, or -1 where that is allowed. */
export function checkWidth(where: string, option: string, value: number, lazy: boolean): void {
  if (Number.isInteger(value) && (value > 0 || (lazy && value === -1))) return;
  throw new UsageError({
    where,
    problem: `${option} must be a number of channels`,
    expected: lazy
      ? "a whole number above 0, or -1 to take it from the first call"
      : "a whole number above 0",
    got: String(value),
    try: "check the order of the arguments: inChannels, then outChannels",
  });
}
