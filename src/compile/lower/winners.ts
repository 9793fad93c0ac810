/**
 * Gradients of a convolution behind max pooling, window by window (see `WinnersSpec`). Every element of the result gets its
 * terms in one order on every target: image by image, then filter by filter (`input`), then window by window.
 */
import type { Target, Val } from "../../ir/index.ts";
import { ceilDivSize, internal, mulSize, stridesOf } from "../../ir/index.ts";
import type { BufferRef } from "../builder.ts";
import { toMemory, type View } from "../evaluate.ts";
import { type CNode, roughCount, type WinnersSpec } from "../graph.ts";
import { Ix, LaneIx } from "../ix.ts";
import { along, bytesOf, Context, type Draft, nest, taskRange, vectorLoop } from "./context.ts";
import type { ContractOptions, Group } from "./contract.ts";
import { product } from "./tile.ts";

/** About how many multiply-adds one task does. */
const TASK_WORK = 1 << 19;
/** Bytes of images that a round over all filters goes through: a first-level cache. */
const NEAR_BYTES = 1 << 15;
/** Registers for the sums of a tile; the others hold g and a product. */
const ACCUMULATORS = 12;
/** Rows of the kernel, or registers of one row, that are written out. */
const UNROLL = 9;

interface Winners {
  readonly spec: WinnersSpec;
  readonly winner: CNode;
  readonly g: CNode;
  readonly dense: CNode;
  /** Windows along each spatial axis, and filters. */
  readonly windows: readonly number[];
  readonly filters: number;
  /** Elements of the kernel of one filter. */
  readonly taps: number;
}

function winnersOf(n: CNode): Winners {
  const [winner, g, dense] = n.inputs as [CNode, CNode, CNode];
  if (n.spec.kind !== "winners") return internal("winners expected");
  const inner = g.shape.slice(1) as number[];
  const { spec } = n;
  const taps = spec.run * roughCount(spec.rows.map((r) => r.size));
  return { spec, winner, g, dense, windows: inner.slice(0, -1), filters: inner.at(-1)!, taps };
}

/** Multiply-adds for one image and one filter. */
function workOf({ taps, windows }: Winners): number {
  return taps * roughCount(windows);
}

/** Visits the windows of one image and filter in order, with g and where the winner meets the image. */
function eachWindow(c: Context, w: Winners, image: Ix, filter: Ix, body: (g: Val, at: Ix) => void): void {
  const { k } = c;
  const { spec } = w;
  const [winners, gs] = [c.read(w.winner), c.read(w.g)];
  const strides = stridesOf(w.g.shape);
  nest(k, w.windows, (place) => {
    const index = [image, ...place, filter];
    const element = index.reduce((at, ix, i) => at.add(ix.mul(k.size(strides[i]!))), Ix.number(0));
    const code = k.load(winners, element, 1);
    k.setRange(code, 0, spec.window.reduce((x, y) => x * y, 1) - 1);
    let rest = Ix.of(code);
    let at = k.size(spec.offset).add(image.mul(spec.strides[0]!));
    for (let i = spec.window.length - 1; i >= 0; i--) {
      const cell = i === 0 ? rest : k.mod(rest, spec.window[i]!);
      rest = k.floorDiv(rest, spec.window[i]!);
      at = at.add(
        place[i]!.mul(spec.window[i]!)
          .add(cell)
          .mul(spec.strides[i + 1]!),
      );
    }
    // One value for the place: with each tap it is an address and a constant.
    body(k.load(gs, element, 1), Ix.of(k.value(at)));
  });
}

/** A vector of taps: where it lies from the winner on in the image, and in the kernel [...rows, run]. */
interface Piece {
  readonly image: Ix;
  readonly kernel: Ix;
  readonly lanes: number;
}

