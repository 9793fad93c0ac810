/** The weight of a digit's strokes: measured, and brought into the range of MNIST's. */
import { distanceTo } from "./filters.ts";
import { type Plane, plane } from "./pixels.ts";

/**
 * Mean width of the strokes of a binary digit, in pixels: four times the mean distance to the paper, which is exact
 * for long strips of constant width.
 */
export function strokeWidth(binary: Plane): number {
  const distance = distanceTo(binary, (v) => v < 0.5);
  let sum = 0;
  let area = 0;
  for (const d of distance.data) {
    if (d > 0) {
      sum += d - 0.5;
      area++;
    }
  }
  return area === 0 ? 0 : (4 * sum) / area;
}

/**
 * The digit with `change` pixels added to the width of all strokes (removed where negative), with edges one pixel soft.
 * Strokes thinner than what is taken away keep a hairline.
 */
export function changeWidth(binary: Plane, change: number): Plane {
  const outside = distanceTo(binary, (v) => v >= 0.5);
  const inside = distanceTo(binary, (v) => v < 0.5);
  const out = plane(binary.width, binary.height);
  for (let i = 0; i < out.data.length; i++) {
    const signed = inside.data[i]! > 0 ? inside.data[i]! - 0.5 : 0.5 - outside.data[i]!;
    out.data[i] = Math.min(1, Math.max(0, signed + change / 2 + 0.5));
  }
  return out;
}
