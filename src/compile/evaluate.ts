/**
 * Writes the computation of one element (or one vector of elements) of a node into a kernel: nodes that live in memory
 * are loaded, others are computed on the spot from their inputs.
 *
 * The place of an element is a *view*: a list of indices with sizes whose row-major order is that of the node. The sizes
 * need not be those of the node's axes — several axes may be walked as one, or one as several — so a reshape costs
 * nothing and axes that move together stay together.
 *
 * Over 400 lines: a rule for each kind of node that can be inlined, which call each other.
 */
import type { DType, Shape, Size, Val, WindowSpec } from "../ir/index.ts";
import { countOf, exactDivSize, internal, mulSize, sameSize, stridesOf } from "../ir/index.ts";
import type { BufferRef, KernelBuilder } from "./builder.ts";
import { type CNode, type StridedSpec, scalarConstant, throughReshapes, type WinnerSpec } from "./graph.ts";
import { asIx, Ix, LaneIx } from "./ix.ts";
import { constantOf, lowerScalar } from "./numerics.ts";
import { isUnit } from "./ranges.ts";

export interface Segment {
  readonly ix: LaneIx;
  readonly size: Size;
}
export type View = readonly Segment[];

/** Gives the element of a node that is neither in memory nor computed by its own rule: an accumulator, say. */
export type Override = (view: View, lanes: number) => Val;

/** Indices of every axis of `shape` as a view. */
export function viewOf(shape: Shape, index: readonly LaneIx[]): View {
  return shape.map((size, i) => ({ ix: index[i]!, size }));
}

export class Evaluator {
  readonly k: KernelBuilder;
  readonly #memory: (n: CNode) => BufferRef | undefined;
  readonly overrides = new Map<CNode, Override>();
  #memo = new Map<string, Val>();

  /** `memory` gives the buffer of a node that is in memory. */
  constructor(k: KernelBuilder, memory: (n: CNode) => BufferRef | undefined) {
    this.k = k;
    this.#memory = memory;
  }

  /** The values of `nodes` at a view, sharing what they have in common. */
  together(nodes: readonly CNode[], view: View, lanes: number): Val[] {
    this.#memo = new Map();
    return nodes.map((n) => this.#at(n, view, lanes));
  }

  /** The value of `n` at a view. Scalars stand for vectors where all lanes are the same. Bools are truth values. */
  value(n: CNode, view: View, lanes: number): Val {
    return this.together([n], view, lanes)[0]!;
  }

  #at(n: CNode, view: View, lanes: number): Val {
    const key = `${n.id}|${lanes}|${view.map((s) => s.ix.key).join("|")}`;
    const known = this.#memo.get(key);
    if (known !== undefined) return known;
    const made = this.#compute(n, view, lanes);
    this.#memo.set(key, made);
    return made;
  }

