/** Vectors for numbers that name things. */
import type { Tensor, Variable } from "../../core/index.ts";
import { UnsupportedError } from "../../ir/errors.ts";
import type { Shape } from "../../ir/size.ts";
import { optional, readInteger, refuse, required } from "../fields.ts";
import { Layer } from "../layer.ts";
import { weightFields } from "../weight-fields.ts";

const fields = {
  inputDim: required<number>(readInteger(1)),
  outputDim: required<number>(readInteger(1)),
  ...weightFields("embeddings", "randomUniform"),
  maskZero: optional<boolean>(false, (value, at) => {
    if (typeof value !== "boolean") refuse(at, "true or false", value);
    if (value) {
      throw new UnsupportedError({
        where: at,
        problem: "masks are not supported",
        expected: "false",
        got: "true",
        try: "leave `maskZero` out, and treat the padding like any other word",
      });
    }
    return false;
  }),
};

/**
 * A vector for each whole number from 0 to `inputDim` - 1: [rows, …] → [rows, …, outputDim]; embeddings [inputDim,
 * outputDim] (Keras's Embedding). Numbers outside that range have the vector 0.
 *
 * @example new Embedding({ inputDim: 1000, outputDim: 16 })
 */
export class Embedding extends Layer<typeof fields> {
  static override readonly type = "Embedding";
  static override readonly fields = fields;
  // The length of the input, which Keras 2 noted here.
  static override readonly ignoredInFile = ["input_length"];
  embeddings!: Variable;

  override build(_input: Shape | readonly Shape[]): void {
    const { inputDim, outputDim } = this.config;
    this.embeddings = this.configured("embeddings", [inputDim, outputDim]);
  }

  override call(x: Tensor): Tensor {
    return this.embeddings.value.take(x.cast("int32"), 0);
  }
}
