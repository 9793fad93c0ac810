/**
 * The base class of layers: options as plain data (`config`), weights made by `build` on the first input, and `call`,
 * which says what is computed with tensors.
 *
 * There is no method for the shape of the output: a layer is called on an unknown tensor and the shape is read off.
 *
 * Over 400 lines: building, calling, weights and configuration of a layer share its state.
 */
import {
  key,
  type RandomKey,
  scope,
  sizeOf,
  type Tensor,
  type Variable,
  variable,
  zeros,
} from "../core/index.ts";
import type { DType } from "../ir/dtype.ts";
import { UsageError } from "../ir/errors.ts";
import { type Shape, staticSize } from "../ir/size.ts";
import { type ConstraintSpec, constrain } from "./constraints.ts";
import { type CallContext, callContext } from "./context.ts";
import type { ConfigOf, Fields, NoFields, OptionsArgument } from "./fields.ts";
import { readOptions } from "./fields.ts";
import {
  type InitializerOption,
  type InitializerSpec,
  initialValues,
  isRandom,
  readInitializer,
} from "./initializers.ts";
import { checkInputs, type InputRule } from "./input-rule.ts";
import { Module } from "./module.ts";
import { checkName, uniqueName } from "./naming.ts";
import { penaltyOf, type RegularizerOption, type RegularizerSpec, regularizerField } from "./regularizers.ts";
import { type Application, SymbolicTensor } from "./symbolic.ts";
import { elements, writeWeights } from "./weights.ts";

/** Options that every layer takes. */
export interface LayerOptions {
  /** Unique in a model; by default the class in snake case with a counter. */
  name?: string | undefined;
  /** False keeps the weights fixed. */
  trainable?: boolean | undefined;
  /** Element type computed in; float32 is the only one. */
  dtype?: "float32" | undefined;
  /** Shape of one sample: lets a Sequential build at once when this is its first layer. */
  inputShape?: readonly (number | null)[] | undefined;
  /** Penalty on the output, per sample. */
  activityRegularizer?: RegularizerOption | undefined;
}

const layerOptionNames = ["name", "trainable", "dtype", "inputShape", "activityRegularizer"];

/** A class of layers, as listed in the table of layers. */
export interface LayerClass {
  readonly type: string;
  readonly registeredIn: string | undefined;
  readonly fields: Fields;
  readonly ignoredInFile: readonly string[];
  readonly unsaved: readonly string[];
  new (options: never): Layer;
}

interface WeightRecord {
  readonly weight: Variable;
  /** The last part of its path: `kernel`. */
  readonly name: string;
  readonly initializer: InitializerSpec;
  readonly regularizer: RegularizerSpec | null;
  /** Its value when made, where it is to be drawn anew when a model takes the layer. */
  first: Tensor | undefined;
}

export type { InputRule };

export interface WeightOptions {
  trainable?: boolean;
  regularizer?: RegularizerSpec | null;
  constraint?: ConstraintSpec | null;
  /** float32 unless given. */
  dtype?: DType;
}

/** A layer; without a type parameter, one without options of its own, or any layer. */
export abstract class Layer<F extends Fields = NoFields> extends Module {
  /** Keras's class name. */
  static readonly type: string = "Layer";
  /** Keras's package for classes of our own, written as `package>Class`. */
  static readonly registeredIn: string | undefined = undefined;
  /** The options, as a table of fields. */
  static readonly fields: Fields = {};
  /** Keys that Keras writes for this class and that change nothing here. */
  static readonly ignoredInFile: readonly string[] = [];
  /** Keys that all layers have and that Keras does not take for this one. */
  static readonly unsaved: readonly string[] = [];

  readonly name: string;
  readonly config: ConfigOf<F>;
  readonly activityRegularizer: RegularizerSpec | null;
  readonly inputShape: readonly (number | null)[] | undefined;
  /** The applications of this layer to symbolic tensors, in order. */
  readonly applications: Application[] = [];
  built = false;
  /** Names of the layers around it when it was built, as in `sequential/dense`. */
  path: string;
  /** Shapes of the outputs when it was last built or applied, rows included. */
  outputShapes: readonly Shape[] | undefined;
  #trainable: boolean;
  /** Where its first weights come from: a model's seed and the place in it, once a model owns the layer. */
  #random: RandomKey | undefined;
  #weights: WeightRecord[] = [];

