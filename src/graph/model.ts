/** GraphModel: a model made of graph operators, trained by the same runs, callbacks and checkpoints as any other. */
import { isReplaying, type Tensor, tensor, type Variable } from "../core/index.ts";
import { Turn } from "../core/turn.ts";
import { arrayOf } from "../ir/dtype.ts";
import { UsageError } from "../ir/errors.ts";
import type { Shape } from "../ir/size.ts";
import { checkWhole, compiledState } from "../nn/checks.ts";
import { CompiledState, type CompileOptions } from "../nn/compile-options.ts";
import type { CallContext } from "../nn/context.ts";
import type { FitOptions, PassOptions } from "../nn/data-adapter.ts";
import { compileModel, fit } from "../nn/fit.ts";
import type { History } from "../nn/history.ts";
import type { HostArray } from "../nn/host-array.ts";
import type { Layer } from "../nn/layer.ts";
import type { Port } from "../nn/model.ts";
import { nonFiniteError } from "../nn/non-finite.ts";
import { checkNames, type Names, passNames } from "../nn/option-names.ts";
import type { RunData, RunInput, RunOptions } from "../nn/run.ts";
import { Stepper } from "../nn/stepper.ts";
import type { Trainable } from "../nn/trainable.ts";
import { elements, writeWeights } from "../nn/weights.ts";
import type { GraphContext } from "./context.ts";
import type { Data } from "./data.ts";
import { Form, type FormOptions, hasSparseFeatures } from "./form.ts";
import { type Graph, valueFields } from "./graph.ts";
import { GraphModule } from "./module.ts";
import { snakeCase } from "./state.ts";
import { batchesOf, exampleOf, type GraphInput, graphRun } from "./training.ts";

/** Which labels count. */
export interface LabelOptions {
  /** The field with the labels of nodes, edges or graphs. Default `y`. */
  target?: string;
  /** The field that says which of them count; all do unless given. */
  mask?: string | null;
}

/** Options of `fit`. */
export interface GraphFitOptions
  extends Omit<
      FitOptions,
      | "validationData"
      | "validationSplit"
      | "classWeight"
      | "sampleWeight"
      | "stepsPerEpoch"
      | "validationSteps"
      | "validationBatchSize"
      | "residentLimit"
    >,
    LabelOptions {
  /** Other graphs to validate on. */
  validationData?: GraphInput;
  /** The labels of the same graph to validate on, or of `validationData` those that count. */
  validationMask?: string | null;
}

const graphPredictNames: Names<GraphPassOptions> = { batchSize: true, signal: true };
const graphEvaluateNames: Names<GraphPassOptions & LabelOptions> = {
  ...graphPredictNames,
  target: true,
  mask: true,
};
const graphFitNames: Names<GraphFitOptions> = {
  ...passNames,
  epochs: true,
  initialEpoch: true,
  shuffle: true,
  seed: true,
  target: true,
  mask: true,
  validationData: true,
  validationMask: true,
  validationFreq: true,
};

/** Options of `evaluate` and `predict`. */
export interface GraphPassOptions extends Pick<PassOptions, "batchSize" | "signal"> {}

/**
 * Base of models for graphs. A subclass has its operators as fields and says in `call` what is computed from a graph; the first
 * output is what is trained. Output rows are nodes, edges or graphs, as the labels are.
 *
 * @example
 * class GCN extends GraphModel {
 *   conv1 = new GCNConv(34, 4);
 *   classifier = new Linear(4, 4);
 *   call({ x, edgeIndex }: Graph) {
 *     return this.classifier.call(this.conv1.call(x, edgeIndex).tanh());
 *   }
 * }
 * const model = new GCN();
 * model.compile({ optimizer: new TorchAdam({ learningRate: 0.01 }), loss: new SparseCategoricalCrossentropy({ fromLogits: true }) });
 * await model.fit(data, { mask: "trainMask", epochs: 400 });
 */
export abstract class GraphModel extends GraphModule implements Trainable {
  compiled?: CompiledState;
  stopTraining = false;
  outputShapes: readonly Shape[] | undefined;
  readonly #forms = new Map<string, Form>();
  /** Plans of a model that was never compiled. */
  #plans: CompiledState | undefined;

  /** What is computed from a graph or a batch. Of several outputs the first is trained. */
  abstract call(graph: Graph, ctx: GraphContext): Tensor | readonly Tensor[];

  get name(): string {
    return this.type;
  }
  get label(): string {
    return this.type;
  }
  get built(): boolean {
    return true;
  }
  get inputs(): readonly Port[] {
    return [];
  }
  get outputs(): readonly Port[] {
    return [];
  }
  buildOn(): void {}
  sublayers(): Layer[] {
    return [];
  }
  penalty(): undefined {
    return undefined;
  }

  /** Every weight: parameters first, then running statistics, in the order of the fields. */
  weights(): Variable[] {
    const all = this.named().map(([, weight]) => weight);
    return [...all.filter((w) => w.trainable), ...all.filter((w) => !w.trainable)];
  }
  trainableWeights(): Variable[] {
    return this.weights().filter((w) => w.trainable);
  }
  /** Copies of the weights, in the order of `weights()`. */
  getWeights(): Float32Array[] {
    return this.weights().map((w) => w.read() as Float32Array);
  }
  /**
   * Overwrites the weights, in the order of `weights()`.
   *
   * @throws ShapeError where the number of arrays or their lengths differ; nothing is changed then.
   */
  setWeights(values: readonly ArrayLike<number>[]): void {
    writeWeights(this.label, this.weights(), values);
  }
  /** The number of elements of all parameters. */
  countParams(): number {
    return this.trainableWeights().reduce((sum, w) => sum + elements(w), 0);
  }
  saveWeights(path: string): Promise<void> {
    return this.save(path);
  }
  loadWeights(source: string | Uint8Array): Promise<void> {
    return this.load(source);
  }

