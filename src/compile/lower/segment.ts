/** Reductions over compressed rows: row r of the result covers values ptr[r] … ptr[r+1]-1, in order. */
import {
  ceilDivSize,
  countOf,
  internal,
  mulSize,
  type PrimOp,
  type Size,
  type Target,
  type Val,
} from "../../ir/index.ts";
import type { BufferRef, KernelBuilder } from "../builder.ts";
import { flatten, type Segment } from "../evaluate.ts";
import { type CNode, roughCount } from "../graph.ts";
import { Ix, LaneIx } from "../ix.ts";
import { along, bytesOf, Context, type Draft, nest, taskRange, vectorLoop } from "./context.ts";
import type { ContractOptions, Group } from "./contract.ts";
import { lowerFill } from "./map.ts";

/** About how many results a task makes, and the fewest and most rows it takes: nobody knows how long they are. */
const TASK_RESULTS = 2048;
const TASK_ROWS = [32, 256] as const;
/** A longer sum is cut into pieces of so many values, which are summed in order: the error of a hub's sum stays small. */
const PIECE = 1024;
/**
 * Values that are asked for before they are added: memory answers about as late as that. Their numbers, read past the end of an
 * array, are in the slack that follows it.
 */
const AHEAD = 8;
/** Registers of running values: what is gathered is found once for all the columns in them. */
const REGISTERS = 8;

/** The row number of every value. */
export function lowerSegmentIds(n: CNode, inMemory: (n: CNode) => boolean, { lanes }: Target): Draft[] {
  return [lowerFill(n, countOf(n.shape), 0, lanes, n.label), ids(n, inMemory)];
}

/** A reduction, and what follows it elementwise. */
export function lowerSegment({ node: n, result }: Group, { inMemory, target }: ContractOptions): Draft {
  const { spec } = n;
  if (spec.kind !== "segment" || spec.fn === "ids") return internal("a segment that reduces expected");
  const { fn } = spec;
  const [values, ptr] = n.inputs as [CNode, CNode];
  const c = new Context((x) => inMemory(x) && x !== n && x !== result);
  const { k, ev } = c;
  const out = c.write(result);
  const rows = n.shape[0]!;
  const inner = n.shape.slice(1);
  const columns = inner[inner.length - 1] ?? 1;
  const float = n.dtype === "float32";
  const op = (
    {
      sum: float ? "fadd" : "iadd",
      prod: float ? "fmul" : "imul",
      max: float ? "fmax" : "imax",
      min: float ? "fmin" : "imin",
    } satisfies Record<string, PrimOp>
  )[fn];
  const [fewest, most] = TASK_ROWS;
  const part = Math.min(most, Math.max(fewest, Math.floor(TASK_RESULTS / roughCount(inner))));
  const { from, to } = taskRange(k, rows, part);
  k.for(from, to, 1, (row) => {
    const begin = rowPointer(c, ptr, row);
    const end = rowPointer(c, ptr, row.add(1));
    nest(k, inner.slice(0, -1), (rest) => {
      columnLoop(k, columns, target, (j, width, count) => {
        const tail: Segment[] = rest.map((ix, i) => ({ ix: LaneIx.uniform(ix), size: inner[i]! }));
        const column = count < width ? LaneIx.linear(j, 1, count) : along(j, width);
        if (inner.length > 0) tail.push({ ix: column, size: columns });
        const place = (e: Ix) => [{ ix: LaneIx.uniform(e), size: values.shape[0]! }, ...tail];
        const at = (e: Ix) => k.splat(ev.value(values, place(e), width), width);
        const first = fn === "prod" ? 1 : 0;
        const acc = k.cell(float ? k.f32(first, width) : k.i32(first, width));
        const add = (v: Val): void => k.set(acc, k.prim(op, k.get(acc), v));
        if (fn === "sum" && float) {
          k.for(begin, end, PIECE, (piece) => {
            const stop = k.prim("imin", k.value(piece.add(PIECE)), k.value(end));
            const part = k.cell(k.f32(0, width));
            k.for(piece, Ix.of(stop), 1, (e) => {
              if (target.prefetch) ev.prefetch(values, place(e.add(AHEAD)), width);
              k.set(part, k.prim("fadd", k.get(part), at(e)));
            });
            add(k.get(part));
          });
        } else if (fn === "sum" || fn === "prod") k.for(begin, end, 1, (e) => add(at(e)));
        else {
          k.if(k.less(begin, end), () => {
            k.set(acc, at(begin));
            k.for(begin.add(1), end, 1, (e) => add(at(e)));
          });
        }
        const view = [{ ix: LaneIx.uniform(row), size: rows }, ...tail];
        ev.overrides.set(n, () => k.get(acc));
        const done = k.splat(ev.value(result, view, width), width);
        storeFirst(k, out, flatten(k, view, width), done, count);
      });
    });
  });
  const work = { flops: countOf(values.shape), bytes: bytesOf([values, ptr, result]) };
  return c.finish(`segment_${fn}`, ceilDivSize(rows, part), work, n.label);
}

/**
 * Runs `body` over the columns: as many at once as `REGISTERS` hold where their number is known, and all that are left in a last
 * vector of which only the first `count` lanes count; otherwise `lanes` at once, then one by one.
 */
function columnLoop(
  k: KernelBuilder,
  columns: Size,
  { lanes, tile }: Target,
  body: (j: Ix, width: number, count: number) => void,
): void {
  if (typeof columns !== "number" || columns === 1) {
    vectorLoop(k, 0, k.size(columns), lanes, (j, width) => body(j, width, width));
    return;
  }
  const wide = (REGISTERS / 2) * tile.columns;
  const rest = columns % wide;
  vectorLoop(k, 0, columns - rest, wide, (j, width) => body(j, width, width));
  if (rest > 0) body(Ix.number(columns - rest), 4 * Math.ceil(rest / 4), rest);
}

/** Stores the first `count` lanes. */
function storeFirst(k: KernelBuilder, out: BufferRef, at: LaneIx, v: Val, count: number): void {
  const { lanes } = k.type(v);
  const whole = count < lanes ? count - (count % 4) : lanes;
  if (whole === lanes) k.storeLanes(out, at, v);
  else if (whole > 0)
    k.store(
      out,
      at.base,
      k.shuffle(
        v,
        v,
        Array.from({ length: whole }, (_, l) => l),
      ),
    );
  for (let l = whole; l < count; l++) k.store(out, at.base.add(l), k.extract(v, l));
}

function rowPointer(c: Context, ptr: CNode, row: Ix): Ix {
  return Ix.of(c.ev.value(ptr, [{ ix: LaneIx.uniform(row), size: ptr.shape[0]! }], 1));
}

function ids(n: CNode, inMemory: (n: CNode) => boolean): Draft {
  const ptr = n.inputs[0]!;
  const c = new Context((x) => inMemory(x) && x !== n);
  const { k } = c;
  const out = c.update(n);
  const count = k.value(k.size(n.shape[0]!));
  const rows = ptr.shape[0]!;
  k.for(0, k.size(rows).sub(1), 1, (row) => {
    const end = k.prim("imin", k.value(rowPointer(c, ptr, row.add(1))), count);
    k.for(rowPointer(c, ptr, row), Ix.of(end), 1, (e) => k.store(out, e, k.value(row)));
  });
  return c.finish("segment_ids", 1, { flops: 0, bytes: mulSize(4, n.shape[0]!) }, n.label);
}
