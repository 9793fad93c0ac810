/** LSTM: a recurrent layer with PyTorch's names, layouts and order of gates, over a known number of steps. */
import { concat, stack, type Tensor, Variable } from "../../core/index.ts";
import type { Draws } from "../draws.ts";
import { GraphModule } from "../module.ts";
import { checkWidth, draw } from "./linear.ts";

export interface LSTMOptions {
  /** Go through the steps backwards too, and put both outputs side by side. Default false. */
  bidirectional?: boolean;
}

/** The weights of one direction: gates are input, forget, cell, output. */
interface Direction {
  readonly inputs: Variable;
  readonly hidden: Variable;
  readonly inputBias: Variable;
  readonly hiddenBias: Variable;
}

/**
 * One layer of `torch.nn.LSTM` with `batch_first` (Hochreiter and Schmidhuber 1997): `weight_ih_l0` [4·hidden, in],
 * `weight_hh_l0` [4·hidden, hidden], `bias_ih_l0` and `bias_hh_l0` [4·hidden]; the same with `_reverse`.
 *
 * x [rows, steps, in] → [rows, steps, hidden], or 2·hidden in both directions. The number of steps must be known: each of
 * them is part of the program.
 */
export class LSTM extends GraphModule {
  readonly weightIhL0: Variable;
  readonly weightHhL0: Variable;
  readonly biasIhL0: Variable;
  readonly biasHhL0: Variable;
  readonly weightIhL0Reverse: Variable | undefined;
  readonly weightHhL0Reverse: Variable | undefined;
  readonly biasIhL0Reverse: Variable | undefined;
  readonly biasHhL0Reverse: Variable | undefined;
  readonly inputSize: number;
  readonly hiddenSize: number;

  constructor(inputSize: number, hiddenSize: number, { bidirectional = false }: LSTMOptions = {}) {
    super();
    checkWidth("LSTM", "inputSize", inputSize, false);
    checkWidth("LSTM", "hiddenSize", hiddenSize, false);
    this.inputSize = inputSize;
    this.hiddenSize = hiddenSize;
    const gates = 4 * hiddenSize;
    this.weightIhL0 = this.parameter([gates, inputSize]);
    this.weightHhL0 = this.parameter([gates, hiddenSize]);
    this.biasIhL0 = this.parameter([gates]);
    this.biasHhL0 = this.parameter([gates]);
    if (bidirectional) {
      this.weightIhL0Reverse = this.parameter([gates, inputSize]);
      this.weightHhL0Reverse = this.parameter([gates, hiddenSize]);
      this.biasIhL0Reverse = this.parameter([gates]);
      this.biasHhL0Reverse = this.parameter([gates]);
    }
    this.resetParameters();
  }

  override resetParameters(draws: Draws = this.draws()): void {
    for (const [name, weight] of this.children()) {
      if (weight instanceof Variable) draw(weight, name, 1 / Math.sqrt(this.hiddenSize), draws);
    }
  }

  /** The outputs of every step: [rows, steps, hidden], or 2·hidden in both directions. */
  call(x: Tensor): Tensor {
    const steps = Array.from({ length: x.shape[1] as number }, (_, t) => x.at(t, 1));
    return stack(this.outputs(steps), 1);
  }

  /** The same from and as a list of steps [rows, …]. */
  outputs(steps: readonly Tensor[]): Tensor[] {
    const forth = run(steps, {
      inputs: this.weightIhL0,
      hidden: this.weightHhL0,
      inputBias: this.biasIhL0,
      hiddenBias: this.biasHhL0,
    });
    if (this.weightIhL0Reverse === undefined) return forth;
    const back = run(steps.toReversed(), {
      inputs: this.weightIhL0Reverse,
      hidden: this.weightHhL0Reverse!,
      inputBias: this.biasIhL0Reverse!,
      hiddenBias: this.biasHhL0Reverse!,
    }).reverse();
    return forth.map((h, t) => concat([h, back[t]!], -1));
  }

  protected override describe(): string {
    const both = this.weightIhL0Reverse === undefined ? "" : ", bidirectional=True";
    return `${this.inputSize}, ${this.hiddenSize}, batch_first=True${both}`;
  }
}

function run(steps: readonly Tensor[], { inputs, hidden, inputBias, hiddenBias }: Direction): Tensor[] {
  const size = hidden.shape[1] as number;
  const [toGates, again] = [inputs.value.transpose(), hidden.value.transpose()];
  const bias = inputBias.value.add(hiddenBias.value);
  let [h, cell]: (Tensor | undefined)[] = [];
  return steps.map((x) => {
    const own = x.matmul(toGates).add(bias);
    const gates = h === undefined ? own : own.add(h.matmul(again));
    const gate = (k: number) => gates.slice([null, k * size], [null, (k + 1) * size]);
    const fresh = gate(0).sigmoid().mul(gate(2).tanh());
    cell = cell === undefined ? fresh : gate(1).sigmoid().mul(cell).add(fresh);
    h = gate(3).sigmoid().mul(cell.tanh());
    return h;
  });
}
