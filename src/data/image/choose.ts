/** Which of the ink in a picture is the digit. */
import { type Component, components, extent, gap, type Labels } from "./components.ts";
import { dilate, quantile } from "./filters.ts";
import { type Plane, plane } from "./pixels.ts";

/**
 * The digit as a binary plane, or undefined where nothing looks like one. The main component is the one with the most
 * ink, the more central the better, that does not run out of the picture; components near it that are dark and large
 * enough belong to it (a bar of a 5, a broken stroke), specks and lines at the rim do not.
 *
 * @param floor the least value that is not noise
 * @param close whether the digit may touch the rim: a drawing cut out tightly
 * @param paper 1 for each pixel of the sheet of paper, where one is seen; what lies beside it hardly counts
 */
export function chooseDigit(
  ink: Plane,
  floor: number,
  close: boolean,
  paper: Uint8Array | undefined,
): Plane | undefined {
  const first = components(ink, floor, 1.5 * floor, paper);
  const start = mainComponent(first, ink, close);
  if (start === undefined) return undefined;
  // The ink's level is known now: thresholds follow it instead of the noise.
  const level = levelOf(start, first, ink);
  const low = Math.max(floor, 0.3 * level);
  const labels = components(ink, low, Math.max(low, 0.5 * level), paper);
  const main = mainComponent(labels, ink, close);
  if (main === undefined) return undefined;
  return binary(ink, labels, family(main, labels, level, close), level);
}

function mainComponent({ components: all }: Labels, ink: Plane, close: boolean): Component | undefined {
  const { width, height } = ink;
  const least = Math.max(3, 0.03 * Math.min(width, height));
  let best: Component | undefined;
  let bestScore = 0;
  for (const c of all) {
    const long = extent(c);
    if (long < least) continue;
    // Distance of its box's centre from the picture's, 1 at the middle of a side.
    const dx = (c.left + c.right + 1) / width - 1;
    const dy = (c.top + c.bottom + 1) / height - 1;
    const central = 1 / (1 + 2 * (dx * dx + dy * dy) ** 2);
    const frame = c.onBorder > width + height;
    const cut = frame ? 0.01 : c.onBorder > 0 && !close ? 0.02 : 1;
    const beside = 0.1 + (0.9 * c.onPaper) / c.area;
    const score = c.mass * central * cut * beside;
    if (score > bestScore) {
      bestScore = score;
      best = c;
    }
  }
  return best;
}

/** The level of well inked pixels of a component. */
function levelOf(c: Component, { map }: Labels, ink: Plane): number {
  const values: number[] = [];
  for (let y = c.top; y <= c.bottom; y++) {
    for (let x = c.left; x <= c.right; x++) {
      const i = y * ink.width + x;
      if (map[i] === c.id) values.push(ink.data[i]!);
    }
  }
  return quantile(values, 0.8);
}

/** The main component and the ones that belong to it. */
function family(main: Component, { components: all }: Labels, level: number, close: boolean): Component[] {
  const chosen = [main];
  const onPaper = 2 * main.onPaper > main.area;
  // A digit that runs out of the picture itself is cut out tightly.
  const mayTouch = close || main.onBorder > 0;
  let grown = true;
  while (grown) {
    grown = false;
    const size = Math.max(...chosen.map(extent));
    const area = chosen.reduce((sum, c) => sum + c.area, 0);
    for (const c of all) {
      if (chosen.includes(c) || (c.onBorder > 0 && !mayTouch)) continue;
      if (onPaper && 2 * c.onPaper < c.area) continue;
      const near = Math.min(...chosen.map((other) => gap(c, other)));
      const large = c.area > 0.015 * area && extent(c) > 0.05 * size;
      const larger = c.area > 0.06 * area && extent(c) > 0.12 * size;
      if (c.mass / c.area < 0.4 * level || extent(c) > 2 * size) continue;
      if ((large && near < 0.08 * size) || (larger && near < 0.3 * size)) {
        chosen.push(c);
        grown = true;
      }
    }
  }
  return chosen;
}

/** Ink of the chosen components that reaches half of what is around it: thin and faint parts of a stroke stay. */
function binary(ink: Plane, { map }: Labels, chosen: readonly Component[], level: number): Plane {
  const { width, height } = ink;
  const keep = new Set(chosen.map((c) => c.id));
  const area = chosen.reduce((sum, c) => sum + c.area, 0);
  const size = Math.max(...chosen.map(extent));
  const around = dilate(ink, Math.max(1, Math.round(area / size / 4)));
  const out = plane(width, height);
  for (let i = 0; i < out.data.length; i++) {
    const whole = Math.min(level, around.data[i]!);
    out.data[i] = keep.has(map[i]!) && ink.data[i]! >= 0.5 * whole ? 1 : 0;
  }
  return out;
}
