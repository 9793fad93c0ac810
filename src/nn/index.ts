/** Neural networks: layers, models, initial weights, penalties, files. */
export {
  type ActivationName,
  activate,
  activationNames,
  activations,
  type Logits,
  logitsOf,
} from "./activations.ts";
export { type CallContext, type CollectingContext, callContext, within } from "./context.ts";
export { type DeserializeOptions, deserialize, deserializeModel } from "./deserialize.ts";
export * from "./files/index.ts";
export {
  fans,
  type InitializerOption,
  type InitializerSpec,
  initializers,
  initialValues,
} from "./initializers.ts";
export { type InputRule, Layer, type LayerClass, type LayerOptions, type WeightOptions } from "./layer.ts";
export * from "./layers/index.ts";
export { Model, type ModelOptions, type Port } from "./model.ts";
export { Module, named } from "./module.ts";
export { clearSession } from "./naming.ts";
export {
  l1,
  l1l2,
  l2,
  penaltyOf,
  type RegularizerOption,
  type RegularizerSpec,
  regularizers,
} from "./regularizers.ts";
export { Sequential, type SequentialOptions } from "./sequential.ts";
export { serialize } from "./serialize.ts";
export { type SummaryOptions, summarize } from "./summary.ts";
export { SymbolicTensor } from "./symbolic.ts";
