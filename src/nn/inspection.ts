/** Looking into a model: what every layer gives, and how the loss depends on it. */
import { compile, dim, type Tensor } from "../core/index.ts";
import { checkLabels, compiledState } from "./checks.ts";
import { callContext } from "./context.ts";
import type { ArraysInput } from "./data-adapter.ts";
import { readRows } from "./data-adapter.ts";
import type { FitTarget } from "./fit.ts";
import type { Model } from "./model.ts";
import { named } from "./module.ts";
import { Stepper } from "./stepper.ts";

export interface InspectOptions {
  /** Whether layers behave as while training; false unless given. */
  training?: boolean;
}

/** What `layerGradients` found. */
export interface LayerGradients {
  readonly loss: number;
  /** By layer: the output for the batch, and the gradient of the loss for it. */
  readonly layers: ReadonlyMap<string, { readonly output: Tensor; readonly gradient: Tensor }>;
  /** By path (`layers.0.kernel`): the gradient of the loss for a trained weight. */
  readonly weights: ReadonlyMap<string, Tensor>;
}

/**
 * The outputs of all layers for one batch, by the names of the layers (`inner/dense` inside other models, with `@1` for the
 * second use of a layer), in the order of their calls.
 *
 * @throws DataError, ShapeError or UsageError where the data do not fit the model.
 */
export async function layerActivations(
  model: Model,
  x: ArraysInput,
  { training = false }: InspectOptions = {},
): Promise<Map<string, Tensor>> {
  const { xs } = await readRows(model, { x }, "layerActivations");
  const names: string[] = [];
  const rows = dim("rows");
  const plan = compile(
    (...inputs: Tensor[]): Tensor[] => {
      const seen: Tensor[] = [];
      names.length = 0;
      const context = callContext({
        training,
        observe: (layer, outputs) => {
          for (const output of layer === model ? [] : outputs) {
            seen.push(output);
            names.push(layer.path);
          }
        },
      });
      const divided = inputs.map((t, i) => (xs[i]!.divisor === undefined ? t : t.div(xs[i]!.divisor)));
      model.forward(divided, context);
      return seen;
    },
    {
      inputs: xs.map((a) => ({ shape: [rows, ...a.shape.slice(1)], dtype: a.dtype })),
      ...(model.compiled?.options.backend && { backend: model.compiled.options.backend }),
    },
  );
  const outputs = await plan(...xs.map((a) => a.data));
  plan.release();
  return new Map(keysOf(names, model).map((name, i) => [name, outputs[i]!]));
}

/**
 * The loss of one batch, the outputs of all layers, and the gradients of the loss for these outputs and for the trained
 * weights. The model must be compiled; nothing in it changes.
 *
 * @throws DataError, ShapeError or UsageError where the data do not fit the model, or it has no loss.
 */
export async function layerGradients(
  model: Model,
  x: ArraysInput,
  y: FitTarget,
  { training = false }: InspectOptions = {},
): Promise<LayerGradients> {
  const state = compiledState(model, "layerGradients");
  const rows = await readRows(model, { x, y }, "layerGradients");
  checkLabels(model, rows, "layerGradients");
  const found = await new Stepper(model, state, 0).explain(rows, training);
  const keys = keysOf(
    found.layers.map((l) => l.path),
    model,
  );
  const paths = new Map(named(model).map(([path, weight]) => [weight, path]));
  return {
    loss: found.loss,
    layers: new Map(found.layers.map(({ output, gradient }, i) => [keys[i]!, { output, gradient }])),
    weights: new Map([...found.weights].map(([w, g]) => [paths.get(w) ?? w.name, g])),
  };
}

/** Paths without the name of the model in front; repeated ones with the number of the use. */
function keysOf(paths: readonly string[], model: Model): string[] {
  const uses = new Map<string, number>();
  const front = `${model.path}/`;
  return paths.map((path) => {
    const name = path.startsWith(front) ? path.slice(front.length) : path;
    const use = uses.get(name) ?? 0;
    uses.set(name, use + 1);
    return use === 0 ? name : `${name}@${use}`;
  });
}
