/** What is known of the values of a node from what they are computed of; NaN may be among them. */
import type { ScalarExpr } from "../ir/index.ts";
import { type CNode, throughReshapes } from "./graph.ts";

/** A function of a node, said of the expression that makes it. */
type Known = (e: ScalarExpr, inputs: readonly CNode[]) => boolean;

/** What `known` says of an expression, by way of the nodes that it reads. */
function through(known: (e: Exclude<ScalarExpr, { op: "arg" }>, inputs: readonly CNode[]) => boolean): Known {
  const of: Known = (e, inputs) => {
    if (e.op !== "arg") return known(e, inputs);
    const n = throughReshapes(inputs[e.index]!);
    return n.spec.kind === "map" && of(n.spec.expr, n.inputs);
  };
  return of;
}

const isAtLeast0 = through((e) => e.op === "abs");
const isAtMost0 = through((e, inputs) => e.op === "neg" && isAtLeast0(e.args[0]!, inputs));

/** Whether values lie between 0 and 1, as e^-|x| does. */
export const isUnit = through((e, inputs) => e.op === "exp" && isAtMost0(e.args[0]!, inputs));
