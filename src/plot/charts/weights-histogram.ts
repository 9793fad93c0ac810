import type { Model } from "../../nn/model.ts";
import type { ChartOptions, Figure } from "../figure.ts";
import { formatNumber } from "../scale.ts";
import { grid, words } from "../sheet.ts";
import { histogram } from "./histogram.ts";

export interface WeightsHistogramOptions extends Omit<ChartOptions, "width" | "height"> {
  /** The weights to show, by the end of their name: `kernel`, `dense/bias`. Default: all of more than one axis. */
  names?: readonly string[];
  /** Panels at most: the first ones; 12 unless given. */
  most?: number;
}

const panel = { width: 320, height: 240 };

/** How the weights of a model are spread, a panel for each, with mean and standard deviation. */
export function weightsHistogram(model: Model, options: WeightsHistogramOptions = {}): Figure {
  const { names, most = 12 } = options;
  const wanted = model
    .weights()
    .filter((w) =>
      names === undefined ? w.shape.length > 1 : names.some((n) => `/${w.name}`.endsWith(`/${n}`)),
    );
  const panels = wanted.slice(0, most).map((weight) => {
    const values = weight.read();
    let [sum, squares] = [0, 0];
    for (const v of values) {
      sum += v;
      squares += v * v;
    }
    const mean = sum / values.length;
    const deviation = Math.sqrt(Math.max(0, squares / values.length - mean * mean));
    const title = weight.name.split("/").slice(-2).join("/");
    const subtitle = `${formatNumber(mean, 2)} ± ${formatNumber(deviation, 2)}, ${values.length} values`;
    return histogram(values, { title, subtitle, bins: 40, ...panel });
  });
  const columns = Math.min(4, Math.max(1, Math.ceil(Math.sqrt(panels.length))));
  return panels.length === 0 ? histogram([], words(options)) : grid(panels, { columns, ...words(options) });
}
