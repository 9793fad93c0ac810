/**
 * The compiled functions of training: one step (batch assembly, forward, losses and penalties, backward, the watch on
 * values that are not finite, optimizer, metrics), one batch of evaluation, one of prediction. Each is one plan with a
 * symbolic number of rows, kept in the compiled state, so that a short last batch or a new learning rate makes nothing anew.
 *
 * Over 400 lines: the plans of training share how data, losses and metrics are traced.
 */
import {
  type Argument,
  type BackendName,
  type Compiled,
  compile,
  dim,
  gradient,
  guard,
  key,
  type Tensor,
  type Variable,
  zeros,
} from "../core/index.ts";
import type { Turn } from "../core/turn.ts";
import { arrayOf, type DType, type TypedArray } from "../ir/dtype.ts";
import { UsageError } from "../ir/errors.ts";
import type { ValueSpec } from "../ir/program.ts";
import type { Dim } from "../ir/size.ts";
import type { CompiledState, Objective } from "./compile-options.ts";
import { callContext, type Observer } from "./context.ts";
import { rehearsedOptimizers, traceStep } from "./custom-step.ts";
import type { Resident, Rows } from "./data-adapter.ts";
import { outputsOf } from "./data-adapter.ts";
import { finite } from "./finite.ts";
import type { HostArray } from "./host-array.ts";
import type { Layer } from "./layer.ts";
import type { Module } from "./module.ts";
import type { Optimizer } from "./optimizers/index.ts";
import { logOf, lossOf, Sums, sumOf } from "./sums.ts";
import type { Trainable } from "./trainable.ts";
import { elements } from "./weights.ts";

/** How many rows a batch and a data set have: the same symbols in all plans, so that programs of equal models are equal. */
const batchRows = dim("rows");
const dataRows = dim("samples");

/** A compiled function of a model: a record of sums and outputs. */
export type Plan = Compiled<Record<string, Tensor>>;

/** What one step gave. */
export interface StepResult {
  /** Losses and penalties together: what the step was to make smaller. */
  readonly loss: number;
  /** False where the loss or a gradient was not finite: nothing was changed. */
  readonly committed: boolean;
}

/** Does one step on the rows named by an index, or on the arrays of a batch, of `rows` rows. */
export type Trainer = (data: readonly TypedArray[], rows: number) => Promise<StepResult>;

interface ArraySpec {
  readonly row: readonly number[];
  readonly dtype: DType;
  readonly divisor: number | undefined;
}

/** What went on in a step. */
export interface Explanation {
  readonly loss: number;
  readonly layers: readonly { readonly path: string; readonly output: Tensor; readonly gradient: Tensor }[];
  readonly weights: ReadonlyMap<Variable, Tensor>;
}

/** What a plan is made for. */
interface Form {
  readonly xs: readonly ArraySpec[];
  readonly ys: readonly ArraySpec[];
  readonly weighted: boolean;
}

interface InputSpec {
  readonly shape: readonly (number | Dim)[];
  readonly dtype: DType;
}

/** Makes and runs the plans of a compiled model. */
export class Stepper {
  readonly model: Trainable;
  readonly state: CompiledState;
  readonly seed: number;
  readonly backend: BackendName | undefined;
  /** Rows that will go through the plans altogether, as far as that is known. */
  readonly expectedRows: number;
  /** Losses and metrics since the last reset. */
  readonly sums: Sums;
  /** Where others get their turn while plans are made. */
  readonly #turn: Turn | undefined;
  /** The optimizers of a `trainStep` of the model's own, once known, and what waits for them. */
  #used: readonly Optimizer[] | undefined;
  #restore: ((optimizers: readonly Optimizer[]) => void) | undefined;
  constructor(model: Trainable, state: CompiledState, seed: number, turn?: Turn, expectedRows = 0) {
    this.#turn = turn;
    this.model = model;
    this.state = state;
    this.seed = seed;
    this.backend = state.options.backend;
    this.expectedRows = expectedRows;
    this.sums = new Sums(state);
  }

