/** A function as a layer. */
import type { Tensor } from "../../core/index.ts";
import { UnsupportedError } from "../../ir/errors.ts";
import type { CallContext } from "../context.ts";
import { refuse, required } from "../fields.ts";
import { Layer } from "../layer.ts";

/** What a Lambda computes: of one tensor, or of the list it is applied to. */
export type LambdaFunction = (x: never, ctx: CallContext) => Tensor | Tensor[];

const fields = {
  function: required<LambdaFunction>(
    (value, at) =>
      typeof value === "function" ? (value as LambdaFunction) : refuse(at, "a function", value),
    () => {
      throw new UnsupportedError({
        where: "Lambda",
        problem: "a function cannot be written to a file",
        expected: "layers that are described by their options",
        got: "a Lambda layer",
        try: "write a class of your own that extends Layer, and pass it in customObjects when you load the file",
      });
    },
  ),
};

/**
 * Any function of tensors that has no weights: `new Lambda({ function: (x) => x.square() })`. It is written in code only:
 * models that have one save their weights, but not themselves, and no file can bring one along (Keras's Lambda).
 *
 * @example new Lambda({ function: (x: Tensor) => x.square() })
 */
export class Lambda extends Layer<typeof fields> {
  static override readonly type = "Lambda";
  static override readonly fields = fields;

  override call(x: Tensor | Tensor[], ctx: CallContext): Tensor | Tensor[] {
    return this.config.function(x as never, ctx);
  }
}
