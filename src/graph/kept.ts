/** How many values of each group are kept: known from sizes alone, so that the shapes of what is kept are known too. */

/** A share of each group (below 1), or a number for each. */
export type Ratio = number;

/** What is kept of groups. */
export interface Kept {
  /** Where each group begins among what is kept: int32 [groups + 1]. */
  readonly ptr: Int32Array;
  /** The group of what is kept: int32 [kept]. */
  readonly ids: Int32Array;
  /** Positions of what is kept where each group is sorted, best first: int32 [kept]. */
  readonly positions: Int32Array;
}

/** The number that is kept of a group: PyTorch Geometric's, computed in float32. */
function countOf(size: number, ratio: Ratio): number {
  if (ratio >= 1) return Math.min(Math.trunc(ratio), size);
  return Math.ceil(Math.fround(Math.fround(ratio) * size));
}

/** What is kept of groups that begin at `ptr`. */
export function keptOf(ptr: Int32Array, ratio: Ratio): Kept {
  const groups = ptr.length - 1;
  const kept = new Int32Array(groups + 1);
  for (let g = 0; g < groups; g++) kept[g + 1] = kept[g]! + countOf(ptr[g + 1]! - ptr[g]!, ratio);
  const ids = new Int32Array(kept[groups]!);
  const positions = new Int32Array(ids.length);
  for (let g = 0; g < groups; g++) {
    ids.fill(g, kept[g]!, kept[g + 1]!);
    for (let i = kept[g]!; i < kept[g + 1]!; i++) positions[i] = ptr[g]! + i - kept[g]!;
  }
  return { ptr: kept, ids, positions };
}
