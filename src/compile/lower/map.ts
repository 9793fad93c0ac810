/** Elementwise kernels: one loop nest, any number of results. */
import type { Size, Target } from "../../ir/index.ts";
import { addSize, ceilDivSize, countOf, internal, mulSize, sameSize } from "../../ir/index.ts";
import { flatten, type Segment, toMemory, type View } from "../evaluate.ts";
import { type CNode, roughCount } from "../graph.ts";
import { LaneIx } from "../ix.ts";
import { along, bytesOf, Context, type Draft, nest, type Storage, taskRange, vectorLoop } from "./context.ts";
import { collapse } from "./domain.ts";

/** About how many elements one task computes. */
const TASK_ELEMENTS = 4096;
/** Rows that are asked for before they are taken. */
const AHEAD = 4;

export interface MapOptions {
  readonly inMemory: (n: CNode) => boolean;
  readonly target: Target;
  /** Memory that a root is written to, where it is not its own new memory. */
  readonly storage?: (root: CNode) => Storage;
  readonly name?: string;
}

/** One kernel that computes all of `roots`, which have the same shape. */
export function lowerMap(roots: readonly CNode[], options: MapOptions): Draft {
  const c = new Context(outsideOf(roots, options));
  const { sizes, body } = mapOf(c, roots, options);
  const tasks = loopOver(c, sizes, options.target.lanes, body);
  const name = options.name ?? `map${roots.length > 1 ? roots.length : ""}`;
  return c.finish(name, tasks, workOf(roots), roots.map((r) => r.label).join(" "));
}

/** One kernel for several such groups of roots; all their sizes are numbers. */
export function lowerMaps(groups: readonly (readonly CNode[])[], options: MapOptions): Draft {
  const roots = groups.flat();
  const c = new Context(outsideOf(roots, options));
  const parts = groups.map((group) => {
    const { sizes, body } = mapOf(c, group, options);
    const tasks = tasksOf(sizes);
    if (typeof tasks !== "number") return internal("sizes of maps in one kernel are numbers");
    return { tasks, body: () => void loopOver(c, sizes, options.target.lanes, body) };
  });
  return c.finish("maps", c.k.parts(parts), workOf(roots), roots.map((r) => r.label).join(" "));
}

function outsideOf(roots: readonly CNode[], { inMemory }: MapOptions): (n: CNode) => boolean {
  return (n) => inMemory(n) && !roots.includes(n);
}

function workOf(roots: readonly CNode[]): { flops: Size; bytes: Size } {
  return { flops: roots.reduce((n: Size, r) => addSize(n, countOf(r.shape)), 0), bytes: bytesOf(roots) };
}

/** The index space of `roots`, and what is done for a vector of it. */
function mapOf(
  c: Context,
  roots: readonly CNode[],
  options: MapOptions,
): { sizes: readonly Size[]; body: (view: View, lanes: number) => void } {
  const axes = collapse(roots[0]!.shape, roots, outsideOf(roots, options));
  const targets = roots.map((r) => c.write(options.storage?.(r) ?? r));
  const body = (view: View, width: number): void => {
    if (options.target.prefetch && view.length > 1) {
      const [row, ...rest] = view as [Segment, ...Segment[]];
      const later = { ...row, ix: LaneIx.uniform(row.ix.base.add(AHEAD)) };
      for (const r of roots) c.ev.prefetch(r, [later, ...rest], width);
    }
    const values = c.ev.together(roots, view, width);
    const element = flatten(c.k, view, width);
    for (const [i, v] of values.entries()) {
      c.k.storeLanes(targets[i]!, element, toMemory(c.k, roots[i]!.dtype, c.k.splat(v, width)));
    }
  };
  return { sizes: axes.map((a) => a.size), body };
}

/**
 * Loops over a row-major index space, the last axis in vectors; tasks cut the first axis. Returns the number of tasks.
 */
export function loopOver(
  c: Context,
  sizes: readonly Size[],
  lanes: number,
  body: (view: View, lanes: number) => void,
): Size {
  const { k } = c;
  if (sizes.length === 0) {
    body([], 1);
    return 1;
  }
  const inner = sizes.slice(1);
  const part = partOf(sizes);
  const { from, to } = taskRange(k, sizes[0]!, part);
  if (inner.length === 0) {
    vectorLoop(k, from, to, lanes, (i, width) => body([{ ix: along(i, width), size: sizes[0]! }], width));
  } else {
    const last = sizes[sizes.length - 1]!;
    k.for(from, to, 1, (first) =>
      nest(k, sizes.slice(1, -1), (middle) => {
        const outer = [first, ...middle].map((ix, i) => ({ ix: LaneIx.uniform(ix), size: sizes[i]! }));
        vectorLoop(k, 0, k.size(last), lanes, (i, width) =>
          body([...outer, { ix: along(i, width), size: last }], width),
        );
      }),
    );
  }
  return tasksOf(sizes);
}

/** How many indices of the first axis a task takes, and how many tasks there are. */
function partOf(sizes: readonly Size[]): number {
  return Math.max(1, Math.floor(TASK_ELEMENTS / Math.max(1, roughCount(sizes.slice(1)))));
}
function tasksOf(sizes: readonly Size[]): Size {
  return sizes.length === 0 ? 1 : ceilDivSize(sizes[0]!, partOf(sizes));
}

/** Fills memory with a constant. */
export function lowerFill(target: Storage, count: Size, value: number, lanes: number, label: string): Draft {
  const c = new Context(() => false);
  const buffer = c.write(target);
  const tasks = loopOver(c, [count], lanes, (view, width) => {
    const v = buffer.dtype === "float32" ? c.k.f32(value, width) : c.k.i32(value, width);
    c.k.storeLanes(buffer, view[0]!.ix, v);
  });
  return c.finish("fill", tasks, { flops: 0, bytes: mulSize(count, 4) }, label);
}

/** Copies the (inlined) elements of `source` to places of `target` given by an affine map of each axis. */
export function lowerPlacePiece(
  target: CNode,
  source: CNode,
  starts: readonly Size[],
  steps: readonly number[],
  options: MapOptions,
): Draft {
  const { inMemory } = options;
  const c = new Context(inMemory);
  const { k } = c;
  const out = c.write(target);
  // An axis that fills the whole of the target's axis may be merged with the one before it.
  const whole = (axis: number): boolean =>
    starts[axis] === 0 && steps[axis] === 1 && sameSize(source.shape[axis]!, target.shape[axis]!);
  const axes = collapse(source.shape, [source], inMemory, (axis) => !whole(axis + 1) || steps[axis] !== 1);
  const suffix = (axis: number): Size => target.shape.slice(axis + 1).reduce(mulSize, 1);
  let base: Size = 0;
  for (const [i, s] of starts.entries()) base = addSize(base, mulSize(s, suffix(i)));
  const offset = k.size(base);
  const tasks = loopOver(
    c,
    axes.map((a) => a.size),
    options.target.lanes,
    (view, width) => {
      let at = LaneIx.uniform(offset);
      for (const [i, s] of view.entries()) {
        const group = axes[i]!.axes;
        const first = group[0]!;
        const last = group[group.length - 1]!;
        const stride = mulSize(suffix(last), steps[first]!);
        at = at.add(s.ix.scale(k.size(stride), width), width);
      }
      const v = c.ev.value(source, view, width);
      k.storeLanes(out, at, toMemory(k, target.dtype, k.splat(v, width)));
    },
  );
  return c.finish("place", tasks, { flops: 0, bytes: bytesOf([source]) }, target.label);
}