  /** Losses and metrics for these data; chosen by the shapes of the labels. */
  objective(rows: Rows): Objective {
    const outputs = outputsOf(this.model).map((o, i) => ({
      name: o.name,
      labels: rows.ys[i]?.shape ?? [],
      predictions: [rows.count, ...o.shape],
    }));
    return this.state.objective(outputs);
  }

  /** The optimizers whose state a checkpoint keeps: that of `compile`, or those that the model's own step uses. */
  get optimizers(): readonly Optimizer[] {
    return this.#used ?? [this.state.optimizer];
  }

  /**
   * Puts back the state of the optimizers: at once, or, where the model's own step has to tell first which they are, before
   * the first of its steps. `restore` is given each with its place.
   */
  restoreOptimizers(restore: (optimizers: readonly Optimizer[]) => void): void {
    if (this.model.trainStep === undefined) restore(this.optimizers);
    else this.#restore = restore;
  }

  /**
   * Training made ready for data of the form of `form`: by index into `resident`, or on batches that are handed over.
   * To be asked for anew where layers may have been frozen or thawed since.
   */
  trainer(form: Rows, resident?: Resident): Trainer {
    if (this.model.trainStep !== undefined) return this.#customTrainer(form, resident);
    const objective = this.objective(form);
    const { optimizer } = this.state;
    const weights = this.model.trainableWeights();
    const names = Object.keys(optimizer.scalars());
    const places = resident && firsts(resident);
    const by = places === undefined ? "batch" : `index ${places}`;
    const plan = this.#plan(`train ${by} ${this.seed} ${this.#frozen()} ${names}`, form, (form) =>
      this.#trainPlan(form, objective, weights, names, places),
    );
    const step = new Int32Array(1);
    const numbers = names.map(() => new Float32Array(1));
    return async (data, rows) => {
      step[0] = optimizer.iterations;
      Object.values(optimizer.scalars()).forEach((v, i) => {
        numbers[i]![0] = v;
      });
      const before = resident?.arrays ?? [];
      const { committed, ...result } = await this.#call(plan, ...before, ...data, step, ...numbers);
      if (committed) optimizer.advance();
      return { loss: this.sums.add(result, objective, rows, committed), committed };
    };
  }

  /** Training by the model's own `trainStep`. */
  #customTrainer(form: Rows, resident: Resident | undefined): Trainer {
    const { optimizer } = this.state;
    const trainStep = this.model.trainStep!.bind(this.model);
    const blanks = dataSpecs(form, batchRows).map(({ shape, dtype }) => zeros(shape, dtype));
    const used = rehearsedOptimizers(trainStep, this.#batch(form, blanks), { optimizer, rows: batchRows });
    this.#used = [...new Set([optimizer, ...used])];
    this.#restore?.(this.#used);
    this.#restore = undefined;
    const names = used.map((o) => Object.keys(o.scalars()));
    const by = resident === undefined ? "batch" : "index";
    const plan = this.#plan(`own ${by} ${this.seed} ${this.#frozen()} ${names.flat()}`, form, (form) =>
      this.#customPlan(form, names, resident !== undefined),
    );
    const step = new Int32Array(1);
    // A step that uses no optimizer is counted by that of `compile`.
    const counted = used.length > 0 ? used : [optimizer];
    return async (data, rows) => {
      step[0] = [...new Set(counted)].reduce((sum, o) => sum + o.iterations, 0);
      const before = resident?.arrays ?? [];
      const { committed, ...result } = await this.#call(
        plan,
        ...before,
        ...data,
        step,
        ...scalarsOfUses(used),
      );
      if (committed) for (const o of counted) o.advance();
      return { loss: this.sums.addOwn(result, rows, committed), committed };
    };
  }

  #batch(form: Rows, arrays: readonly Tensor[]) {
    return {
      xs: divided(form.xs, arrays),
      ys: divided(form.ys, arrays.slice(form.xs.length)),
      sampleWeight: form.weight === undefined ? undefined : arrays.at(-1),
    };
  }

  /** A plan of the model's own step; `names` are the scalars of each use of an optimizer. */
  #customPlan(form: Rows, names: readonly (readonly string[])[], resident: boolean): Plan {
    const data = dataSpecs(form, resident ? dataRows : batchRows);
    const indexSpec: InputSpec[] = resident ? [{ shape: [batchRows], dtype: "int32" }] : [];
    const scalarSpecs = names.flat().map((): InputSpec => ({ shape: [], dtype: "float32" }));
    const fn = (...inputs: Tensor[]): Record<string, Tensor> => {
      const index = resident ? inputs[data.length]! : undefined;
      const [step, ...numbers] = inputs.slice(data.length + indexSpec.length) as [Tensor, ...Tensor[]];
      const arrays = inputs.slice(0, data.length).map((t) => (index === undefined ? t : t.take(index, 0)));
      const traced = traceStep(this.model.trainStep!.bind(this.model), this.#batch(form, arrays), {
        optimizer: this.state.optimizer,
        seed: this.seed,
        step,
        rows: batchRows,
        scalars: (_, use) => {
          const first = names.slice(0, use).reduce((n, own) => n + own.length, 0);
          return Object.fromEntries(names[use]!.map((name, i) => [name, numbers[first + i]!]));
        },
      });
      guard(finite([traced.loss, ...traced.watched]));
      const logs = Object.entries(traced.logs).map(([name, value]) => [logOf(name), value] as const);
      return { loss: traced.loss, ...Object.fromEntries(logs) };
    };
    return this.#compile(fn, [...data, ...indexSpec, { shape: [], dtype: "int32" }, ...scalarSpecs]);
  }

  /** Losses and metrics of a batch, without training. Returns the loss of the batch. */
  test(batch: Rows): Promise<number> {
    return this.tester(batch)(batch);
  }

  /** `test` made ready for batches of the form of `form`; to be asked for anew as a `trainer` is. */
  tester(form: Rows): (batch: Rows) => Promise<number> {
    const objective = this.objective(form);
    const plan = this.#plan(`test ${this.#frozen()}`, form, (form) => this.#testPlan(form, objective));
    return async (batch) => {
      const { committed: _, ...result } = await this.#call(
        plan,
        ...(batch.resident?.arrays ?? arraysOf(batch)),
      );
      return this.sums.add(result, objective, batch.count, true);
    };
  }

  /** The outputs for a batch. */
  predict(batch: Rows): Promise<HostArray[]> {
    return this.predictor(batch)(batch);
  }

  /** `predict` made ready for batches of the form of `form`. */
  predictor(form: Rows): (batch: Rows) => Promise<HostArray[]> {
    const plan = this.#plan("predict", form, (form) => this.#predictPlan(form));
    return async (batch) => {
      const { committed: _, ...outputs } = await this.#call(plan, ...batch.xs.map((x) => x.data));
      return Object.values<Tensor>(outputs).map((t) => ({
        data: t.dataSync(),
        shape: t.shape as readonly number[],
        dtype: t.dtype,
      }));
    };
  }

  /**
   * What goes on in a step: the loss, the outputs of all layers in the order of their calls, and the gradients of the loss
   * for these outputs and for the trained weights. Nothing is changed.
   */
  async explain(batch: Rows, training: boolean): Promise<Explanation> {
    const objective = this.objective(batch);
    const weights = this.model.trainableWeights();
    const names: string[] = [];
    const data = dataSpecs(batch, batchRows);
    const plan = this.#compile(
      (...inputs) => {
        const seen: Tensor[] = [];
        names.length = 0;
        const observe: Observer = (layer, outputs) => {
          for (const output of (layer as Module) === this.model ? [] : outputs) {
            seen.push(output);
            names.push(layer.path);
          }
        };
        const mode = { training, step: inputs.at(-1)!, observe };
        const { loss } = this.#forward(batch, objective, inputs.slice(0, -1), mode);
        const slopes = gradient(loss, [...seen, ...weights]);
        const entries = [...seen, ...slopes].map((t, i) => [String(i), t] as const);
        return { loss, ...Object.fromEntries(entries) };
      },
      [...data, { shape: [], dtype: "int32" }],
    );
    const result = await plan(...arraysOf(batch), Int32Array.of(this.state.optimizer.iterations));
    plan.release();
    const at = (i: number): Tensor => result[String(i)]!;
    return {
      loss: result.loss!.dataSync()[0]!,
      layers: names.map((path, i) => ({ path, output: at(i), gradient: at(names.length + i) })),
      weights: new Map(weights.map((w, i) => [w, at(2 * names.length + i)])),
    };
  }

  /**
   * Which values of a step are not finite: the largest magnitude of each prediction, the loss, and the largest magnitude
   * of each weight's gradient. Used to say where a step went wrong.
   */
  async inspect(
    batch: Rows,
  ): Promise<{ predictions: number[]; loss: number; gradients: Map<Variable, number> }> {
    // A step of the model's own is not taken apart.
    if (this.model.trainStep !== undefined) {
      return { predictions: [], loss: Number.NaN, gradients: new Map() };
    }
    const objective = this.objective(batch);
    const weights = this.model.trainableWeights();
    const plan = this.#plan(`inspect ${this.seed} ${this.#frozen()}`, batch, (form) =>
      this.#inspectPlan(form, objective, weights),
    );
    const { committed: _, ...result } = await plan(
      ...arraysOf(batch),
      Int32Array.of(this.state.optimizer.iterations),
    );
    const values = new Map<string, number>();
    for (const [name, t] of Object.entries<Tensor>(result)) values.set(name, t.dataSync()[0]!);
    return {
      predictions: outputsOf(this.model).map((_, i) => values.get(`prediction${i}`)!),
      loss: values.get("loss")!,
      gradients: new Map(weights.map((w, i) => [w, values.get(`gradient${i}`)!])),
    };
  }

  /**
   * What a plan depends on besides the weights: which of them are trained (and so have a penalty), and which layers are
   * frozen (and may compute something else then).
   */
  #frozen(): string {
    const trained = new Set(this.model.trainableWeights());
    const marks = this.model.weights().map((w) => (trained.has(w) ? "+" : "-"));
    return [marks.join(""), ...this.model.sublayers().flatMap(frozenLayers)].join();
  }

  #plan(what: string, form: Rows, make: (form: Rows) => Plan): Plan {
    // A layout's key says what there is to say of the arrays.
    const name = `${what} ${form.layout?.key ?? JSON.stringify(formOf(form))}`;
    return this.state.plan(name, this.model.weights(), () => make(withoutContent(form)));
  }

  /** Runs a plan. Making it takes a while the first time, in which others get their turn. */
  async #call(plan: Plan, ...args: Argument[]) {
    const turn = this.#turn;
    if (turn !== undefined && plan.traces === 0) {
      await plan.prepare((until) => (until ? turn.wait(until) : turn.give()), ...args);
    }
    return plan(...args);
  }

  #compile(fn: (...inputs: Tensor[]) => Record<string, Tensor>, inputs: readonly InputSpec[]): Plan {
    // Each row meets each weight at least once.
    const work = this.expectedRows * this.model.weights().reduce((sum, w) => sum + elements(w), 0);
    return compile(fn, { inputs, work, ...(this.backend === undefined ? {} : { backend: this.backend }) });
  }

  #trainPlan(
    form: Rows,
    objective: Objective,
    weights: readonly Variable[],
    names: readonly string[],
    places: readonly number[] | undefined,
  ): Plan {
    const { optimizer } = this.state;
    optimizer.build(weights);
    const data = dataSpecs(form, places ? dataRows : batchRows);
    const indexed = places !== undefined && form.layout === undefined;
    const indexSpec: readonly ValueSpec[] = indexed
      ? [{ shape: [batchRows], dtype: "int32" }]
      : (form.layout?.drawn ?? []);
    const scalarSpecs: InputSpec[] = [
      { shape: [], dtype: "int32" },
      ...names.map((): InputSpec => ({ shape: [], dtype: "float32" })),
    ];
    const fn = (...inputs: Tensor[]): Record<string, Tensor> => {
      const handed = inputs.slice(data.length, data.length + indexSpec.length);
      const [step, ...numbers] = inputs.slice(data.length + indexSpec.length) as [Tensor, ...Tensor[]];
      // Of graphs, some arrays may be resident; the others follow.
      const arrays = data.map((_, i) => inputs[places?.[i] ?? i]!);
      if (indexed) for (const i of data.keys()) arrays[i] = arrays[i]!.take(handed[0]!, 0);
      const pass = this.#forward(form, objective, arrays, { training: true, step, drawn: handed });
      const scalars = Object.fromEntries(names.map((n, i) => [n, numbers[i]!]));
      const gradients = weights.length === 0 ? [] : gradient(pass.loss, [...weights]);
      const next = optimizer.apply(gradients, weights, scalars);
      for (const [weight, value] of pass.updates) weight.assign(value);
      // A gradient that is not finite shows in the new weight, and so does a step that is too long.
      guard(finite([pass.loss, ...next, ...pass.updates.map(([, value]) => value)]));
      return pass.outputs;
    };
    return this.#compile(fn, [...data, ...indexSpec, ...scalarSpecs]);
  }

  #testPlan(form: Rows, objective: Objective): Plan {
    const fn = (...inputs: Tensor[]) =>
      this.#forward(form, objective, inputs, { training: false, step: 0 }).outputs;
    return this.#compile(fn, dataSpecs(form, batchRows));
  }

  #predictPlan(form: Rows): Plan {
    const fn = (...xs: Tensor[]) => {
      const ctx = callContext({ seed: this.seed });
      const inputs = divided(form.xs, xs);
      const predictions = form.layout?.forward(inputs, ctx, []) ?? this.model.forward(inputs, ctx);
      return Object.fromEntries(predictions.map((p, i) => [`output${i}`, p]));
    };
    return this.#compile(fn, dataSpecs(form, batchRows));
  }

  #inspectPlan(form: Rows, objective: Objective, weights: readonly Variable[]): Plan {
    const data = dataSpecs(form, batchRows);
    const fn = (...inputs: Tensor[]) => {
      const step = inputs.at(-1)!;
      const pass = this.#forward(form, objective, inputs.slice(0, -1), { training: true, step });
      const gradients = weights.length === 0 ? [] : gradient(pass.loss, [...weights]);
      return Object.fromEntries([
        ["loss", pass.loss],
        ...pass.predictions.map((p, i): [string, Tensor] => [`prediction${i}`, p.abs().max()]),
        ...gradients.map((g, i): [string, Tensor] => [`gradient${i}`, g.abs().max()]),
      ]);
    };
    return this.#compile(fn, [...data, { shape: [], dtype: "int32" }]);
  }

  /** Predictions, loss with penalties, and the sums of the metrics, as part of a trace. */
  #forward(
    form: Rows,
    objective: Objective,
    arrays: readonly Tensor[],
    mode: { training: boolean; step: Tensor | number; observe?: Observer; drawn?: readonly Tensor[] },
  ) {
    const xs = divided(form.xs, arrays);
    const ys = divided(form.ys, arrays.slice(form.xs.length));
    const weight = form.weight === undefined ? undefined : arrays.at(-1);
    const ctx = callContext({ ...mode, key: key(this.seed, "layers") });
    const predictions = form.layout?.forward(xs, ctx, mode.drawn ?? []) ?? this.model.forward(xs, ctx);
    const each = objective.losses.map((l) => l.loss.value(ys[l.output]!, predictions[l.output]!, weight));
    const penalty = this.model.penalty();
    const terms = [
      ...each.map((value, i) => value.mul(objective.losses[i]!.weight)),
      ...ctx.losses,
      ...(penalty === undefined ? [] : [penalty]),
    ];
    if (terms.length === 0) noLoss();
    const loss = terms.reduce((a, b) => a.add(b));
    const outputs: Record<string, Tensor> = { loss };
    if (each.length > 1) each.forEach((value, i) => void (outputs[lossOf(i)] = value));
    objective.metrics.forEach(({ metric, output, weighted }, m) => {
      const sums = metric.sums(ys[output]!, predictions[output]!, weighted ? weight : undefined);
      sums.forEach((sum, i) => void (outputs[sumOf(m, i)] = sum));
    });
    return { predictions, loss, outputs, updates: ctx.updates };
  }
}

