/** Symbolic tensors: the edges of a functional model, made by `Input` and by applying layers. */
import type { DType } from "../ir/dtype.ts";
import { Dim, dim, type Shape, type Size } from "../ir/size.ts";
import type { Layer } from "./layer.ts";

/** One application of a layer: a node of the graph of a functional model. */
export interface Application {
  readonly layer: Layer;
  readonly inputs: readonly SymbolicTensor[];
  /** Whether the layer was given a list, even of one. */
  readonly listed: boolean;
  readonly outputs: readonly SymbolicTensor[];
  /** Fixes the mode of this application; otherwise the model's is used. */
  readonly training?: boolean;
}

/** What flows between layers: shape (rows included) and type are known, values are not. */
export class SymbolicTensor {
  readonly shape: Shape;
  readonly dtype: DType;
  /** The application that produces it, and which of its outputs it is. */
  readonly source: Application;
  readonly index: number;

  constructor(shape: Shape, dtype: DType, source: Application, index: number) {
    this.shape = shape;
    this.dtype = dtype;
    this.source = source;
    this.index = index;
  }
}

/** The number of rows of every model's input. One symbol for all: batches of different models never meet by chance. */
export const rows: Dim = dim("rows");

/** `null` where a size is symbolic: Keras's `None`. */
export function sizesInFile(shape: Shape): (number | null)[] {
  return shape.map((s) => (s instanceof Dim ? null : s));
}

/** A shape from sizes of which some are null: the first is `rows`, every other is a symbol of its own. */
export function shapeFromSizes(sizes: readonly (number | null)[], name: string): Shape {
  return sizes.map((s, i): Size => s ?? (i === 0 ? rows : dim(`${name}_${i}`)));
}

/** `(None, 28, 28, 1)`, as Keras prints shapes. */
export function showSizes(shape: Shape): string {
  const sizes = sizesInFile(shape).map((s) => (s === null ? "None" : String(s)));
  return `(${sizes.join(", ")}${sizes.length === 1 ? "," : ""})`;
}
