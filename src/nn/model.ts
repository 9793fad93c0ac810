/**
 * Models: layers put together, with what training, saving and printing need.
 *
 * `new Model({ inputs, outputs })` is a functional model. A class that extends Model and writes its own `call` is a model
 * too; its layers are its fields.
 */
import { key, type RandomKey, type Tensor, zeros } from "../core/index.ts";
import type { DType } from "../ir/dtype.ts";
import { ShapeError, UsageError } from "../ir/errors.ts";
import { Dim, type Shape, type Size, sameSize, showShape } from "../ir/size.ts";
import type { CompiledState, CompileOptions } from "./compile-options.ts";
import { type CallContext, callContext } from "./context.ts";
import type { StepBatch, StepTools } from "./custom-step.ts";
import type {
  ArraysInput,
  EvaluateOptions,
  FitOptions,
  PredictOptions,
  StepOptions,
} from "./data-adapter.ts";
import type { DictOption } from "./evaluate.ts";
import type { SaveOptions } from "./files/index.ts";
import * as training from "./fit.ts";
import { type Ends, type Graph, readEnds, runGraph, traceGraph } from "./functional.ts";
import type { History } from "./history.ts";
import { Layer } from "./layer.ts";
import { suggestion } from "./naming.ts";
import { checkNames, evaluateNames, fitNames, predictNames } from "./option-names.ts";
import { type SummaryOptions, summarize } from "./summary.ts";
import type { SymbolicTensor } from "./symbolic.ts";

/** One input or output of a model. */
export interface Port {
  readonly name: string;
  /** Shape of one sample. */
  readonly shape: Shape;
  readonly dtype: DType;
}

export interface ModelOptions {
  /** The tensors of `Input`, for a functional model; by name, if data are to be given by these names. */
  inputs?: Ends;
  outputs?: Ends;
  name?: string | undefined;
  trainable?: boolean | undefined;
  /** Seed of the initial weights. Without it they depend on the model's name, so that two models differ. */
  seed?: number | undefined;
}

export class Model extends Layer {
  static override readonly type: string = "Functional";
  /** What `compile` made; undefined before. */
  compiled?: CompiledState;
  /** Set by a callback: training ends after this epoch. */
  stopTraining = false;
  protected readonly random: RandomKey;
  #graph: Graph | undefined;

  /** Layers that its call does not use. */
  #idle = new WeakSet<Layer>();

  constructor(options: ModelOptions = {}) {
    const { inputs, outputs, seed, ...rest } = options;
    super(rest as never);
    this.random = seed === undefined ? key(0, this.name) : key(seed);
    if ((inputs === undefined) !== (outputs === undefined)) {
      throw new UsageError({
        where: this.label,
        problem: "a functional model needs both its ends",
        expected: "`inputs` and `outputs`",
        got: inputs === undefined ? "outputs only" : "inputs only",
        try: "write new Model({ inputs, outputs })",
      });
    }
    if (inputs !== undefined && outputs !== undefined) {
      const [from, to] = [readEnds(inputs), readEnds(outputs)];
      const graph = traceGraph(from.tensors, to.tensors, this.label);
      this.setGraph({ ...graph, inputNames: from.names, outputNames: to.names });
      if (options.trainable !== undefined) this.trainable = options.trainable;
    }
  }

  /** The graph of a functional or built sequential model. */
  get graph(): Graph | undefined {
    return this.#graph;
  }

  /** Takes on a graph, and its layers with it: their untouched weights get the model's own first values. */
  protected setGraph(graph: Graph | undefined): void {
    this.#graph = graph;
    this.built = graph !== undefined;
    this.outputShapes = graph?.outputs.map((t) => t.shape);
    if (graph === undefined) return;
    this.layers.forEach((layer, i) => {
      layer.adopt(this.random.child(`layers.${i}`));
    });
  }

  /** The layers in Keras's order (a functional model has its input layers among them). */
  get layers(): Layer[] {
    return this.#graph === undefined ? super.sublayers() : [...this.#graph.layers];
  }

  override sublayers(): Layer[] {
    return this.layers;
  }

  override children(): [field: string, value: unknown][] {
    return this.#graph === undefined ? super.children() : [["layers", this.layers]];
  }

