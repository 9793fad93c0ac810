/** Places for the nodes of a graph: neighbours attract each other, all nodes repel each other (Fruchterman and Reingold, 1991). */
import { Stream } from "../../data/digits/random.ts";

export interface ForceLayoutOptions {
  /** Same seed, same places. Default 0. */
  seed?: number | undefined;
  /** Steps. Default 300, fewer for graphs of more than 500 nodes. */
  iterations?: number | undefined;
}

const STREAM = 32;
/** Pull towards the middle, so that parts of a graph that hang together with nothing stay in the picture. */
const GRAVITY = 0.4;

/**
 * A place in the plane for each of `nodes` nodes, about a square of side 1 around (0, 0). Directions and repetitions of edges and
 * self-loops do not matter. The same on every machine. Takes time proportional to the square of the number of nodes.
 */
export function forceLayout(
  edges: { readonly source: ArrayLike<number>; readonly target: ArrayLike<number> },
  nodes: number,
  options: ForceLayoutOptions = {},
): { x: Float64Array; y: Float64Array } {
  const steps = options.iterations ?? Math.max(40, Math.min(300, Math.round(150_000 / Math.max(1, nodes))));
  const random = new Stream(options.seed ?? 0, STREAM, 0);
  const x = Float64Array.from({ length: nodes }, () => random.between(-0.5, 0.5));
  const y = Float64Array.from({ length: nodes }, () => random.between(-0.5, 0.5));
  const springs = springsOf(edges, nodes);
  const [fx, fy] = [new Float64Array(nodes), new Float64Array(nodes)];
  // The distance at which both forces of an edge are equal.
  const unit = Math.sqrt(1 / Math.max(1, nodes));
  for (let step = 0; step < steps; step++) {
    repel(x, y, fx, fy, unit * unit);
    for (const [a, b] of springs) {
      const [dx, dy] = [x[a]! - x[b]!, y[a]! - y[b]!];
      const pull = Math.sqrt(dx * dx + dy * dy) / unit;
      fx[a]! -= dx * pull;
      fy[a]! -= dy * pull;
      fx[b]! += dx * pull;
      fy[b]! += dy * pull;
    }
    const longest = 0.1 * (1 - step / steps);
    for (let i = 0; i < nodes; i++) {
      const [dx, dy] = [fx[i]! - GRAVITY * x[i]!, fy[i]! - GRAVITY * y[i]!];
      const length = Math.sqrt(dx * dx + dy * dy) || 1;
      x[i]! += (dx / length) * Math.min(length, longest);
      y[i]! += (dy / length) * Math.min(length, longest);
    }
  }
  return { x, y };
}

/** Sets the forces to those between all pairs, of size unit² / distance. */
function repel(x: Float64Array, y: Float64Array, fx: Float64Array, fy: Float64Array, square: number): void {
  fx.fill(0);
  fy.fill(0);
  for (let i = 0; i < x.length; i++) {
    const [px, py] = [x[i]!, y[i]!];
    let [sx, sy] = [0, 0];
    for (let j = i + 1; j < x.length; j++) {
      const dx = px - x[j]!;
      const dy = py - y[j]!;
      const push = square / (dx * dx + dy * dy + 1e-9);
      sx += dx * push;
      sy += dy * push;
      fx[j]! -= dx * push;
      fy[j]! -= dy * push;
    }
    fx[i]! += sx;
    fy[i]! += sy;
  }
}

/** Each pair of different nodes with an edge, once. */
function springsOf(
  { source, target }: { readonly source: ArrayLike<number>; readonly target: ArrayLike<number> },
  nodes: number,
): (readonly [number, number])[] {
  const pairs = new Map<number, readonly [number, number]>();
  for (let e = 0; e < source.length; e++) {
    const [a, b] = [Math.min(source[e]!, target[e]!), Math.max(source[e]!, target[e]!)];
    if (a !== b) pairs.set(a * nodes + b, [a, b]);
  }
  return [...pairs.values()];
}
