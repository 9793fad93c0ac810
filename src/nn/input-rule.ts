/** What inputs a layer takes, and the check that is made at every call. */
import { ShapeError } from "../ir/errors.ts";
import { type Shape, type Size, sameSize, showShape } from "../ir/size.ts";

/** Ranks count the rows; axes are counted as in `Array.at`. */
export interface InputRule {
  readonly rank?: number;
  readonly minRank?: number;
  /** Axis → size. */
  readonly axes?: ReadonlyMap<number, number>;
}

/** Throws a ShapeError where the inputs of the layer `label` do not fit its rule. */
export function checkInputs(
  { rank, minRank, axes }: InputRule,
  shapes: readonly Shape[],
  label: string,
): void {
  for (const shape of shapes) {
    const fail = (expected: string): never => {
      throw new ShapeError({
        where: label,
        problem: "the input does not fit the layer",
        expected,
        got: showShape(shape),
        try: "check the shape of the samples and the layer before this one",
      });
    };
    if (rank !== undefined && shape.length !== rank) fail(`${rank} axes (rows included)`);
    if (minRank !== undefined && shape.length < minRank) fail(`at least ${minRank} axes (rows included)`);
    for (const [axis, size] of axes ?? []) {
      if (!sameSize(shape.at(axis) as Size, size)) {
        fail(`size ${size} on axis ${axis < 0 ? shape.length + axis : axis}`);
      }
    }
  }
}