/** Goes through the taps in tiles of at most `most` vectors of `lanes`. */
function eachTile(
  c: Context,
  spec: WinnersSpec,
  lanes: number,
  most: number,
  body: (tile: readonly Piece[]) => void,
): void {
  const { k } = c;
  const steps = stridesOf([...spec.rows.map((r) => r.size), spec.run]) as number[];
  const rowAt = (row: readonly Ix[]): { image: Ix; kernel: Ix } => ({
    image: row.reduce((at, ix, i) => at.add(ix.mul(spec.rows[i]!.stride)), Ix.number(0)),
    kernel: row.reduce((at, ix, i) => at.add(ix.mul(steps[i]!)), Ix.number(0)),
  });
  const pieces = piecesOf(spec.run, lanes);
  const rows = product(spec.rows.map((r) => r.size));
  const piece = (row: readonly Ix[], from: Ix, width: number): Piece => {
    const { image, kernel } = rowAt(row);
    return { image: image.add(from), kernel: kernel.add(from), lanes: width };
  };
  if (rows.length * pieces.length <= UNROLL * most) {
    const all = rows.flatMap((row) =>
      pieces.map(({ from, lanes: width }) =>
        piece(
          row.map((i) => Ix.number(i)),
          Ix.number(from),
          width,
        ),
      ),
    );
    const tiles = Math.ceil(all.length / most);
    const even = Math.ceil(all.length / tiles);
    for (let i = 0; i < all.length; i += even) body(all.slice(i, i + even));
    return;
  }
  const block = lanes * most;
  const whole = spec.run - (spec.run % block);
  nest(
    k,
    spec.rows.map((r) => r.size),
    (row) => {
      k.for(0, whole, block, (from) =>
        body(Array.from({ length: most }, (_, i) => piece(row, from.add(i * lanes), lanes))),
      );
      const rest = piecesOf(spec.run - whole, lanes);
      for (let i = 0; i < rest.length; i += most)
        body(rest.slice(i, i + most).map((p) => piece(row, Ix.number(whole + p.from), p.lanes)));
    },
  );
}

/** `length` elements in vectors of `lanes`, then of four, then one by one. */
function piecesOf(length: number, lanes: number): { from: number; lanes: number }[] {
  const out: { from: number; lanes: number }[] = [];
  let from = 0;
  for (const width of [lanes, 4, 1])
    for (; length - from >= width; from += width) out.push({ from, lanes: width });
  return out;
}

/** The gradient for the kernel, a part of the images to a task: [parts, filters, …rows, run]. */
export function lowerWinnersFilter(n: CNode, target: Target): Draft {
  const w = winnersOf(n);
  const { spec, filters, taps } = w;
  const c = new Context(() => false);
  const { k } = c;
  const image = c.read(w.dense);
  const sums = c.update(n);
  const part = spec.part ?? internal("a cut sum expected");
  const images = w.g.shape[0]!;
  const block = Math.max(1, Math.min(filters, Math.round(TASK_WORK / (part * workOf(w)))));
  const blocks = Math.ceil(filters / block);
  const number = k.floorDiv(k.task(), blocks);
  const first = k.mod(k.task(), blocks).mul(block);
  const begin = number.mul(part);
  const end = smaller(c, begin.add(part), k.size(images));
  const round = Math.min(part, Math.max(1, Math.floor(NEAR_BYTES / (4 * spec.strides[0]!))));
  k.for(begin, end, round, (from) => {
    const to = round === 1 ? from.add(1) : smaller(c, from.add(round), end);
    const isFirst = k.prim("ieq", k.value(from), k.value(begin));
    k.for(first, smaller(c, first.add(block), Ix.number(filters)), 1, (filter) => {
      const row = number.mul(filters).add(filter).mul(taps);
      eachTile(c, spec, target.tile.columns / 2, ACCUMULATORS, (tile) => {
        const cells = tile.map((p) =>
          k.cell(k.select(isFirst, k.f32(0, p.lanes), k.load(sums, row.add(p.kernel), p.lanes))),
        );
        k.for(from, to, 1, (i) =>
          eachWindow(c, w, i, filter, (g, at) => {
            for (const [j, p] of tile.entries()) addProduct(c, cells[j]!, g, image, at.add(p.image), p.lanes);
          }),
        );
        for (const [j, p] of tile.entries()) k.store(sums, row.add(p.kernel), k.get(cells[j]!));
      });
    });
  });
  const work = mulSize(2 * workOf(w) * filters, images);
  return c.finish(
    "winners_filter",
    mulSize(ceilDivSize(images, part), blocks),
    { flops: work, bytes: bytesOf([...n.inputs, n]) },
    n.label,
  );
}

