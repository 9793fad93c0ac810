/**
 * Strength reduction: an address that grows by the same amount in every round of a loop becomes a cell that is added to,
 * instead of being multiplied out anew (Cocke and Kennedy, "An algorithm for reduction of operator strength", 1977).
 *
 * Only products are worth it: `base + (i << s)` up to s = 3 is one instruction on x64 as it stands. Kernel → Kernel;
 * integer arithmetic wraps, so the values are exactly the same.
 */
import type { Def, Kernel, Stmt, Val, Value, VType } from "../../ir/index.ts";
import { bodiesOf } from "./analysis.ts";

/** Each address becomes a cell of its own up to this many in a loop; beyond, only the products that they share. */
const MOST_POINTERS = 6;
/** Loops known to be as short as this are left alone. */
const SHORT = 3;
/** The largest shift that an x64 address computes by itself. */
const FREE_SHIFT = 3;

const INT: VType = { scalar: "i32", lanes: 1 };

type For = Extract<Stmt, { s: "for" }>;

/** What a value grows by when the loop variable grows by one: `coef` times the product of `factors`. */
interface Slope {
  readonly coef: number;
  readonly factors: readonly Val[];
  /** Whether a product has to be computed on the way. */
  readonly product: boolean;
}

export function reduceStrength(k: Kernel): Kernel {
  const reducer = new Reducer(k.values);
  const body = reducer.list(k.body);
  return { ...k, values: reducer.values, body };
}

class Reducer {
  readonly values: Value[];

  constructor(values: readonly Value[]) {
    this.values = [...values];
  }

  list(body: readonly Stmt[]): Stmt[] {
    return body.flatMap((s): Stmt[] => {
      if (s.s === "loop") return [{ ...s, body: this.list(s.body) }];
      if (s.s === "if") return [{ ...s, then: this.list(s.then), else: this.list(s.else) }];
      return s.s === "for" ? this.forLoop({ ...s, body: this.list(s.body) }) : [s];
    });
  }

  private forLoop(s: For): Stmt[] {
    if (this.isShort(s)) return [s];
    const loop = new Loop(this.values, s);
    const chosen = loop.choose();
    if (chosen.length === 0) return [s];
    const before: Stmt[] = [];
    const after: Stmt[] = [];
    const first = new Map<Val, Val>();
    for (const v of chosen) {
      const slope = loop.slope(v)!;
      const init = this.atStart(v, s, loop, first, before);
      const cell = this.add({ k: "cell" });
      before.push({ s: "cell", cell, init });
      const factors = slope.factors.map((f) => this.atStart(f, s, loop, first, before));
      const step = this.step(slope.coef, factors, s.step, before);
      const next = this.let({ k: "prim", op: "iadd", args: [v, step] }, after);
      after.push({ s: "set", cell, value: next });
      this.values[v] = { type: this.values[v]!.type, def: { k: "get", cell } };
    }
    return [...before, { ...s, body: [...s.body, ...after] }];
  }

  private isShort(s: For): boolean {
    const [from, to] = [this.values[s.from]!.def, this.values[s.to]!.def];
    return from.k === "const" && to.k === "const" && to.value - from.value <= SHORT * s.step;
  }

  private add(def: Def, type: VType = INT): Val {
    return this.values.push({ type, def }) - 1;
  }
  private let(def: Def, into: Stmt[], type: VType = INT): Val {
    const value = this.add(def, type);
    into.push({ s: "let", value });
    return value;
  }

  /** The value of `v` in the first round. */
  private atStart(v: Val, s: For, loop: Loop, first: Map<Val, Val>, into: Stmt[]): Val {
    if (v === s.variable) return s.from;
    if (!loop.inside.has(v)) return v;
    const known = first.get(v);
    if (known !== undefined) return known;
    const def = loop.definition(v);
    if (def.k !== "prim") return v;
    const args = def.args.map((a) => this.atStart(a, s, loop, first, into));
    const out = this.let({ ...def, args }, into, this.values[v]!.type);
    first.set(v, out);
    return out;
  }

  private step(coef: number, factors: readonly Val[], by: number, into: Stmt[]): Val {
    let step = this.add({ k: "const", value: Math.imul(coef, by) });
    for (const f of factors) step = this.let({ k: "prim", op: "imul", args: [step, f] }, into);
    return step;
  }
}

