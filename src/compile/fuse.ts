/**
 * Fifth pass: which nodes live in memory, and which kernels make them. Everything elementwise is computed inside the
 * kernel that uses it, unless it is used by several kernels and dear to compute, or repeated many times by a broadcast.
 */
import type { ScalarExpr, WindowSpec } from "../ir/index.ts";
import { countOf, sameShape, sameSize } from "../ir/index.ts";
import {
  type CNode,
  isMove,
  type Roots,
  rootNodes,
  scalarConstant,
  throughReshapes,
  topological,
} from "./graph.ts";
import { groupsOf, sameWindows, windowFn } from "./groups.ts";
import type { Group } from "./lower/contract.ts";
import { inlineSpread } from "./lower/spread.ts";
import { expensive } from "./numerics.ts";

/** One kernel (or a few that belong together): the nodes it puts in memory, and what it reads. */
export type Stage =
  | { readonly kind: "map"; readonly roots: readonly CNode[] }
  | { readonly kind: "group"; readonly roots: readonly CNode[]; readonly group: Group }
  | {
      readonly kind: "window";
      readonly roots: readonly CNode[];
      readonly max?: CNode;
      readonly winner?: CNode;
      readonly sum?: CNode;
    }
  /** A node whose kind has a kernel of its own. */
  | { readonly kind: "single"; readonly roots: readonly CNode[] };

export interface Fused {
  readonly stages: readonly Stage[];
  readonly inMemory: ReadonlySet<CNode>;
}

/** An elementwise node that costs more than this is not computed twice. */
const DEAR = 6;
/** Arrays that are counted of those that a node reads. */
const MOST_READS = 4;

export function fuse(r: Roots): Fused {
  const order = topological(rootNodes(r));
  const users = usersOf(order);
  const required = new Set(rootNodes(r).map(throughReshapes));
  const { groups, covered } = groupsOf(order, users, required);
  const inMemory = chooseMemory(order, users, required, covered, groups);
  return { stages: mergeMaps(stagesOf(order, inMemory, groups), inMemory), inMemory };
}

function usersOf(order: readonly CNode[]): Map<CNode, CNode[]> {
  const users = new Map<CNode, CNode[]>(order.map((n) => [n, []]));
  for (const n of order) for (const x of new Set(n.inputs)) users.get(x)!.push(n);
  return users;
}

/** Kinds that can be computed inside the kernel that uses them. */
function inlinable(n: CNode): boolean {
  const { spec } = n;
  switch (spec.kind) {
    case "map":
    case "strided":
      return true;
    case "source":
      return spec.source === "iota" || spec.source === "size" || scalarConstant(n) !== undefined;
    case "move":
      return spec.move !== "place";
    case "gather":
      return spec.fn === "take" || spec.fn === "along";
    case "window":
      return spec.fn === "spread" || spec.fn === "pick" || spec.fn === "sumScatter";
    default:
      return false;
  }
}

/** Inputs that a node's kernel must find in memory as they are. */
function needsInMemory(n: CNode): readonly CNode[] {
  const { kind } = n.spec;
  if (n.spec.kind === "contract" && inlineSpread(n, n.spec)) return [n.inputs[0]!];
  return kind === "contract" || kind === "winners" || kind === "routine" || kind === "strided"
    ? n.inputs
    : [];
}

function chooseMemory(
  order: readonly CNode[],
  users: Map<CNode, CNode[]>,
  required: ReadonlySet<CNode>,
  covered: ReadonlySet<CNode>,
  groups: ReadonlyMap<CNode, Group>,
): Set<CNode> {
  const results = new Set([...groups.values()].map((g) => g.result));
  const forced = new Set<CNode>(required);
  for (const n of order) for (const x of needsInMemory(n)) forced.add(throughReshapes(x));
  for (const n of takenNumbers(order)) forced.add(n);
  const cost = costs(order);
  const reads = arraysRead(order, (n) => forced.has(n) || results.has(n) || !inlinable(n));
  const isStored = (n: CNode): boolean =>
    forced.has(n) || results.has(n) || !inlinable(n) || cost.get(n)! > DEAR;
  const taken = (n: CNode): boolean => users.get(n)!.some((u) => u.spec.kind === "gather" && repeats(u, n));
  /** Taken at many places, again and again, from several arrays or across the rows of one: one array in order is fetched sooner. */
  const several = (n: CNode): boolean => reads.get(n)!.all > 2 || arraysOfRow(n, isStored) > 1;
  const scattered = new Set(order.filter((n) => taken(n) && (several(n) || isTurned(n))));
  /** What is generated from positions is generated where it is taken; there may be fewer of those. */
  const elsewhere = (u: CNode, n: CNode): boolean => u.spec.kind === "gather" && reads.get(n)!.long === 0;
  const inMemory = new Set<CNode>();
  /** The kernels that would compute an inlined node. */
  const kernels = new Map<CNode, Set<CNode>>();
  for (const n of [...order].reverse()) {
    const mine = new Set<CNode>();
    for (const u of users.get(n)!) {
      if (inMemory.has(u) || covered.has(u)) mine.add(u);
      else for (const k of kernels.get(u)!) mine.add(k);
    }
    kernels.set(n, mine);
    if (covered.has(n)) continue;
    const dear = cost.get(n)! > DEAR;
    const repeated = users.get(n)!.some((u) => repeats(u, n) && !elsewhere(u, n));
    const keep =
      forced.has(n) ||
      results.has(n) ||
      !inlinable(n) ||
      scattered.has(n) ||
      (dear && n.spec.kind !== "source" && (mine.size > 1 || repeated));
    if (keep) inMemory.add(n);
  }
  // With the inputs in memory some nodes turn out cheap after all.
  const paid = new Map<CNode, number>();
  for (const n of order) {
    const below = inlinable(n)
      ? n.inputs.reduce((sum, x) => sum + (inMemory.has(x) ? 0 : paid.get(x)!), 0)
      : 0;
    const total = ownCost(n) + below;
    const cheap = total <= DEAR && !scattered.has(n);
    if (inMemory.has(n) && !forced.has(n) && !results.has(n) && inlinable(n) && cheap) inMemory.delete(n);
    paid.set(n, Math.min(total, 1e6));
  }
  return inMemory;
}

