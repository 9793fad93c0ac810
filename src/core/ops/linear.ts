/** Linear algebra: matrix products with NumPy's rules, and einsum. */
import { ShapeError } from "../../ir/errors.ts";
import { mulSize, sameSize, showShape } from "../../ir/size.ts";
import type { Operand } from "../operand.ts";
import { meet, toTensor } from "../operand.ts";
import { placeOf } from "../scope.ts";
import type { Tensor } from "../tensor.ts";
import { contract } from "./contract.ts";
import { permuteTo, reshapeTo, sliceTo } from "./move.ts";
import { sum } from "./reduce.ts";
import { squeeze } from "./shape.ts";

function refuse(op: string, a: Tensor, b: Tensor, problem: string, expected: string, advice: string): never {
  throw new ShapeError({
    where: placeOf(op),
    problem,
    expected,
    got: `${a.dtype}${showShape(a.shape)} and ${b.dtype}${showShape(b.shape)}`,
    try: advice,
  });
}

/** Products of named axes after dropping axes of size 1 that meet a larger one (broadcasting). */
function product(
  op: string,
  a: Tensor,
  la: number[],
  b: Tensor,
  lb: number[],
  out: readonly number[],
): Tensor {
  const thin = (t: Tensor, own: number[], other: Tensor, others: number[]): number[] =>
    own.flatMap((label, i) => {
      const at = others.indexOf(label);
      return at >= 0 && t.shape[i] === 1 && other.shape[at] !== 1 ? [i] : [];
    });
  const dropA = thin(a, la, b, lb);
  const dropB = thin(b, lb, a, la);
  const keptA = la.filter((_, i) => !dropA.includes(i));
  const keptB = lb.filter((_, i) => !dropB.includes(i));
  keptA.forEach((label) => {
    const x = a.shape[la.indexOf(label)]!;
    const at = lb.indexOf(label);
    if (at < 0 || dropB.includes(at) || sameSize(x, b.shape[at]!)) return;
    refuse(
      op,
      a,
      b,
      "sizes differ",
      `equal sizes, got ${x} and ${b.shape[at]}`,
      "check the shapes of both sides",
    );
  });
  const only = (t: Tensor, kept: number[], others: number[]): [Tensor, number[]] => {
    const summed = kept.flatMap((label, i) => (out.includes(label) || others.includes(label) ? [] : [i]));
    return summed.length === 0 ? [t, kept] : [sum(t, summed), kept.filter((_, i) => !summed.includes(i))];
  };
  const [x, lx] = only(squeeze(a, dropA), keptA, keptB);
  const [y, ly] = only(squeeze(b, dropB), keptB, keptA);
  return contract(x, lx, y, ly, out, op);
}

/**
 * The matrix product by NumPy's rules: the last axis of `a` against the second last of `b`, leading axes broadcast, a
 * vector is a row on the left and a column on the right. Throws ShapeError when the inner sizes differ.
 */
export function matmul(a: Operand, b: Operand): Tensor {
  const [x, y] = meet("matmul", [a, b]) as [Tensor, Tensor];
  if (x.rank === 0 || y.rank === 0) {
    refuse("matmul", x, y, "a scalar has no rows or columns", "at least one axis on each side", "use mul");
  }
  const inner = x.shape.at(-1)!;
  const ofY = y.shape.at(y.rank === 1 ? 0 : -2)!;
  if (!sameSize(inner, ofY)) {
    refuse(
      "matmul",
      x,
      y,
      "inner sizes differ",
      `left.shape[${x.rank - 1}] = right.shape[${Math.max(y.rank - 2, 0)}], got ${inner} and ${ofY}`,
      sameSize(inner, y.shape.at(-1)!)
        ? "transpose the right side"
        : "check which axis is the one summed over; transpose one side if it is not the last of the left",
    );
  }
  const batch = Math.max(x.rank, y.rank, 2) - 2;
  const [row, column, k] = [batch, batch + 1, batch + 2];
  const lead = (rank: number): number[] =>
    Array.from({ length: Math.max(rank - 2, 0) }, (_, i) => batch - (rank - 2) + i);
  const lx = x.rank === 1 ? [k] : [...lead(x.rank), row, k];
  const ly = y.rank === 1 ? [k] : [...lead(y.rank), k, column];
  const out = [
    ...Array.from({ length: batch }, (_, i) => i),
    ...(x.rank === 1 ? [] : [row]),
    ...(y.rank === 1 ? [] : [column]),
  ];
  return product("matmul", x, lx, y, ly, out);
}

/** The dot product by NumPy's rule: the last axis of `a` against the second last (or only) axis of `b`. */
export function dot(a: Operand, b: Operand): Tensor {
  const [x, y] = meet("dot", [a, b]) as [Tensor, Tensor];
  if (x.rank === 0 || y.rank === 0) return x.mul(y);
  const along = Math.max(y.rank - 2, 0);
  if (!sameSize(x.shape.at(-1)!, y.shape[along]!)) {
    refuse(
      "dot",
      x,
      y,
      "inner sizes differ",
      "equal sizes on the summed axes",
      "check the shapes of both sides",
    );
  }
  const lx = x.shape.map((_, i) => i);
  const ly = y.shape.map((_, i) => (i === along ? x.rank - 1 : x.rank + i));
  return product(
    "dot",
    x,
    lx,
    y,
    ly,
    [...lx, ...ly].filter((l) => l !== x.rank - 1),
  );
}

