/**
 * The first pass: equal nodes are shared, moves that do nothing or undo each other vanish, the winners of max pooling are found once. Nothing here changes the value of a finite program.
 */
import type { Program, ScalarExpr, WindowSpec } from "../ir/index.ts";
import { apply, arg, constant, sameShape } from "../ir/index.ts";
import {
  type CNode,
  type CSpec,
  fromProgram,
  type Graph,
  isMove,
  type Roots,
  scalarConstant,
} from "./graph.ts";

type Make = (
  spec: CSpec,
  inputs: readonly CNode[],
  shape: CNode["shape"],
  dtype: CNode["dtype"],
  label: string,
) => CNode;
/** A rule gives the replacement of a node that is about to be made, or undefined. */
type Rule = (n: Omit<CNode, "id">, make: Make) => CNode | undefined;

export function simplify(p: Program, graph: Graph): Roots {
  const make: Make = (spec, inputs, shape, dtype, label) => {
    const draft = { spec, inputs, shape, dtype, label };
    for (const rule of rules) {
      const better = rule(draft, make);
      if (better) return better;
    }
    return graph.node(spec, inputs, shape, dtype, label);
  };
  return fromProgram(p, make);
}

const rules: readonly Rule[] = [
  trivialMove,
  composedMove,
  trivialReduce,
  winners,
  maskThroughSpread,
  sumOfSpread,
  composedTake,
];

/** Moves that leave every element in place. */
function trivialMove(n: Omit<CNode, "id">): CNode | undefined {
  const { spec } = n;
  if (spec.kind !== "move") return undefined;
  const x = n.inputs[0]!;
  if (spec.move === "place") return undefined;
  if (!sameShape(n.shape, x.shape)) return undefined;
  if (spec.move === "reshape") return x;
  if (spec.move === "slice")
    return spec.steps.every((s) => s === 1) && spec.starts.every((s) => s === 0) ? x : undefined;
  return spec.axes.every((a, i) => a === i) ? x : undefined;
}

/** A move of a move of the same sort is one move. */
function composedMove(n: Omit<CNode, "id">, make: Make): CNode | undefined {
  const { spec } = n;
  const x = n.inputs[0];
  if (spec.kind !== "move" || x?.spec.kind !== "move" || spec.move !== x.spec.move) return undefined;
  const y = x.inputs[0]!;
  if (spec.move === "reshape") return make(spec, [y], n.shape, n.dtype, n.label);
  if (spec.move === "permute" && x.spec.move === "permute") {
    const inner = x.spec.axes;
    return make({ ...spec, axes: spec.axes.map((a) => inner[a]!) }, [y], n.shape, n.dtype, n.label);
  }
  if (spec.move === "broadcast" && x.spec.move === "broadcast") {
    const inner = x.spec.axes;
    return make(
      { ...spec, axes: spec.axes.map((a) => (a < 0 ? -1 : inner[a]!)) },
      [y],
      n.shape,
      n.dtype,
      n.label,
    );
  }
  return undefined;
}

/** Reducing over axes of size 1 is a reshape (all but argmax and argmin, which give positions). */
function trivialReduce(n: Omit<CNode, "id">, make: Make): CNode | undefined {
  if (n.spec.kind !== "reduce" || n.spec.fn === "argmax" || n.spec.fn === "argmin") return undefined;
  const x = n.inputs[0]!;
  if (!n.spec.axes.every((a) => x.shape[a] === 1)) return undefined;
  return make({ kind: "move", move: "reshape" }, [x], n.shape, n.dtype, n.label);
}

/** `maxScatter` and `maxGather` by way of the winners' numbers. */
function winners(n: Omit<CNode, "id">, make: Make): CNode | undefined {
  const { spec } = n;
  if (spec.kind !== "window" || (spec.fn !== "maxScatter" && spec.fn !== "maxGather")) return undefined;
  const [x, other] = n.inputs as [CNode, CNode];
  const pooled = spec.fn === "maxScatter" ? other.shape : n.shape;
  const cells = spec.window.reduce((a, b) => a * b, 1);
  const winner = make(
    { ...spec, fn: "argmax" },
    [x],
    pooled,
    cells <= 256 ? "uint8" : "int32",
    `${n.label}/winner`,
  );
  return make(
    { ...spec, fn: spec.fn === "maxScatter" ? "spread" : "pick" },
    [winner, other],
    n.shape,
    n.dtype,
    n.label,
  );
}

/**
 * An elementwise function that is 0 where a spread is 0, and that looks otherwise only at what was pooled, may be taken
 * before the spread, on the pooled maxima: the gradient of `relu` then needs the pooled output only.
 */
