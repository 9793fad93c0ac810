/**
 * How often each node occurs in `index`, one row of an edge index: float32 [nodes].
 *
 * @param numNodes one more than the largest number unless given.
 */
export function degree(index: ArrayLike<number>, numNodes?: number): Float32Array {
  let most = -1;
  for (let i = 0; i < index.length; i++) most = Math.max(most, index[i]!);
  const counts = new Float32Array(numNodes ?? most + 1);
  for (let i = 0; i < index.length; i++) counts[index[i]!]!++;
  return counts;
}
