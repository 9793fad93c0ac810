/** Values of Tensors that have been computed, kept beside them: a Tensor itself never changes. */
import type { TypedArray } from "../ir/dtype.ts";
import { constantData } from "./ops/source.ts";
import type { Tensor } from "./tensor.ts";

const computed = new WeakMap<Tensor, TypedArray>();

/** The content of `t`, if it is a constant or has been computed. Must not be changed. */
export function knownValue(t: Tensor): TypedArray | undefined {
  return constantData(t) ?? computed.get(t);
}

/** Keeps the content of `t`. */
export function rememberValue(t: Tensor, data: TypedArray): void {
  computed.set(t, data);
}
