/**
 * A k-d tree (Bentley, Comm. ACM 18, 1975) over some points of a list: nearest neighbours and neighbours within a radius, exactly.
 *
 * A box is searched unless every point in it must be farther away than what was found. Both distances add the same axes in the
 * same order, so rounding cannot make a box farther than its points: ties are always seen, and the lower index wins them.
 */

/** Points in a leaf. */
const LEAF = 8;
/** From so many axes on boxes exclude nearly nothing: all points are looked at, in one leaf. */
export const MANY_AXES = 16;

/** The best so far, nearest first. */
export interface Found {
  count: number;
  readonly index: Int32Array;
  /** Squared. */
  readonly distance: Float64Array;
}

export class KdTree {
  /** Point after point, in the order of the leaves. */
  readonly #points: Float64Array;
  /** The number that each of them has for the user. */
  readonly #index: Int32Array;
  readonly #axes: number;
  readonly #levels: number;
  /** Lowest, then highest coordinates of each node; the children of node n are 2n + 1 and 2n + 2. */
  readonly #boxes: Float64Array;
  readonly #stack: Float64Array;

  /** The points `from` … `to` - 1 of `points`, which has `axes` values for each. */
  constructor(points: Float64Array, axes: number, from: number, to: number) {
    const size = to - from;
    const inOneLeaf = axes >= MANY_AXES || size <= LEAF;
    const levels = inOneLeaf ? 0 : Math.ceil(Math.log2(size / LEAF));
    this.#axes = axes;
    this.#levels = levels;
    this.#index = Int32Array.from({ length: size }, (_, i) => from + i);
    this.#boxes = new Float64Array((2 ** (levels + 1) - 1) * 2 * axes);
    this.#stack = new Float64Array(5 * (levels + 1));
    this.#split(points, 0, 0, size, levels);
    this.#points = new Float64Array(size * axes);
    this.#index.forEach((p, i) => {
      for (let a = 0; a < axes; a++) this.#points[i * axes + a] = points[p * axes + a]!;
    });
  }

  /** The points in the order of the leaves, so that one after the other has nearly the same neighbours. */
  get order(): Int32Array {
    return this.#index;
  }

  #split(points: Float64Array, node: number, from: number, to: number, levels: number): void {
    const axis = this.#bound(points, node, from, to);
    if (levels === 0) return;
    const middle = middleOf(from, to);
    select(this.#index, points, this.#axes, axis, from, to - 1, middle);
    this.#split(points, 2 * node + 1, from, middle, levels - 1);
    this.#split(points, 2 * node + 2, middle, to, levels - 1);
  }

  /** Fills the box of a node; returns its longest axis. */
  #bound(points: Float64Array, node: number, from: number, to: number): number {
    const axes = this.#axes;
    const at = node * 2 * axes;
    let longest = 0;
    let length = -1;
    for (let a = 0; a < axes; a++) {
      let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
      for (let i = from; i < to; i++) {
        const v = points[this.#index[i]! * axes + a]!;
        if (v < low) low = v;
        if (v > high) high = v;
      }
      this.#boxes[at + a] = low;
      this.#boxes[at + axes + a] = high;
      if (high - low <= length) continue;
      length = high - low;
      longest = a;
    }
    return longest;
  }

  /**
   * The nearest points to `query[at]` …, as many as `found` has room for and within the squared distance `limit`, without the
   * point `but`. Of those at the same distance the lower indices are taken, and stand first.
   */
  search(query: Float64Array, at: number, found: Found, but = -1, limit = Number.POSITIVE_INFINITY): void {
    const axes = this.#axes;
    const boxes = this.#boxes;
    const stack = this.#stack;
    const room = found.index.length;
    found.count = 0;
    if (room === 0 || this.#index.length === 0) return;
    let worst = limit;
    // Node, first point, end, level (0 for leaves) and distance of the box.
    let node = 0;
    let from = 0;
    let to = this.#index.length;
    let level = this.#levels;
    let top = 0;
    for (;;) {
      while (level > 0) {
        const middle = middleOf(from, to);
        const left = 2 * node + 1;
        const toLeft = toBox(boxes, left * 2 * axes, axes, query, at);
        const toRight = toBox(boxes, (left + 1) * 2 * axes, axes, query, at);
        const leftFirst = toLeft <= toRight;
        level--;
        stack[top] = leftFirst ? left + 1 : left;
        stack[top + 1] = leftFirst ? middle : from;
        stack[top + 2] = leftFirst ? to : middle;
        stack[top + 3] = level;
        stack[top + 4] = leftFirst ? toRight : toLeft;
        top += 5;
        node = leftFirst ? left : left + 1;
        if (leftFirst) to = middle;
        else from = middle;
      }
      worst = this.#scan(query, at, from, to, found, but, worst);
      do {
        if (top === 0) return;
        top -= 5;
      } while (stack[top + 4]! > worst);
      node = stack[top]!;
      from = stack[top + 1]!;
      to = stack[top + 2]!;
      level = stack[top + 3]!;
    }
  }

  /** Takes the points `from` … `to` - 1 of a leaf into account; returns the distance beyond which none is wanted. */
  #scan(
    query: Float64Array,
    at: number,
    from: number,
    to: number,
    found: Found,
    but: number,
    limit: number,
  ): number {
    const axes = this.#axes;
    const points = this.#points;
    const numbers = this.#index;
    const { index, distance } = found;
    const room = index.length;
    let worst = limit;
    for (let i = from; i < to; i++) {
      let d = 0;
      for (let a = 0; a < axes; a++) {
        const step = points[i * axes + a]! - query[at + a]!;
        d += step * step;
      }
      if (d > worst) continue;
      const p = numbers[i]!;
      if (p === but) continue;
      let place = found.count;
      if (place < room) found.count++;
      else {
        place--;
        if (d === worst && distance[place] === d && p > index[place]!) continue;
      }
      while (place > 0) {
        const before = distance[place - 1]!;
        if (d > before || (d === before && p > index[place - 1]!)) break;
        distance[place] = before;
        index[place] = index[place - 1]!;
        place--;
      }
      distance[place] = d;
      index[place] = p;
      if (found.count === room) worst = distance[room - 1]!;
    }
    return worst;
  }
}

/** The squared distance from the point at `at` to a box; 0 inside. */
function toBox(boxes: Float64Array, box: number, axes: number, query: Float64Array, at: number): number {
  let sum = 0;
  for (let a = 0; a < axes; a++) {
    const v = query[at + a]!;
    const low = boxes[box + a]!;
    const high = boxes[box + axes + a]!;
    const out = v < low ? low - v : v > high ? v - high : 0;
    sum += out * out;
  }
  return sum;
}

function middleOf(from: number, to: number): number {
  return (from + to) >> 1;
}

/** Puts the elements in such an order that none before `middle` is larger along `axis` than those from there on (Hoare). */
function select(
  index: Int32Array,
  points: Float64Array,
  axes: number,
  axis: number,
  from: number,
  to: number,
  middle: number,
): void {
  const value = (i: number) => points[index[i]! * axes + axis]!;
  while (to > from) {
    const pivot = median(value(from), value((from + to) >> 1), value(to));
    let [i, j] = [from, to];
    while (i <= j) {
      while (value(i) < pivot) i++;
      while (value(j) > pivot) j--;
      if (i > j) break;
      const moved = index[i]!;
      index[i++] = index[j]!;
      index[j--] = moved;
    }
    if (middle <= j) to = j;
    else if (middle >= i) from = i;
    else return;
  }
}

function median(a: number, b: number, c: number): number {
  return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
}
