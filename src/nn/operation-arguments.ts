/** What an operation of a Keras file was called and made with, read as the operation needs it. */
import { Tensor } from "../core/index.ts";
import { orNull, readAxes, readInteger, readList, readNumber, readPairOf, refuse } from "./fields.ts";

/** An argument as a file has it, with tensors in the places of tensors. */
export type Operand =
  | Tensor
  | number
  | boolean
  | string
  | null
  | { readonly [key: string]: Operand }
  | readonly Operand[];

/** What the class was made with, by Keras's names. */
export type OperationOptions = Readonly<Record<string, unknown>>;

const whole = readInteger(Number.MIN_SAFE_INTEGER);

/** The arguments of one call. Every reader throws UsageError where something else stands. */
export class OperationArguments {
  readonly #where: string;
  readonly #args: readonly Operand[];
  readonly #options: OperationOptions;
  readonly #read = new Set<string | number>();

  constructor(where: string, args: readonly Operand[], options: OperationOptions) {
    this.#where = where;
    this.#args = args;
    this.#options = options;
  }

  /** The i-th argument, whatever it is. */
  at(i: number): Operand | undefined {
    this.#read.add(i);
    return this.#args[i];
  }

  tensor(i: number): Tensor {
    const value = this.at(i);
    return value instanceof Tensor ? value : refuse(this.#place(i), "a tensor", value);
  }

  tensorOrNumber(i: number): Tensor | number {
    const value = this.at(i);
    return value instanceof Tensor ? value : readNumber()(value, this.#place(i));
  }

  tensors(i: number): readonly Tensor[] {
    const one = (value: unknown, at: string) =>
      value instanceof Tensor ? value : refuse(at, "a tensor", value);
    return readList(one, "a list of tensors")(this.at(i), this.#place(i));
  }

  number(name: string, initial?: number): number {
    return readNumber()(this.#option(name) ?? initial, this.#place(name));
  }

  integer(name: string, initial?: number): number {
    return whole(this.#option(name) ?? initial, this.#place(name));
  }

  /** Null where it was not given. */
  integerOrNull(name: string): number | null {
    return orNull(whole)(this.#option(name) ?? null, this.#place(name));
  }

  /** Pairs of whole numbers, one for each axis. */
  pairs(name: string): readonly (readonly [number, number])[] {
    const item = readPairOf(readInteger(0));
    return readList(item, "a pair for each axis")(this.#option(name), this.#place(name));
  }

  /** All arguments, which must be tensors. */
  allTensors(): readonly Tensor[] {
    return this.#args.map((_, i) => this.tensor(i));
  }

  /** A tensor, or whole numbers in its place. */
  tensorOrIntegers(i: number): Tensor | readonly number[] | number {
    const value = this.at(i);
    return value instanceof Tensor ? value : readAxes(value, this.#place(i));
  }

  /** One axis or several; null for all. */
  axes(name: string): number | readonly number[] | null {
    return orNull(readAxes)(this.#option(name) ?? null, this.#place(name));
  }

  text(name: string): string {
    const value = this.#option(name);
    return typeof value === "string" ? value : refuse(this.#place(name), "a name", value);
  }

  flag(name: string, initial = false): boolean {
    const value = this.#option(name) ?? initial;
    return typeof value === "boolean" ? value : refuse(this.#place(name), "true or false", value);
  }

  /** Throws UsageError where something was given that no reader asked for. */
  checkAllRead(): void {
    const more = this.#args.findIndex((_, i) => !this.#read.has(i));
    if (more >= 0) refuse(this.#place(more), "no further argument", this.#args[more]);
    for (const [name, value] of Object.entries(this.#options)) {
      if (value === null || this.#read.has(name)) continue;
      refuse(this.#place(name), "no such option", value);
    }
  }

  #option(name: string): unknown {
    this.#read.add(name);
    return Object.hasOwn(this.#options, name) ? this.#options[name] : undefined;
  }

  #place(which: string | number): string {
    return `${this.#where} ${typeof which === "number" ? `argument ${which}` : `\`${which}\``}`;
  }
}

/** The entries of an index `x[…]` in Python: a place, a slice, all axes in between, or a new axis. */
export type IndexEntry =
  | number
  | null
  | "ellipsis"
  | { readonly start: number | null; readonly stop: number | null; readonly step: number };

/** Reads such an index as Keras writes it. */
export function readIndex(index: Operand | undefined, where: string): readonly IndexEntry[] {
  const optional = orNull(whole);
  return (Array.isArray(index) ? (index as readonly Operand[]) : [index]).map((entry): IndexEntry => {
    if (entry === null) return null;
    if (typeof entry === "number") return whole(entry, where);
    const { class_name: kind, config } = entry as { class_name?: unknown; config?: Record<string, unknown> };
    if (kind === "__ellipsis__") return "ellipsis";
    if (kind !== "__slice__" || typeof config !== "object" || config === null)
      return refuse(where, "whole numbers, slices, an ellipsis or new axes", entry);
    const part = (name: string) => optional(config[name] ?? null, `${where} ${name}`);
    return { start: part("start"), stop: part("stop"), step: part("step") ?? 1 };
  });
}