/** One loop: which values are linear in its variable, and which of them to turn into cells. */
class Loop {
  /** Values computed in the loop, the variable included. */
  readonly inside = new Set<Val>();
  private readonly definitions: readonly Value[];
  private readonly s: For;
  private readonly direct = new Set<Val>();
  private readonly addresses = new Set<Val>();
  private readonly slopes = new Map<Val, Slope | undefined>();
  private readonly fixedValues = new Map<Val, boolean>();

  constructor(values: readonly Value[], s: For) {
    this.definitions = [...values];
    this.s = s;
    this.inside.add(s.variable);
    for (const t of s.body) if (t.s === "let") this.direct.add(t.value);
    this.scan(s.body);
  }

  definition(v: Val): Def {
    return this.definitions[v]!.def;
  }

  private scan(body: readonly Stmt[]): void {
    for (const t of body) {
      if (t.s === "let") {
        this.inside.add(t.value);
        const def = this.definition(t.value);
        if (def.k === "load") this.addresses.add(def.addr);
      } else if (t.s === "store") this.addresses.add(t.addr);
      else if (t.s === "cell") this.inside.add(t.cell);
      else if (t.s === "for") this.inside.add(t.variable);
      for (const b of bodiesOf(t)) this.scan(b);
    }
  }

  choose(): Val[] {
    const pointers = [...this.addresses].filter((v) => this.direct.has(v) && this.slope(v)?.product);
    if (pointers.length <= MOST_POINTERS) return pointers;
    const shared = new Set<Val>();
    for (const v of pointers) this.products(v, shared);
    return [...shared].slice(0, MOST_POINTERS);
  }

  /** Adds the linear products that `v` is made of. */
  private products(v: Val, into: Set<Val>): void {
    const def = this.definition(v);
    if (def.k !== "prim" || this.slope(v) === undefined) return;
    if (def.op === "imul" || def.op === "ishl") {
      if (this.slope(v)!.product) into.add(v);
    } else for (const a of def.args) this.products(a, into);
  }

  /** How `v` grows with the loop variable; undefined where it does not, or not evenly. */
  slope(v: Val): Slope | undefined {
    if (v === this.s.variable) return { coef: 1, factors: [], product: false };
    if (!this.direct.has(v)) return undefined;
    if (!this.slopes.has(v)) this.slopes.set(v, this.slopeOf(this.definition(v)));
    return this.slopes.get(v);
  }

  /** Whether `v` is the same in every round: known before the loop, or computed from such values alone. */
  private fixed(v: Val): boolean {
    if (!this.inside.has(v)) return true;
    let fixed = this.fixedValues.get(v);
    if (fixed === undefined) {
      const def = this.definition(v);
      fixed = this.direct.has(v) && def.k === "prim" && def.args.every((a) => this.fixed(a));
      this.fixedValues.set(v, fixed);
    }
    return fixed;
  }

  private slopeOf(def: Def): Slope | undefined {
    if (def.k !== "prim") return undefined;
    const [a, b] = [def.args[0]!, def.args[1] ?? def.args[0]!];
    const [left, right] = [this.slope(a), this.slope(b)];
    switch (def.op) {
      case "iadd":
        if (left && right) return sum(left, right);
        if (left && this.fixed(b)) return left;
        return right && this.fixed(a) ? right : undefined;
      case "isub":
        if (left && right) return sum(left, { ...right, coef: -right.coef });
        if (left && this.fixed(b)) return left;
        return right && this.fixed(a) ? { ...right, coef: -right.coef } : undefined;
      case "ishl": {
        const by = def.imm ?? 0;
        return left && { ...left, coef: left.coef << by, product: left.product || by > FREE_SHIFT };
      }
      case "imul":
        if (left && this.fixed(b)) return this.times(left, b);
        return right && this.fixed(a) ? this.times(right, a) : undefined;
      default:
        return undefined;
    }
  }

  private times(slope: Slope, by: Val): Slope {
    const def = this.definition(by);
    if (def.k === "const") return { ...slope, coef: Math.imul(slope.coef, def.value), product: true };
    return { ...slope, factors: [...slope.factors, by], product: true };
  }
}

function sum(a: Slope, b: Slope): Slope | undefined {
  const same = a.factors.length === b.factors.length && a.factors.every((f, i) => f === b.factors[i]);
  return same
    ? { coef: (a.coef + b.coef) | 0, factors: a.factors, product: a.product || b.product }
    : undefined;
}
