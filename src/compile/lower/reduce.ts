/**
 * Reductions. The order of a sum is fixed by shapes alone:
 *  - along the fastest axis: 16 lanes, element i goes to lane i mod 16, and the lanes meet in a fixed tree;
 *  - along other axes: four running values, element i goes to value i mod 4, and they meet as (0 + 2) + (1 + 3).
 */
import type { FoldOp, PrimOp, ReduceFn, Size, Target, Val } from "../../ir/index.ts";
import { ceilDivSize, countOf, evalSize, internal, symbolsOf } from "../../ir/index.ts";
import type { KernelBuilder } from "../builder.ts";
import type { Segment, View } from "../evaluate.ts";
import { type CNode, roughCount } from "../graph.ts";
import { Ix, LaneIx } from "../ix.ts";
import { along, bytesOf, Context, type Draft, nest, taskRange, vectorLoop } from "./context.ts";
import { collapse } from "./domain.ts";

/** Lanes of a sum along the fastest axis; the same for every backend, since it fixes the order. */
const LANES = 16;
const RUNNING = 4;
const TASK_ELEMENTS = 16384;
/** A batch that sums go over, where its size is not known. */
const BATCH = 512;

/** A size for such a batch. */
function atBatch(size: Size): number {
  return evalSize(size, new Map(Array.from(symbolsOf(size).keys(), (id) => [id, BATCH])));
}

interface Axis {
  readonly size: Size;
  readonly reduced: boolean;
}

/** How values are put together, and what to start from. */
interface Combine {
  readonly op: FoldOp & PrimOp;
  readonly start: (k: KernelBuilder, lanes: number) => Val;
}

function combineOf(fn: ReduceFn, float: boolean): Combine {
  const f = (op: FoldOp & PrimOp, value: number): Combine => ({
    op,
    start: (k, lanes) => k.f32(value, lanes),
  });
  const i = (op: FoldOp & PrimOp, value: number): Combine => ({
    op,
    start: (k, lanes) => k.i32(value, lanes),
  });
  const table: Partial<Record<ReduceFn, Combine>> = {
    sum: float ? f("fadd", 0) : i("iadd", 0),
    prod: float ? f("fmul", 1) : i("imul", 1),
    max: float ? f("fmax", Number.NEGATIVE_INFINITY) : i("imax", -(2 ** 31)),
    min: float ? f("fmin", Number.POSITIVE_INFINITY) : i("imin", 2 ** 31 - 1),
  };
  return table[fn] ?? internal(`${fn} is not a fold`);
}

export function lowerReduce(n: CNode, inMemory: (n: CNode) => boolean, { tile }: Target): Draft {
  if (n.spec.kind !== "reduce") return internal("reduce expected");
  const { fn, axes: reduced, part } = n.spec;
  const x = n.inputs[0]!;
  const isReduced = (axis: number): boolean => reduced.includes(axis);
  // Merged axes must be reduced together or kept together.
  const apart = (axis: number): boolean => part !== undefined && axis === 0;
  const groups = collapse(
    x.shape,
    [x],
    inMemory,
    (axis) => isReduced(axis) !== isReduced(axis + 1) || apart(axis),
  );
  const axes = groups.map((g) => ({ size: g.size, reduced: isReduced(g.axes[0]!) }));
  const c = new Context(inMemory);
  const tasks =
    fn === "argmax" || fn === "argmin" ? positions(c, n, x, axes) : folds(c, n, x, axes, tile.columns);
  return c.finish(fn, tasks, { flops: countOf(x.shape), bytes: bytesOf([n, x]) }, n.label);
}

function folds(c: Context, n: CNode, x: CNode, axes: readonly Axis[], columns: number): Size {
  if (n.spec.kind !== "reduce") return internal("reduce expected");
  const { part } = n.spec;
  const combine = combineOf(n.spec.fn, x.dtype === "float32");
  const last = axes[axes.length - 1];
  return last?.reduced
    ? foldRows(c, n, x, axes, combine)
    : foldColumns(c, n, x, axes, combine, columns, part);
}

/** Loops over kept axes; tasks cut the first of them. `body` gets the kept indices. */
function overKept(c: Context, kept: readonly Size[], workEach: number, body: (index: Ix[]) => void): Size {
  const { k } = c;
  if (kept.length === 0) {
    body([]);
    return 1;
  }
  const part = Math.max(1, Math.floor(TASK_ELEMENTS / Math.max(1, workEach * roughCount(kept.slice(1)))));
  const { from, to } = taskRange(k, kept[0]!, part);
  k.for(from, to, 1, (i) => nest(k, kept.slice(1), (rest) => body([i, ...rest])));
  return ceilDivSize(kept[0]!, part);
}

/** Puts kept and reduced indices back in the order of the axes. */
function weave(axes: readonly Axis[], kept: readonly LaneIx[], reduced: readonly LaneIx[]): View {
  let a = 0;
  let b = 0;
  return axes.map(({ size, reduced: r }): Segment => ({ ix: r ? reduced[b++]! : kept[a++]!, size }));
}