  #compute(n: CNode, view: View, lanes: number): Val {
    const own = this.overrides.get(n);
    if (own) return own(view, lanes);
    const buffer = this.#memory(n);
    if (buffer) return this.load(buffer, view, lanes);
    const { spec } = n;
    switch (spec.kind) {
      case "map":
        return lowerScalar(
          this.k,
          spec.expr,
          (i) => this.#at(n.inputs[i]!, view, lanes),
          (e) => isUnit(e, n.inputs),
        );
      case "source":
        return this.#source(n, view, lanes);
      case "move":
        return this.#move(n, view, lanes);
      case "gather":
        return this.#gather(n, view, lanes);
      case "strided":
        return this.#strided(n, spec, view, lanes);
      case "window":
        if (spec.fn === "spread" || spec.fn === "sumScatter") return this.#spread(n, spec, view, lanes);
        if (spec.fn === "pick") return this.#pick(n, spec, view, lanes);
    }
    return internal(`${spec.kind} has no value of its own (${n.label})`);
  }

  load(buffer: BufferRef, view: View, lanes: number): Val {
    return fromMemory(this.k, buffer.dtype, this.k.loadLanes(buffer, flatten(this.k, view, lanes), lanes));
  }

  #source(n: CNode, view: View, lanes: number): Val {
    const { k } = this;
    const value = scalarConstant(n);
    if (value !== undefined) return constantOf(k, value, n.dtype);
    if (n.spec.kind !== "source") return internal("source expected");
    if (n.spec.source === "iota") return k.laneValue(flatten(k, view, lanes), lanes);
    if (n.spec.source === "size") {
      const v = k.value(k.size(n.spec.size));
      return n.dtype === "float32" ? k.prim("i2f", v) : v;
    }
    return internal(`${n.spec.source} is not in memory (${n.label})`);
  }

  #move(n: CNode, view: View, lanes: number): Val {
    const x = n.inputs[0]!;
    const { spec } = n;
    if (spec.kind !== "move" || spec.move === "place") return internal("a place is always in memory");
    if (spec.move === "reshape") return this.#at(x, view, lanes);
    const groups = align(this.k, view, n.shape, lanes, (dims) => movesTogether(n, dims));
    const to: (Segment | undefined)[] = x.shape.map((size, i) => {
      // A slice down to one element leaves no index behind, only its start.
      if (spec.move !== "slice" || n.shape[i] !== 1) return undefined;
      return { ix: LaneIx.uniform(this.k.size(spec.starts[i]!)), size };
    });
    for (const { dims, ix, size } of groups) {
      const d = dims[0]!;
      if (spec.move === "slice") {
        to[d] = {
          ix: ix.scale(spec.steps[d]!, lanes).add(LaneIx.uniform(this.k.size(spec.starts[d]!)), lanes),
          size: x.shape[d]!,
        };
        if (dims.length > 1) to[d] = { ix, size };
      } else {
        const a = spec.axes[d]!;
        if (a >= 0) to[a] = { ix, size };
      }
    }
    return this.#at(x, this.#complete(to, x.shape), lanes);
  }

  /** Axes of size 1 stand at 0; axes taken along by a merged group have gone. */
  #complete(to: readonly (Segment | undefined)[], shape: Shape): View {
    return to.flatMap((s, i) => {
      if (shape[i] === 1) return [];
      return s ? [s] : [];
    });
  }

  #strided(n: CNode, spec: StridedSpec, view: View, lanes: number): Val {
    const { k } = this;
    const x = throughReshapes(n.inputs[0]!);
    const buffer = this.#memory(x) ?? internal(`${n.label}: a strided view reads memory`);
    const groups = align(k, view, n.shape, lanes, (dims) =>
      dims.every((d, i) => i === 0 || followsOn(spec, n.shape, dims[i - 1]!, d)),
    );
    let at = LaneIx.uniform(k.size(spec.offset));
    for (const g of groups)
      at = at.add(g.ix.scale(k.size(spec.strides[g.dims[g.dims.length - 1]!]!), lanes), lanes);
    return fromMemory(k, buffer.dtype, k.loadLanes(buffer, at, lanes));
  }

  /** The index held by `index` at a view, made safe, and whether it is in range. */
  #position(index: CNode, view: View, size: Size, lanes: number): { at: LaneIx; valid: Val } {
    const { k } = this;
    const i = this.#at(index, view, lanes);
    const width = k.type(i).lanes;
    const valid = k.prim("ult", i, k.value(k.size(size)));
    const safe = k.select(valid, i, k.i32(0));
    if (width === 1) return { at: LaneIx.uniform(Ix.of(safe)), valid };
    return { at: LaneIx.each(Array.from({ length: width }, (_, l) => Ix.of(k.extract(safe, l)))), valid };
  }

  #gather(n: CNode, view: View, lanes: number): Val {
    const { k } = this;
    const taken = this.#taken(n, view, lanes);
    const value = this.#at(n.inputs[0]!, taken.view, lanes);
    // Bools are truth values here, of which there is no selection.
    return n.dtype === "bool"
      ? k.both(taken.valid, value)
      : k.select(taken.valid, value, constantOf(k, 0, n.dtype));
  }

  /**
   * Asks memory for the rows that the element of `n` at a view takes, by numbers that are in memory. The view may lie a few
   * rows past the end, so there must be one number a row: a few such numbers are read from what follows every array.
   */
  prefetch(n: CNode, view: View, lanes: number): void {
    const { spec } = n;
    if (this.#memory(n)) return;
    if (spec.kind === "map") for (const x of n.inputs) this.prefetch(x, view, lanes);
    if (spec.kind === "move" && spec.move === "reshape") this.prefetch(n.inputs[0]!, view, lanes);
    if (spec.kind !== "gather" || !this.#memory(n.inputs[1]!)) return;
    if (!sameSize(countOf(n.inputs[1]!.shape), view[0]!.size)) return;
    const buffer = this.#memory(throughReshapes(n.inputs[0]!));
    if (buffer === undefined) return;
    const at = flatten(this.k, this.#taken(n, view, lanes).view, lanes);
    if (at.step === 1) this.k.prefetch(buffer, at.base, lanes);
  }

  /** Where a gathered element comes from, and whether it comes from anywhere. */
  #taken(n: CNode, view: View, lanes: number): { view: View; valid: Val } {
    const { k } = this;
    const { spec } = n;
    if (spec.kind !== "gather" || (spec.fn !== "take" && spec.fn !== "along"))
      return internal("a scatter is always in memory");
    const [x, index] = n.inputs as [CNode, CNode];
    const axis = spec.axis;
    const width = spec.fn === "take" ? index.shape.length : 1;
    const inIndex = (d: number): boolean => d >= axis && d < axis + width;
    const groups = align(k, view, n.shape, lanes, (dims) => dims.every(inIndex) || !dims.some(inIndex));
    const indexView = spec.fn === "take" ? groups.filter((g) => inIndex(g.dims[0]!)) : view;
    const { at, valid } = this.#position(index, indexView, x.shape[axis]!, lanes);
    const before = groups.filter((g) => g.dims[0]! < axis);
    const after = groups.filter((g) => g.dims[0]! >= axis + width);
    return { view: [...before, { ix: at, size: x.shape[axis]! }, ...after], valid };
  }

  /** Splits a view at the window axes; evaluates lane by lane where the lanes run along one of them. */
  #windowed(
    n: CNode,
    axes: readonly number[],
    view: View,
    lanes: number,
    body: (index: Ix[], around: (inner: readonly Segment[]) => View, lanes: number) => Val,
  ): Val {
    const { k } = this;
    const groups = align(k, view, n.shape, lanes, (dims) => !dims.some((d) => axes.includes(d)));
    const isWindow = (g: Group): boolean => axes.includes(g.dims[0]!);
    if (lanes > 1 && groups.some((g) => isWindow(g) && !g.ix.uniform)) {
      const one = (l: number): Val => {
        const place = groups.map((g) => ({ ix: LaneIx.uniform(g.ix.lane(l)), size: g.size }));
        return this.#at(n, place, 1);
      };
      return k.pack(Array.from({ length: lanes }, (_, l) => one(l)));
    }
    const index = axes.map((a) => groups.find((g) => g.dims[0] === a)?.ix.base ?? Ix.number(0));
    const around = (inner: readonly Segment[]): View =>
      n.shape.flatMap((_, d) => {
        const at = axes.indexOf(d);
        if (at >= 0) return [inner[at]!];
        return groups.filter((g) => g.dims[0] === d);
      });
    return body(index, around, lanes);
  }

  /** Sums over the windows that cover a place: of all that is spread, what was won (or summed) here. */
  #spread(n: CNode, spec: WindowSpec | WinnerSpec, view: View, lanes: number): Val {
    const { k } = this;
    const g = n.inputs[n.inputs.length - 1]!;
    const winner = spec.fn === "spread" ? n.inputs[0]! : undefined;
    const axes = spec.axes.filter((a) => n.shape[a] !== 1 || g.shape[a] !== 1);
    return this.#windowed(n, axes, view, lanes, (index, around, width) => {
      let total: Val | undefined;
      for (const choice of candidates(k, spec, axes, index, g.shape)) {
        const inner = choice.at.map((ix, i) => ({ ix: LaneIx.uniform(ix), size: g.shape[axes[i]!]! }));
        const place = around(inner);
        let here: Val = choice.valid;
        if (winner) here = k.both(here, k.prim("ieq", this.#at(winner, place, width), k.value(choice.code)));
        const part = k.select(here, this.#at(g, place, width), k.f32(0));
        total = total === undefined ? part : k.prim("fadd", total, part);
      }
      return total ?? k.f32(0);
    });
  }

  /** The value of the second input where the first says the window was won. */
  #pick(n: CNode, spec: WinnerSpec, view: View, lanes: number): Val {
    const { k } = this;
    const [winner, t] = n.inputs as [CNode, CNode];
    return this.#windowed(n, spec.axes, view, lanes, (index, around, width) => {
      const place = around(index.map((ix, i) => ({ ix: LaneIx.uniform(ix), size: n.shape[spec.axes[i]!]! })));
      const w = this.#at(winner, place, width);
      const many = k.type(w).lanes;
      const at = (l: number): Ix[] => {
        let rest = Ix.of(k.extract(w, l));
        k.setRange(k.extract(w, l), 0, spec.window.reduce((a, b) => a * b, 1) - 1);
        const offsets: Ix[] = [];
        for (let i = spec.axes.length - 1; i >= 0; i--) {
          offsets[i] = k.mod(rest, spec.window[i]!);
          rest = k.floorDiv(rest, spec.window[i]!);
        }
        return index.map((ix, i) => ix.mul(spec.stride[i]!).sub(spec.pad[i]!).add(offsets[i]!));
      };
      const lanesAt = Array.from({ length: many }, (_, l) => at(l));
      const inner = index.map((_, i) => ({
        ix: LaneIx.each(lanesAt.map((x) => x[i]!)),
        size: t.shape[spec.axes[i]!]!,
      }));
      return this.#at(t, around(inner), width);
    });
  }
}

