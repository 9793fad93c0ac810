/**
 * Index expressions of a kernel: polynomials with integer coefficients over int32 values of the kernel (loop variables,
 * runtime sizes, loaded indices). Keeping indices as polynomials until they are used lets divisions cancel against
 * multiplications, and lets each part of an address be computed in the outermost loop in which it is known.
 */
import type { Val } from "../ir/index.ts";

interface Monomial {
  readonly coef: number;
  /** Ascending; repeated values are powers. Empty for the constant. */
  readonly vals: readonly Val[];
}

export class Ix {
  /** In the order of `order`, none twice, none with coefficient 0. */
  readonly terms: readonly Monomial[];
  #key: string | undefined;

  constructor(terms: readonly Monomial[]) {
    this.terms = terms;
  }

  static of(v: Val): Ix {
    return new Ix([{ coef: 1, vals: [v] }]);
  }

  static number(n: number): Ix {
    return n === 0 ? ZERO : new Ix([{ coef: n, vals: [] }]);
  }

  /** The value if it is a constant. */
  get constant(): number | undefined {
    if (this.terms.length === 0) return 0;
    return this.terms.length === 1 && this.terms[0]!.vals.length === 0 ? this.terms[0]!.coef : undefined;
  }

  get constantPart(): number {
    return this.terms.find((t) => t.vals.length === 0)?.coef ?? 0;
  }

  get key(): string {
    this.#key ??= this.terms.map((t) => `${t.coef}:${t.vals.join(".")}`).join(",");
    return this.#key;
  }

  add(other: Ix | number): Ix {
    const { terms } = asIx(other);
    if (terms.length === 0) return this;
    return this.terms.length === 0 ? new Ix(terms) : new Ix(merge(this.terms, terms));
  }

  sub(other: Ix | number): Ix {
    return this.add(asIx(other).mul(-1));
  }

  mul(other: Ix | number): Ix {
    const by = asIx(other);
    const c = by.constant;
    if (c === 1) return this;
    if (c === 0) return ZERO;
    if (c !== undefined) return new Ix(this.terms.map((t) => ({ coef: t.coef * c, vals: t.vals })));
    let sum: readonly Monomial[] = [];
    for (const b of by.terms) {
      const part = this.terms.map((a) => ({
        coef: a.coef * b.coef,
        vals: [...a.vals, ...b.vals].sort((x, y) => x - y),
      }));
      sum = merge(
        sum,
        part.sort((x, y) => order(x.vals, y.vals)),
      );
    }
    return new Ix(sum);
  }

  /** Splits into the part divisible by `d` (already divided) and the rest. */
  splitBy(d: number): { whole: Ix; rest: Ix } {
    const whole: Monomial[] = [];
    const rest: Monomial[] = [];
    for (const t of this.terms) {
      if (t.coef % d === 0) whole.push({ coef: t.coef / d, vals: t.vals });
      else if (t.vals.length === 0) {
        const q = Math.floor(t.coef / d);
        whole.push({ coef: q, vals: [] });
        rest.push({ coef: t.coef - q * d, vals: [] });
      } else rest.push(t);
    }
    const kept = (terms: readonly Monomial[]): Ix => new Ix(terms.filter((t) => t.coef !== 0));
    return { whole: kept(whole), rest: kept(rest) };
  }
}

const ZERO = new Ix([]);

export function asIx(x: Ix | number): Ix {
  return typeof x === "number" ? Ix.number(x) : x;
}

/** Shorter products first, then by their values. */
function order(a: readonly Val[], b: readonly Val[]): number {
  if (a.length !== b.length) return a.length - b.length;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return 0;
}

/** The sum of two ordered lists of terms. */
function merge(a: readonly Monomial[], b: readonly Monomial[]): Monomial[] {
  const out: Monomial[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    const which = i >= a.length ? 1 : j >= b.length ? -1 : order(a[i]!.vals, b[j]!.vals);
    if (which < 0) out.push(a[i++]!);
    else if (which > 0) out.push(b[j++]!);
    else {
      const coef = a[i]!.coef + b[j++]!.coef;
      if (coef !== 0) out.push({ coef, vals: a[i]!.vals });
      i++;
    }
  }
  return out;
}

/**
 * An index per lane of a vector: either `base + step * lane`, or one expression for each lane.
 * Where only the first `limit` lanes count, the others may hold anything that is safe to read.
 */
export class LaneIx {
  readonly base: Ix;
  /** Distance between lanes; undefined where the lanes follow no step. */
  readonly step: number | undefined;
  readonly limit: number | undefined;
  readonly #lanes: readonly Ix[] | undefined;

  private constructor(base: Ix, step: number | undefined, limit?: number, lanes?: readonly Ix[]) {
    this.base = base;
    this.step = step;
    this.limit = limit;
    this.#lanes = lanes;
  }

  /** The same index in every lane. */
  static uniform(base: Ix | number): LaneIx {
    return new LaneIx(asIx(base), 0);
  }

  static linear(base: Ix | number, step: number, limit?: number): LaneIx {
    return new LaneIx(asIx(base), step, limit);
  }

  static each(lanes: readonly Ix[], limit?: number): LaneIx {
    const first = lanes[0]!;
    const step = lanes.length > 1 ? lanes[1]!.sub(first).constant : 0;
    if (step !== undefined && lanes.every((x, l) => x.sub(first).constant === step * l))
      return new LaneIx(first, step, limit);
    return new LaneIx(first, undefined, limit, lanes);
  }

  get uniform(): boolean {
    return this.step === 0;
  }

  get key(): string {
    if (this.#lanes) return this.#lanes.map((x) => x.key).join(";");
    return `${this.base.key}+${this.step}l${this.limit ?? ""}`;
  }

  /** The index in lane `l`, or in the last lane that counts. */
  lane(l: number): Ix {
    const at = this.limit === undefined ? l : Math.min(l, this.limit - 1);
    return this.#lanes ? this.#lanes[at]! : this.base.add(this.step! * at);
  }

  /** Applies `f` lane by lane, unless all lanes are the same. */
  map(lanes: number, f: (x: Ix) => Ix): LaneIx {
    if (this.step === 0) return LaneIx.uniform(f(this.base));
    return LaneIx.each(
      Array.from({ length: lanes }, (_, l) => f(this.lane(l))),
      this.limit,
    );
  }

  add(other: LaneIx, lanes: number): LaneIx {
    const limit = this.limit ?? other.limit;
    if (this.step !== undefined && other.step !== undefined) {
      return new LaneIx(this.base.add(other.base), this.step + other.step, limit);
    }
    return LaneIx.each(
      Array.from({ length: lanes }, (_, l) => this.lane(l).add(other.lane(l))),
      limit,
    );
  }

  /** Times something that is the same in every lane. */
  scale(by: Ix | number, lanes: number): LaneIx {
    const factor = asIx(by);
    if (factor.constant === 0) return LaneIx.uniform(0);
    if (this.step === 0) return LaneIx.uniform(this.base.mul(factor));
    if (this.step !== undefined && factor.constant !== undefined) {
      return new LaneIx(this.base.mul(factor), this.step * factor.constant, this.limit);
    }
    return this.map(lanes, (x) => x.mul(factor));
  }
}
