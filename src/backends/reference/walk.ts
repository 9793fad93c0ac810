/** Walks an index space, keeping several positions with strides. */

/**
 * Calls `visit` for every index of `sizes` in row-major order with the positions Σ index · stride (one for each list of
 * strides, from `starts` on) and the number of the call. The array of positions is reused.
 */
export function walk(
  sizes: readonly number[],
  strides: readonly (readonly number[])[],
  visit: (at: readonly number[], n: number) => void,
  starts: readonly number[] = strides.map(() => 0),
): void {
  const at = [...starts];
  const index = sizes.map(() => 0);
  const total = sizes.reduce((n, s) => n * s, 1);
  for (let n = 0; n < total; n++) {
    visit(at, n);
    for (let axis = sizes.length - 1; axis >= 0; axis--) {
      const again = ++index[axis]! < sizes[axis]!;
      const back = again ? 0 : sizes[axis]!;
      for (let k = 0; k < at.length; k++) at[k]! += strides[k]![axis]! * (1 - back);
      if (again) break;
      index[axis] = 0;
    }
  }
}

/** Row-major strides. */
export function rowMajor(sizes: readonly number[]): number[] {
  const out = new Array<number>(sizes.length);
  let s = 1;
  for (let i = sizes.length - 1; i >= 0; i--) {
    out[i] = s;
    s *= sizes[i]!;
  }
  return out;
}

export function count(sizes: readonly number[]): number {
  return sizes.reduce((n, s) => n * s, 1);
}
