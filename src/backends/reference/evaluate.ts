/** Evaluates a Program node by node in float64. */
import { internal } from "../../ir/errors.ts";
import type { Node, Program } from "../../ir/program.ts";
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

function evaluateNode(node: Node, inputs: readonly Value[], out: Output, context: Context): void {
  const { spec } = node;
  switch (spec.kind) {
    case "source":
      return source(spec, out, context);
    case "map":
      return map(spec, inputs, out);
    case "move":
      return move(spec, inputs, out, context);
    case "reduce":
      return reduce(spec, inputs, out);
    case "contract":
      return contract(spec, inputs, out, context);
    case "window":
      return window(spec, inputs, out);
    case "gather":
      return gather(spec, inputs, out);
    case "segment":
      return segment(spec, inputs, out);
    case "routine":
      return routine(spec, inputs, out);
    default:
      return internal(`no such kind of node: ${JSON.stringify(spec)}`);
  }
}

/** All results of `program` in float64. */
export function evaluateProgram(program: Program, args: Arguments): Evaluated {
  const size = (s: Parameters<Context["size"]>[0]): number => evalSize(s, args.sizes);
  const context: Context = { ...args, size, sizes: (shape) => shape.map(size) };
  const values: Value[] = [];
  for (const node of program.nodes) {
    const shape = context.sizes(node.shape);
    const out = { shape, dtype: node.dtype, data: new Float64Array(count(shape)) };
    evaluateNode(
      node,
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