  constructor(...[options]: OptionsArgument<F, LayerOptions>) {
    super();
    const given: LayerOptions & Record<string, unknown> = { ...options };
    const type = this.type;
    const { fields } = this.constructor as unknown as LayerClass;
    this.config = readOptions(fields as F, given, type, layerOptionNames);
    this.name = checkName(given.name ?? uniqueName(type), type);
    this.path = this.name;
    this.#trainable = given.trainable ?? true;
    this.inputShape = given.inputShape;
    this.activityRegularizer = regularizerField.read(
      given.activityRegularizer ?? null,
      `${type} \`activityRegularizer\``,
    );
    if (!Object.hasOwn(fields, "dtype") && given.dtype !== undefined && given.dtype !== "float32") {
      throw new UsageError({
        where: `${type} \`dtype\``,
        problem: "layers compute in float32",
        expected: "float32",
        got: String(given.dtype),
        try: "leave `dtype` out",
      });
    }
  }

  /** The name of the class: Keras's, or for a class of the user's own that has no `type` the name in the code. */
  get type(): string {
    const own = this.constructor as typeof Layer;
    return Object.hasOwn(own, "type") ? own.type : own.name;
  }

  /** The layer in words, for messages: `dense_1 (Dense)`. */
  get label(): string {
    return `${this.name} (${this.type})`;
  }

  /** Whether the weights are trained; setting it on a model sets it on all its layers. */
  get trainable(): boolean {
    return this.#trainable;
  }
  set trainable(value: boolean) {
    this.#trainable = value;
    for (const inner of this.sublayers()) inner.trainable = value;
  }

  /** Layers that are fields of this one, with the paths that lead to them. */
  protected parts(): [path: string, layer: Layer][] {
    const found: [string, Layer][] = [];
    const visit = (value: unknown, path: string): void => {
      if (value instanceof Layer) found.push([path, value]);
      else if (Array.isArray(value)) {
        value.forEach((inner, i) => {
          visit(inner, `${path}.${i}`);
        });
      }
    };
    for (const [field, value] of this.children()) visit(value, field);
    return found;
  }

  /** Layers inside this one. */
  sublayers(): Layer[] {
    const found: Layer[] = [];
    for (const [, value] of this.children()) addLayers(value, found);
    return found;
  }

  /** What inputs the layer takes, checked at every call. */
  inputRule(): InputRule {
    return {};
  }

  /** Makes the weights for inputs of these shapes (rows included). Called once, before the first call. */
  build(_input: Shape | readonly Shape[]): void {}

  /** What the layer computes. */
  abstract call(x: Tensor | Tensor[], ctx: CallContext): Tensor | Tensor[];

  /**
   * Applies the layer to tensors: builds it if need be, checks the inputs, calls, and adds the activity penalty.
   *
   * @throws ShapeError where the inputs do not fit.
   */
  forward(inputs: readonly Tensor[], ctx: CallContext): Tensor[] {
    return scope(this.name, () => {
      const shapes = inputs.map((x) => x.shape);
      checkInputs(this.inputRule(), shapes, this.label);
      this.buildOn(shapes);
      const y = this.call(inputs.length === 1 ? inputs[0]! : [...inputs], ctx);
      const outputs = Array.isArray(y) ? y : [y];
      ctx.observe?.(this, outputs);
      if (this.activityRegularizer !== null) {
        for (const output of outputs) ctx.addLoss(activityPenalty(this.activityRegularizer, output));
      }
      return outputs;
    });
  }

