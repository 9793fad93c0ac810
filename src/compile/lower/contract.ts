/**
 * Contractions: matrix products, convolutions and their gradients, all as one affine sum of products.
 *
 * The last output axis runs over vector lanes (operand `b` is read in vectors, operand `a` one element at a time for all
 * lanes); a few neighbouring results along other axes share each vector of `b`, so the inner loop keeps a tile of
 * accumulators in registers. Every result is one sum over the reduce axes in their order, whatever the tile: the tile
 * changes speed, never bits. What follows elementwise (bias, activation) and a max pooling are applied to the tile before
 * it is stored.
 *
 * Over 400 lines: one class, because loops, reads, sums and stores all work on the same axes.
 */
import type { Size, Target, Val, WindowSpec } from "../../ir/index.ts";
import { addSize, ceilDivSize, countOf, internal, mulSize, sameSize, stridesOf } from "../../ir/index.ts";
import type { BufferRef } from "../builder.ts";
import { type Segment, toMemory, type View } from "../evaluate.ts";
import { type CNode, roughCount, type SplitContractSpec, throughReshapes } from "../graph.ts";
import { Ix, LaneIx } from "../ix.ts";
import { along, bytesOf, Context, type Draft, nest, vectorLoop } from "./context.ts";
import { byWindow, largest, windowTiles } from "./pooled.ts";
import { type InlineSpread, TILE_ROWS, vectorizable, winnersProducts } from "./spread.ts";
import {
  type Axis,
  byElement,
  fitting,
  mergeSums,
  neighbours,
  placesOf,
  product,
  retiled,
  type Tile,
} from "./tile.ts";

/** About how many multiply-adds one task does. */
const TASK_WORK = 1 << 18;
/** Rows that one fetch of a panel serves, and the fewest tasks that are left by that. */
const PANEL_ROWS = 32;
const FEWEST_TASKS = 16;
/** Registers for the weights and accumulators of a short sum; one more holds the element they are multiplied by. */
const REGISTERS = 15;
/** Results from which on a cut sum goes round by round. */
const RESUME_FROM = 2048;
/** Bytes that one round of them should read: half a first-level cache. */
const NEAR_BYTES = 1 << 14;
/** The fewest terms that a round adds to each result, where it may choose. */
const SHORTEST_ROUND = 32;
/** A batch, where its size is not known. */
const BATCH = 256;
/** A reduce loop of at most this many rounds is written out. */
const UNROLL = 9;

/** A contraction, a sum over rows or what goes by the winners, and what follows it in its kernel. */
export interface Group {
  readonly node: CNode;
  /** The last elementwise node computed in the kernel: the node itself, or what follows it. */
  readonly result: CNode;
  /** Max pooling applied to the result in the tile: windows that do not overlap. */
  readonly pool?: {
    readonly spec: WindowSpec;
    /** What is pooled: the result, perhaps in another shape. */
    readonly input: CNode;
    readonly max: CNode;
    readonly winner: CNode | undefined;
  };
  /** Operand `b` is a spread that is not in memory but computed where it is used. */
  readonly spread?: InlineSpread;
}

export interface ContractOptions {
  readonly inMemory: (n: CNode) => boolean;
  readonly target: Target;
}

export function lowerContract(group: Group, options: ContractOptions): Draft {
  const { node } = group;
  if (node.spec.kind !== "contract") return internal("contract expected");
  return new ContractKernel(group, node.spec, options).lower();
}

class ContractKernel {
  readonly c: Context;
  readonly group: Group;
  readonly spec: SplitContractSpec;
  readonly options: ContractOptions;
  /** Output axes without the parts of a cut sum. */
  readonly out: readonly Axis[];
  readonly sums: readonly Axis[];
  readonly a: BufferRef;
  readonly b: BufferRef | undefined;
  readonly float: boolean;
  /** Lanes of a register, and how many registers the accumulators of a tile may take; more spill. */
  readonly register: number;
  readonly accumulators: number;
  /**
   * Whether a cut sum with many results goes round by round, each round taking all results a little further: what one
   * round reads stays in the cache. The order of the sum is the same.
   */
  readonly #resumed: boolean;
  /** The round of the cut sum being written: which indices of its first axis. */
  #round: { from: Ix; to: Ix; isFirst: Val } | undefined;
  /** Which part of a cut sum the task does. */
  #partNumber: Ix | undefined;

