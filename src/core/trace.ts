/** From recorded Tensors to a Program: dead nodes are left out, equal nodes shared, scalar constants become part of maps. */
import { contentKey } from "../ir/content-key.ts";
import type { DType, TypedArray } from "../ir/dtype.ts";
import { toTyped } from "../ir/dtype.ts";
import { UsageError } from "../ir/errors.ts";
import type { Node, NodeSpec, Program, ValueSpec } from "../ir/program.ts";
import type { ScalarExpr, ScalarOp } from "../ir/scalar.ts";
import { arg, constant as number, scalarOps } from "../ir/scalar.ts";
import type { Shape } from "../ir/size.ts";
import { ancestors } from "./gradient.ts";
import { constantData, inputOp, snapshotOp, variableOp } from "./ops/source.ts";
import type { Tensor } from "./tensor.ts";
import type { Trace } from "./tracing.ts";
import { knownValue } from "./values.ts";
import type { Variable } from "./variable.ts";

/** What a program is to compute. */
export interface Request {
  readonly outputs: readonly Tensor[];
  readonly effects: readonly { readonly variable: Variable; readonly value: Tensor }[];
  readonly guard: Tensor | undefined;
  readonly inputs: readonly ValueSpec[];
  /** The trace that the outputs come from; without one, constants become inputs so that equal programs are shared. */
  readonly trace: Trace | undefined;
}

/** A program and what its numbers stand for. */
export interface Traced {
  readonly program: Program;
  readonly variables: readonly Variable[];
  /** Content of the inputs after those asked for. */
  readonly lifted: readonly TypedArray[];
}

/** Functions that are exact in float32 everywhere, so that folding them changes no bit. */
const foldable: ReadonlySet<ScalarOp> = new Set<ScalarOp>([
  "add",
  "sub",
  "mul",
  "div",
  "neg",
  "abs",
  "min",
  "max",
  "sqrt",
  "lt",
  "le",
  "gt",
  "ge",
  "eq",
  "ne",
  "and",
  "or",
  "xor",
  "not",
  "select",
  "toFloat32",
  "toInt32",
  "toBool",
]);

/** The program that computes what `request` asks for. Throws UsageError for values of another trace. */
export function makeProgram(request: Request): Traced {
  return new ProgramMaker(request).make();
}

class ProgramMaker {
  readonly #request: Request;
  readonly #nodes: Node[] = [];
  readonly #ids = new Map<Tensor, number>();
  readonly #shared = new Map<string, number>();
  readonly #data = new Map<TypedArray, number>();
  readonly #variables = new Map<Variable, number>();
  readonly #inputs: ValueSpec[];
  readonly #lifted: TypedArray[] = [];
  /** Tensors all of whose elements are one known number. */
  readonly #uniform = new Map<Tensor, number>();

  constructor(request: Request) {
    this.#request = request;
    this.#inputs = [...request.inputs];
  }

