/** Neural networks: layers, models, initial weights, penalties, training, files. */
export {
  type ActivationName,
  activate,
  activationNames,
  activations,
  type Logits,
  logitsOf,
} from "./activations.ts";
export * from "./callbacks/index.ts";
export { type CloneOptions, cloneModel } from "./clone.ts";
export { compileOptionsFromConfig, trainingConfig } from "./compile-config.ts";
export { CompiledState, type CompileOptions } from "./compile-options.ts";
export {
  type ConstraintOption,
  type ConstraintSpec,
  constrain,
  constraints,
  maxNorm,
  minMaxNorm,
  nonNeg,
  unitNorm,
} from "./constraints.ts";
export { type CallContext, type CollectingContext, callContext, within } from "./context.ts";
export type { StepBatch, StepTools, Trained, TrainStep } from "./custom-step.ts";
export type {
  ArraysInput,
  BatchInput,
  EvaluateOptions,
  FitOptions,
  PassOptions,
  PredictOptions,
  StepOptions,
  StreamInput,
  ValidationData,
} from "./data-adapter.ts";
export { type DeserializeOptions, deserialize, deserializeModel } from "./deserialize.ts";
export * from "./files/index.ts";
export type { FitInput, FitTarget } from "./fit.ts";
export type { ArrayLikeInput } from "./host-array.ts";
export {
  fans,
  type InitializerOption,
  type InitializerSpec,
  initializers,
  initialValues,
} from "./initializers.ts";
export {
  type InspectOptions,
  type LayerGradients,
  layerActivations,
  layerGradients,
} from "./inspection.ts";
export { type InputRule, Layer, type LayerClass, type LayerOptions, type WeightOptions } from "./layer.ts";
export * from "./layers/index.ts";
export { type LossLandscape, type LossLandscapeOptions, lossLandscape } from "./loss-landscape.ts";
export {
  getLoss,
  Loss,
  type LossFunction,
  type LossIdentifier,
  type LossOptions,
  losses,
} from "./losses/index.ts";
export {
  areaUnder,
  averagePrecision,
  type ClassificationScores,
  type ClassScores,
  ConfusionMatrix,
  classificationReport,
  classificationScores,
  getMetric,
  MeanMetric,
  Metric,
  type MetricFunction,
  type MetricIdentifier,
  type MetricOptions,
  metrics,
  type PrecisionRecallPoints,
  precisionRecallPoints,
  type ReportOptions,
  type RocPoints,
  rocPoints,
} from "./metrics/index.ts";
export { Model, type ModelOptions, type Port } from "./model.ts";
export { Module, named } from "./module.ts";
export { clearSession } from "./naming.ts";
export * from "./optimizers/index.ts";
export { type Logs, type Printer, type PrintOption, standardPrinter } from "./progress.ts";
export {
  l1,
  l1l2,
  l2,
  penaltyOf,
  type RegularizerOption,
  type RegularizerSpec,
  regularizers,
} from "./regularizers.ts";
export * from "./resume/index.ts";
export { Run, type RunData, type RunEvent, type RunOptions } from "./run.ts";
export * from "./schedules/index.ts";
export { Sequential, type SequentialOptions } from "./sequential.ts";
export { serialize } from "./serialize.ts";
export { type SummaryOptions, summarize } from "./summary.ts";
export { SymbolicTensor } from "./symbolic.ts";