/** Numbers of rows that have themselves been taken: reading both at once for every element of a row is slow. */
function takenNumbers(order: readonly CNode[]): CNode[] {
  const taken = new Set<CNode>();
  for (const n of order) {
    if (n.spec.kind === "gather" || (n.spec.kind === "map" && n.inputs.some((x) => taken.has(x))))
      taken.add(n);
  }
  const numbers = order.filter((n) => n.spec.kind === "gather").map((n) => throughReshapes(n.inputs[1]!));
  return numbers.filter((n) => taken.has(n));
}

/** Whether neighbours along the last axis lie apart in memory. */
function isTurned(n: CNode): boolean {
  return n.spec.kind === "move" && n.spec.move === "permute" && n.spec.axes.at(-1) !== n.shape.length - 1;
}

/** Of how many arrays a row of `n` reads elements of its own, if all that is cheap is inlined. */
function arraysOfRow(n: CNode, isStored: (n: CNode) => boolean): number {
  const arrays = new Set<CNode>();
  const seen = new Set<CNode>();
  const visit = (x: CNode): void => {
    if (seen.has(x)) return;
    seen.add(x);
    if (x !== n && isStored(x)) arrays.add(x);
    else if (isMove(x, "broadcast") && !variesWithRow(x)) return;
    else x.inputs.forEach(visit);
  };
  visit(n);
  return arrays.size;
}

function variesWithRow({ spec }: CNode): boolean {
  return spec.kind === "move" && spec.move === "broadcast" && spec.axes[0]! >= 0;
}

/** How many arrays a node reads, and how many as long as itself, if all that is inlinable is inlined. */
function arraysRead(
  order: readonly CNode[],
  isStored: (n: CNode) => boolean,
): Map<CNode, { all: number; long: number }> {
  const out = new Map<CNode, { all: number; long: number }>();
  const reads = new Map<CNode, ReadonlySet<CNode>>();
  for (const n of order) {
    const mine = new Set(
      isStored(n) ? [n] : n.inputs.flatMap((x) => [...reads.get(x)!].slice(0, MOST_READS)),
    );
    reads.set(n, mine);
    const long = [...mine].filter((x) => sameSize(countOf(x.shape), countOf(n.shape))).length;
    out.set(n, { all: mine.size, long });
  }
  return out;
}

/** Whether `u` uses the same element of `n` many times. */
function repeats(u: CNode, n: CNode): boolean {
  if (isMove(u, "broadcast")) return !sameSize(countOf(u.shape), countOf(n.shape));
  // Taking as many as there are takes each about once (a permutation).
  if (u.spec.kind === "gather") return u.inputs[0] !== n || !sameSize(countOf(u.shape), countOf(n.shape));
  return u.spec.kind === "window" && u.spec.fn !== "spread" && u.spec.fn !== "pick";
}

/** About how many instructions one element takes if everything inlinable is inlined. */
function costs(order: readonly CNode[]): Map<CNode, number> {
  const cost = new Map<CNode, number>();
  for (const n of order) {
    const below = inlinable(n) ? n.inputs.reduce((sum, x) => sum + (inlinable(x) ? cost.get(x)! : 0), 0) : 0;
    cost.set(n, Math.min(ownCost(n) + below, 1e6));
  }
  return cost;
}

function ownCost(n: CNode): number {
  if (n.spec.kind === "map") return exprCost(n.spec.expr);
  return n.spec.kind === "window" || n.spec.kind === "gather" ? 4 : 0;
}

function exprCost(e: ScalarExpr): number {
  if (e.op === "arg" || e.op === "const") return 0;
  return e.args.reduce((sum, a) => sum + exprCost(a), expensive.has(e.op) ? 10 : 1);
}

