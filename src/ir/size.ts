/**
 * Sizes: numbers, or symbolic sizes that are known only when a plan runs.
 *
 * A symbolic size is a polynomial with integer coefficients over *atoms*; an atom is a named symbol (`rows`, `edges`) or
 * the floor of a division of another size. Polynomials are kept in a canonical form, so two sizes are the same size
 * exactly when their keys are equal; nothing is ever assumed about the value of a symbol.
 */
import { ShapeError } from "./errors.ts";

export type Atom =
  | { readonly kind: "symbol"; readonly id: number; readonly name: string }
  | { readonly kind: "floorDiv"; readonly of: Dim; readonly by: number };

interface Term {
  readonly coef: number;
  /** Sorted by atom key; repeated atoms are powers. Empty for the constant term. */
  readonly atoms: readonly Atom[];
}

/** A size that is not known before a plan runs. Not a number: `+` and `===` on it are mistakes; use the functions below. */
export class Dim {
  readonly terms: readonly Term[];
  readonly key: string;

  constructor(terms: readonly Term[]) {
    this.terms = terms;
    this.key = terms.map((t) => `${t.coef}${t.atoms.map((a) => "*" + atomKey(a)).join("")}`).join("+");
  }

  toString(): string {
    return this.terms
      .map((t) => {
        const names = t.atoms.map(atomName).join("*");
        return names === "" ? String(t.coef) : t.coef === 1 ? names : `${t.coef}*${names}`;
      })
      .join("+")
      .replaceAll("+-", "-");
  }

  toJSON(): string {
    return this.key;
  }
}

export type Size = number | Dim;
export type Shape = readonly Size[];

function atomKey(a: Atom): string {
  return a.kind === "symbol" ? `$${a.id}` : `(${a.of.key})//${a.by}`;
}
function atomName(a: Atom): string {
  return a.kind === "symbol" ? a.name : `floor((${a.of})/${a.by})`;
}
function monomial(atoms: readonly Atom[]): string {
  return atoms.map(atomKey).join("*");
}

let symbols = 0;
/** A new symbolic size. Two calls give two different sizes, whatever their names. */
export function dim(name: string): Dim {
  return symbolDim(++symbols, name);
}

/** The symbol that has the number `id`, as a size. */
export function symbolDim(id: number, name: string): Dim {
  return new Dim([{ coef: 1, atoms: [{ kind: "symbol", id, name }] }]);
}

function termsOf(s: Size): readonly Term[] {
  return typeof s === "number" ? (s === 0 ? [] : [{ coef: s, atoms: [] }]) : s.terms;
}

function fromTerms(terms: Iterable<Term>): Size {
  const sum = new Map<string, Term>();
  for (const t of terms) {
    const key = monomial(t.atoms);
    const old = sum.get(key);
    sum.set(key, old ? { coef: old.coef + t.coef, atoms: t.atoms } : t);
  }
  const kept = [...sum.entries()].filter(([, t]) => t.coef !== 0);
  if (kept.length === 0) return 0;
  if (kept.length === 1 && kept[0]![0] === "") return kept[0]![1].coef;
  kept.sort(([a], [b]) => (a < b ? 1 : -1));
  return new Dim(kept.map(([, t]) => t));
}

export function addSize(a: Size, b: Size): Size {
  if (typeof a === "number" && typeof b === "number") return a + b;
  if (a === 0) return b;
  if (b === 0) return a;
  return fromTerms([...termsOf(a), ...termsOf(b)]);
}

export function subSize(a: Size, b: Size): Size {
  return addSize(a, mulSize(b, -1));
}

export function mulSize(a: Size, b: Size): Size {
  if (typeof a === "number" && typeof b === "number") return a * b;
  if (a === 1) return b;
  if (b === 1) return a;
  const out: Term[] = [];
  for (const x of termsOf(a)) {
    for (const y of termsOf(b)) {
      const atoms = [...x.atoms, ...y.atoms].sort((p, q) => (atomKey(p) < atomKey(q) ? -1 : 1));
      out.push({ coef: x.coef * y.coef, atoms });
    }
  }
  return fromTerms(out);
}

