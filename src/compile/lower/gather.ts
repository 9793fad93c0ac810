/** Adding rows to the places an index names, in the order of the index, so that equal places always sum the same way. */
import { ceilDivSize, countOf, internal } from "../../ir/index.ts";
import { flatten, type Segment } from "../evaluate.ts";
import type { CNode } from "../graph.ts";
import { Ix, LaneIx } from "../ix.ts";
import { along, bytesOf, Context, type Draft, nest, taskRange, vectorLoop } from "./context.ts";
import { lowerFill } from "./map.ts";

/** Columns that one task adds up. */
const TASK_COLUMNS = 64;

export function lowerScatter(n: CNode, inMemory: (n: CNode) => boolean, lanes: number): Draft[] {
  if (n.spec.kind !== "gather") return internal("gather expected");
  const fill = lowerFill(n, countOf(n.shape), 0, lanes, n.label);
  return [
    fill,
    n.spec.fn === "takeAdd" ? takeAdd(n, n.spec.axis, inMemory, lanes) : alongAdd(n, n.spec.axis, inMemory),
  ];
}

/** Axes: before | index | after. Tasks cut the last axis of `after`, which no two of them share. */
function takeAdd(n: CNode, axis: number, inMemory: (n: CNode) => boolean, lanes: number): Draft {
  const [u, index] = n.inputs as [CNode, CNode];
  const c = new Context((x) => inMemory(x) && x !== n);
  const { k, ev } = c;
  const out = c.update(n);
  const before = n.shape.slice(0, axis);
  const after = n.shape.slice(axis + 1);
  const columns = after[after.length - 1] ?? 1;
  const size = n.shape[axis]!;
  const { from, to } = taskRange(k, columns, TASK_COLUMNS);
  nest(k, index.shape, (at) => {
    const indexView = at.map((ix, i): Segment => ({ ix: LaneIx.uniform(ix), size: index.shape[i]! }));
    const row = ev.value(index, indexView, 1);
    k.if(k.prim("ult", row, k.value(k.size(size))), () => {
      nest(k, [...before, ...after.slice(0, -1)], (rest) => {
        vectorLoop(k, from, to, lanes, (j, width) => {
          const head = rest
            .slice(0, before.length)
            .map((ix, i): Segment => ({ ix: LaneIx.uniform(ix), size: before[i]! }));
          const tail = [
            ...rest
              .slice(before.length)
              .map((ix, i): Segment => ({ ix: LaneIx.uniform(ix), size: after[i]! })),
            ...(after.length > 0 ? [{ ix: along(j, width), size: columns }] : []),
          ];
          const value = ev.value(u, [...head, ...indexView, ...tail], width);
          const place = flatten(k, [...head, { ix: LaneIx.uniform(Ix.of(row)), size }, ...tail], width);
          const old = k.loadLanes(out, place, width);
          k.storeLanes(
            out,
            place,
            k.splat(k.prim(n.dtype === "float32" ? "fadd" : "iadd", old, value), width),
          );
        });
      });
    });
  });
  return c.finish(
    "scatter_add",
    ceilDivSize(columns, TASK_COLUMNS),
    { flops: countOf(u.shape), bytes: bytesOf([u, index, n]) },
    n.label,
  );
}

/** The same along one axis with an index for every element; one task. */
function alongAdd(n: CNode, axis: number, inMemory: (n: CNode) => boolean): Draft {
  const [u, index] = n.inputs as [CNode, CNode];
  const c = new Context((x) => inMemory(x) && x !== n);
  const { k, ev } = c;
  const out = c.update(n);
  const size = n.shape[axis]!;
  nest(k, index.shape, (at) => {
    const view = at.map((ix, i): Segment => ({ ix: LaneIx.uniform(ix), size: index.shape[i]! }));
    const where = ev.value(index, view, 1);
    k.if(k.prim("ult", where, k.value(k.size(size))), () => {
      const target = view.map((s, i) =>
        i === axis ? { ix: LaneIx.uniform(Ix.of(where)), size } : { ix: s.ix, size: n.shape[i]! },
      );
      const place = flatten(k, target, 1);
      const sum = k.prim(
        n.dtype === "float32" ? "fadd" : "iadd",
        k.loadLanes(out, place, 1),
        ev.value(u, view, 1),
      );
      k.storeLanes(out, place, sum);
    });
  });
  return c.finish("scatter_along", 1, { flops: countOf(u.shape), bytes: bytesOf([u, index, n]) }, n.label);
}
