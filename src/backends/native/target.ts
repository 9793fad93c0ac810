/** What the compiler may choose for a machine with registers of so many lanes. */
import type { Target } from "../../ir/index.ts";

/**
 * A tile of six rows and two registers leaves four of sixteen registers for the operands: fewer rows keep the decoder busy
 * with loads, more spill.
 */
export function nativeTarget(lanes: number): Target {
  return { lanes: 16, tile: { rows: 6, columns: 2 * lanes }, neighbours: false, prefetch: true };
}
