import { UsageError } from "../../ir/errors.ts";
import { categoryColor } from "../color.ts";
import type { ChartOptions, Figure, Layer, Numbers } from "../figure.ts";
import { headingHeight } from "../panels/header.ts";
import { drawable, formatNumber } from "../scale.ts";
import { figureOf, grid, margin } from "../sheet.ts";
import { count } from "../values.ts";

/** Values per epoch by Keras's names: `loss`, `val_loss`, `accuracy`, `val_accuracy`, … */
export type History = Readonly<Record<string, Numbers>>;

export interface CurvesOptions extends ChartOptions {
  /** One panel each. Default: all, the loss first. */
  metrics?: readonly string[];
  /** The number of the first epoch. Default 1. */
  firstEpoch?: number;
  /**
   * The epoch to mark: a number, `false`, or (default) that of the best value of `monitor`.
   */
  best?: number | false;
  /** Default: `val_loss`, or else `loss`; with several runs no epoch is marked. */
  monitor?: string;
  /** Whether small or large values of `monitor` are good. Default: small for losses and errors. */
  mode?: "min" | "max";
  /** Logarithmic scale, for the losses only or for all panels. */
  log?: boolean | "loss";
}

const validation = "val_";

/**
 * Training curves: each metric over the epochs, training solid and validation dashed, the best epoch marked.
 * `data` is the history of one run, or histories by name of run.
 * Throws `UsageError` for a metric or a monitored value that no history has.
 */
export function curves(
  data: History | Readonly<Record<string, History>>,
  options: CurvesOptions = {},
): Figure {
  const runs = runsOf(data);
  const metrics = options.metrics ?? metricsOf(runs);
  const best = bestEpoch(runs, options);
  const alone = metrics.length <= 1;
  const [width, height] = [options.width ?? (alone ? 640 : 960), options.height ?? 400];
  const { title, subtitle } = options;
  const names = { ...(title ? { title } : {}), ...(subtitle ? { subtitle } : {}) };
  const heading = alone ? 0 : headingHeight(names, width - 2 * margin);
  const columns = Math.min(2, Math.max(1, metrics.length));
  const rows = Math.max(1, Math.ceil(metrics.length / columns));
  const size = {
    width: width / columns,
    height: Math.max(1, height - heading - (heading > 0 ? margin : 0)) / (options.height ? rows : 1),
  };
  const panels = (alone ? [metrics[0] ?? "loss"] : metrics).map((metric) =>
    metricPanel(runs, metric, best, options, { ...(alone ? names : {}), ...size }),
  );
  return alone ? panels[0]! : grid(panels, { columns, ...names });
}

function runsOf(data: History | Readonly<Record<string, History>>): Map<string, History> {
  const single = Object.values(data).every((value) => typeof value.length === "number");
  return single ? new Map([["", data as History]]) : new Map(Object.entries(data as Record<string, History>));
}

/** The names of the metrics without their validation twins, losses first. */
function metricsOf(runs: ReadonlyMap<string, History>): string[] {
  const names = new Set<string>();
  for (const history of runs.values()) {
    for (const name of Object.keys(history)) names.add(base(name));
  }
  return [...names].sort((a, b) => Number(smallIsGood(b)) - Number(smallIsGood(a)));
}

const base = (name: string) => (name.startsWith(validation) ? name.slice(validation.length) : name);
const smallIsGood = (name: string) => /loss|error|entropy|divergence|mse|mae/.test(name);

function bestEpoch(runs: ReadonlyMap<string, History>, options: CurvesOptions): number | null {
  if (options.best === false) return null;
  if (options.best !== undefined) return options.best;
  const [history] = [...runs.values()];
  if (runs.size !== 1 || !history) return null;
  const monitor = options.monitor ?? ["val_loss", "loss"].find((name) => name in history);
  if (monitor === undefined) return null;
  const values = history[monitor] ?? missing(monitor, Object.keys(history));
  const sign = (options.mode ?? (smallIsGood(monitor) ? "min" : "max")) === "min" ? 1 : -1;
  let best: number | null = null;
  for (let i = 0; i < values.length; i++) {
    if (Number.isFinite(values[i]) && (best === null || sign * values[i]! < sign * values[best]!)) best = i;
  }
  return best === null || values.length < 2 ? null : best + (options.firstEpoch ?? 1);
}

function missing(name: string, has: readonly string[]): never {
  throw new UsageError({
    where: "plot.curves",
    problem: `the history has no ${name}`,
    expected: has.length > 0 ? `one of ${has.join(", ")}` : "a history with at least one metric",
    got: name,
    try: "name a metric of the history",
  });
}

function metricPanel(
  runs: ReadonlyMap<string, History>,
  metric: string,
  best: number | null,
  options: CurvesOptions,
  place: { title?: string; subtitle?: string; width: number; height: number },
): Figure {
  const all = [...runs.values()].flatMap((history) => Object.keys(history));
  if (all.length > 0 && !all.some((name) => base(name) === metric)) missing(metric, all);
  const firstEpoch = options.firstEpoch ?? 1;
  const chosen = options.best === undefined ? base(options.monitor ?? "loss") : null;
  const log = options.log === true || (options.log === "loss" && smallIsGood(metric));
  const lines: Layer[] = [];
  const marks: Layer[] = [];
  for (const [i, [run, history]] of [...runs].entries()) {
    for (const part of ["", validation]) {
      const y = history[part + metric];
      if (y === undefined) continue;
      const x = count(y.length).map((epoch) => epoch + firstEpoch);
      const color = runs.size > 1 ? categoryColor(i) : categoryColor(part === "" ? 0 : 1);
      const name = [run, part === "" ? "training" : "validation"].filter(Boolean).join(", ");
      lines.push({ kind: "line", x, y, color, dash: part === "" ? "solid" : "dashed", name });
      const value = best === null ? Number.NaN : (y[best - firstEpoch] ?? Number.NaN);
      if (!drawable(value, log) || (part === "" && history[validation + metric])) continue;
      marks.push({ kind: "points", x: [best!], y: [value], color, radius: 4.5, outline: "#ffffff" });
      marks.unshift({
        kind: "rule",
        x: best!,
        color: "#59636e",
        dash: "dotted",
        label: `${metric === chosen ? "best epoch" : "epoch"} ${best}: ${formatNumber(value)}`,
        labelAt: smallIsGood(metric) ? "top" : "bottom",
      });
    }
  }
  const label = metric.replaceAll("_", " ");
  return figureOf(
    {
      kind: "axes",
      ...(place.title ? { title: place.title } : {}),
      ...(place.subtitle ? { subtitle: place.subtitle } : {}),
      x: { label: "epoch", integer: true },
      y: { label, type: log ? "log" : "linear", nice: true },
      layers: [...lines, ...marks],
    },
    place.width,
    place.height,
  );
}
