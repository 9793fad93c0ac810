/** Data sets in the memory of a backend, usable as inputs of compiled functions without being copied. */
import type { DeviceBuffer } from "../ir/backend.ts";
import type { DType, TypedArray } from "../ir/dtype.ts";
import { toTyped } from "../ir/dtype.ts";
import { ShapeError } from "../ir/errors.ts";
import type { Shape } from "../ir/size.ts";
import { countOf, showShape } from "../ir/size.ts";
import type { BackendName } from "./backend.ts";
import { defaultBackend, getBackend } from "./backend.ts";
import { checkShape } from "./shape.ts";

/** An array in the memory of a backend. */
export interface DeviceArray {
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly backend: BackendName;
  readonly buffer: DeviceBuffer;
  /** Overwrites the elements from position `at` (0) on. */
  write(values: ArrayLike<number>, at?: number): void;
  /** A copy of the elements. */
  read(): TypedArray;
  /** Frees the memory. */
  release(): void;
}

/** Options of `deviceArray`. */
export interface DeviceArrayOptions {
  backend?: BackendName;
  /** The type of the array given, unless said otherwise; uint8 data stay one byte each. */
  dtype?: DType;
}

const forgotten = new FinalizationRegistry<DeviceBuffer>((buffer) => buffer.release());

class HeldArray implements DeviceArray {
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly backend: BackendName;
  readonly buffer: DeviceBuffer;

  constructor(shape: readonly number[], backend: BackendName, buffer: DeviceBuffer) {
    this.shape = shape;
    this.dtype = buffer.dtype;
    this.backend = backend;
    this.buffer = buffer;
    forgotten.register(this, buffer, this);
  }

  write(values: ArrayLike<number>, at = 0): void {
    this.buffer.write(values, at);
  }

  read(): TypedArray {
    return this.buffer.read();
  }

  release(): void {
    forgotten.unregister(this);
    this.buffer.release();
  }
}

/** `values` copied into the memory of a backend. Throws ShapeError when their number does not fit `shape`. */
export function deviceArray(
  values: TypedArray | Float64Array,
  shape: readonly number[],
  options: DeviceArrayOptions = {},
): DeviceArray {
  checkShape("deviceArray", shape as Shape);
  if (countOf(shape) !== values.length) {
    throw new ShapeError({
      where: "deviceArray",
      problem: "the number of values does not fit the shape",
      expected: `${countOf(shape)} values for ${showShape(shape)}`,
      got: String(values.length),
      try: "check the sizes; they multiply to the number of values",
    });
  }
  const natural: DType =
    values instanceof Int32Array ? "int32" : values instanceof Uint8Array ? "uint8" : "float32";
  const dtype = options.dtype ?? natural;
  const name = options.backend ?? defaultBackend;
  const content = dtype === natural && !(values instanceof Float64Array) ? values : toTyped(dtype, values);
  const buffer = getBackend(name).allocate(dtype, values.length, content);
  return new HeldArray([...shape], name, buffer);
}

/** Whether `x` was made by `deviceArray`. */
export function isDeviceArray(x: unknown): x is DeviceArray {
  return x instanceof HeldArray;
}
