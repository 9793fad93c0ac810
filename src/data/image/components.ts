/** Connected components of a thresholded plane, and which of them make up a digit. */
import type { Plane } from "./pixels.ts";

/** A connected set of pixels (8 neighbours). Bounds are inclusive. */
export interface Component {
  readonly id: number;
  left: number;
  right: number;
  top: number;
  bottom: number;
  area: number;
  /** Sum of the plane's values. */
  mass: number;
  /** Greatest value. */
  peak: number;
  /** Pixels on the outermost ring of the picture. */
  onBorder: number;
  /** Pixels that lie on the sheet of paper. */
  onPaper: number;
}

export interface Labels {
  /** Id of the component of each pixel; 0 is none. */
  readonly map: Int32Array;
  readonly components: readonly Component[];
}

/**
 * The components of `plane ≥ low` that reach `high` somewhere (hysteresis, Canny 1986).
 *
 * @param paper 1 for each pixel that lies on the sheet of paper; everything where left out
 */
export function components(p: Plane, low: number, high: number, paper?: Uint8Array): Labels {
  const { width, height, data } = p;
  const map = new Int32Array(width * height);
  const stack = new Int32Array(width * height);
  const found: Component[] = [];
  for (let start = 0; start < data.length; start++) {
    if (map[start] !== 0 || data[start]! < high) continue;
    const c: Component = {
      id: found.length + 1,
      left: width,
      right: -1,
      top: height,
      bottom: -1,
      area: 0,
      mass: 0,
      peak: 0,
      onBorder: 0,
      onPaper: 0,
    };
    let size = 0;
    stack[size++] = start;
    map[start] = c.id;
    while (size > 0) {
      const i = stack[--size]!;
      const y = Math.floor(i / width);
      const x = i - y * width;
      c.area++;
      c.onPaper += paper === undefined ? 1 : paper[i]!;
      c.mass += data[i]!;
      c.peak = Math.max(c.peak, data[i]!);
      c.left = Math.min(c.left, x);
      c.right = Math.max(c.right, x);
      c.top = Math.min(c.top, y);
      c.bottom = Math.max(c.bottom, y);
      if (x === 0 || y === 0 || x === width - 1 || y === height - 1) c.onBorder++;
      for (let v = Math.max(0, y - 1); v <= Math.min(height - 1, y + 1); v++) {
        for (let u = Math.max(0, x - 1); u <= Math.min(width - 1, x + 1); u++) {
          const j = v * width + u;
          if (map[j] === 0 && data[j]! >= low) {
            map[j] = c.id;
            stack[size++] = j;
          }
        }
      }
    }
    found.push(c);
  }
  return { map, components: found };
}

/** The longer side of a component's box. */
export function extent(c: Component): number {
  return Math.max(c.right - c.left, c.bottom - c.top) + 1;
}

/** Distance between the boxes of two components; 0 where they overlap. */
export function gap(a: Component, b: Component): number {
  const dx = Math.max(0, a.left - b.right, b.left - a.right);
  const dy = Math.max(0, a.top - b.bottom, b.top - a.bottom);
  return Math.sqrt(dx * dx + dy * dy);
}