/** The scalars of optimizers for each of their uses in the next step. */
function scalarsOfUses(used: readonly Optimizer[]): Float32Array[] {
  const uses = new Map<Optimizer, number>();
  return used.flatMap((o) => {
    const before = uses.get(o) ?? 0;
    uses.set(o, before + 1);
    o.iterations += before;
    const numbers = Object.values(o.scalars());
    o.iterations -= before;
    return numbers.map((v) => Float32Array.of(v));
  });
}

/** Paths of a layer and of those inside that are not trained. */
function frozenLayers(layer: Layer): string[] {
  return [...(layer.trainable ? [] : [`!${layer.path}`]), ...layer.sublayers().flatMap(frozenLayers)];
}

function noLoss(): never {
  throw new UsageError({
    where: "fit",
    problem: "there is no loss to compute",
    expected: "a loss in compile(), or layers that add one",
    got: "none",
    try: 'model.compile({ loss: "categoricalCrossentropy" })',
  });
}

/** Inputs of a plan for these arrays, with `rows` rows. */
function dataSpecs(form: Rows, rows: Dim): readonly ValueSpec[] {
  return (
    form.layout?.specs ?? allArrays(form).map((a) => ({ shape: [rows, ...a.shape.slice(1)], dtype: a.dtype }))
  );
}

