/** Algorithms along the last axis: stable sorting, searching, running sums. */
import type { Size, Val } from "../../ir/index.ts";
import { ceilDivSize, countOf, internal, mulSize } from "../../ir/index.ts";
import type { BufferRef } from "../builder.ts";
import type { CNode } from "../graph.ts";
import { throughReshapes } from "../graph.ts";
import { Ix } from "../ix.ts";
import { bytesOf, Context, type Draft, type Temp, taskRange } from "./context.ts";

const TASK_ROWS = 64;

export function lowerRoutine(n: CNode): Draft {
  if (n.spec.kind !== "routine") return internal("routine expected");
  if (n.spec.routine === "argsort") return argsort(n, n.spec.descending);
  return n.spec.routine === "cumsum" ? cumsum(n, n.spec.reverse) : searchsorted(n, n.spec.side);
}

/** Rows and their length. */
function rowsOf(n: CNode): { rows: Size; length: Size } {
  return { rows: countOf(n.shape.slice(0, -1)), length: n.shape[n.shape.length - 1]! };
}

/** Bottom-up merge sort of positions, with NaN after every number (before, when descending). */
function argsort(n: CNode, descending: boolean): Draft {
  const c = new Context(() => true);
  const { k } = c;
  const x = c.read(throughReshapes(n.inputs[0]!));
  const out = c.update(n);
  const temp: Temp = { dtype: "int32", count: countOf(n.shape) };
  const spare = c.update(temp);
  const { rows, length } = rowsOf(n);
  const size = k.size(length);
  const { from, to } = taskRange(k, rows, TASK_ROWS);
  k.for(from, to, 1, (row) => {
    const base = row.mul(size);
    k.for(0, size, 1, (i) => k.store(out, base.add(i), k.value(i)));
    const width = k.cell(k.i32(1));
    k.if(k.less(Ix.number(1), size), () => {
      k.loop(() => {
        const w = k.get(width);
        mergePass(c, { x, from: out, to: spare, base, size, width: Ix.of(w) }, descending);
        k.for(0, size, 1, (i) => k.store(out, base.add(i), k.load(spare, base.add(i), 1)));
        const next = k.shift("ishl", w, 1);
        k.set(width, next);
        return k.prim("b2i", k.prim("ilt", next, k.value(size)));
      });
    });
  });
  return c.finish(
    "argsort",
    ceilDivSize(rows, TASK_ROWS),
    { flops: countOf(n.shape), bytes: bytesOf([n, n.inputs[0]!]) },
    n.label,
  );
}

interface Pass {
  readonly x: BufferRef;
  readonly from: BufferRef;
  readonly to: BufferRef;
  readonly base: Ix;
  readonly size: Ix;
  readonly width: Ix;
}

/** Merges neighbouring sorted runs of `width` positions. */
function mergePass(c: Context, p: Pass, descending: boolean): void {
  const { k } = c;
  const size = k.value(p.size);
  const start = k.cell(k.i32(0));
  k.loop(() => {
    const lo = Ix.of(k.get(start));
    const mid = k.prim("imin", k.value(lo.add(p.width)), size);
    const hi = k.prim("imin", k.value(lo.add(p.width).add(p.width)), size);
    const i = k.cell(k.value(lo));
    const j = k.cell(mid);
    k.for(lo, Ix.of(hi), 1, (at) => {
      const left = k.get(i);
      const right = k.get(j);
      const last = k.prim("isub", size, k.i32(1));
      const a = k.load(p.from, p.base.add(Ix.of(k.prim("imin", left, last))), 1);
      const b = k.load(p.from, p.base.add(Ix.of(k.prim("imin", right, last))), 1);
      const va = k.load(p.x, p.base.add(Ix.of(a)), 1);
      const vb = k.load(p.x, p.base.add(Ix.of(b)), 1);
      const rightFirst = k.prim("band", k.prim("ilt", right, hi), precedes(c, vb, va, descending));
      const takeRight = k.prim("bor", k.prim("ile", mid, left), rightFirst);
      k.store(p.to, p.base.add(at), k.select(takeRight, b, a));
      const step = k.prim("b2i", takeRight);
      k.set(j, k.prim("iadd", right, step));
      k.set(i, k.prim("iadd", left, k.prim("isub", k.i32(1), step)));
    });
    k.set(start, hi);
    return k.prim("b2i", k.prim("ilt", hi, size));
  });
}

/** Whether `v` must stand before `w`. */
function precedes(c: Context, v: Val, w: Val, descending: boolean): Val {
  const { k } = c;
  if (k.type(v).scalar === "i32") return descending ? k.prim("ilt", w, v) : k.prim("ilt", v, w);
  const nan = (x: Val): Val => k.prim("fne", x, x);
  const number = (x: Val): Val => k.prim("feq", x, x);
  if (descending) return k.prim("bor", k.prim("flt", w, v), k.prim("band", nan(v), number(w)));
  return k.prim("bor", k.prim("flt", v, w), k.prim("band", number(v), nan(w)));
}

function cumsum(n: CNode, reverse: boolean): Draft {
  const c = new Context(() => true);
  const { k } = c;
  const x = c.read(throughReshapes(n.inputs[0]!));
  const out = c.write(n);
  const { rows, length } = rowsOf(n);
  const size = k.size(length);
  const float = n.dtype === "float32";
  const { from, to } = taskRange(k, rows, TASK_ROWS);
  k.for(from, to, 1, (row) => {
    const sum = k.cell(float ? k.f32(0) : k.i32(0));
    k.for(0, size, 1, (i) => {
      const at = row.mul(size).add(reverse ? size.sub(1).sub(i) : i);
      k.set(sum, k.prim(float ? "fadd" : "iadd", k.get(sum), k.load(x, at, 1)));
      k.store(out, at, k.get(sum));
    });
  });
  return c.finish(
    "cumsum",
    ceilDivSize(rows, TASK_ROWS),
    { flops: countOf(n.shape), bytes: bytesOf([n, n.inputs[0]!]) },
    n.label,
  );
}

/** Binary search of every query in one sorted row. */
function searchsorted(n: CNode, side: "left" | "right"): Draft {
  const [sorted, queries] = n.inputs as [CNode, CNode];
  const c = new Context(() => true);
  const { k } = c;
  const table = c.read(throughReshapes(sorted));
  const wanted = c.read(throughReshapes(queries));
  const out = c.write(n);
  const count = countOf(n.shape);
  const size = k.value(k.size(sorted.shape[0]!));
  const { from, to } = taskRange(k, count, 1024);
  k.for(from, to, 1, (q) => {
    const v = k.load(wanted, q, 1);
    const lo = k.cell(k.i32(0));
    const hi = k.cell(size);
    k.if(k.prim("ilt", k.i32(0), size), () => {
      k.loop(() => {
        const mid = k.shift("ishr", k.prim("iadd", k.get(lo), k.get(hi)), 1);
        const t = k.load(table, Ix.of(mid), 1);
        // Left: first place with t >= v; right: first place with t > v.
        const before = side === "left" ? precedes(c, t, v, false) : k.prim("bnot", precedes(c, v, t, false));
        k.set(lo, k.select(before, k.prim("iadd", mid, k.i32(1)), k.get(lo)));
        k.set(hi, k.select(before, k.get(hi), mid));
        return k.prim("b2i", k.prim("ilt", k.get(lo), k.get(hi)));
      });
    });
    k.store(out, q, k.get(lo));
  });
  return c.finish(
    "searchsorted",
    ceilDivSize(count, 1024),
    { flops: mulSize(count, 20), bytes: bytesOf([n, queries]) },
    n.label,
  );
}
