/** Variable: the one thing whose content changes. */
import type { Backend, DeviceBuffer } from "../ir/backend.ts";
import type { DType, TypedArray } from "../ir/dtype.ts";
import { toTyped } from "../ir/dtype.ts";
import { ShapeError, UsageError } from "../ir/errors.ts";
import type { Shape } from "../ir/size.ts";
import { countOf, sameShape, showShape, staticSize } from "../ir/size.ts";
import { homeOf } from "./backend.ts";
import { evaluate, repeated } from "./evaluate.ts";
import type { Operand } from "./operand.ts";
import { tensor } from "./operand.ts";
import { castTo } from "./ops/convert.ts";
import { broadcast } from "./ops/move.ts";
import { snapshotOp, variableOp } from "./ops/source.ts";
import { placeOf } from "./scope.ts";
import type { Tensor } from "./tensor.ts";
import { activeTrace } from "./tracing.ts";
import { rememberValue } from "./values.ts";

/** Options of `variable`. */
export interface VariableOptions {
  /** Shown in messages and printed programs. */
  name?: string;
  /** float32 unless the initial value has another type. */
  dtype?: DType;
  /** Whether training should change it; true unless given. Only a note to those who train. */
  trainable?: boolean;
  /** What a new value is replaced by after each step of training. Only a note to those who train. */
  constraint?: ((value: Tensor) => Tensor) | undefined;
}

/** Frees device memory of variables that were forgotten without `release`. */
const forgotten = new FinalizationRegistry<{ buffer: DeviceBuffer | undefined }>((held) =>
  held.buffer?.release(),
);

export class Variable {
  /** A model that takes in a graph operator names its weights by their paths. */
  name: string;
  readonly shape: Shape;
  readonly dtype: DType;
  readonly trainable: boolean;
  readonly constraint: ((value: Tensor) => Tensor) | undefined;
  #initial: Tensor | undefined;
  #backend: Backend | undefined;
  readonly #held: { buffer: DeviceBuffer | undefined } = { buffer: undefined };
  #snapshot: Tensor | undefined;

  constructor(initial: Operand, options: VariableOptions = {}) {
    this.#initial = tensor(initial, options.dtype === undefined ? {} : { dtype: options.dtype });
    this.name = options.name ?? "variable";
    this.shape = this.#initial.shape;
    this.dtype = this.#initial.dtype;
    this.trainable = options.trainable ?? true;
    this.constraint = options.constraint;
    for (const s of this.shape) staticSize(s, this.name, "the size of a variable");
    forgotten.register(this, this.#held, this.#held);
  }

  /** The number of axes. */
  get rank(): number {
    return this.shape.length;
  }

  /**
   * The value now. Inside a compiled function: the value at this point of the trace. Outside: what the variable holds at
   * this moment; it is the same Tensor until the next change, and keeps its content after it.
   */
  get value(): Tensor {
    const trace = activeTrace();
    if (trace !== undefined) {
      const now = trace.assigned.get(this) ?? trace.first.get(this);
      if (now !== undefined) return now;
      const first = variableOp(
        [],
        { variable: this, trace, shape: this.shape, dtype: this.dtype },
        this.name,
      );
      trace.first.set(this, first);
      return first;
    }
    this.#snapshot ??= snapshotOp([], { variable: this, shape: this.shape, dtype: this.dtype }, this.name);
    return this.#snapshot;
  }

  /**
   * Gives the variable a new value, converted to its type and broadcast to its shape. Inside a compiled function the
   * change happens when the function runs. Throws ShapeError when the value does not fit.
   */
  assign(value: Operand): void {
    const t = castTo(tensor(value), this.dtype);
    const fits = sameShape(t.shape, this.shape) || countOf(t.shape) === 1;
    if (!fits) {
      throw new ShapeError({
        where: placeOf(`${this.name}.assign`),
        problem: "the value has another shape than the variable",
        expected: showShape(this.shape),
        got: showShape(t.shape),
        try: "reshape or broadcast the value first",
      });
    }
    const fitted = sameShape(t.shape, this.shape) ? t : broadcast(t.reshape([]), this.shape);
    const trace = activeTrace();
    if (trace !== undefined) trace.assigned.set(this, fitted);
    else this.write(evaluate([fitted])[0]!);
  }

  /** A copy of the content. */
  read(): TypedArray {
    if (this.#held.buffer !== undefined) return this.#held.buffer.read();
    return evaluate([this.#start()])[0]!.slice();
  }

  /** Overwrites the content with values in row-major order. Throws ShapeError when their number differs. */
  write(values: ArrayLike<number>): void {
    if (values.length !== countOf(this.shape)) {
      throw new ShapeError({
        where: `${this.name}.write`,
        problem: "the number of values differs from the variable's",
        expected: `${countOf(this.shape)} values for ${showShape(this.shape)}`,
        got: String(values.length),
        try: "check that the values belong to this variable",
      });
    }
    this.beforeChange();
    if (this.#held.buffer !== undefined) this.#held.buffer.write(values);
    else this.#initial = tensor(toTyped(this.dtype, values), { dtype: this.dtype, shape: this.shape });
  }

  /** Frees the memory. Using the variable afterwards throws UsageError. */
  release(): void {
    this.beforeChange();
    this.#held.buffer?.release();
    this.#held.buffer = undefined;
    this.#initial = undefined;
    forgotten.unregister(this.#held);
  }

  /** The content in the memory of `backend`, moved there if it is elsewhere. */
  bufferOn(backend: Backend): DeviceBuffer {
    const { buffer } = this.#held;
    if (buffer !== undefined && this.#backend === backend) return buffer;
    const moved = buffer ? this.#filled(backend, buffer.read()) : this.#begun(backend);
    buffer?.release();
    this.#held.buffer = moved;
    this.#backend = backend;
    return moved;
  }

  #filled(backend: Backend, content: TypedArray): DeviceBuffer {
    return backend.allocate(this.dtype, content.length, content);
  }

  /** The content at first. Memory is zeros from the start. */
  #begun(backend: Backend): DeviceBuffer {
    const start = this.#start();
    if (Object.is(repeated(start), 0)) return backend.allocate(this.dtype, countOf(this.shape) as number);
    return this.#filled(backend, evaluate([start], homeOf(backend))[0]!);
  }

  /** To be called before the content changes: a value that was handed out keeps what it was. */
  beforeChange(): void {
    if (this.#snapshot === undefined) return;
    rememberValue(this.#snapshot, this.read());
    this.#snapshot = undefined;
  }

  #start(): Tensor {
    if (this.#initial !== undefined) return this.#initial;
    throw new UsageError({
      where: this.name,
      problem: "this variable was released",
      expected: "a variable in use",
      got: "one whose memory was freed",
      try: "make a new variable",
    });
  }
}

/** A variable that begins with `initial`; it is computed when first needed. */
export function variable(initial: Operand, options: VariableOptions = {}): Variable {
  return new Variable(initial, options);
}