/** Element number of the result at kept indices. */
function resultAt(c: Context, axes: readonly Axis[], kept: readonly Ix[]): Ix {
  const sizes = axes.filter((a) => !a.reduced).map((a) => a.size);
  return sizes.reduce((at, size, i) => at.mul(c.k.size(size)).add(kept[i]!), Ix.number(0));
}

/** The fastest axis is reduced: lanes run along it. */
function foldRows(c: Context, n: CNode, x: CNode, axes: readonly Axis[], combine: Combine): Size {
  const { k, ev } = c;
  const out = c.write(n);
  const inner = axes[axes.length - 1]!.size;
  const outerReduced = axes.filter((a) => a.reduced).slice(0, -1);
  const kept = axes.filter((a) => !a.reduced);
  const work = atBatch(countOf(axes.filter((a) => a.reduced).map((a) => a.size)));
  return overKept(
    c,
    kept.map((a) => a.size),
    work,
    (index) => {
      const acc = k.cell(combine.start(k, LANES));
      const step = (v: Val): void => k.set(acc, k.prim(combine.op, k.get(acc), v));
      const valueAt = (outer: readonly Ix[], ix: LaneIx, lanes: number): Val => {
        const view = weave(
          axes,
          index.map((i) => LaneIx.uniform(i)),
          [...outer.map((i) => LaneIx.uniform(i)), ix],
        );
        return k.splat(asNumber(k, x, ev.value(x, view, lanes)), lanes);
      };
      nest(
        k,
        outerReduced.map((a) => a.size),
        (outer) => rowLoop(c, inner, combine, step, (ix, lanes) => valueAt(outer, ix, lanes)),
      );
      k.store(out, resultAt(c, axes, index), k.fold(combine.op, k.get(acc)));
    },
  );
}

/** Feeds one row to the running lanes; what is left after whole vectors goes to the lanes it would have had. */
function rowLoop(
  c: Context,
  size: Size,
  combine: Combine,
  step: (v: Val) => void,
  valueAt: (ix: LaneIx, lanes: number) => Val,
): void {
  const { k } = c;
  const ramp = (): Val => k.pack(Array.from({ length: LANES }, (_, l) => k.i32(l)));
  const start = combine.start(k, LANES);
  if (typeof size === "number") {
    const whole = size - (size % LANES);
    if (whole > 0) k.for(0, whole, LANES, (i) => step(valueAt(LaneIx.linear(i, 1), LANES)));
    const left = size - whole;
    if (left > 0) {
      const valid = k.prim("ilt", ramp(), k.i32(left));
      step(k.select(valid, valueAt(LaneIx.linear(whole, 1, left), LANES), start));
    }
    return;
  }
  const n = k.value(k.size(size));
  const whole = Ix.of(k.prim("iand", n, k.i32(-LANES)));
  k.for(0, whole, LANES, (i) => step(valueAt(LaneIx.linear(i, 1), LANES)));
  k.for(whole, Ix.of(n), 1, (i) => {
    const lane = k.value(i.sub(whole));
    step(k.select(k.prim("ieq", ramp(), lane), k.splat(valueAt(LaneIx.uniform(i), 1), LANES), start));
  });
}

/**
 * The fastest axis is kept: lanes run along it, and running values along the fastest reduced axis. With `part` a task does so
 * many rounds of the first axis.
 */
