/** What can be trained: the part of a model that runs, callbacks and checkpoints work with. */
import type { Tensor, Variable } from "../core/index.ts";
import type { Shape } from "../ir/size.ts";
import type { CompiledState } from "./compile-options.ts";
import type { CallContext } from "./context.ts";
import type { StepBatch, StepTools } from "./custom-step.ts";
import type { Layer } from "./layer.ts";
import type { Port } from "./model.ts";
import type { Module } from "./module.ts";
import type { RunData, RunInput, RunOptions } from "./run.ts";

/** A model made of layers, or of graph operators. */
export interface Trainable extends Module {
  readonly name: string;
  /** The model in words, for messages. */
  readonly label: string;
  /** What `compile` made; undefined before. */
  compiled?: CompiledState;
  /** Set by a callback: training ends after this epoch. */
  stopTraining: boolean;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  /** Shapes of the outputs, rows included, once it is built. */
  readonly outputShapes: readonly Shape[] | undefined;
  readonly built: boolean;
  /** Makes what is missing for inputs of these shapes. */
  buildOn(shapes: readonly Shape[]): void;
  forward(inputs: readonly Tensor[], ctx: CallContext): Tensor[];
  /** The penalties of weights, summed; undefined where there are none. */
  penalty(): Tensor | undefined;
  weights(): Variable[];
  trainableWeights(): Variable[];
  getWeights(): Float32Array[];
  setWeights(values: readonly ArrayLike<number>[]): void;
  /** Layers inside this one. */
  sublayers(): Layer[];
  /** Writes the whole model. */
  save(path: string): Promise<void>;
  /** Writes the weights. */
  saveWeights(path: string): Promise<void>;
  /** A training step in the model's own words. */
  trainStep?(batch: StepBatch, tools: StepTools): Record<string, Tensor>;
  /** Reads data that are not rows of arrays. */
  openData?(data: RunData, options: RunOptions): Promise<RunInput>;
}
