/** Flattening. */
import type { Tensor } from "../../core/index.ts";
import { countOf } from "../../ir/size.ts";
import { channelsToLast } from "../channels.ts";
import { dataFormat } from "../fields.ts";
import { Layer } from "../layer.ts";

const fields = { dataFormat };

/** All axes but the rows in one: [rows, …] → [rows, product]; [rows] → [rows, 1] (Keras's Flatten). */
export class Flatten extends Layer<typeof fields> {
  static override readonly type = "Flatten";
  static override readonly fields = fields;

  override call(x: Tensor): Tensor {
    const { dataFormat } = this.config;
    const ordered = dataFormat === "channels_first" && x.rank > 2 ? channelsToLast(x) : x;
    return ordered.reshape([x.shape[0]!, countOf(ordered.shape.slice(1))]);
  }
}