/** Every element of `a` times every element of `b`: [count of a, count of b]. */
export function outer(a: Operand, b: Operand): Tensor {
  const [x, y] = meet("outer", [a, b]) as [Tensor, Tensor];
  return contract(x.flatten(), [0], y.flatten(), [1], [0, 1], "outer");
}

interface Parsed {
  inputs: number[][];
  output: number[];
}

const letter = /^[A-Za-z]$/;

/** Labels of a specification such as `bij,bjk->bik`; `...` stands for leading axes that broadcast. */
function parse(spec: string, operands: readonly Tensor[]): Parsed {
  const fail = (problem: string): never => {
    throw new ShapeError({
      where: placeOf("einsum"),
      problem,
      expected: 'a letter for each axis, such as "ij,jk->ik"',
      got: `${JSON.stringify(spec)} for ${operands.map((t) => showShape(t.shape)).join(" and ")}`,
      try: "count the letters of each operand; write ... for any leading axes",
    });
  };
  const [left, right, more] = spec.replaceAll(" ", "").split("->");
  if (more !== undefined) fail("there are two arrows");
  const terms = left!.split(",");
  if (terms.length !== operands.length) fail("the number of operands differs");
  const dotted = Math.max(
    0,
    ...terms.map((t, i) => (t.includes("...") ? operands[i]!.rank - (t.length - 3) : 0)),
  );
  const labelsOf = (term: string, rank: number | undefined): number[] => {
    const [before, after, extra] = term.split("...");
    if (extra !== undefined) fail("... occurs twice in one term");
    const letters = [...before!, ...(after ?? "")];
    if (letters.some((c) => !letter.test(c))) fail("an axis is named by a letter");
    const codes = (s: string): number[] => [...s].map((c) => c.charCodeAt(0));
    if (after === undefined) {
      if (rank !== undefined && letters.length !== rank) fail("the number of axes differs");
      return codes(term);
    }
    const count = rank === undefined ? dotted : rank - letters.length;
    if (count < 0) fail("there are more letters than axes");
    return [
      ...codes(before!),
      ...Array.from({ length: count }, (_, i) => 1000 + dotted - count + i),
      ...codes(after),
    ];
  };
  const inputs = terms.map((t, i) => labelsOf(t, operands[i]!.rank));
  const all = inputs.flat();
  const once = [...new Set(all)]
    .filter((l) => l >= 1000 || all.indexOf(l) === all.lastIndexOf(l))
    .sort((a, b) => (a >= 1000 !== b >= 1000 ? b - a : a - b));
  const output = right === undefined ? once : labelsOf(right, undefined);
  if (new Set(output).size !== output.length) fail("an axis of the result is named twice");
  if (output.some((l) => !all.includes(l))) fail("the result names an axis that no operand has");
  return { inputs, output };
}

/** The diagonal of axes with one label, as one axis. */
function diagonal(t: Tensor, labels: number[]): [Tensor, number[]] {
  const twice = labels.findIndex((l, i) => labels.indexOf(l) < i);
  if (twice < 0) return [t, labels];
  const first = labels.indexOf(labels[twice]!);
  const n = t.shape[first]!;
  if (!sameSize(n, t.shape[twice]!) || typeof n !== "number") {
    refuse("einsum", t, t, "a repeated letter needs axes of one known size", `${n} twice`, "slice first");
  }
  const rest = labels.map((_, i) => i).filter((i) => i !== first && i !== twice);
  const flat = reshapeTo(permuteTo(t, [...rest, first, twice]), [
    ...rest.map((i) => t.shape[i]!),
    mulSize(n, n),
  ]);
  const line = sliceTo(
    flat,
    [...rest.map((i) => t.shape[i]!), n],
    flat.shape.map(() => 0),
    [...rest.map(() => 1), n + 1],
  );
  return diagonal(line, [...rest.map((i) => labels[i]!), labels[first]!]);
}

/**
 * Sums of products by Einstein's convention: `einsum("ij,jk->ik", a, b)`. Letters left out of the result are summed, a
 * letter twice in one operand takes the diagonal, `...` stands for axes that broadcast; without `->` the result has the
 * letters that occur once, in alphabetical order. Several operands are multiplied from left to right. Throws ShapeError
 * for a specification that does not fit.
 */
export function einsum(spec: string, ...operands: readonly Operand[]): Tensor {
  const ts = operands.length === 1 ? [toTensor(operands[0]!)] : meet("einsum", operands);
  const { inputs, output } = parse(spec, ts);
  const terms = ts.map((t, i) => diagonal(t, inputs[i]!));
  while (terms.length > 1) {
    const [[a, la], [b, lb]] = terms.splice(0, 2) as [[Tensor, number[]], [Tensor, number[]]];
    const wanted = new Set<number>([...output, ...terms.flatMap(([, l]) => l)]);
    const union = [...new Set([...la, ...lb])].filter((l) => wanted.has(l));
    const out: number[] = terms.length === 0 ? output : union;
    terms.unshift([product("einsum", a, la, b, lb, out), out]);
  }
  const [t, labels] = terms[0]!;
  const summed = labels.flatMap((l, i) => (output.includes(l) ? [] : [i]));
  const left: readonly number[] = labels.filter((l) => output.includes(l));
  const reduced = summed.length === 0 ? t : sum(t, summed);
  return permuteTo(
    reduced,
    output.map((l) => left.indexOf(l)),
  );
}