  /** The inputs; none before the model is built. */
  get inputs(): Port[] {
    return (this.#graph?.inputs ?? []).map((t, i) => port(t, this.#graph?.inputNames?.[i]));
  }

  /** The outputs; none before the model is built. */
  get outputs(): Port[] {
    return (this.#graph?.outputs ?? []).map((t, i) => port(t, this.#graph?.outputNames?.[i]));
  }

  /** The symbolic tensor that the model begins with. Throws UsageError unless there is one. */
  override get input(): SymbolicTensor {
    return this.#end(this.#graph?.inputs, "input");
  }

  /** The symbolic tensor that the model ends in. Throws UsageError unless there is one. */
  override get output(): SymbolicTensor {
    return this.#end(this.#graph?.outputs, "output");
  }

  #end(tensors: readonly SymbolicTensor[] | undefined, what: "input" | "output"): SymbolicTensor {
    if (tensors?.length === 1) return tensors[0]!;
    throw new UsageError({
      where: `${this.label}.${what}`,
      problem: `there is no single ${what}`,
      expected: `a built model with one ${what}`,
      got: tensors === undefined ? "a model without a graph" : `${tensors.length} ${what}s`,
      try: tensors === undefined ? "give the model an Input" : `use model.graph.${what}s`,
    });
  }

  /**
   * One step of training in your own words, instead of the loss and optimizer of `compile`: computes losses with
   * `tools.forward`, has weights follow them with `tools.minimize`, and returns scalars for the logs. Traced once; the model
   * need not have a `call` then.
   */
  trainStep?(batch: StepBatch, tools: StepTools): Record<string, Tensor>;

  /** Builds the model unless it is built; one in code again, where a layer has taken the place of another since. */
  override buildOn(shapes: readonly Shape[]): void {
    const isNew = (layer: Layer): boolean => !layer.built && !this.#idle.has(layer);
    if (this.built && this.#graph === undefined && this.sublayers().some(isNew)) this.built = false;
    super.buildOn(shapes);
  }

  /** A class of the user's own is built by calling it on unknown tensors. */
  override build(input: Shape | readonly Shape[]): void {
    if (this.#graph !== undefined) return;
    if (this.trainStep !== undefined && this.call === Model.prototype.call) return;
    const shapes = (Array.isArray(input[0]) ? input : [input]) as readonly Shape[];
    const xs = shapes.map((s) => zeros(s));
    const y = this.call(xs.length === 1 ? xs[0]! : xs, callContext());
    this.outputShapes = (Array.isArray(y) ? y : [y]).map((t) => t.shape);
    for (const [path, layer] of this.parts()) layer.adopt(this.random.child(path));
    this.#idle = new WeakSet(this.sublayers().filter((layer) => !layer.built));
  }

  override call(x: Tensor | Tensor[], ctx: CallContext): Tensor | Tensor[] {
    const graph = this.#graph;
    if (graph === undefined) {
      throw new UsageError({
        where: this.label,
        problem: "the model says nothing about how it is computed",
        expected: "`inputs` and `outputs`, or a class with its own `call`",
        got: "neither",
        try: "write new Model({ inputs, outputs })",
      });
    }
    const given = Array.isArray(x) ? x : [x];
    if (given.length !== graph.inputs.length) {
      throw new ShapeError({
        where: this.label,
        problem: "the number of inputs is not the model's",
        expected: `${graph.inputs.length} (${this.inputs.map((p) => p.name).join(", ")})`,
        got: String(given.length),
        try: "pass a list with one tensor for each input",
      });
    }
    const xs = given.map((t, i) => fitInput(t, graph.inputs[i]!, this.label));
    const ys = runGraph(graph, xs, ctx, this.layers);
    return ys.length === 1 ? ys[0]! : ys;
  }

  /**
   * The layer of that name.
   *
   * @throws UsageError where there is none.
   */
  getLayer(name: string): Layer {
    const layers = this.layers;
    const found = layers.find((l) => l.name === name);
    if (found !== undefined) return found;
    const names = layers.map((l) => l.name);
    throw new UsageError({
      where: this.label,
      problem: `there is no layer "${name}"`,
      expected: `one of ${names.join(", ")}`,
      got: name,
      try: suggestion(name, names) ?? "look at summary()",
    });
  }

  /** A description as Keras prints it; see `SummaryOptions`. */
  summary(options: SummaryOptions = {}): string {
    return summarize(this, options);
  }

  /** Sets loss, metrics and optimizer; see `CompileOptions`. */
  compile(options: CompileOptions = {}): void {
    training.compileModel(this, options);
  }

  /**
   * Frees what the model holds in the memory of its backend: plans, weights, the state of the optimizer. Using it afterwards
   * throws UsageError, and so does using another model with the same layers; a second call does nothing. A model that is
   * forgotten is freed too, but only when the garbage collector comes by.
   */
  dispose(): void {
    this.compiled?.dispose();
    for (const weight of this.weights()) weight.release();
  }

  /** Trains for a number of epochs; see `FitOptions`. */
  async fit(x: training.FitInput, y?: training.FitTarget, options?: FitOptions): Promise<History> {
    checkNames("fit", options, fitNames);
    return training.fit(this, x, y, options);
  }

  /** Loss and metrics on data: `[loss, ...metrics]`, or a record with `returnDict`. */
  evaluate(
    x: training.FitInput,
    y: training.FitTarget,
    options: EvaluateOptions & DictOption,
  ): Promise<Record<string, number>>;
  evaluate(x: training.FitInput, y?: training.FitTarget, options?: EvaluateOptions): Promise<number[]>;
  async evaluate(
    x: training.FitInput,
    y?: training.FitTarget,
    options: EvaluateOptions & Partial<DictOption> = {},
  ): Promise<number[] | Record<string, number>> {
    checkNames("evaluate", options, evaluateNames);
    return training.evaluate(this, x, y, options as EvaluateOptions);
  }

  /** The outputs for data, one row for each row of the input. */
  async predict(x: training.FitInput, options?: PredictOptions): ReturnType<typeof training.predict> {
    checkNames("predict", options, predictNames);
    return training.predict(this, x, options);
  }

  /** The outputs for one batch. */
  predictOnBatch(x: ArraysInput): ReturnType<typeof training.predictOnBatch> {
    return training.predictOnBatch(this, x);
  }

  /** One step of training: `[loss, ...metrics]`. */
  trainOnBatch(x: ArraysInput, y?: training.FitTarget, options?: StepOptions): Promise<number[]> {
    return training.trainOnBatch(this, x, y, options);
  }

  /** Loss and metrics of one batch: `[loss, ...metrics]`. */
  testOnBatch(x: ArraysInput, y?: training.FitTarget, options?: StepOptions): Promise<number[]> {
    return training.testOnBatch(this, x, y, options);
  }

  /** Writes the whole model to a Keras file (`.keras` or `.h5`), with the state of the optimizer. */
  async save(path: string, options?: SaveOptions): Promise<void> {
    const { saveModel } = await import("./files/index.ts");
    await saveModel(this, path, options);
  }

  /** Writes the weights to a Keras file (`.weights.h5`). */
  async saveWeights(path: string): Promise<void> {
    const { saveWeights } = await import("./files/index.ts");
    await saveWeights(this, path);
  }

  /** Reads the weights from a Keras file: `.weights.h5`, or those of a whole model, `.h5` or `.keras`. */
  async loadWeights(source: string | Uint8Array): Promise<void> {
    const { loadWeights } = await import("./files/index.ts");
    await loadWeights(this, source);
  }
}

function port(t: SymbolicTensor, name: string = t.source.layer.name): Port {
  return { name, shape: t.shape.slice(1), dtype: t.dtype };
}

/**
 * The input as the model declares it: cast to its type, with a last axis of size 1 added or taken away as Keras does.
 */
function fitInput(x: Tensor, declared: SymbolicTensor, where: string): Tensor {
  const want = declared.shape;
  const last = x.shape.at(-1);
  const adjusted =
    x.rank === want.length + 1 && last === 1
      ? x.squeeze(-1)
      : x.rank === want.length - 1 && want.at(-1) === 1
        ? x.expandDims(-1)
        : x;
  const fits =
    adjusted.rank === want.length &&
    want.every((s, i) => s instanceof Dim || fitsSize(adjusted.shape[i]!, s));
  if (!fits) {
    throw new ShapeError({
      where: `${where} input "${declared.source.layer.name}"`,
      problem: "the data do not have the shape the model was made for",
      expected: showShape(want),
      got: showShape(x.shape),
      try: "reshape the samples, or make the model with another Input",
    });
  }
  return adjusted.cast(declared.dtype);
}

/** Sizes that are only known when a plan runs are taken on trust. */
function fitsSize(got: Size, want: number): boolean {
  return got instanceof Dim || sameSize(got, want);
}