  /** Builds the layer unless it is built. */
  buildOn(shapes: readonly Shape[]): void {
    if (this.built) return;
    this.build(shapes.length === 1 ? shapes[0]! : shapes);
    this.built = true;
    if (this.#random !== undefined) {
      for (const [path, layer] of this.parts()) layer.adopt(this.#random.child(path));
    }
  }

  /**
   * Applies the layer to symbolic tensors: a step in building a functional model. `training` fixes the mode of this
   * application. For a layer with several outputs use `applyAll`.
   */
  apply(x: SymbolicTensor | readonly SymbolicTensor[], options: { training?: boolean } = {}): SymbolicTensor {
    const outputs = this.applyAll(x, options);
    if (outputs.length !== 1) {
      throw new UsageError({
        where: this.label,
        problem: `there are ${outputs.length} outputs`,
        expected: "one output",
        got: String(outputs.length),
        try: "use applyAll, which returns a list",
      });
    }
    return outputs[0]!;
  }

  /** As `apply`, for any number of outputs. */
  applyAll(
    x: SymbolicTensor | readonly SymbolicTensor[],
    options: { training?: boolean } = {},
  ): SymbolicTensor[] {
    const listed = Array.isArray(x);
    const inputs = (listed ? x : [x]) as readonly SymbolicTensor[];
    const unknowns = inputs.map((t) => {
      if (t instanceof SymbolicTensor) return zeros(t.shape, t.dtype);
      throw new UsageError({
        where: this.label,
        problem: "layers are applied to symbolic tensors",
        expected: "what `Input` or another layer's `apply` returned",
        got: typeof t,
        try: "start with Input({ shape }), or use forward() for tensors with values",
      });
    });
    const values = this.forward(unknowns, callContext());
    const outputs: SymbolicTensor[] = [];
    const application: Application = { layer: this, inputs, listed, outputs, ...options };
    values.forEach((y, i) => {
      outputs.push(new SymbolicTensor(y.shape, y.dtype, application, i));
    });
    this.outputShapes = values.map((y) => y.shape);
    this.applications.push(application);
    return outputs;
  }

  /**
   * The symbolic tensor that came out of the layer, for models that end there: `new Model({ inputs: model.input, outputs:
   * model.getLayer("conv2d").output })`.
   *
   * @throws UsageError unless the layer was applied once, with one output.
   */
  get output(): SymbolicTensor {
    return single(this.applications, (a) => a.outputs, this.label, "output");
  }

  /** The symbolic tensor that the layer was applied to; see `output`. */
  get input(): SymbolicTensor {
    return single(this.applications, (a) => a.inputs, this.label, "input");
  }

  /** Makes a weight. Without a model around, its first values depend on the layer's name and the weight's. */
  protected weight(
    name: string,
    shape: Shape,
    initializer: InitializerSpec | InitializerOption,
    options: WeightOptions = {},
  ): Variable {
    const spec = readInitializer(initializer, `${this.label} ${name}`);
    const sizes = shape.map((s, i) => staticSize(s, this.label, `size ${i} of the weight "${name}"`));
    const random = this.#random ?? key(0, this.name);
    const { trainable = true, constraint, dtype } = options;
    const weight = variable(initialValues(spec, sizes, random.child(name)), {
      name: `${this.path}/${name}`,
      trainable,
      ...(constraint && { constraint: (value: Tensor) => constrain(constraint, value) }),
      ...(dtype && { dtype }),
    });
    const redrawn = this.#random === undefined && isRandom(spec);
    this.#weights.push({
      weight,
      name,
      initializer: spec,
      regularizer: options.regularizer ?? null,
      first: redrawn ? weight.value : undefined,
    });
    return weight;
  }

  /**
   * Makes the weight that the options `<name>Initializer`, `<name>Regularizer` and `<name>Constraint` describe (see
   * `weightFields`). The options may go by another name than the weight.
   */
  protected configured(name: string, shape: Shape, options: string = name): Variable {
    const config = this.config as Readonly<Record<string, unknown>>;
    return this.weight(name, shape, config[`${options}Initializer`] as InitializerSpec, {
      regularizer: config[`${options}Regularizer`] as RegularizerSpec | null,
      constraint: config[`${options}Constraint`] as ConstraintSpec | null,
    });
  }

  /**
   * Takes the layer into a model: its weights get their first values from the model's `random` and their path in it,
   * unless they already belong to a model or have been assigned to.
   */
  adopt(random: RandomKey): void {
    if (this.#random !== undefined) return;
    this.#random = random;
    for (const record of this.#weights) {
      const { weight, initializer, name } = record;
      if (record.first !== undefined && weight.value === record.first) {
        weight.assign(initialValues(initializer, weight.shape as number[], random.child(name)));
      }
      record.first = undefined;
    }
    for (const [path, layer] of this.parts()) layer.adopt(random.child(path));
  }

  /** Its own weights in the order made: those that are trained when the layer is, then the rest. */
  protected ownWeights(): Variable[] {
    const all = this.#weights.map((w) => w.weight);
    return [...all.filter((w) => w.trainable), ...all.filter((w) => !w.trainable)];
  }

  /** Every weight in Keras's order: trained ones first, then the others; inner layers after the layer's own. */
  weights(): Variable[] {
    const inner = this.sublayers();
    const own = this.ownWeights();
    return inner.length === 0 ? own : distinct([own, ...inner.map((l) => l.weights())]);
  }

  /** The weights that training changes. */
  trainableWeights(): Variable[] {
    if (!this.trainable) return [];
    const own = this.ownWeights().filter((w) => w.trainable);
    const inner = this.sublayers();
    return inner.length === 0 ? own : distinct([own, ...inner.map((l) => l.trainableWeights())]);
  }

  /** The weights that training does not change. */
  nonTrainableWeights(): Variable[] {
    const trained = new Set(this.trainableWeights());
    return this.weights().filter((w) => !trained.has(w));
  }

  /** The number of elements of all weights. */
  countParams(): number {
    return this.weights().reduce((sum, w) => sum + elements(w), 0);
  }

  /** The penalties of the regularizers on trained weights, summed; undefined where there is none. */
  penalty(): Tensor | undefined {
    const terms = [...this.regularized()].map(([weight, spec]) => penaltyOf(spec, weight.value));
    return terms.length === 0 ? undefined : terms.reduce((a, b) => a.add(b));
  }

  /** The trained weights that have a regularizer, each once. */
  protected regularized(): Map<Variable, RegularizerSpec> {
    if (!this.trainable) return new Map();
    const own = this.#weights.flatMap(({ weight, regularizer }): [Variable, RegularizerSpec][] =>
      regularizer !== null && weight.trainable ? [[weight, regularizer]] : [],
    );
    return new Map([...own, ...this.sublayers().flatMap((l) => [...l.regularized()])]);
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
}