/** Whether axis `a` continues where axis `b` (the next one) ends. */
export function followsOn(spec: StridedSpec, shape: Shape, a: number, b: number): boolean {
  return sameSize(spec.strides[a]!, mulSize(spec.strides[b]!, shape[b]!));
}

/** What a value in memory is in registers: bools become truth values. */
export function fromMemory(k: KernelBuilder, dtype: DType, v: Val): Val {
  return dtype === "bool" ? k.prim("ine", v, k.i32(0)) : v;
}

/** What a value in registers is in memory. */
export function toMemory(k: KernelBuilder, dtype: DType, v: Val): Val {
  return dtype === "bool" ? k.prim("b2i", v) : v;
}

/** The element number, in row-major order, of a view. */
export function flatten(k: KernelBuilder, view: View, lanes: number): LaneIx {
  let total = LaneIx.uniform(0);
  let stride: Size = 1;
  for (let i = view.length - 1; i >= 0; i--) {
    total = view[i]!.ix.scale(k.size(stride), lanes).add(total, lanes);
    stride = mulSize(stride, view[i]!.size);
  }
  return total;
}

/** Axes `dims` (consecutive) of a node, walked by one index. */
export interface Group extends Segment {
  readonly dims: readonly number[];
}

/**
 * Matches a view to the axes of `shape` (axes of size 1 are left out). Where one index walks several axes and `together`
 * allows it, they stay one group; else the index is taken apart.
 */
