/** The fully connected layer. */
import type { Tensor, Variable } from "../../core/index.ts";
import type { Shape } from "../../ir/size.ts";
import { activate, activationField } from "../activations.ts";
import { flag, readInteger, required } from "../fields.ts";
import { type InputRule, Layer } from "../layer.ts";
import { weightFields } from "../weight-fields.ts";

const fields = {
  units: required<number>(readInteger(1)),
  activation: activationField("linear"),
  useBias: flag(true),
  ...weightFields("kernel", "glorotUniform"),
  ...weightFields("bias", "zeros"),
};

/**
 * `activation(x · kernel + bias)` over the last axis: [rows, …, in] → [rows, …, units]; kernel [in, units], bias [units]
 * (Keras's Dense).
 *
 * @example new Dense({ units: 10, activation: "softmax" })
 */
export class Dense extends Layer<typeof fields> {
  static override readonly type = "Dense";
  static override readonly fields = fields;
  kernel!: Variable;
  bias: Variable | undefined;

  override inputRule(): InputRule {
    return { minRank: 2, ...(this.built && { axes: new Map([[-1, this.kernel.shape[0] as number]]) }) };
  }

  override build(input: Shape): void {
    const { units, useBias } = this.config;
    this.kernel = this.configured("kernel", [input.at(-1)!, units]);
    if (useBias) {
      this.bias = this.configured("bias", [units]);
    }
  }

  override call(x: Tensor): Tensor {
    const product = x.cast("float32").matmul(this.kernel);
    return activate(this.config.activation, this.bias === undefined ? product : product.add(this.bias));
  }
}
