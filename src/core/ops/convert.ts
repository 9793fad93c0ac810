/** The primitive that converts between element types. */
import type { DType } from "../../ir/dtype.ts";
import type { ScalarOp } from "../../ir/scalar.ts";
import { apply, arg } from "../../ir/scalar.ts";
import { defineOp } from "../op.ts";
import type { Tensor } from "../tensor.ts";

const conversion: Readonly<Record<DType, ScalarOp>> = {
  float32: "toFloat32",
  int32: "toInt32",
  uint8: "toUint8",
  bool: "toBool",
};

const castOp = defineOp<{ dtype: DType }>({
  name: "cast",
  kind: "map",
  infer: (inputs, { dtype }) => ({ shape: inputs[0]!.shape, dtype }),
  lower: ({ dtype }, inputs) => ({ kind: "map", expr: apply(conversion[dtype], arg(0, inputs[0]!.dtype)) }),
  // Only float32 carries a gradient, and a cast of float32 to itself is never recorded.
  gradient: () => [undefined],
});

/** `x` in another type; `x` itself where it has that type already. */
export function castTo(x: Tensor, dtype: DType): Tensor {
  return x.dtype === dtype ? x : castOp([x], { dtype });
}
