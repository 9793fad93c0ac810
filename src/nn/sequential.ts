/** Models that are a plain stack of layers. */
import { UsageError } from "../ir/errors.ts";
import { Dim, type Shape, sameShape, showShape } from "../ir/size.ts";
import { traceGraph } from "./functional.ts";
import { Layer } from "./layer.ts";
import { Input, InputLayer } from "./layers/input.ts";
import { Model } from "./model.ts";
import { uniqueName } from "./naming.ts";
import { SymbolicTensor } from "./symbolic.ts";

export interface SequentialOptions {
  name?: string | undefined;
  trainable?: boolean | undefined;
  /** Seed of the initial weights. Without it they depend on the model's name, so that two models differ. */
  seed?: number | undefined;
}

/**
 * A stack of layers, each fed by the one before. With an `Input` (or `inputShape` on the first layer) it is built at once,
 * otherwise on the first data.
 *
 * @example new Sequential([Input({ shape: [28, 28, 1] }), new Flatten(), new Dense({ units: 10 })])
 */
export class Sequential extends Model {
  static override readonly type = "Sequential";
  #input: InputLayer | undefined;
  #stack: Layer[] = [];
  #names = new Map<string, Layer>();

  constructor(layers: readonly (Layer | SymbolicTensor)[] = [], options: SequentialOptions = {}) {
    super(options);
    for (const layer of layers) this.push(layer);
    this.rebuild();
    if (options.trainable !== undefined) this.trainable = options.trainable;
  }

  /** The layers, without the input. */
  override get layers(): Layer[] {
    return [...this.#stack];
  }

  override children(): [field: string, value: unknown][] {
    return [["layers", this.#stack]];
  }

  /** The layer that data enter by, once it is known. */
  get inputLayer(): InputLayer | undefined {
    return this.#input;
  }

  /** Puts a layer on top. */
  add(layer: Layer | SymbolicTensor): this {
    this.push(layer);
    this.rebuild();
    return this;
  }

  /** Takes the top layer off and returns it; undefined where there is none. */
  pop(): Layer | undefined {
    const layer = this.#stack.pop();
    if (layer !== undefined && !this.#stack.includes(layer)) this.#names.delete(layer.name);
    this.rebuild();
    return layer;
  }

  private push(item: Layer | SymbolicTensor): void {
    const layer = item instanceof SymbolicTensor ? item.source.layer : item;
    if (!(layer instanceof Layer)) {
      throw new UsageError({
        where: this.label,
        problem: "only layers can be added",
        expected: "a layer, or what Input() returned",
        got: typeof item,
        try: "write new Dense({ units: 10 }), with `new`",
      });
    }
    if (layer instanceof InputLayer) {
      if (this.#input === undefined && this.#stack.length === 0) {
        this.#input = layer;
        return;
      }
      throw new UsageError({
        where: this.label,
        problem: "an input can only come first, and once",
        expected: "a layer with weights or a computation",
        got: layer.label,
        try: "put the Input first in the list of layers",
      });
    }
    if ((this.#names.get(layer.name) ?? layer) !== layer) {
      throw new UsageError({
        where: this.label,
        problem: `two layers are named "${layer.name}"`,
        expected: "a name for each layer, by which files refer to it",
        got: layer.name,
        try: "give one of them another `name`",
      });
    }
    if (this.#stack.length === 0 && this.#input === undefined && layer.inputShape !== undefined) {
      this.#input = Input({ shape: layer.inputShape }).source.layer as InputLayer;
    }
    this.#stack.push(layer);
    this.#names.set(layer.name, layer);
  }

  /** Builds the graph anew where the shape of the input is known. */
  private rebuild(): void {
    this.forget();
    const first = this.#stack[0];
    if (first === undefined) return;
    const shape =
      this.#input?.tensor.shape ?? (first instanceof Model ? first.graph?.inputs[0]?.shape : undefined);
    if (shape !== undefined) this.build(shape);
  }

  /** Takes back the graph, and with it the applications of the layers that it was made of. */
  private forget(): void {
    for (const application of this.graph?.levels.flat() ?? []) {
      if (application.inputs.length === 0) continue;
      const { applications } = application.layer;
      applications.splice(applications.indexOf(application), 1);
    }
    this.setGraph(undefined);
  }

  /** As `build`, for sizes of which some are open (null). */
  buildFrom(sizes: readonly (number | null)[]): void {
    this.#input ??= Input({ batchShape: sizes }).source.layer as InputLayer;
    this.build(this.#input.tensor.shape);
  }

  /** Builds the layers for inputs of that shape (rows included). */
  override build(shape: Shape | readonly Shape[]): void {
    const input = (Array.isArray(shape[0]) ? shape[0] : shape) as Shape;
    if (this.#stack.length === 0) {
      throw new UsageError({
        where: this.label,
        problem: "a model without layers cannot be built",
        expected: "at least one layer",
        got: "none",
        try: "add a layer first",
      });
    }
    this.#input ??= Input({ batchShape: [null, ...input.slice(1)] }).source.layer as InputLayer;
    const declared = this.#input.tensor;
    const same = sameShape(input.slice(1).map(open), declared.shape.slice(1).map(open));
    if (!same) {
      throw new UsageError({
        where: this.label,
        problem: "the model was made for inputs of another shape",
        expected: showShape(declared.shape),
        got: showShape(input),
        try: "make a new model for this shape",
      });
    }
    this.forget();
    let x = declared;
    for (const [i, layer] of this.#stack.entries()) {
      layer.adopt(this.random.child(`layers.${i}`));
      if (!layer.built) layer.path = `${this.path}/${layer.name}`;
      x = layer.apply(x);
    }
    // Keras counts the functional model inside each sequential one, which shows in the names of later models.
    uniqueName("Functional");
    this.setGraph(traceGraph([declared], [x], this.label));
    this.built = true;
  }
}

/** Every symbolic size alike: which rows or lengths are meant does not matter for the shape of a sample. */
function open(size: number | Dim): number {
  return size instanceof Dim ? -1 : size;
}