export function align(
  k: KernelBuilder,
  view: View,
  shape: Shape,
  lanes: number,
  together: (dims: readonly number[]) => boolean,
): Group[] {
  const segs = view.filter((s) => s.size !== 1);
  const dims = shape.map((_, i) => i).filter((i) => shape[i] !== 1);
  const out: Group[] = [];
  let s = segs.length;
  let d = dims.length;
  while (s > 0 && d > 0) {
    let from = s - 1;
    let first = d - 1;
    let have = segs[from]!.size;
    let want: Size = shape[dims[first]!]!;
    while (!sameSize(have, want)) {
      const growDims =
        typeof have === "number" && typeof want === "number"
          ? want < have
          : exactDivSize(have, want) !== undefined;
      if (growDims && first > 0) want = mulSize(want, shape[dims[--first]!]!);
      else if (from > 0) have = mulSize(have, segs[--from]!.size);
      else if (first > 0) want = mulSize(want, shape[dims[--first]!]!);
      else internal(`a view of ${segs.map((x) => x.size)} does not fit ${shape}`);
    }
    out.unshift(...matchGroup(k, segs.slice(from, s), dims.slice(first, d), shape, lanes, together));
    s = from;
    d = first;
  }
  if (s > 0 || d > 0) internal(`a view of ${segs.map((x) => x.size)} does not fit ${shape}`);
  return out;
}