function stagesOf(
  order: readonly CNode[],
  inMemory: ReadonlySet<CNode>,
  groups: ReadonlyMap<CNode, Group>,
): Stage[] {
  const stages: Stage[] = [];
  const made = new Set<CNode>();
  for (const group of groups.values()) {
    const roots = group.pool
      ? [group.pool.max, ...(group.pool.winner ? [group.pool.winner] : [])]
      : [group.result];
    stages.push({ kind: "group", roots, group });
    for (const n of roots) made.add(n);
  }
  for (const n of order) {
    if (!inMemory.has(n) || made.has(n)) continue;
    if (n.spec.kind === "source" && !inlinable(n)) continue;
    if (inlinable(n)) stages.push({ kind: "map", roots: [n] });
    else if (n.spec.kind === "window") stages.push(windowStage(n, order, made));
    else stages.push({ kind: "single", roots: [n] });
    made.add(n);
  }
  return stages;
}

/** A max window and its winners are found together. */
function windowStage(n: CNode, order: readonly CNode[], made: Set<CNode>): Stage {
  const fn = windowFn(n);
  if (fn !== "max" && fn !== "argmax") return { kind: "window", roots: [n], sum: n };
  const other = fn === "max" ? "argmax" : "max";
  const spec = n.spec as WindowSpec;
  const isTwin = (m: CNode): boolean =>
    windowFn(m) === other && m.inputs[0] === n.inputs[0] && sameWindows(spec, m.spec as WindowSpec);
  const twin = order.find((m) => !made.has(m) && isTwin(m));
  if (twin) made.add(twin);
  const [max, winner] = fn === "max" ? [n, twin] : [twin, n];
  const roots = [max, winner].filter((x) => x !== undefined);
  return { kind: "window", roots, ...(max ? { max } : {}), ...(winner ? { winner } : {}) };
}

/** The nodes in memory that a stage reads. */
export function readsOf(stage: Stage, inMemory: ReadonlySet<CNode>): Set<CNode> {
  const out = new Set<CNode>();
  const seen = new Set<CNode>();
  const own = new Set(stage.roots);
  const visit = (n: CNode): void => {
    if (seen.has(n)) return;
    seen.add(n);
    if (inMemory.has(n) && !own.has(n)) out.add(n);
    else for (const x of n.inputs) visit(x);
  };
  for (const root of stage.roots) visit(root);
  return out;
}

/**
 * Elementwise stages over the same index space that share inputs become one kernel with several results, unless one
 * needs the other by way of a third.
 */
function mergeMaps(stages: readonly Stage[], inMemory: ReadonlySet<CNode>): Stage[] {
  const all = stages.map((s) => ({ stage: s, reads: readsOf(s, inMemory) }));
  const maker = new Map<CNode, number>();
  for (const [i, { stage }] of all.entries()) for (const n of stage.roots) maker.set(n, i);
  const gone = new Set<number>();
  /** Whether stage `from` needs something stage `to` makes, by way of at least one other stage. */
  const indirectly = (from: number, to: number): boolean => {
    const seen = new Set<number>();
    const stack = [...all[from]!.reads]
      .map((n) => maker.get(n))
      .filter((m) => m !== undefined && m !== to) as number[];
    while (stack.length > 0) {
      const m = stack.pop()!;
      if (seen.has(m) || m === from) continue;
      seen.add(m);
      for (const n of all[m]!.reads) {
        const next = maker.get(n);
        if (next === to) return true;
        if (next !== undefined) stack.push(next);
      }
    }
    return false;
  };
  for (let i = 0; i < all.length; i++) {
    for (let j = 0; j < i; j++) {
      const [a, b] = [all[i]!, all[j]!];
      if (gone.has(i) || gone.has(j) || a.stage.kind !== "map" || b.stage.kind !== "map") continue;
      if (!sameShape(a.stage.roots[0]!.shape, b.stage.roots[0]!.shape)) continue;
      const shares =
        [...a.reads].some((n) => b.reads.has(n) || b.stage.roots.includes(n)) ||
        [...b.reads].some((n) => a.stage.roots.includes(n));
      if (!shares || indirectly(i, j) || indirectly(j, i)) continue;
      if (!samePlace(a.stage, b.stage, inMemory) || !samePlace(b.stage, a.stage, inMemory)) continue;
      const merged: Stage = { kind: "map", roots: [...b.stage.roots, ...a.stage.roots] };
      all[j] = { stage: merged, reads: readsOf(merged, inMemory) };
      gone.add(i);
      for (const n of a.stage.roots) maker.set(n, j);
    }
  }
  return all.filter((_, i) => !gone.has(i)).map((x) => x.stage);
}

/** Whether what `a` reads of `b`'s results it reads at the very element it computes. */
function samePlace(a: Stage, b: Stage, inMemory: ReadonlySet<CNode>): boolean {
  const visit = (n: CNode, direct: boolean): boolean => {
    if (b.roots.includes(n)) return direct;
    if (inMemory.has(n) && !a.roots.includes(n)) return true;
    return n.inputs.every((x) => visit(x, direct && n.spec.kind === "map"));
  };
  return a.roots.every((n) => visit(n, true));
}
