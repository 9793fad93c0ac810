/** Evaluates a Program node by node in float64. */
import type { NodeSpec, Program } from "../../ir/program.ts";
import { evalSize } from "../../ir/size.ts";
import type { Context, Output, Value } from "./kinds.ts";
import { contract, gather, map, move, reduce, routine, segment, source, window } from "./kinds.ts";
import { count } from "./walk.ts";

/** Values for one evaluation; nothing is rounded to float32. */
export interface Arguments {
  readonly inputs: readonly ArrayLike<number>[];
  readonly variables: readonly ArrayLike<number>[];
  readonly sizes: ReadonlyMap<number, number>;
}

/** What a program computes. */
export interface Evaluated {
  readonly outputs: readonly Float64Array[];
  /** The new value of each effect, in the order of the program. */
  readonly effects: readonly Float64Array[];
  readonly guard: boolean;
}

type Rule<K> = (
  spec: Extract<NodeSpec, { kind: K }>,
  inputs: readonly Value[],
  out: Output,
  context: Context,
) => void;

const rules: { readonly [K in NodeSpec["kind"]]: Rule<K> } = {
  source,
  map,
  move,
  reduce,
  contract,
  window,
  gather,
  segment,
  routine,
};

/** All results of `program` in float64. */
export function evaluateProgram(program: Program, args: Arguments): Evaluated {
  const size = (s: Parameters<Context["size"]>[0]): number => evalSize(s, args.sizes);
  const context: Context = { ...args, size, sizes: (shape) => shape.map(size) };
  const values: Value[] = [];
  for (const node of program.nodes) {
    const shape = context.sizes(node.shape);
    const out = { shape, dtype: node.dtype, data: new Float64Array(count(shape)) };
    const rule = rules[node.spec.kind] as Rule<NodeSpec["kind"]>;
    rule(
      node.spec,
      node.inputs.map((i) => values[i]!),
      out,
      context,
    );
    values.push(out);
  }
  return {
    outputs: program.outputs.map((i) => values[i]!.data),
    effects: program.effects.map((e) => values[e.value]!.data),
    guard: program.guard === undefined || values[program.guard]!.data[0] !== 0,
  };
}
