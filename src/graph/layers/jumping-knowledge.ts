/** JumpingKnowledge (Xu et al. 2018): the outputs of all layers together. */
import { concat, stack, type Tensor } from "../../core/index.ts";
import { UsageError } from "../../ir/errors.ts";
import { GraphModule } from "../module.ts";
import { TorchLinear } from "./linear.ts";
import { LSTM } from "./lstm.ts";

export type JumpingMode = "cat" | "max" | "lstm";

/**
 * Puts the outputs of several layers side by side (`cat`), takes the largest of each feature (`max`), or their mean weighted by
 * the attention of an LSTM that goes over the layers both ways (`lstm`).
 */
export class JumpingKnowledge extends GraphModule {
  readonly mode: JumpingMode;
  readonly lstm: LSTM | undefined;
  readonly att: TorchLinear | undefined;
  readonly #widths: readonly [channels: number, numLayers: number] | undefined;

  /**
   * @param channels the width of each output, for `lstm` only.
   * @param numLayers how many outputs there are, for `lstm` only.
   * @throws UsageError for a mode that is not known, and for `lstm` without widths.
   */
  constructor(mode: JumpingMode, channels?: number, numLayers?: number) {
    super();
    if (mode !== "cat" && mode !== "max" && mode !== "lstm") {
      throw new UsageError({
        where: "JumpingKnowledge",
        problem: "there is no such mode",
        expected: "cat, max or lstm",
        got: String(mode),
        try: 'new JumpingKnowledge("cat")',
      });
    }
    this.mode = mode;
    if (mode !== "lstm") return;
    if (channels === undefined || numLayers === undefined) {
      throw new UsageError({
        where: "JumpingKnowledge",
        problem: "an LSTM over layers must know their width and number",
        expected: "channels and numLayers",
        got: `${channels}, ${numLayers}`,
        try: 'new JumpingKnowledge("lstm", 64, 3)',
      });
    }
    const hidden = Math.floor((numLayers * channels) / 2);
    this.#widths = [channels, numLayers];
    this.lstm = new LSTM(channels, hidden, { bidirectional: true });
    this.att = new TorchLinear(2 * hidden, 1);
    this.resetParameters();
  }

  call(xs: readonly Tensor[]): Tensor {
    if (this.mode === "cat") return concat(xs, -1);
    if (this.mode === "max") return xs.reduce((a, b) => a.maximum(b));
    const scores = this.lstm!.outputs(xs).map((h) => this.att!.call(h));
    const attention = concat(scores, -1).softmax(-1).expandDims(-1);
    return stack(xs, 1).mul(attention).sum(1);
  }

  protected override get printsParts(): boolean {
    return false;
  }

  protected override describe(): string {
    const widths = this.#widths;
    return widths === undefined ? this.mode : `${this.mode}, channels=${widths[0]}, layers=${widths[1]}`;
  }
}
