/** Conversion between element types. */
import type { DType } from "../../ir/dtype.ts";
import { byteSize } from "../../ir/dtype.ts";
import { DTypeError } from "../../ir/errors.ts";
import type { Operand } from "../operand.ts";
import { toTensor } from "../operand.ts";
import { placeOf } from "../scope.ts";
import type { Tensor } from "../tensor.ts";
import { castTo } from "./convert.ts";

/**
 * `x` as `dtype`. Floats are truncated toward zero; NaN gives 0, and values beyond int32 the nearest one; uint8 keeps the
 * low eight bits; bool is true where the value is not 0. No gradient flows through integers. Throws DTypeError for a type
 * that does not exist.
 */
export function cast(x: Operand, dtype: DType): Tensor {
  if (!Object.hasOwn(byteSize, dtype)) {
    throw new DTypeError({
      where: placeOf("cast"),
      problem: "there is no such element type",
      expected: Object.keys(byteSize).join(", "),
      got: String(dtype),
      try: 'for example .cast("float32")',
    });
  }
  return castTo(toTensor(x), dtype);
}
