/** Lines of equal height through a grid of values (marching squares). */
import type { Numbers } from "./figure.ts";

/** Points joined two by two, with a break (NaN) after each pair, in units of columns and rows. */
export interface Contour {
  x: number[];
  y: number[];
}

/** Where the values of a `rows` × `columns` grid, read as a surface linear along each edge, are zero. */
export function zeroContour(values: Numbers, rows: number, columns: number): Contour {
  const contour: Contour = { x: [], y: [] };
  for (let r = 0; r + 1 < rows; r++) {
    for (let c = 0; c + 1 < columns; c++) addCell(contour, values, columns, r, c);
  }
  return contour;
}

/** The corners of a cell in order around it: upper left, upper right, lower right, lower left. */
const corners = [
  [0, 0],
  [0, 1],
  [1, 1],
  [1, 0],
] as const;

function addCell(contour: Contour, values: Numbers, columns: number, r: number, c: number): void {
  const heights = corners.map(([dr, dc]) => values[(r + dr) * columns + c + dc]!);
  const crossings: (readonly [number, number])[] = [];
  for (let i = 0; i < 4; i++) {
    const j = (i + 1) % 4;
    const [a, b] = [heights[i]!, heights[j]!];
    if (a >= 0 === b >= 0 || !Number.isFinite(a - b)) continue;
    const t = a / (a - b);
    const [from, to] = [corners[i]!, corners[j]!];
    crossings.push([c + from[1] + t * (to[1] - from[1]), r + from[0] + t * (to[0] - from[0])]);
  }
  // At a saddle all four edges are crossed: the mean height says which corners belong together.
  const turn = crossings.length === 4 && heights.reduce((a, b) => a + b, 0) >= 0 === heights[0]! >= 0 ? 1 : 0;
  for (let i = 0; i + 1 < crossings.length; i += 2) {
    const [p, q] = [crossings[i + turn]!, crossings[(i + turn + 1) % crossings.length]!];
    contour.x.push(p[0], q[0], Number.NaN);
    contour.y.push(p[1], q[1], Number.NaN);
  }
}
