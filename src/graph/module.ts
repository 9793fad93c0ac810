/** The base of graph operators: weights made at once from the constructor's arguments, PyTorch's names and printouts. */
import { type Variable, variable, zeros } from "../core/index.ts";
import type { DType } from "../ir/dtype.ts";
import { Module } from "../nn/module.ts";
import { uniqueName } from "../nn/naming.ts";
import { type Draws, drawsFor } from "./draws.ts";
import { loadState, readState, type StateDict, type StateOptions, saveState, stateOf } from "./state.ts";

/**
 * Base of graph operators, and of models made of them. A weight is a field that holds a Variable, a part is a field that holds
 * a module; together they are named by their paths, which are PyTorch Geometric's (`conv1.lin.weight`).
 */
export abstract class GraphModule extends Module {
  /** Names the operator's own stream of initial values. */
  readonly #name: string;

  constructor() {
    super();
    this.#name = uniqueName(this.type);
  }

  /** The name of the class. */
  get type(): string {
    return this.constructor.name;
  }

  /** Options as the printout has them: `34, 4`. */
  protected describe(): string {
    return "";
  }

  /** A weight that is trained, 0 until it is drawn. */
  protected parameter(shape: readonly number[]): Variable {
    return variable(zeros([...shape]), { name: this.#name });
  }

  /** A value that belongs to the operator and is not trained (running statistics). */
  protected buffer(shape: readonly number[], dtype: DType = "float32"): Variable {
    return variable(zeros([...shape], dtype), { name: this.#name, trainable: false });
  }

  /** Where the operator's weights are drawn from unless a model says so. */
  protected draws(): Draws {
    return drawsFor(this.#name);
  }

  /**
   * Draws the initial weights again: from PyTorch's generator after `manualSeed`, in the order in which PyTorch Geometric
   * draws them; else the same ones as before, unless other `draws` are given.
   */
  resetParameters(draws: Draws = this.draws()): void {
    for (const [field, value] of this.children()) resetPart(value, draws.child(field));
  }

  /** The weights under PyTorch's names (`conv1.lin.weight`), weights of its own before those of its parts. */
  stateDict(): StateDict {
    return stateOf(this);
  }

  /**
   * Takes weights by their names.
   *
   * @throws ShapeError where a shape differs, DataError for names that are missing or not known (unless `strict` is false);
   * nothing is changed then.
   */
  loadStateDict(state: StateDict, options: StateOptions = {}): void {
    loadState(this, state, options);
  }

  /** Reads weights from a `.safetensors` file or a PyTorch `.pt` file, given by path or as bytes. */
  async load(source: string | Uint8Array, options: StateOptions = {}): Promise<void> {
    loadState(this, await readState(source), options);
  }

  /** Writes the weights to a `.safetensors` file. */
  async save(path: string): Promise<void> {
    await saveState(this, path);
  }

  /** As PyTorch prints it, parts indented: `GCN(\n  (conv1): GCNConv(34, 4)\n)`. */
  override toString(): string {
    const parts = this.printsParts ? printedParts(this.children()) : [];
    if (parts.length === 0) return `${this.type}(${this.describe()})`;
    return `${this.type}(\n${parts.map((p) => indented(p)).join("\n")}\n)`;
  }

  /** Whether the printout lists the parts instead of the options. */
  protected get printsParts(): boolean {
    return true;
  }
}

/** Draws the weights of a part, or of a list of parts. */
export function resetPart(value: unknown, draws: Draws): void {
  if (value instanceof GraphModule) value.resetParameters(draws);
  else if (Array.isArray(value)) {
    value.forEach((part, i) => {
      resetPart(part, draws.child(String(i)));
    });
  }
}

function printedParts(fields: readonly (readonly [string, unknown])[]): string[] {
  return fields.flatMap(([field, value]) => {
    if (value instanceof Module)
      return [`(${field.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`)}): ${value}`];
    if (!Array.isArray(value) || !value.some((v) => v instanceof Module)) return [];
    const inner = value.flatMap((v, i) => (v instanceof Module ? [`(${i}): ${v}`] : []));
    return [`(${field}): ModuleList(\n${inner.map((p) => indented(p)).join("\n")}\n)`];
  });
}

function indented(text: string): string {
  return text
    .split("\n")
    .map((line) => `  ${line}`)
    .join("\n");
}
