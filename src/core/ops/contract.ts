/**
 * Sums of products with named axes: the primitive under matmul and einsum. Its gradients are of the same kind, so it is
 * closed under differentiation.
 */
import type { Size } from "../../ir/size.ts";
import { stridesOf } from "../../ir/size.ts";
import { defineOp } from "../op.ts";
import type { Tensor } from "../tensor.ts";
import { permuteTo } from "./move.ts";

/** The labels of the axes of the two operands and of the result. No label occurs twice in one list. */
export interface ContractAttrs {
  readonly a: readonly number[];
  readonly b: readonly number[];
  /** Every label here is in `a` or `b`; the labels left out are in both, and summed. */
  readonly out: readonly number[];
}

function sizeOfLabel(label: number, a: Tensor, b: Tensor, attrs: ContractAttrs): Size {
  const inA = attrs.a.indexOf(label);
  return inA >= 0 ? a.shape[inA]! : b.shape[attrs.b.indexOf(label)]!;
}

const contractOp = defineOp<ContractAttrs>({
  name: "matmul",
  kind: "contract",
  infer: ([a, b], attrs) => ({
    shape: attrs.out.map((label) => sizeOfLabel(label, a!, b!, attrs)),
    dtype: a!.dtype,
  }),
  lower: (attrs, [a, b]) => {
    const summed = attrs.a.filter((label) => !attrs.out.includes(label));
    const labels = [...attrs.out, ...summed];
    const along = (own: readonly number[], strides: readonly Size[]) => ({
      offset: 0,
      strides: labels.map((label) => (own.includes(label) ? strides[own.indexOf(label)]! : 0)),
    });
    return {
      kind: "contract",
      reduce: summed.map((label) => a!.shape[attrs.a.indexOf(label)]!),
      a: along(attrs.a, stridesOf(a!.shape)),
      b: along(attrs.b, stridesOf(b!.shape)),
    };
  },
  gradient: (g, [a, b], _, attrs) => [
    contract(g, attrs.out, b!, attrs.b, attrs.a),
    contract(g, attrs.out, a!, attrs.a, attrs.b),
  ],
});

/**
 * Σ a · b over the labels that are not in `out`. The operand that carries the last output axis goes second, and that axis
 * is made its innermost one where both operands have output axes of their own: code is vectorised along it.
 */
export function contract(
  a: Tensor,
  aLabels: readonly number[],
  b: Tensor,
  bLabels: readonly number[],
  out: readonly number[],
  label = "matmul",
): Tensor {
  const last = out.at(-1);
  if (last !== undefined && !bLabels.includes(last)) return contract(b, bLabels, a, aLabels, out, label);
  const bothOpen =
    out.some((l) => aLabels.includes(l) && !bLabels.includes(l)) &&
    out.some((l) => bLabels.includes(l) && !aLabels.includes(l));
  if (last !== undefined && bothOpen && bLabels.at(-1) !== last) {
    const order = [...bLabels.filter((l) => l !== last), last];
    const inner = permuteTo(
      b,
      order.map((l) => bLabels.indexOf(l)),
    );
    return contractOp([a, inner], { a: aLabels, b: order, out }, label);
  }
  return contractOp([a, b], { a: aLabels, b: bLabels, out }, label);
}
