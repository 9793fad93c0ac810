import { categoryColor, colorOf, hex } from "../color.ts";
import type { ChartOptions, Figure, Numbers, PointShape, PointsLayer } from "../figure.ts";
import { figureOf, words } from "../sheet.ts";
import { theme } from "../theme.ts";
import { checkLengths, rangeOf } from "../values.ts";

/** Points of the plane: all alike, of classes (whole numbers from 0), or with a value each. */
export interface ScatterData {
  x: Numbers;
  y: Numbers;
  classes?: Numbers;
  values?: Numbers;
}

export interface ScatterOptions extends ChartOptions {
  classNames?: readonly string[];
  xLabel?: string;
  yLabel?: string;
  valueLabel?: string;
  /** In pixels. Default 4, less for many points. */
  radius?: number;
  /** One unit of x as long as one of y. */
  equal?: boolean;
}

const shapes: readonly PointShape[] = ["circle", "triangle", "square", "diamond", "cross"];

/** Points, with colour and shape by class or colour by value. Throws `ShapeError` where lengths differ. */
export function scatter(data: ScatterData, options: ScatterOptions = {}): Figure {
  const { x, y, classes, values } = data;
  checkLengths("plot.scatter", {
    x: x.length,
    y: y.length,
    ...(classes ? { classes: classes.length } : {}),
    ...(values ? { values: values.length } : {}),
  });
  const radius = options.radius ?? (x.length > 2000 ? 2 : x.length > 400 ? 3 : 4);
  const scale = { map: "viridis", domain: rangeOf(values ?? []) } as const;
  const byValue = values && Array.from(values, (value) => hex(colorOf(scale, theme.missing)(value)));
  const layers: PointsLayer[] = classes
    ? classPoints({ x, y, classes }, options.classNames, radius)
    : [
        {
          kind: "points",
          x,
          y,
          color: categoryColor(0),
          radius,
          opacity: 0.8,
          ...(byValue ? { colors: byValue } : {}),
        },
      ];
  const { xLabel, yLabel, valueLabel } = options;
  return figureOf(
    {
      kind: "axes",
      ...words(options),
      x: { pad: 0.04, ...(xLabel ? { label: xLabel } : {}) },
      y: { pad: 0.04, ...(yLabel ? { label: yLabel } : {}) },
      layers,
      equal: options.equal ?? false,
      ...(values && !classes ? { colorBar: { scale, ...(valueLabel ? { label: valueLabel } : {}) } } : {}),
    },
    options.width ?? 560,
    options.height ?? 440,
  );
}

/** One layer per class that occurs, in the order of the classes. */
export function classPoints(
  { x, y, classes }: { x: Numbers; y: Numbers; classes: Numbers },
  names: readonly string[] = [],
  radius = 4,
  outline?: string,
): PointsLayer[] {
  const members = new Map<number, number[]>();
  for (let i = 0; i < classes.length; i++) {
    const list = members.get(classes[i]!);
    if (list) list.push(i);
    else members.set(classes[i]!, [i]);
  }
  return [...members]
    .sort(([a], [b]) => a - b)
    .map(([label, indices]) => ({
      kind: "points",
      x: indices.map((i) => x[i]!),
      y: indices.map((i) => y[i]!),
      color: categoryColor(label),
      shape: shapes[Math.abs(Math.trunc(label)) % shapes.length] ?? "circle",
      radius,
      opacity: outline ? 1 : 0.85,
      name: names[label] ?? `class ${label}`,
      ...(outline ? { outline } : {}),
    }));
}
