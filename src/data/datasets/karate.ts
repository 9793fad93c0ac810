/**
 * The friendships of a karate club (W. W. Zachary, J. Anthropol. Res. 33, 1977), with the four communities that PyTorch
 * Geometric uses as classes (Kipf and Welling, ICLR 2017).
 */
import { floats, type GraphFields, integers, mask, pairs } from "./graphs.ts";

/** The friends of each member among those with larger numbers. */
const friends: readonly (readonly number[])[] = [
  [1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 17, 19, 21, 31],
  [2, 3, 7, 13, 17, 19, 21, 30],
  [3, 7, 8, 9, 13, 27, 28, 32],
  [7, 12, 13],
  [6, 10],
  [6, 10, 16],
  [16],
  [],
  [30, 32, 33],
  [33],
  [],
  [],
  [],
  [33],
  [32, 33],
  [32, 33],
  [],
  [],
  [32, 33],
  [33],
  [32, 33],
  [],
  [32, 33],
  [25, 27, 29, 32, 33],
  [25, 27, 31],
  [31],
  [29, 33],
  [33],
  [31, 33],
  [32, 33],
  [32, 33],
  [32, 33],
  [33],
  [],
];

/** The community of each member. */
const communities = [
  1, 1, 1, 1, 3, 3, 3, 1, 0, 1, 3, 1, 1, 1, 0, 0, 3, 1, 0, 1, 0, 1, 0, 0, 2, 2, 0, 0, 2, 0, 0, 2, 0, 0,
];

/**
 * The club as a graph: 34 members, `x` the identity matrix, 156 directed edges, 4 classes; the first member of each class is
 * a training node.
 */
export function karateClub(): GraphFields {
  const size = communities.length;
  const both = friends.flatMap((list, a) =>
    list.flatMap((b) => [
      [a, b],
      [b, a],
    ]),
  );
  both.sort(([a, b], [c, d]) => a! - c! || b! - d!);
  const eye = new Float32Array(size * size);
  for (let i = 0; i < size; i++) eye[i * size + i] = 1;
  return {
    x: floats(eye, [size, size]),
    edgeIndex: pairs(
      both.map(([a]) => a!),
      both.map(([, b]) => b!),
    ),
    y: integers(communities),
    trainMask: mask(
      [0, 1, 2, 3].map((c) => communities.indexOf(c)),
      size,
    ),
  };
}
