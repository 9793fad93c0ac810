/**
 * What is computed in the tile of a contraction, or in the registers of a segment's row: the elementwise nodes that follow it,
 * and behind a contraction a max pooling.
 */
import type { WindowSpec } from "../ir/index.ts";
import { countOf, sameShape, sameSize } from "../ir/index.ts";
import { type CNode, isMove, type SplitContractSpec, topological, type WinnerSpec } from "./graph.ts";
import type { Group } from "./lower/contract.ts";
import { inlineSpread, windowsTile } from "./lower/spread.ts";

export interface Groups {
  readonly groups: ReadonlyMap<CNode, Group>;
  /** Nodes computed only inside a group. */
  readonly covered: ReadonlySet<CNode>;
}

/** The groups of all nodes of `order` that start one; `required` nodes must be in memory. */
export function groupsOf(
  order: readonly CNode[],
  users: Map<CNode, CNode[]>,
  required: ReadonlySet<CNode>,
): Groups {
  const groups = new Map<CNode, Group>();
  const covered = new Set<CNode>();
  /** Nodes that some group computes: what adds two of them up belongs to the first. */
  const taken = new Set<CNode>();
  for (const n of order) {
    if (!startsGroup(n)) continue;
    const group = groupOf(n, users, required, taken);
    groups.set(n, group);
    const inside = insideOf(group, users);
    for (const x of inside) covered.add(x);
    for (const x of [...inside, group.result]) taken.add(x);
  }
  return { groups, covered };
}

/** Whether what follows elementwise may be computed with the node. */
function startsGroup({ spec }: CNode): boolean {
  if (spec.kind === "segment") return spec.fn !== "ids";
  return spec.kind === "contract" || (spec.kind === "winners" && spec.fn === "input");
}

/** What may follow a node inside its kernel: its only elementwise user, that one's only user, and so on. */
function groupOf(
  n: CNode,
  users: Map<CNode, CNode[]>,
  required: ReadonlySet<CNode>,
  taken: ReadonlySet<CNode>,
): Group {
  if (n.spec.kind === "contract") {
    const spread = inlineSpread(n, n.spec);
    if (spread) return { node: n, result: n, spread };
    if ((n.spec as SplitContractSpec).part !== undefined) return { node: n, result: n };
  }
  let result = n;
  let at = n;
  while (!required.has(at)) {
    const next = users.get(at)!;
    if (next.length !== 1) break;
    const user = next[0]!;
    if (taken.has(user)) break;
    if (
      user.spec.kind === "map" &&
      sameSize(countOf(user.shape), countOf(n.shape)) &&
      // Winners are added up in the result's memory, rows of segments stored in parts of vectors.
      (n.spec.kind === "contract" || user.dtype === n.dtype) &&
      !dependsOtherwise(user, at)
    )
      result = user;
    else if (!isMove(user, "reshape")) break;
    at = user;
  }
  const pool = poolOf(n, at, users, required);
  return pool ? { node: n, result, pool } : { node: n, result };
}

/** Whether `user` reaches `n` by another way than directly (then it cannot be computed in n's tile). */
function dependsOtherwise(user: CNode, n: CNode): boolean {
  return user.inputs.some((x) => x !== n && topological([x]).includes(n));
}

/** Max pooling right behind a contraction, if nothing else needs what is pooled. */
function poolOf(
  n: CNode,
  input: CNode,
  users: Map<CNode, CNode[]>,
  required: ReadonlySet<CNode>,
): Group["pool"] {
  if (required.has(input) || input.dtype !== "float32" || n.spec.kind !== "contract") return undefined;
  const all = users.get(input)!;
  const max = all.find((u) => windowFn(u) === "max");
  const winner = all.find((u) => windowFn(u) === "argmax");
  if (!max || all.length !== (winner ? 2 : 1)) return undefined;
  const spec = max.spec as WindowSpec;
  if (winner && !sameWindows(spec, winner.spec as WinnerSpec)) return undefined;
  const cells = spec.window.reduce((a, b) => a * b, 1);
  const disjoint = windowsTile(spec, input.shape, max.shape);
  const last = n.shape.length - 1;
  const { b } = n.spec;
  const free = spec.axes.every((axis) => axis < last && b.strides[axis] === 0);
  // The pooled axes are axes of the contraction too; only what follows them may be shaped otherwise.
  const leading = Math.max(...spec.axes) + 1;
  const alike = sameShape(n.shape.slice(0, leading), input.shape.slice(0, leading));
  return disjoint && free && alike && cells <= 4 ? { spec, input, max, winner } : undefined;
}

export function windowFn(n: CNode): string | undefined {
  return n.spec.kind === "window" ? n.spec.fn : undefined;
}

export function sameWindows(a: WindowSpec | WinnerSpec, b: WindowSpec | WinnerSpec): boolean {
  const lists = ["axes", "window", "stride", "pad"] as const;
  return lists.every((f) => a[f].join() === b[f].join());
}

/** Nodes computed only inside the group. */
function insideOf(group: Group, users: Map<CNode, CNode[]>): CNode[] {
  const out: CNode[] = [];
  const end = group.pool?.input ?? group.result;
  for (let at = group.node; at !== end; at = users.get(at)![0]!) out.push(at);
  if (group.pool) out.push(end);
  return out;
}
