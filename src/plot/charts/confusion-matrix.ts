import { colorOf, hex, isDark } from "../color.ts";
import type { ChartOptions, Color, Figure, Numbers } from "../figure.ts";
import { formatNumber, formatPercent } from "../scale.ts";
import { figureOf, words } from "../sheet.ts";
import { measure } from "../text.ts";
import { theme } from "../theme.ts";
import { checkLengths, count, matrixOf, type Values } from "../values.ts";

export interface ConfusionMatrixOptions extends ChartOptions {
  /** Default: 0, 1, 2, … */
  classNames?: readonly string[];
}

/**
 * A confusion matrix of counts: rows are true classes, columns predicted ones. Each row is coloured by its shares: blue
 * for what was read correctly, red for mistakes, on a scale of their own so that rare ones show.
 * Throws `ShapeError` where the matrix is not square or the names do not fit.
 */
export function confusionMatrix(
  counts: Values | readonly Numbers[],
  options: ConfusionMatrixOptions = {},
): Figure {
  const { shape, data } = matrixOf("plot.confusionMatrix", counts);
  const classes = shape[0]!;
  checkLengths("plot.confusionMatrix", { rows: classes, columns: shape[1]! });
  const names = options.classNames ?? count(classes).map(String);
  checkLengths("plot.confusionMatrix", { classNames: names.length, rows: classes });
  const table = shares(data, classes);
  const cell = Math.min(64, Math.max(18, 420 / Math.max(1, classes)));
  const side = Math.max(260, cell * classes);
  const beside = Math.min(130, Math.max(0, ...names.map((name) => measure(name, theme.tickSize)))) + 70;
  const { title, subtitle } = headings(table, options);
  const texts = table.cells.map(({ value }) => (classes > 30 ? "" : formatNumber(value)));
  const size = Math.min(13, (side / Math.max(1, classes)) * 0.36);
  const at = table.cells.map(({ row, column }) => [column, row] as const);
  const grey: Color = "#9aa3ac";
  return figureOf(
    {
      kind: "axes",
      title,
      subtitle,
      equal: true,
      x: { label: "predicted class", categories: names, line: false },
      y: { label: "true class", categories: names, reverse: true, line: false },
      layers: [
        {
          kind: "rects",
          x0: at.map(([x]) => x - 0.5),
          x1: at.map(([x]) => x + 0.5),
          y0: at.map(([, y]) => y - 0.5),
          y1: at.map(([, y]) => y + 0.5),
          color: "#ffffff",
          colors: table.cells.map(({ color }) => hex(color)),
          gap: classes > 30 ? 0 : 0.75,
        },
        {
          kind: "labels",
          x: at.map(([x]) => x),
          y: at.map(([, y]) => y),
          texts,
          color: theme.ink,
          colors: table.cells.map(({ color, value }) =>
            value === 0 ? grey : isDark(color) ? "#ffffff" : theme.ink,
          ),
          size,
        },
      ],
    },
    options.width ?? Math.ceil(side + beside + 20),
    options.height ?? Math.ceil(side + 150),
  );
}

interface Cell {
  row: number;
  column: number;
  value: number;
  color: readonly [number, number, number];
}

interface Table {
  cells: Cell[];
  right: number;
  total: number;
  /** The largest share of a row that was mistaken for one other class. */
  worst: number;
}

function shares(data: Numbers, classes: number): Table {
  const rows = count(classes).map((row) => {
    const values = count(classes).map((column) => data[row * classes + column]!);
    return { values, sum: values.reduce((a, b) => a + b, 0) || 1 };
  });
  const off = rows.flatMap(({ values, sum }, r) =>
    values.filter((_, c) => c !== r).map((value) => value / sum),
  );
  const worst = Math.max(0, ...off);
  const blue = colorOf({ map: "blues", domain: [0, 1.15] }, theme.missing);
  const red = colorOf({ map: "reds", domain: [0, (worst || 1) * 1.6] }, theme.missing);
  const white = [248, 249, 250] as const;
  const cells = rows.flatMap(({ values, sum }, row) =>
    values.map((value, column) => {
      const color = value === 0 ? white : (row === column ? blue : red)(value / sum);
      return { row, column, value, color };
    }),
  );
  const right = rows.reduce((sum, { values }, r) => sum + values[r]!, 0);
  const total = cells.reduce((sum, { value }) => sum + value, 0);
  return { cells, right, total, worst };
}

function headings({ right, total, worst }: Table, options: ConfusionMatrixOptions) {
  const given = words(options);
  const accuracy = total > 0 ? `accuracy ${formatPercent(right / total)}` : "no data";
  const key = worst > 0 ? ` · darkest red: ${formatPercent(worst, 1)} of a true class` : "";
  return {
    title: `${given.title ?? "Confusion matrix"}: ${accuracy}`,
    subtitle: given.subtitle ?? `${formatNumber(right, 12)} of ${formatNumber(total, 12)} correct${key}`,
  };
}