  /** Graphs come through forms; arrays alone do not. */
  forward(_inputs: readonly Tensor[], _ctx: CallContext): Tensor[] {
    throw new UsageError({
      where: this.label,
      problem: "a graph model takes graphs",
      expected: "fit, evaluate and predict with Data, a data set or a DataLoader; or call(graph, ctx)",
      got: "tensors",
      try: "model.call(Graph.of(data), graphContext())",
    });
  }

  /** Sets loss, metrics and optimizer; see `CompileOptions`. */
  compile(options: CompileOptions = {}): void {
    compileModel(this, options);
  }

  /**
   * Frees what the model holds in the memory of its backend: plans, weights, the state of the optimizer. Using it afterwards
   * throws UsageError; a second call does nothing. A model that is forgotten is freed too, but only when the garbage collector
   * comes by.
   */
  dispose(): void {
    this.compiled?.dispose();
    this.#plans?.dispose();
    for (const weight of this.weights()) weight.release();
  }

  /**
   * Trains on one graph, one step an epoch, or on many in batches. See `GraphFitOptions`.
   *
   * @throws as `Model.fit`.
   */
  async fit(data: GraphInput, options: GraphFitOptions = {}): Promise<History> {
    checkNames("fit", options, graphFitNames);
    return fit(this, data as never, undefined, options as FitOptions);
  }

  /** Training and validation data of a run. */
  async openData({ x }: RunData, options: RunOptions): Promise<RunInput> {
    const { target = "y", mask, validationData, validationMask, ...rest } = options as GraphFitOptions;
    const input = x as GraphInput;
    const formed = (graphs: GraphInput, own: string | null | undefined) => {
      return { input: graphs, mask: own, form: this.#form(graphs, { target, masked: Boolean(own) }) };
    };
    const other = validationData ?? (validationMask ? input : undefined);
    return graphRun(this, formed(input, mask), other && formed(other, validationMask), rest);
  }

  /** Loss and metrics by their keys. */
  async evaluate(
    data: GraphInput,
    options: GraphPassOptions & LabelOptions = {},
  ): Promise<Record<string, number>> {
    checkNames("evaluate", options, graphEvaluateNames);
    const { target = "y", mask } = options;
    const form = this.#form(data, { target, masked: Boolean(mask) });
    const stepper = new Stepper(this, compiledState(this, "evaluate"), 0);
    stepper.sums.reset();
    await this.#over(data, options, "evaluate", async (batch, step) => {
      const rows = form.rows(batch, mask);
      const loss = await stepper.test(rows);
      if (!Number.isFinite(loss))
        throw await nonFiniteError(stepper, rows, { call: "evaluate", step }, false);
    });
    return stepper.sums.logs();
  }

  /** All outputs, rows of many graphs one after the other: a Tensor, or a list where `call` gives several. */
  async predict(data: GraphInput, options: GraphPassOptions = {}): Promise<Tensor | Tensor[]> {
    checkNames("predict", options, graphPredictNames);
    const form = this.#form(data, {});
    this.#plans ??= new CompiledState({});
    const stepper = new Stepper(this, this.compiled ?? this.#plans, 0);
    const found: HostArray[][] = [];
    await this.#over(data, options, "predict", async (batch) => {
      found.push(await stepper.predict(form.rows(batch)));
    });
    const outputs = found[0]!.map((_, i) => joined(found.map((f) => f[i]!)));
    return outputs.length === 1 ? outputs[0]! : outputs;
  }

  async #over(
    data: GraphInput,
    { batchSize, signal }: GraphPassOptions,
    call: string,
    each: (batch: Data, step: number) => Promise<void>,
  ): Promise<void> {
    checkWhole(call, "batchSize", batchSize, 1);
    const turn = new Turn(call, signal ? { signal } : {});
    let step = 0;
    for (const batch of batchesOf(data, batchSize)) {
      await turn.take();
      await each(batch, ++step);
    }
  }

  /** How graphs like these stand in plans; made once for each kind of graph and choice of labels. */
  #form(input: GraphInput, options: FormOptions): Form {
    const example = exampleOf(input);
    const fields = valueFields(example).map((name) => {
      const { shape, dtype } = example.array(name);
      return `${name}:${dtype}[${/index|face/i.test(name) ? shape.slice(0, -1) : shape.slice(1)}]`;
    });
    const sparse = hasSparseFeatures(example) ? "sparse" : "";
    const key = `${fields} ${sparse} ${options.target ?? ""} ${options.masked ? "masked" : ""} ${isReplaying()}`;
    const known = this.#forms.get(key);
    if (known) return known;
    const form = new Form(this, example, options, key);
    this.outputShapes = [form.outputs[0]!];
    for (const [path, weight] of this.named()) weight.name = snakeCase(path);
    this.#forms.set(key, form);
    return form;
  }
}

/** Rows of several batches one after the other. */
function joined(arrays: readonly HostArray[]): Tensor {
  const [first] = arrays as [HostArray, ...HostArray[]];
  if (arrays.length === 1) return tensor(first.data, { shape: [...first.shape], dtype: first.dtype });
  const rows = arrays.reduce((n, a) => n + (a.shape[0] ?? 1), 0);
  const all = arrayOf[first.dtype](arrays.reduce((n, a) => n + a.data.length, 0));
  let at = 0;
  for (const a of arrays) {
    all.set(a.data, at);
    at += a.data.length;
  }
  return tensor(all, { shape: [rows, ...first.shape.slice(1)], dtype: first.dtype });
}