  constructor(group: Group, spec: SplitContractSpec, options: ContractOptions) {
    const { node, result } = group;
    this.group = group;
    this.spec = spec;
    this.options = options;
    this.c = new Context((n) => options.inMemory(n) && n !== result && n !== node);
    const shape = spec.part === undefined ? node.shape : node.shape.slice(1);
    this.out = shape.map((size, i) => ({ size, a: spec.a.strides[i]!, b: spec.b.strides[i]! }));
    const sums = spec.reduce.map((size, i) => ({
      size,
      a: spec.a.strides[shape.length + i]!,
      b: spec.b.strides[shape.length + i]!,
    }));
    this.sums = group.spread ? sums : mergeSums(sums, spec.part !== undefined);
    this.float = node.dtype === "float32";
    const { rows, columns } = options.target.tile;
    this.register = columns / 2;
    this.accumulators = 2 * rows;
    this.#resumed = (spec.part ?? 0) > 1 && roughCount(shape) >= RESUME_FROM;
    this.a = this.c.read(throughReshapes(node.inputs[0]!));
    this.b = group.spread ? undefined : this.c.read(throughReshapes(node.inputs[1]!));
  }

  lower(): Draft {
    const { c, group, spec } = this;
    const lanesAxis = this.out.length - 1;
    const tiles = this.tiles();
    const outer = this.out
      .map((_, i) => i)
      .filter((i) => i !== lanesAxis && !tiles.some((t) => t.axis === i && this.#whole(t)));
    const tasks = this.loops(outer, tiles, lanesAxis);
    // Of a spread one cell of each window counts.
    const terms = group.spread ? this.sumBlocks().map((x) => x.count) : spec.reduce;
    const flops = mulSize(2, mulSize(countOf(this.out.map((x) => x.size)), countOf(terms)));
    const name = `${group.pool ? "pooled_" : ""}contract`;
    const results = group.pool ? [group.pool.max] : [group.result];
    return c.finish(
      name,
      tasks,
      { flops, bytes: bytesOf([...group.node.inputs, ...results]) },
      labelOf(group),
    );
  }

  #whole(t: Tile): boolean {
    return sameSize(this.out[t.axis]!.size, t.unroll);
  }

  /** Which output axes are tiled, and by how much. */
  tiles(): Tile[] {
    const lanesAxis = this.out.length - 1;
    const columns = this.columns();
    const across = Math.ceil(columns / this.register);
    let room = Math.max(1, Math.floor(this.accumulators / across));
    // Where all loads of a block move to its front, those of two windows would spill.
    if (this.group.pool) return windowTiles(this.group.pool.spec, this.options.target.neighbours ? 0 : room);
    // With one register column to a row, nine rows (a 3x3 kernel's taps) still fit.
    if (columns > 1 && across === 1) room = TILE_ROWS;
    if (this.unrolledSum()) room = Math.max(1, REGISTERS - roughCount(this.sums.map((x) => x.size)) * across);
    const tiles: Tile[] = [];
    for (let i = lanesAxis - 1; i >= 0 && room > 1; i--) {
      const x = this.out[i]!;
      if (x.size === 1) continue;
      if (x.b !== 0 || x.a === 0) continue;
      const unroll =
        typeof x.size === "number" ? fitting(x.size, room) : Math.min(this.options.target.tile.rows, room);
      tiles.unshift({ axis: i, unroll });
      if (unroll !== x.size) break;
      room = Math.floor(room / unroll);
    }
    return tiles;
  }

  /** Lanes of the widest tile along the last axis. */
  columns(): number {
    const last = this.out.length - 1;
    if (!vectorizable(this.spec, last)) return 1;
    const { size } = this.out[last]!;
    const { register, accumulators } = this;
    const wide = 2 * register;
    // Few enough results for one tile of a single register column: nothing is read twice.
    const rows = roughCount(this.out.slice(0, -1).map((x) => x.size));
    if (rows > accumulators / 2 && rows <= TILE_ROWS && size === wide) return register;
    if (typeof size !== "number") return wide;
    if (size < register) return size >= 4 ? 4 : 1;
    // A short sum keeps its weights in registers too.
    if (this.unrolledSum() || size < wide) return register;
    return size % wide !== 0 && size % register === 0 && size < 2 * wide ? register : wide;
  }

  /**
   * The loops around the tile; returns the number of tasks. Tasks are whole tiles along the first loop axis, or the parts
   * of a cut sum.
   */
  loops(outer: readonly number[], tiles: readonly Tile[], lanesAxis: number): Size {
    const { k } = this.c;
    const { out } = this;
    const index: Ix[] = out.map(() => Ix.number(0));
    const tileOf = (axis: number): number => tiles.find((t) => t.axis === axis)?.unroll ?? 1;
    const first = outer[0];
    const cut = this.#cut(first, first === undefined ? 1 : tileOf(first));
    const columns = (body: (lanes: number) => void): void => {
      const column = (j: Ix, lanes: number): void => {
        index[lanesAxis] = j;
        body(lanes);
      };
      vectorLoop(k, 0, k.size(out[lanesAxis]!.size), this.columns(), column, this.unrolledSum() ? 1 : 4);
    };
    const walk = (order: readonly number[], rows: readonly Tile[], lanes: number): void => {
      const axis = order[0];
      if (axis === undefined) this.tile(index, rows, lanes);
      else if (axis === lanesAxis) columns((l) => walk(order.slice(1), rows, l));
      else {
        const from = axis === first && cut ? cut.from : Ix.number(0);
        const to = axis === first && cut ? cut.to : k.size(out[axis]!.size);
        this.#blocks(axis, tileOf(axis), from, to, (i, unroll) => {
          index[axis] = i;
          walk(order.slice(1), retiled(rows, axis, unroll), lanes);
        });
      }
    };
    const all = (): void => walk(this.#order(outer, lanesAxis), tiles, 1);
    if (this.#resumed) this.#eachOfPart(all);
    else all();
    return cut?.tasks ?? 1;
  }

  /**
   * What a task does: rows along the first loop axis, a part of a cut sum, or some rows of a part where few terms belong to
   * many results (the gradient of a matrix, over a batch).
   */
  #cut(axis: number | undefined, unroll: number): { from: Ix; to: Ix; tasks: Size } | undefined {
    const { k } = this.c;
    const { part, reduce } = this.spec;
    if (part === undefined) return axis === undefined ? undefined : this.#taskRows(axis, unroll);
    const parts = ceilDivSize(reduce[0]!, part);
    const size = axis === undefined ? 1 : this.out[axis]!.size;
    const rows =
      axis === undefined || !this.#resumed || this.sums.length > 1 ? 0 : this.#rowsOf(axis, unroll, [BATCH]);
    if (rows === 0 || typeof size !== "number" || rows >= size) {
      this.#partNumber = k.task();
      return { from: Ix.number(0), to: k.size(size), tasks: parts };
    }
    const blocks = Math.ceil(size / rows);
    this.#partNumber = k.floorDiv(k.task(), blocks);
    const from = k.mod(k.task(), blocks).mul(rows);
    const to = Ix.of(k.prim("imin", k.value(from.add(rows)), k.i32(size)));
    return { from, to, tasks: mulSize(parts, blocks) };
  }