function addProduct(c: Context, cell: Val, g: Val, from: BufferRef, at: Ix, lanes: number): void {
  const { k } = c;
  const x = k.prim("fmul", k.splat(g, lanes), k.load(from, at, lanes));
  k.set(cell, k.prim("fadd", k.get(cell), x));
}

function smaller(c: Context, a: Ix, b: Ix): Ix {
  const d = a.sub(b).constant;
  if (d !== undefined) return d <= 0 ? a : b;
  return Ix.of(c.k.prim("imin", c.k.value(a), c.k.value(b)));
}

/** The gradient for the images: each is zeroed, added to filter by filter, and finished by what follows elementwise. */
export function lowerWinnersInput(group: Group, { inMemory, target }: ContractOptions): Draft {
  const { node, result } = group;
  const w = winnersOf(node);
  const { spec, filters, taps } = w;
  const c = new Context((n) => inMemory(n) && n !== result && n !== node);
  const { k } = c;
  const image = c.update(result);
  const kernel = c.read(w.dense);
  const images = w.g.shape[0]!;
  const count = spec.strides[0]!;
  const lanes = target.tile.columns / 2;
  const part = Math.max(1, Math.round(TASK_WORK / (filters * workOf(w))));
  const { from, to } = taskRange(k, images, part);
  k.for(from, to, 1, (i) => {
    const start = i.mul(count);
    vectorLoop(k, 0, count, target.lanes, (j, width) => k.store(image, start.add(j), k.f32(0, width)));
    k.for(0, filters, 1, (filter) =>
      eachWindow(c, w, i, filter, (g, at) =>
        eachTile(c, spec, lanes, ACCUMULATORS, (tile) => {
          for (const p of tile) {
            const place = at.add(p.image);
            const weights = k.load(kernel, filter.mul(taps).add(p.kernel), p.lanes);
            const x = k.prim("fmul", k.splat(g, p.lanes), weights);
            k.store(image, place, k.prim("fadd", k.load(image, place, p.lanes), x));
          }
        }),
      ),
    );
    if (result !== node) finish(c, group, image, i, target.lanes);
  });
  const work = mulSize(2 * workOf(w) * filters, images);
  return c.finish(
    "winners_input",
    ceilDivSize(images, part),
    { flops: work, bytes: bytesOf([...node.inputs, result]) },
    result === node ? node.label : `${node.label} ${result.label}`,
  );
}

/** Applies what follows the gradient to image `i`, in place. */
function finish(c: Context, { node, result }: Group, image: BufferRef, i: Ix, lanes: number): void {
  const { k } = c;
  const sizes = node.shape;
  const strides = stridesOf(sizes);
  nest(k, sizes.slice(1, -1), (middle) =>
    vectorLoop(k, 0, k.size(sizes.at(-1)!), lanes, (j, width) => {
      const index = [i, ...middle].map((ix) => LaneIx.uniform(ix));
      const view: View = [...index, along(j, width)].map((ix, axis) => ({ ix, size: sizes[axis]! }));
      const at = [i, ...middle, j].reduce(
        (sum, ix, axis) => sum.add(ix.mul(k.size(strides[axis]!))),
        Ix.number(0),
      );
      c.ev.overrides.set(node, () => k.load(image, at, width));
      k.store(image, at, toMemory(k, result.dtype, k.splat(c.ev.value(result, view, width), width)));
    }),
  );
}
