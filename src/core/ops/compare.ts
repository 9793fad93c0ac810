/** Comparisons and logic. All give bool; they broadcast, and have no gradient. */
import type { Operand } from "../operand.ts";
import { toFloat } from "../operand.ts";
import type { Tensor } from "../tensor.ts";
import { binary, unary } from "./map.ts";

const none = () => [undefined, undefined];

/** a < b. */
export const less = binary({ name: "less", scalar: "lt", domain: "number", gradient: none });
/** a <= b. */
export const lessEqual = binary({ name: "lessEqual", scalar: "le", domain: "number", gradient: none });
/** a > b. */
export const greater = binary({ name: "greater", scalar: "gt", domain: "number", gradient: none });
/** a >= b. */
export const greaterEqual = binary({ name: "greaterEqual", scalar: "ge", domain: "number", gradient: none });
/** a = b; NaN equals nothing. */
export const equal = binary({ name: "equal", scalar: "eq", domain: "number", gradient: none });
/** a ≠ b. */
export const notEqual = binary({ name: "notEqual", scalar: "ne", domain: "number", gradient: none });

/** Both are true (not 0). */
export const logicalAnd = binary({ name: "logicalAnd", scalar: "and", domain: "bool", gradient: none });
/** At least one is true. */
export const logicalOr = binary({ name: "logicalOr", scalar: "or", domain: "bool", gradient: none });
/** Exactly one is true. */
export const logicalXor = binary({ name: "logicalXor", scalar: "xor", domain: "bool", gradient: none });
/** Is false (0). */
export const logicalNot = unary({
  name: "logicalNot",
  scalar: "not",
  domain: "bool",
  gradient: () => [undefined],
});

/** Is NaN. */
// biome-ignore lint/suspicious/noShadowRestrictedNames: NumPy's word
export function isNaN(x: Operand): Tensor {
  const t = toFloat(x);
  return notEqual(t, t);
}

const largestFloat = 3.4028234663852886e38;

/** Is neither NaN nor infinite. */
// biome-ignore lint/suspicious/noShadowRestrictedNames: NumPy's word
export function isFinite(x: Operand): Tensor {
  return lessEqual(toFloat(x).abs(), largestFloat);
}
