/** Every operation on tensors. Adding one: write it in the file of its family; it joins the table by being exported there. */
import * as arithmetic from "./arithmetic.ts";
import * as cast from "./cast.ts";
import * as compare from "./compare.ts";
import * as conv from "./conv.ts";
import * as create from "./create.ts";
import * as custom from "./custom.ts";
import * as dataDependent from "./data-dependent.ts";
import * as gather from "./gather.ts";
import * as linear from "./linear.ts";
import * as math from "./math.ts";
import * as pool from "./pool.ts";
import * as reduce from "./reduce.ts";
import * as segment from "./segment.ts";
import * as shape from "./shape.ts";
import * as sort from "./sort.ts";

export * from "./arithmetic.ts";
export * from "./cast.ts";
export * from "./compare.ts";
export * from "./conv.ts";
export * from "./create.ts";
export * from "./custom.ts";
export * from "./data-dependent.ts";
export * from "./gather.ts";
export * from "./linear.ts";
export * from "./math.ts";
export * from "./pool.ts";
export * from "./reduce.ts";
export * from "./segment.ts";
export * from "./shape.ts";
export * from "./sort.ts";

/** All operations by name; each has a row in the conformance tests. */
export const ops = {
  ...arithmetic,
  ...cast,
  ...compare,
  ...conv,
  ...create,
  ...custom,
  ...dataDependent,
  ...gather,
  ...linear,
  ...math,
  ...pool,
  ...reduce,
  ...segment,
  ...shape,
  ...sort,
};
