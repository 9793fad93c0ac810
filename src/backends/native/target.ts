/** What the compiler may choose for a machine with registers of so many lanes. */
import type { Target } from "../../ir/index.ts";

/**
 * Products and sums stay apart, so that a tile of four rows and two registers keeps the multipliers and adders busy: a
 * larger one would gain nothing.
 */
export function nativeTarget(lanes: number): Target {
  return { lanes: 16, tile: { rows: 4, columns: 2 * lanes }, neighbours: false };
}