function matchGroup(
  k: KernelBuilder,
  segs: View,
  dims: readonly number[],
  shape: Shape,
  lanes: number,
  together: (dims: readonly number[]) => boolean,
): Group[] {
  const ix = flatten(k, segs, lanes);
  const size = segs.reduce((p: Size, x) => mulSize(p, x.size), 1);
  if (dims.length === 1 || together(dims)) return [{ dims, ix, size }];
  const strides = stridesOf(dims.map((d) => shape[d]!));
  return dims.map((d, i) => {
    const by = k.size(strides[i]!);
    const part = ix.map(lanes, (x) => {
      const q = asIx(by).constant === 1 ? x : k.floorDiv(x, by);
      return i === 0 ? q : k.mod(q, k.size(shape[d]!));
    });
    return { dims: [d], ix: part, size: shape[d]! };
  });
}

/** Whether consecutive axes of a move's output may be walked as one, because its input's may. */
function movesTogether(n: CNode, dims: readonly number[]): boolean {
  const { spec } = n;
  const x = n.inputs[0]!;
  if (spec.kind !== "move") return false;
  if (spec.move === "permute" || spec.move === "broadcast") {
    const axes = dims.map((d) => spec.axes[d]!);
    if (axes.every((a) => a < 0 || x.shape[a] === 1)) return true;
    return axes.every(
      (a, i) => a >= 0 && (i === 0 || a === axes[i - 1]! + 1) && sameSize(x.shape[a]!, n.shape[dims[i]!]!),
    );
  }
  if (spec.move !== "slice") return true;
  return dims.every((d) => spec.starts[d] === 0 && spec.steps[d] === 1 && sameSize(x.shape[d]!, n.shape[d]!));
}

interface Candidate {
  /** Window number on each axis. */
  readonly at: Ix[];
  readonly valid: Val;
  /** Which cell of that window the place is. */
  readonly code: Ix;
}

/** The windows that may cover a place given by `index`. */
function candidates(
  k: KernelBuilder,
  spec: WindowSpec | WinnerSpec,
  axes: readonly number[],
  index: readonly Ix[],
  pooled: Shape,
): Candidate[] {
  let all: Candidate[] = [{ at: [], valid: k.bool(true), code: Ix.number(0) }];
  for (const [i, axis] of axes.entries()) {
    const j = spec.axes.indexOf(axis);
    const [w, s, p] = [spec.window[j]!, spec.stride[j]!, spec.pad[j]!];
    const place = index[i]!.add(p);
    const newest = k.floorDiv(place, s);
    const next: Candidate[] = [];
    for (const c of all) {
      for (let back = 0; back < Math.ceil(w / s); back++) {
        const o = newest.sub(back);
        const inside = place.sub(o.mul(s));
        const notBefore = back === 0 ? k.bool(true) : k.less(Ix.number(-1), o);
        const notAfter = k.less(o, k.size(pooled[axis]!));
        const covered = k.less(inside, w);
        const valid = k.both(notBefore, k.both(notAfter, covered));
        const safe = k.constantOf(valid) === 1 ? o : Ix.of(k.select(valid, k.value(o), k.i32(0)));
        next.push({ at: [...c.at, safe], valid: k.both(c.valid, valid), code: c.code.mul(w).add(inside) });
      }
    }
    all = next.filter((c) => k.constantOf(c.valid) !== 0);
  }
  return all;
}
