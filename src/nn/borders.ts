/** How much is added to or cut from the four sides of an image. */
import { type Field, optional, readInteger, readPairOf } from "./fields.ts";

/** One number for all sides, one for [height, width], or [[top, bottom], [left, right]]. */
export type BordersOption =
  | number
  | readonly [number, number]
  | readonly [readonly [number, number], readonly [number, number]];

export type Borders = readonly [top: readonly [number, number], left: readonly [number, number]];

const readSides = readPairOf(readPairOf(readInteger(0)));

/** The borders as [[top, bottom], [left, right]]. */
export function bordersField(initial: number): Field<BordersOption, Borders, true> {
  return optional<BordersOption, Borders>(
    [
      [initial, initial],
      [initial, initial],
    ],
    readSides,
  );
}