function maskThroughSpread(n: Omit<CNode, "id">, make: Make): CNode | undefined {
  if (n.spec.kind !== "map") return undefined;
  const at = n.inputs.findIndex((x) => x.spec.kind === "window" && x.spec.fn === "spread");
  if (at < 0) return undefined;
  const spread = n.inputs[at]!;
  const [winner, g] = spread.inputs as [CNode, CNode];
  const pooledFrom = winner.inputs[0]!;
  if (!vanishes(n.spec.expr, at, n.inputs)) return undefined;
  const max: WindowSpec = { ...(spread.spec as WindowSpec), fn: "max" };
  const pooled = n.inputs.map((x, i) => (i === at ? g : atPooled(x, pooledFrom, max, g, make)));
  if (pooled.some((x) => x === undefined)) return undefined;
  const masked = make(n.spec, pooled as CNode[], g.shape, n.dtype, n.label);
  return make(spread.spec, [winner, masked], n.shape, n.dtype, n.label);
}

/** What an elementwise function of `from` is at the winners: the same function of the pooled maxima. */
function atPooled(x: CNode, from: CNode, max: WindowSpec, like: CNode, make: Make): CNode | undefined {
  if (x === from) return make(max, [x], like.shape, x.dtype, `${x.label}/max`);
  if (isScalarBroadcast(x)) {
    return make(
      { kind: "move", move: "broadcast", axes: like.shape.map(() => -1) },
      x.inputs,
      like.shape,
      x.dtype,
      x.label,
    );
  }
  if (x.spec.kind !== "map") return undefined;
  const inputs = x.inputs.map((y) => atPooled(y, from, max, like, make));
  return inputs.some((y) => y === undefined)
    ? undefined
    : make(x.spec, inputs as CNode[], like.shape, x.dtype, x.label);
}

function isScalarBroadcast(x: CNode): boolean {
  return isMove(x, "broadcast") && scalarConstant(x.inputs[0]!) !== undefined;
}

/** Whether the expression is 0 wherever argument `zero` is 0 (for finite other arguments), and linear in it. */
function vanishes(e: ScalarExpr, zero: number, inputs: readonly CNode[]): boolean {
  const isZero = (x: ScalarExpr): boolean => {
    if (x.op === "const") return x.value === 0;
    if (x.op === "arg") {
      if (x.index === zero) return true;
      const n = inputs[x.index]!;
      return isScalarBroadcast(n) && scalarConstant(n.inputs[0]!) === 0;
    }
    if (x.op === "mul") return x.args.some(isZero);
    if (x.op === "neg") return isZero(x.args[0]!);
    if (x.op === "select") return !uses(x.args[0]!, zero) && isZero(x.args[1]!) && isZero(x.args[2]!);
    return false;
  };
  return isZero(e);
}

function uses(e: ScalarExpr, index: number): boolean {
  if (e.op === "arg") return e.index === index;
  return e.op !== "const" && e.args.some((a) => uses(a, index));
}

/**
 * Rows taken from taken rows: their numbers are taken first. Numbers are shifted by one on the way, so that the 0 read for one out
 * of range becomes -1, which is out of range again.
 */
function composedTake(n: Omit<CNode, "id">, make: Make): CNode | undefined {
  const [x, outer] = n.inputs as [CNode, CNode];
  if (!isTakeOfRows(n) || !isTakeOfRows(x)) return undefined;
  const [y, inner] = x.inputs as [CNode, CNode];
  if (inner.shape.length !== 1) return undefined;
  const shifted = (i: CNode, by: number): CNode =>
    make(
      { kind: "map", expr: apply("add", arg(0, "int32"), constant(by, "int32")) },
      [i],
      i.shape,
      "int32",
      n.label,
    );
  const taken = make(
    { kind: "gather", fn: "take", axis: 0 },
    [shifted(inner, 1), outer],
    outer.shape,
    "int32",
    n.label,
  );
  return make(n.spec, [y, shifted(taken, -1)], n.shape, n.dtype, n.label);
}

function isTakeOfRows({ spec }: Omit<CNode, "id">): boolean {
  return spec.kind === "gather" && spec.fn === "take" && spec.axis === 0;
}

/** The sum of a spread over all its window axes is the sum of what was spread. */
function sumOfSpread(n: Omit<CNode, "id">, make: Make): CNode | undefined {
  const { spec } = n;
  const x = n.inputs[0];
  if (spec.kind !== "reduce" || spec.fn !== "sum" || x?.spec.kind !== "window" || x.spec.fn !== "spread")
    return undefined;
  const axes = x.spec.axes;
  if (!axes.every((a) => spec.axes.includes(a))) return undefined;
  return make(spec, [x.inputs[1]!], n.shape, n.dtype, n.label);
}