  /** Whole tiles along an axis that are enough for a task, for sums over `sums`. */
  #rowsOf(axis: number, unroll: number, sums: readonly Size[]): number {
    const others = this.out.filter((_, i) => i !== axis).map((x) => x.size);
    const each = roughCount(others) * roughCount(sums);
    return unroll * Math.max(1, Math.round(TASK_WORK / Math.max(1, each) / unroll));
  }

  /** Whole tiles of rows that a panel of `b` should meet in one task, so that it is seldom fetched again. */
  #rowsOfPanel(axis: number, unroll: number): number {
    const panels = this.out.some((x, i) => i !== axis && i < this.out.length - 1 && x.a === 0 && x.b !== 0);
    if (!panels || this.out[axis]!.b !== 0) return 0;
    const rows = Math.min(PANEL_ROWS, roughCount([this.out[axis]!.size], BATCH) / FEWEST_TASKS);
    return unroll * Math.floor(rows / unroll);
  }

  /** Rows that a task does along the axis that tasks cut: whole tiles. */
  #taskRows(axis: number, unroll: number): { from: Ix; to: Ix; tasks: Size } {
    const { k } = this.c;
    const size = this.out[axis]!.size;
    const rows = Math.max(this.#rowsOf(axis, unroll, this.spec.reduce), this.#rowsOfPanel(axis, unroll));
    const used = floorTo(size, this.windowOf(axis));
    if (typeof used === "number" && used <= rows) return { from: Ix.number(0), to: k.size(used), tasks: 1 };
    const from = k.task().mul(rows);
    const to = Ix.of(k.prim("imin", k.value(from.add(rows)), k.value(k.size(used))));
    return { from, to, tasks: ceilDivSize(used, rows) };
  }

  /**
   * Which loop goes around which. Panels of `b` stay while the rows of a task go by; the weights of a short sum stay in
   * registers while everything but the first axis does.
   */
  #order(outer: readonly number[], lanesAxis: number): number[] {
    const [first, ...rest] = outer;
    if (this.unrolledSum()) return [...outer.slice(0, 1), lanesAxis, ...outer.slice(1)];
    const panels = rest.filter((axis) => this.out[axis]!.b !== 0);
    if (first === undefined || panels.length === 0 || this.out[first]!.b !== 0) return [...outer, lanesAxis];
    return [...panels, first, ...rest.filter((axis) => !panels.includes(axis)), lanesAxis];
  }

  /** Walks an axis in blocks of `unroll`, then in a smaller block or one by one; pooling drops the rest. */
  #blocks(axis: number, unroll: number, from: Ix, to: Ix, body: (i: Ix, unroll: number) => void): void {
    const { k } = this.c;
    if (unroll === 1) {
      k.for(from, to, 1, (i) => body(i, 1));
      return;
    }
    const least = this.windowOf(axis);
    const count = to.sub(from).constant;
    if (count !== undefined) {
      const whole = count - (count % unroll);
      k.for(from, from.add(whole), unroll, (i) => body(i, unroll));
      const rest = count - whole - (count % least);
      if (rest > 0) body(from.add(whole), rest);
      return;
    }
    const n = k.value(to.sub(from));
    const upTo = (by: number): Ix => from.add(Ix.of(k.prim("isub", n, k.prim("irem", n, k.i32(by)))));
    const whole = upTo(unroll);
    k.for(from, whole, unroll, (i) => body(i, unroll));
    if (unroll > least) k.for(whole, least === 1 ? to : upTo(least), least, (i) => body(i, least));
  }

  /** One tile: `rows` neighbouring results along each tiled axis, `lanes` along the last. */
  tile(index: readonly Ix[], rows: readonly Tile[], lanes: number): void {
    const offsets = placesOf(rows);
    const places = offsets.map((offset) => index.map((ix, i) => ix.add(offset.get(i) ?? 0)));
    const values = this.unrolledSum() ? this.straight(places, lanes) : this.accumulate(places, lanes);
    if (!this.group.pool) {
      for (const [i, place] of places.entries()) this.storeOne(place, values[i]!, lanes);
      return;
    }
    for (const cells of byWindow(offsets, this.group.pool.spec)) {
      this.storePooled(
        cells.map((i) => places[i]!),
        cells.map((i) => values[i]!),
        lanes,
      );
    }
  }

  /** Sums over a spread go window by window, however short they are. */
  unrolledSum(): boolean {
    return (
      this.group.spread === undefined &&
      this.spec.part === undefined &&
      this.sums.every((s) => typeof s.size === "number") &&
      roughCount(this.sums.map((s) => s.size)) <= UNROLL
    );
  }

  /** A short sum without loops or accumulators. */
  straight(places: readonly (readonly Ix[])[], lanes: number): Val[] {
    const sums: (Val | undefined)[] = places.map(() => undefined);
    const rounds = product(this.sums.map((s) => s.size as number)).map((r) => r.map((i) => Ix.number(i)));
    this.multiplyAdd(places, rounds, lanes, (i, p) => {
      const sum = sums[i];
      sums[i] = sum === undefined ? p : this.plus(sum, p);
    });
    return sums.map((s) => s ?? this.zero(lanes));
  }

  /** Goes through the first axis of the task's part, in rounds where all results are taken a little further in each. */
  #eachOfPart(body: (first: Ix) => void): void {
    const { k } = this.c;
    const part = this.spec.part ?? internal("a cut sum expected");
    const begin = (this.#partNumber ?? internal("a part expected")).mul(part);
    const end = k.prim("imin", k.value(begin.add(part)), k.value(k.size(this.sumBlocks()[0]!.count)));
    if (!this.#resumed) {
      k.for(begin, Ix.of(end), 1, body);
      return;
    }
    const length = this.#roundLength();
    k.for(begin, Ix.of(end), length, (from) => {
      const to = length === 1 ? from.add(1) : Ix.of(k.prim("imin", k.value(from.add(length)), end));
      this.#round = { from, to, isFirst: k.prim("ieq", k.value(from), k.value(begin)) };
      body(from);
    });
  }

  /** A round reads few enough bytes to find them again in the cache, and adds enough terms to each result. */
  #roundLength(): number {
    const [first, ...rest] = this.sums;
    if (rest.length > 0) return 1;
    const step = roughCount([first!.a]) + roughCount([first!.b]);
    return 2 ** Math.round(Math.log2(Math.max(SHORTEST_ROUND, NEAR_BYTES / (4 * step))));
  }

  accumulate(places: readonly (readonly Ix[])[], lanes: number): Val[] {
    const { k } = this.c;
    const cells = places.map((place) => k.cell(this.#resumed ? this.#soFar(place, lanes) : this.zero(lanes)));
    const add = (rounds: readonly (readonly Ix[])[]): void =>
      this.multiplyAdd(places, rounds, lanes, (i, p) => k.set(cells[i]!, this.plus(k.get(cells[i]!), p)));
    const blocks = this.sumBlocks();
    const offsets = product(blocks.map((b) => b.unroll));
    const body = (block: readonly Ix[]): void =>
      add(offsets.map((offset) => block.map((ix, i) => ix.mul(blocks[i]!.unroll).add(offset[i]!))));
    const counts = blocks.map((b) => b.count);
    const rest = (first: Ix): void => nest(k, counts.slice(1), (others) => body([first, ...others]));
    if (this.spec.part === undefined) nest(k, counts, body);
    else if (this.#round) k.for(this.#round.from, this.#round.to, 1, rest);
    else this.#eachOfPart(rest);
    return cells.map((cell) => k.get(cell));
  }

  /** What the earlier rounds of the part have summed up. */
  #soFar(place: readonly Ix[], lanes: number): Val {
    const { k } = this.c;
    const sum = k.loadLanes(
      this.c.update(this.group.result),
      this.flat(this.viewAt(place, lanes), lanes),
      lanes,
    );
    return k.select(this.#round!.isFirst, this.zero(lanes), sum);
  }

  /** Sums over a spread go window by window: each window's winner is then read once. What no window covers is 0. */
  sumBlocks(): { count: Size; unroll: number }[] {
    const { spread } = this.group;
    const first = this.out.length;
    return this.sums.map(({ size }, i) => {
      const axis = spread ? spread.axes.indexOf(first + i) : -1;
      const window = spread && axis >= 0 ? spread.spec.axes.indexOf(axis) : -1;
      if (!spread || window < 0) return { count: size, unroll: 1 };
      return { count: spread.node.inputs[1]!.shape[axis]!, unroll: spread.spec.window[window]! };
    });
  }

  /** Adds a · b at every place of the tile for some indices of the sum. */
  multiplyAdd(
    places: readonly (readonly Ix[])[],
    rounds: readonly (readonly Ix[])[],
    lanes: number,
    add: (i: number, product: Val) => void,
  ): void {
    const { spec } = this;
    const { k } = this.c;
    const terms = rounds.flatMap((r) =>
      places.map((place, i) => ({ i, place, r, at: this.element("a", place, r, spec.a.offset) })),
    );
    const element = this.elements(
      terms.map((t) => t.at),
      lanes,
    );
    const { b } = this;
    if (b === undefined) {
      const cells = places.map((_, i) => terms.filter((t) => t.i === i).map((t) => element(t.at)));
      const spread = this.group.spread ?? internal("a spread expected");
      const index = [...places[0]!, ...(rounds[0] ?? internal("a window without cells"))];
      const products = winnersProducts(this.c, spread, index, this.out.length - 1, cells, lanes);
      for (const [i, p] of products.entries()) add(i, p);
      return;
    }
    for (const { i, place, r, at } of byElement(terms)) {
      const w = k.load(b, this.element("b", place, r, spec.b.offset), lanes);
      add(i, k.prim(this.float ? "fmul" : "imul", k.splat(element(at), lanes), w));
    }
  }

  /**
   * How to read the elements `all` of operand `a`, each for all lanes. Neighbours are loaded together and taken from the
   * register: V8 moves every load of a block to its front, so that many single loads would not stay in registers.
   */
  elements(all: readonly Ix[], lanes: number): (at: Ix) => Val {
    const { k } = this.c;
    const origin = all[0];
    const distances = origin ? all.map((at) => at.sub(origin).constant) : [];
    const groups =
      this.options.target.neighbours &&
      this.aLanes(lanes) === 1 &&
      lanes >= 4 &&
      !distances.includes(undefined)
        ? neighbours(distances as number[])
        : new Map<number, number>();
    return (at) => {
      const d = origin ? (at.sub(origin).constant ?? 0) : 0;
      const first = groups.get(d);
      if (first === undefined) return k.load(this.a, at, this.aLanes(lanes));
      const four = k.load(this.a, at.add(first - d), 4);
      return k.shuffle(four, four, new Array<number>(lanes).fill(d - first));
    };
  }

  /** `a` is one element for all lanes, or (depthwise) runs along with them. */
  aLanes(lanes: number): number {
    return this.out[this.out.length - 1]!.a === 1 ? lanes : 1;
  }

  zero(lanes: number): Val {
    return this.float ? this.c.k.f32(0, lanes) : this.c.k.i32(0, lanes);
  }

  plus(x: Val, y: Val): Val {
    return this.c.k.prim(this.float ? "fadd" : "iadd", x, y);
  }

  element(operand: "a" | "b", place: readonly Ix[], r: readonly Ix[], offset: Size): Ix {
    const { k } = this.c;
    let at = k.size(offset);
    for (const [i, x] of this.out.entries()) at = at.add(place[i]!.mul(k.size(x[operand])));
    for (const [i, x] of this.sums.entries()) at = at.add(r[i]!.mul(k.size(x[operand])));
    return at;
  }

  /** How many neighbours along an axis are pooled together; 1 where the axis is not pooled. */
  windowOf(axis: number): number {
    const { pool } = this.group;
    const at = pool ? pool.spec.axes.indexOf(axis) : -1;
    return pool && at >= 0 ? pool.spec.window[at]! : 1;
  }

  /** Applies what follows the contraction and stores the result. */
  storeOne(place: readonly Ix[], value: Val, lanes: number): void {
    const { c, group } = this;
    const view = this.viewAt(place, lanes);
    const v = this.finished(view, value, lanes);
    const out = this.#resumed ? c.update(group.result) : c.write(group.result);
    c.k.storeLanes(out, this.flat(view, lanes), toMemory(c.k, group.result.dtype, c.k.splat(v, lanes)));
  }

  finished(view: View, value: Val, lanes: number): Val {
    const { c, group } = this;
    if (group.result === group.node) return value;
    c.ev.overrides.set(group.node, () => value);
    return c.ev.value(group.result, view, lanes);
  }

  viewAt(place: readonly Ix[], lanes: number): View {
    const last = this.out.length - 1;
    const view: Segment[] = this.out.map((x, i) => ({
      ix: i === last ? along(place[i]!, lanes) : LaneIx.uniform(place[i]!),
      size: x.size,
    }));
    if (this.spec.part === undefined) return view;
    return [{ ix: LaneIx.uniform(this.#partNumber!), size: this.group.node.shape[0]! }, ...view];
  }

  flat(view: View, lanes: number): LaneIx {
    const strides = stridesOf(view.map((s) => s.size));
    return view.reduce(
      (at, s, i) => at.add(s.ix.scale(this.c.k.size(strides[i]!), lanes), lanes),
      LaneIx.uniform(0),
    );
  }

  /** The largest of one window in the tile, and which cell it was. */
  storePooled(places: readonly (readonly Ix[])[], values: readonly Val[], lanes: number): void {
    const { c, group } = this;
    const { k } = c;
    const pool = group.pool ?? internal("pool expected");
    const done = places.map((place, i) => this.finished(this.viewAt(place, lanes), values[i]!, lanes));
    const { best, winner } = largest(k, done, lanes);
    const first = places[0]!;
    const view: View = this.viewAt(first, lanes).map((segment, axis) => {
      if (!pool.spec.axes.includes(axis)) return segment;
      const ix = k.floorDiv(first[axis]!, this.windowOf(axis));
      return { ix: LaneIx.uniform(ix), size: pool.max.shape[axis]! };
    });
    const at = this.flat(view, lanes);
    k.storeLanes(c.write(pool.max), at, best);
    if (pool.winner) k.storeLanes(c.write(pool.winner), at, winner);
  }
}

function labelOf(group: Group): string {
  return [
    group.node,
    ...(group.result === group.node ? [] : [group.result]),
    ...(group.pool ? [group.pool.max] : []),
  ]
    .map((n) => n.label)
    .join(" ");
}

function floorTo(size: Size, by: number): Size {
  return typeof size === "number" ? size - (size % by) : addSize(size, 0);
}
