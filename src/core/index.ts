/** Tensors, gradients, variables, compiled functions, random numbers. */

export type { DType, TypedArray } from "../ir/dtype.ts";
export { Dim, dim, type Shape, type Size } from "../ir/size.ts";
export type { Argument } from "./arguments.ts";
export {
  availableThreads,
  type BackendName,
  defaultBackend,
  getBackend,
  memory,
} from "./backend.ts";
export * from "./compile.ts";
export { type DeviceArray, type DeviceArrayOptions, deviceArray, isDeviceArray } from "./device-array.ts";
export { evaluate } from "./evaluate.ts";
export { type GradientOptions, gradient } from "./gradient.ts";
export { clearNativeKernels, type NativeReport, nativeReport, stopRunsOnSignals } from "./native.ts";
export { type Nested, type Operand, scalar, type TensorOptions, tensor, toTensor } from "./operand.ts";
export * from "./ops/index.ts";
export * from "./random.ts";
export * from "./replay/index.ts";
export { scope } from "./scope.ts";
export { type ReadOptions, Tensor } from "./tensor.ts";
export { guard, rehearse } from "./tracing.ts";
export { Variable, type VariableOptions, variable } from "./variable.ts";