/** The only tensor on one side of the only application. */
function single(
  applications: readonly Application[],
  side: (a: Application) => readonly SymbolicTensor[],
  where: string,
  what: string,
): SymbolicTensor {
  const tensors = applications.flatMap(side);
  if (applications.length === 1 && tensors.length === 1) return tensors[0]!;
  throw new UsageError({
    where: `${where}.${what}`,
    problem: `there is no single ${what}`,
    expected: `one application with one ${what}`,
    got: `${applications.length} applications, ${tensors.length} tensors`,
    try: `pick one of \`applications[i].${what}s\``,
  });
}

/** Keras divides the penalty on an output by the number of rows. */
function activityPenalty(spec: RegularizerSpec, output: Tensor): Tensor {
  const penalty = penaltyOf(spec, output);
  return output.rank === 0 ? penalty : penalty.div(sizeOf(output.shape[0]!).maximum(1));
}

function distinct(lists: readonly (readonly Variable[])[]): Variable[] {
  const found = new Set<Variable>();
  for (const list of lists) for (const weight of list) found.add(weight);
  return [...found];
}

/** Layers that a field holds, by itself or in lists. */
function addLayers(value: unknown, found: Layer[]): void {
  if (value instanceof Layer) found.push(value);
  else if (Array.isArray(value)) for (const inner of value) addLayers(inner, found);
}