/** `floor(a / by)` for a positive whole number `by`; exact when every coefficient divides. */
export function floorDivSize(a: Size, by: number): Size {
  if (typeof a === "number") return Math.floor(a / by);
  if (by === 1) return a;
  const whole = a.terms.filter((t) => t.coef % by === 0).map((t) => ({ coef: t.coef / by, atoms: t.atoms }));
  const rest = fromTerms(a.terms.filter((t) => t.coef % by !== 0));
  if (rest === 0) return fromTerms(whole);
  if (typeof rest === "number") return fromTerms([...whole, ...termsOf(Math.floor(rest / by))]);
  return fromTerms([...whole, { coef: 1, atoms: [{ kind: "floorDiv", of: rest, by }] }]);
}

export function ceilDivSize(a: Size, by: number): Size {
  return floorDivSize(addSize(a, by - 1), by);
}

/** The quotient when `a` is `b` times a whole polynomial, else undefined. Used to resolve -1 in a reshape. */
export function exactDivSize(a: Size, b: Size): Size | undefined {
  if (typeof b === "number") {
    if (b === 0) return undefined;
    const terms = termsOf(a);
    if (terms.some((t) => t.coef % b !== 0)) return undefined;
    return fromTerms(terms.map((t) => ({ coef: t.coef / b, atoms: t.atoms })));
  }
  if (b.terms.length !== 1) return sameSize(a, b) ? 1 : undefined;
  const divisor = b.terms[0]!;
  const out: Term[] = [];
  for (const t of termsOf(a)) {
    const left = [...t.atoms];
    for (const atom of divisor.atoms) {
      const at = left.findIndex((x) => atomKey(x) === atomKey(atom));
      if (at < 0) return undefined;
      left.splice(at, 1);
    }
    if (t.coef % divisor.coef !== 0) return undefined;
    out.push({ coef: t.coef / divisor.coef, atoms: left });
  }
  return fromTerms(out);
}

export function sameSize(a: Size, b: Size): boolean {
  return typeof a === "number" || typeof b === "number" ? a === b : a.key === b.key;
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((s, i) => sameSize(s, b[i]!));
}

/** The number of elements. */
export function countOf(shape: Shape): Size {
  return shape.reduce(mulSize, 1);
}

/** Row-major strides in elements. */
export function stridesOf(shape: Shape): Size[] {
  const out: Size[] = new Array(shape.length);
  let s: Size = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    out[i] = s;
    s = mulSize(s, shape[i]!);
  }
  return out;
}

/** The value of a size for given values of its symbols (by symbol id). */
export function evalSize(s: Size, symbolValues: ReadonlyMap<number, number>): number {
  if (typeof s === "number") return s;
  let total = 0;
  for (const t of s.terms) {
    let v = t.coef;
    for (const a of t.atoms) {
      if (a.kind === "symbol") {
        const x = symbolValues.get(a.id);
        if (x === undefined) {
          throw new ShapeError({
            where: "sizes",
            problem: `the size ${a.name} has no value`,
            try: "bind it by passing an input of that size",
          });
        }
        v *= x;
      } else v *= Math.floor(evalSize(a.of, symbolValues) / a.by);
    }
    total += v;
  }
  return total;
}

/** The symbols a size depends on. */
export function symbolsOf(s: Size, into: Map<number, string> = new Map()): Map<number, string> {
  if (typeof s !== "number") {
    for (const t of s.terms) {
      for (const a of t.atoms) {
        if (a.kind === "symbol") into.set(a.id, a.name);
        else symbolsOf(a.of, into);
      }
    }
  }
  return into;
}

/** `s` as a number; throws a ShapeError naming `where` if it is symbolic. */
export function staticSize(s: Size, where: string, what = "this size"): number {
  if (typeof s === "number") return s;
  throw new ShapeError({
    where,
    problem: `${what} must be known when the program is made`,
    expected: "a number",
    got: `the symbolic size ${s}`,
    try: "give the input a fixed size on this axis; only row, node, edge and graph counts are usually symbolic",
  });
}

/** `[32, 784]` or `[rows, 784]`. */
export function showShape(shape: Shape): string {
  return `[${shape.join(", ")}]`;
}
