/** The primitive that numbers the values of compressed rows. */
import type { Size } from "../../ir/size.ts";
import { defineOp } from "../op.ts";

/** From `ptr` [rows + 1] the number of its row for each of `size` values. */
export const segmentIdsOp = defineOp<{ size: Size }>({
  name: "segmentIds",
  kind: "segment",
  infer: (_, { size }) => ({ shape: [size], dtype: "int32" }),
  lower: () => ({ kind: "segment", fn: "ids" }),
  gradient: () => [undefined],
});
