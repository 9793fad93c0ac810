/** Pooling windows that are not part of a contraction's tile. */
import type { Size, Val, WindowSpec } from "../../ir/index.ts";
import { countOf, internal, mulSize } from "../../ir/index.ts";
import type { View } from "../evaluate.ts";
import { flatten } from "../evaluate.ts";
import type { CNode, WinnerSpec } from "../graph.ts";
import { Ix, LaneIx } from "../ix.ts";
import { bytesOf, Context, type Draft, nest } from "./context.ts";
import { loopOver } from "./map.ts";

/** Windows of at most this many cells are written out. */
const UNROLL = 16;

/** Largest values (`max`), their cells (`winner`), or sums of windows of the same input, in one pass. */
export function lowerWindow(
  roots: { max?: CNode; winner?: CNode; sum?: CNode },
  inMemory: (n: CNode) => boolean,
  lanes: number,
): Draft {
  const any = roots.max ?? roots.winner ?? roots.sum ?? internal("no window");
  const spec = any.spec as WindowSpec | WinnerSpec;
  const x = any.inputs[0]!;
  const made = [roots.max, roots.winner, roots.sum].filter((n) => n !== undefined);
  const c = new Context((n) => inMemory(n) && !made.includes(n));
  const { k, ev } = c;
  const targets = made.map((n) => c.write(n));
  const tasks = loopOver(c, any.shape, lanes, (view, width) => {
    const state = new Running(c, roots, any.dtype === "float32" || roots.max === undefined, width);
    eachCell(c, spec, view, x, width, (place, valid, code) =>
      state.take(ev.value(x, place, width), valid, code),
    );
    for (const [i, n] of made.entries())
      k.storeLanes(
        targets[i]!,
        flatten(k, view, width),
        state.result(n === roots.max ? "max" : n === roots.winner ? "winner" : "sum"),
      );
  });
  const cells = spec.window.reduce((a, b) => a * b, 1);
  return c.finish(
    `${spec.fn}_window`,
    tasks,
    { flops: mulSize(countOf(any.shape), cells), bytes: bytesOf([x, ...made]) },
    any.label,
  );
}

/** Visits the cells of the window at `view` in order, with whether each lies inside the input. */
function eachCell(
  c: Context,
  spec: WindowSpec | WinnerSpec,
  view: View,
  x: CNode,
  lanes: number,
  visit: (place: View, valid: Val, code: Ix) => void,
): void {
  const { k } = c;
  const cells = spec.window.reduce((a, b) => a * b, 1);
  const body = (offset: readonly Ix[]): void => {
    let valid = k.bool(true);
    let code = Ix.number(0);
    const place = view.map((s, axis) => {
      const w = spec.axes.indexOf(axis);
      if (w < 0) return s;
      const size = x.shape[axis]!;
      code = code.mul(spec.window[w]!).add(offset[w]!);
      const ix = s.ix.scale(spec.stride[w]!, lanes).add(LaneIx.uniform(offset[w]!.sub(spec.pad[w]!)), lanes);
      const inside = insideOf(c, ix, size, lanes);
      valid = k.both(valid, inside);
      return { ix: safe(c, ix, inside, lanes), size };
    });
    visit(place, valid, code);
  };
  if (cells <= UNROLL) {
    let all: number[][] = [[]];
    for (const w of spec.window) all = all.flatMap((p) => Array.from({ length: w }, (_, i) => [...p, i]));
    for (const p of all) body(p.map((i) => Ix.number(i)));
  } else nest(k, spec.window, body);
}

function insideOf(c: Context, ix: LaneIx, size: Size, lanes: number): Val {
  const { k } = c;
  if (ix.uniform) return k.both(k.less(Ix.number(-1), ix.base), k.less(ix.base, k.size(size)));
  const v = k.laneValue(ix, lanes);
  return k.prim("ult", v, k.value(k.size(size)));
}

/** The index, or 0 where it is outside. */
function safe(c: Context, ix: LaneIx, inside: Val, lanes: number): LaneIx {
  const { k } = c;
  if (k.constantOf(inside) === 1) return ix;
  if (ix.uniform) return LaneIx.uniform(Ix.of(k.select(inside, k.value(ix.base), k.i32(0))));
  const v = k.select(inside, k.laneValue(ix, lanes), k.i32(0));
  return LaneIx.each(Array.from({ length: lanes }, (_, l) => Ix.of(k.extract(v, l))));
}

/** What is known of a window after the cells seen so far. */
class Running {
  readonly #c: Context;
  readonly #best: Val | undefined;
  readonly #winner: Val | undefined;
  readonly #sum: Val | undefined;
  readonly #float: boolean;

  constructor(
    c: Context,
    roots: { max?: CNode; winner?: CNode; sum?: CNode },
    float: boolean,
    lanes: number,
  ) {
    const { k } = c;
    this.#c = c;
    this.#float = float;
    const lowest = float ? k.f32(Number.NEGATIVE_INFINITY, lanes) : k.i32(-(2 ** 31), lanes);
    this.#best = roots.max || roots.winner ? k.cell(lowest) : undefined;
    // -1: no cell yet, so that a window of nothing but -∞ still has its first real cell as winner.
    this.#winner = roots.winner ? k.cell(k.i32(-1, lanes)) : undefined;
    this.#sum = roots.sum ? k.cell(k.f32(0, lanes)) : undefined;
  }

  take(v: Val, valid: Val, code: Ix): void {
    const { k } = this.#c;
    if (this.#sum !== undefined)
      k.set(this.#sum, k.prim("fadd", k.get(this.#sum), k.select(valid, v, k.f32(0))));
    if (this.#best === undefined) return;
    const best = k.get(this.#best);
    if (this.#winner !== undefined) {
      const winner = k.get(this.#winner);
      const first = k.prim("ilt", winner, k.i32(0));
      const wins = k.prim("bor", first, this.#beats(best, v));
      k.set(this.#winner, k.select(k.both(valid, wins), k.value(code), winner));
    }
    k.set(this.#best, k.select(k.both(valid, this.#beats(best, v)), v, best));
  }

  /** The first of equals wins; a NaN wins over everything. */
  #beats(best: Val, v: Val): Val {
    const { k } = this.#c;
    return this.#float ? k.prim("bor", k.prim("flt", best, v), k.prim("fne", v, v)) : k.prim("ilt", best, v);
  }

  result(what: "max" | "winner" | "sum"): Val {
    const { k } = this.#c;
    if (what === "sum") return k.get(this.#sum!);
    if (what === "max") return k.get(this.#best!);
    return k.prim("imax", k.get(this.#winner!), k.i32(0));
  }
}
