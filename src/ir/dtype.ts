/** Element types and the typed arrays that hold them. */

/** `bool` is stored as one byte, 0 or 1. */
export type DType = "float32" | "int32" | "uint8" | "bool";
export type TypedArray = Float32Array | Int32Array | Uint8Array;

export const byteSize: Readonly<Record<DType, number>> = { float32: 4, int32: 4, uint8: 1, bool: 1 };

export const arrayOf: Readonly<Record<DType, (n: number) => TypedArray>> = {
  float32: (n) => new Float32Array(n),
  int32: (n) => new Int32Array(n),
  uint8: (n) => new Uint8Array(n),
  bool: (n) => new Uint8Array(n),
};

/** A copy of `values` as the typed array of `dtype`. Numbers are rounded (float32) or truncated (int32, uint8). */
export function toTyped(dtype: DType, values: ArrayLike<number>): TypedArray {
  const out = arrayOf[dtype](values.length);
  if (dtype === "bool") for (let i = 0; i < values.length; i++) out[i] = values[i] ? 1 : 0;
  else out.set(values);
  return out;
}

/** The type two operands meet in: float32 over int32; uint8 and bool are storage types and compute as int32. */
export function promote(a: DType, b: DType): "float32" | "int32" {
  return a === "float32" || b === "float32" ? "float32" : "int32";
}