function foldColumns(
  c: Context,
  n: CNode,
  x: CNode,
  axes: readonly Axis[],
  combine: Combine,
  lanes: number,
  part?: number,
): Size {
  const { k, ev } = c;
  const out = c.write(n);
  const reduced = axes.filter((a) => a.reduced);
  const kept = axes.filter((a) => !a.reduced);
  const columns = kept[kept.length - 1]?.size ?? 1;
  const outerKept = kept.slice(0, -1).map((a) => a.size);
  const rounds = part === undefined ? undefined : taskRange(k, reduced[0]!.size, part);
  const results = countOf(kept.map((a) => a.size));
  const body = (index: readonly Ix[], column: Ix, lanes: number): void => {
    const running = Array.from({ length: RUNNING }, () => k.cell(combine.start(k, lanes)));
    const feed = (which: number, outer: readonly Ix[], i: Ix | undefined): void => {
      const keptIx = kept.length === 0 ? [] : [...index.map((v) => LaneIx.uniform(v)), along(column, lanes)];
      const reducedIx = [...outer, ...(i ? [i] : [])].map((v) => LaneIx.uniform(v));
      const v = k.splat(asNumber(k, x, ev.value(x, weave(axes, keptIx, reducedIx), lanes)), lanes);
      k.set(running[which]!, k.prim(combine.op, k.get(running[which]!), v));
    };
    const inner = reduced[reduced.length - 1]?.size;
    const loops = (outer: readonly Ix[]): void => {
      if (inner === undefined) feed(0, outer, undefined);
      else
        nest(
          k,
          reduced.slice(outer.length, -1).map((a) => a.size),
          (more) => runningLoop(k, k.size(inner), (which, i) => feed(which, [...outer, ...more], i)),
        );
    };
    if (rounds === undefined) loops([]);
    else if (reduced.length === 1)
      runningLoop(k, rounds.to.sub(rounds.from), (which, i) => feed(which, [], rounds.from.add(i)));
    else k.for(rounds.from, rounds.to, 1, (first) => loops([first]));
    const [a, b, d, e] = running.map((r) => k.get(r)) as [Val, Val, Val, Val];
    const total = k.prim(combine.op, k.prim(combine.op, a, d), k.prim(combine.op, b, e));
    const at = kept.length === 0 ? Ix.number(0) : resultAt(c, axes, [...index, column]);
    k.store(out, rounds ? at.add(k.task().mul(k.size(results))) : at, total);
  };
  const work = atBatch(countOf(reduced.map((a) => a.size)));
  if (part !== undefined) {
    nest(k, outerKept, (index) => {
      vectorLoop(k, 0, k.size(columns), lanes, (i, lanes) => body(index, i, lanes));
    });
    return ceilDivSize(reduced[0]!.size, part);
  }
  if (kept.length === 0) {
    body([], Ix.number(0), 1);
    return 1;
  }
  if (outerKept.length === 0) {
    // Whole vectors per task, so that the cut does not depend on the number of lanes.
    const part = Math.max(16, 16 * Math.floor(TASK_ELEMENTS / Math.max(1, work * 16)));
    const { from, to } = taskRange(k, columns, part);
    vectorLoop(k, from, to, lanes, (i, lanes) => body([], i, lanes));
    return ceilDivSize(columns, part);
  }
  return overKept(c, outerKept, work * roughCount([columns]), (index) => {
    vectorLoop(k, 0, k.size(columns), lanes, (i, lanes) => body(index, i, lanes));
  });
}

/** Calls `feed(i mod 4, i)` for every i below `size`. */
function runningLoop(k: KernelBuilder, count: Ix, feed: (which: number, i: Ix) => void): void {
  const size = count.constant;
  if (size !== undefined) {
    const whole = size - (size % RUNNING);
    if (whole > 0) {
      k.for(0, whole, RUNNING, (i) => {
        for (let r = 0; r < RUNNING; r++) feed(r, i.add(r));
      });
    }
    for (let i = whole; i < size; i++) feed(i - whole, Ix.number(i));
    return;
  }
  const n = k.value(count);
  const whole = Ix.of(k.prim("iand", n, k.i32(-RUNNING)));
  k.for(0, whole, RUNNING, (i) => {
    for (let r = 0; r < RUNNING; r++) feed(r, i.add(r));
  });
  const left = k.prim("isub", n, k.value(whole));
  for (let r = 0; r < RUNNING - 1; r++) {
    k.if(k.prim("ilt", k.i32(r), left), () => feed(r, whole.add(r)));
  }
}

/** Truth values are reduced as 0 and 1. */
function asNumber(k: KernelBuilder, x: CNode, v: Val): Val {
  return x.dtype === "bool" ? k.prim("b2i", v) : v;
}

/** argmax and argmin: one pass in order; the first extreme wins, and the first NaN wins over everything. */
function positions(c: Context, n: CNode, x: CNode, axes: readonly Axis[]): Size {
  if (n.spec.kind !== "reduce") return internal("reduce expected");
  const { k, ev } = c;
  const out = c.write(n);
  const kept = axes.filter((a) => !a.reduced).map((a) => a.size);
  const reduced = axes.filter((a) => a.reduced);
  const float = x.dtype === "float32";
  const less = n.spec.fn === "argmin";
  const better = (v: Val, best: Val): Val => {
    const beats = float
      ? k.prim("flt", less ? v : best, less ? best : v)
      : k.prim("ilt", less ? v : best, less ? best : v);
    if (!float) return beats;
    const nanFirst = k.prim("band", k.prim("fne", v, v), k.prim("feq", best, best));
    return k.prim("bor", beats, nanFirst);
  };
  return overKept(c, kept, roughCount(reduced.map((a) => a.size)), (index) => {
    const keptIx = index.map((i) => LaneIx.uniform(i));
    const at = (r: readonly Ix[]): Val =>
      asNumber(
        k,
        x,
        ev.value(
          x,
          weave(
            axes,
            keptIx,
            r.map((i) => LaneIx.uniform(i)),
          ),
          1,
        ),
      );
    const best = k.cell(at(reduced.map(() => Ix.number(0))));
    const where = k.cell(k.i32(0));
    if (reduced.length > 0) {
      k.for(1, k.size(reduced[0]!.size), 1, (i) => {
        const v = at([i]);
        const wins = better(v, k.get(best));
        k.set(where, k.select(wins, k.value(i), k.get(where)));
        k.set(best, k.select(wins, v, k.get(best)));
      });
    }
    k.store(out, resultAt(c, axes, index), k.get(where));
  });
}