  make(): Traced {
    const { outputs, effects, guard } = this.#request;
    const roots = [...outputs, ...effects.map((e) => e.value), ...(guard === undefined ? [] : [guard])];
    for (const t of ancestors(roots, needed)) this.#findUniform(t);
    for (const t of ancestors(roots, (x) => this.#operands(x))) this.#ids.set(t, this.#emit(t));
    const id = (t: Tensor): number => this.#ids.get(t)!;
    const changes = effects.map((e) => ({ variable: this.#variableIndex(e.variable), value: id(e.value) }));
    const variables = [...this.#variables.keys()];
    return {
      program: {
        nodes: this.#nodes,
        inputs: this.#inputs,
        variables: variables.map(({ shape, dtype }) => ({ shape, dtype })),
        outputs: outputs.map(id),
        effects: changes,
        ...(guard === undefined ? {} : { guard: id(guard) }),
      },
      variables,
      lifted: this.#lifted,
    };
  }

  #findUniform(t: Tensor): void {
    const data = knownValue(t);
    if (data !== undefined) {
      // A computed number is an input outside traces: it would make a new program for every value.
      const fixed = this.#request.trace !== undefined || constantData(t) !== undefined;
      if (data.length === 1 && fixed) this.#uniform.set(t, data[0]!);
      return;
    }
    const values = needed(t).map((x) => this.#uniform.get(x));
    if (values.length === 0 || values.some((v) => v === undefined)) return;
    const { kind } = t.def;
    if (kind === "alias") this.#uniform.set(t, values[0]!);
    else if (kind === "map") {
      const spec = this.#lower(t);
      const value = spec.kind === "map" ? fold(spec.expr, values as number[]) : undefined;
      if (value !== undefined) this.#uniform.set(t, value);
    } else if (kind === "move") {
      const spec = this.#lower(t);
      if (spec.kind === "move" && spec.move !== "place") this.#uniform.set(t, values[0]!);
    }
  }

  /** The inputs of `t` that need a node of their own. */
  #operands(t: Tensor): readonly Tensor[] {
    if (this.#uniform.has(t)) return [];
    const inputs = needed(t);
    return t.def.kind === "map" ? inputs.filter((x) => !this.#uniform.has(x)) : inputs;
  }

  #emit(t: Tensor): number {
    const value = this.#uniform.get(t);
    if (value !== undefined) return this.#emitUniform(t, value);
    const data = knownValue(t);
    if (data !== undefined) return this.#emitData(t, data);
    if (t.def.kind === "alias") return this.#ids.get(t.inputs[0]!)!;
    if (t.def === snapshotOp.def && this.#request.trace !== undefined) {
      return this.#emitData(t, (t.attrs as { variable: Variable }).variable.read());
    }
    this.#checkTrace(t);
    const spec = this.#lower(t);
    if (spec.kind === "map") return this.#emitMap(t, spec.expr);
    return this.#add(
      spec,
      t.inputs.map((x) => this.#ids.get(x)!),
      t.shape,
      t.dtype,
      t.label,
    );
  }

  #emitMap(t: Tensor, expr: ScalarExpr): number {
    const inputs: number[] = [];
    const args = t.inputs.map((x): ScalarExpr => {
      const value = this.#uniform.get(x);
      if (value !== undefined) return number(value, x.dtype);
      const id = this.#ids.get(x)!;
      const known = inputs.indexOf(id);
      return arg(known >= 0 ? known : inputs.push(id) - 1, x.dtype);
    });
    const filled = substitute(expr, args);
    const same = unchanged(filled);
    return same === undefined
      ? this.#add({ kind: "map", expr: filled }, inputs, t.shape, t.dtype, t.label)
      : inputs[same]!;
  }

  #emitUniform(t: Tensor, value: number): number {
    const data = toTyped(t.dtype, [value]);
    const id = this.#add({ kind: "source", source: "constant", data }, [], [], t.dtype, t.label);
    if (t.rank === 0) return id;
    const axes = t.shape.map(() => -1);
    return this.#add({ kind: "move", move: "broadcast", axes }, [id], t.shape, t.dtype, t.label);
  }

  #emitData(t: Tensor, data: TypedArray): number {
    const before = this.#data.get(data);
    if (before !== undefined && sameSpec(this.#nodes[before]!, t)) return before;
    const { shape, dtype, label } = t;
    if (this.#request.trace === undefined) {
      const index = this.#inputs.push({ shape, dtype }) - 1;
      this.#lifted.push(data);
      const id = this.#add({ kind: "source", source: "input", index }, [], shape, dtype, label);
      this.#data.set(data, id);
      return id;
    }
    const id = this.#add({ kind: "source", source: "constant", data }, [], shape, dtype, label);
    this.#data.set(data, id);
    return id;
  }

  #add(spec: NodeSpec, inputs: readonly number[], shape: Shape, dtype: DType, label: string): number {
    const constant = spec.kind === "source" && spec.source === "constant";
    if (constant && spec.data.length > 64) return this.#nodes.push({ spec, inputs, shape, dtype, label }) - 1;
    const content = constant ? Array.from(spec.data) : spec;
    const key = contentKey([content, inputs, shape, dtype]);
    const before = this.#shared.get(key);
    if (before !== undefined) return before;
    const id = this.#nodes.push({ spec, inputs, shape, dtype, label }) - 1;
    this.#shared.set(key, id);
    return id;
  }

  #lower(t: Tensor): NodeSpec {
    return t.def.lower(t.attrs, t.inputs, t, {
      variable: (v) => ({ kind: "source", source: "variable", index: this.#variableIndex(v as Variable) }),
    });
  }

  #variableIndex(v: Variable): number {
    const before = this.#variables.get(v);
    if (before !== undefined) return before;
    const index = this.#variables.size;
    this.#variables.set(v, index);
    return index;
  }

  #checkTrace(t: Tensor): void {
    if (t.def !== inputOp.def && t.def !== variableOp.def) return;
    if ((t.attrs as { trace: object }).trace === this.#request.trace) return;
    throw new UsageError({
      where: t.label,
      problem: "a value from inside a compiled function cannot be read here",
      expected: "values made outside, or in the same call of compile",
      got: `${t}, an input or variable of ${this.#request.trace === undefined ? "a" : "another"} compiled function`,
      try: "return it from the function, and read the result",
    });
  }
}

/** What has to be computed before `t`: nothing for known values, the first input of an alias. */
function needed(t: Tensor): readonly Tensor[] {
  if (knownValue(t) !== undefined) return [];
  return t.def.kind === "alias" ? t.inputs.slice(0, 1) : t.inputs;
}

function sameSpec(n: Node, t: Tensor): boolean {
  return n.dtype === t.dtype && contentKey(n.shape) === contentKey(t.shape);
}

/** The value of `expr` for these arguments, where that is exact. */
function fold(expr: ScalarExpr, values: readonly number[]): number | undefined {
  if (expr.op === "arg") return values[expr.index];
  if (expr.op === "const") return expr.value;
  if (!foldable.has(expr.op)) return undefined;
  const args = expr.args.map((e) => fold(e, values));
  if (args.some((v) => v === undefined)) return undefined;
  const value = (scalarOps[expr.op].reference as (...xs: number[]) => number)(...(args as number[]));
  if (expr.dtype === "float32") return Math.fround(value);
  return Number.isSafeInteger(value) ? value | 0 : undefined;
}

function substitute(expr: ScalarExpr, args: readonly ScalarExpr[]): ScalarExpr {
  if (expr.op === "arg") return args[expr.index]!;
  if (expr.op === "const") return expr;
  return { op: expr.op, args: expr.args.map((e) => substitute(e, args)), dtype: expr.dtype };
}

/** The argument that `expr` merely repeats: x · 1, 1 · x or x / 1. These are exact for every x, NaN included. */
function unchanged(expr: ScalarExpr): number | undefined {
  if (expr.op !== "mul" && expr.op !== "div") return undefined;
  const [a, b] = expr.args as [ScalarExpr, ScalarExpr];
  if (a.op === "arg" && b.op === "const" && b.value === 1) return a.index;
  return expr.op === "mul" && b.op === "arg" && a.op === "const" && a.value === 1 ? b.index : undefined;
}
