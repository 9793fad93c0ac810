/** An operation that Keras records in a functional model, as a layer: it comes from files and goes back to them. */
import type { Tensor } from "../core/index.ts";
import { required } from "./fields.ts";
import { Layer } from "./layer.ts";
import { type Operand, OperationArguments, type OperationOptions } from "./operation-arguments.ts";
import { operations } from "./operations.ts";

/** The place of a tensor among the arguments: the number of the input that stands there. */
export interface Place {
  readonly class_name: "__operand__";
  readonly config: number;
}

/** An argument as plain data: `Place` where a tensor stands, at any depth. */
export type Template =
  | Place
  | string
  | number
  | boolean
  | null
  | readonly Template[]
  | { readonly [key: string]: Template };

const fields = {
  /** Keras's class name. */
  operation: required<string>((value) => String(value)),
  args: required<readonly Template[]>((value) => value as readonly Template[]),
  /** What the class was made with. */
  options: required<OperationOptions>((value) => value as OperationOptions),
};

/** `x + 1`, `ops.mean(x, axis=1)` and the like, of one tensor or several. */
export class OperationLayer extends Layer<typeof fields> {
  static override readonly type = "Operation";
  static override readonly fields = fields;

  override get type(): string {
    // Asked for before the options are read, for the messages about them.
    return (this.config as { readonly operation: string } | undefined)?.operation ?? OperationLayer.type;
  }

  /** The module of Keras's class. */
  get module(): string {
    return `keras.src.ops.${operations.get(this.type)!.module}`;
  }

  override call(x: Tensor | Tensor[]): Tensor {
    const inputs = Array.isArray(x) ? x : [x];
    const args = this.arguments((i) => inputs[i]!) as readonly Operand[];
    const given = new OperationArguments(this.label, args, this.config.options);
    const result = operations.get(this.type)!.compute(given);
    given.checkAllRead();
    return result;
  }

  /** The arguments, with `at` of each place in it. */
  arguments<T>(at: (input: number) => T): unknown[] {
    const fill = (value: Template): unknown => {
      if (Array.isArray(value)) return value.map(fill);
      if (typeof value !== "object" || value === null) return value;
      return "class_name" in value && value.class_name === "__operand__"
        ? at((value as Place).config)
        : Object.fromEntries(Object.entries(value).map(([k, v]) => [k, fill(v)]));
    };
    return this.config.args.map(fill);
  }
}