/** Rows of the same form that hold no data: plans live longer than what they were made for. */
function withoutContent({ xs, ys, weight, count, layout }: Rows): Rows {
  const bare = (a: HostArray): HostArray => ({ ...a, data: arrayOf[a.dtype](0) }) as HostArray;
  return { xs: xs.map(bare), ys: ys.map(bare), weight: weight && bare(weight), count, layout };
}

/** The first of `tensors` as the model sees them: bytes of images become fractions here, inside the plan. */
function divided(arrays: readonly HostArray[], tensors: readonly Tensor[]): Tensor[] {
  return arrays.map(({ divisor }, i) => (divisor === undefined ? tensors[i]! : tensors[i]!.div(divisor)));
}

/** The place of each array, or where it is there twice, of the first: what is done to both is done once. */
function firsts({ arrays }: Resident): number[] {
  return arrays.map((a) => arrays.indexOf(a));
}

/** Every array in the order of the plan's inputs: x, labels, weight. */
export function allArrays(r: Rows): HostArray[] {
  return [...r.xs, ...r.ys, ...(r.weight ? [r.weight] : [])];
}

/** The content of every array, in that order. */
export function arraysOf(r: Rows): TypedArray[] {
  return allArrays(r).map((a) => a.data);
}

function formOf(r: Rows): Form {
  const spec = (a: HostArray) => ({ row: a.shape.slice(1), dtype: a.dtype, divisor: a.divisor });
  return { xs: r.xs.map(spec), ys: r.ys.map(spec), weighted: r.weight !== undefined };
}
