import type { EdgeIndex } from "../../graph/edge-index.ts";
import { categoryColor, colorOf, hex, isDark, rgb } from "../color.ts";
import type {
  ChartOptions,
  Color,
  Figure,
  LabelsLayer,
  Layer,
  Numbers,
  PointsLayer,
  SegmentsLayer,
} from "../figure.ts";
import { forceLayout } from "../layout/force.ts";
import { headingHeight } from "../panels/header.ts";
import { figureOf, margin, words } from "../sheet.ts";
import { clean, measure } from "../text.ts";
import { theme } from "../theme.ts";
import { checkLengths, rangeOf } from "../values.ts";
import { classPoints } from "./scatter.ts";

export interface GraphPlotOptions extends ChartOptions {
  /** Places of the nodes, [x, y] each or as { x, y }; a force layout unless given. */
  positions?: { readonly x: Numbers; readonly y: Numbers } | undefined;
  /** Of the layout. Default 0. */
  seed?: number | undefined;
  /** The class of each node, true or predicted: colour and shape. */
  classes?: Numbers | undefined;
  classNames?: readonly string[] | undefined;
  /** A value of each node as its colour, where there are no classes. */
  values?: Numbers | undefined;
  valueLabel?: string | undefined;
  /** A value of each edge, such as attention, as its width. */
  edgeWeights?: Numbers | undefined;
  /** Nodes with a dark ring: those that were trained on, or misread. */
  marked?: ArrayLike<number | boolean> | undefined;
  /** What the ring means. */
  markName?: string | undefined;
  /** A word for each node; its number unless given, where there are few nodes. False: none. */
  labels?: readonly string[] | false | undefined;
  /** Heads that show the direction. Default: where an edge has no partner in the other direction. */
  arrows?: boolean | undefined;
}

/** Nodes of a graph whose numbers are written on them at most. */
const mostNumbered = 60;
/** Widths of edges in pixels, from no weight to the largest. */
const widths = { plain: 1, least: 0.4, most: 5 };

/**
 * A drawing of a graph. Edges in both directions are one line, or two that bend where `edgeWeights` tells them apart; self-loops
 * are left out, which a note says.
 *
 * @throws ShapeError where there is not a value for each node or edge.
 */
export function plotGraph(edges: EdgeIndex, options: GraphPlotOptions = {}): Figure {
  const { classes, values, edgeWeights, marked } = options;
  const nodes = edges.numNodes;
  const { x, y } = options.positions ?? forceLayout(edges, nodes, { seed: options.seed });
  const perNode = { x, y, classes, values, marked, labels: options.labels || undefined };
  checkLengths("plot.plotGraph", { nodes, ...lengthsOf(perNode) });
  checkLengths("plot.plotGraph", { edges: edges.numEdges, ...lengthsOf({ edgeWeights }) });
  const numbered = options.labels === undefined && nodes <= mostNumbered;
  const radius = numbered ? 9 : nodes <= 300 ? 5 : nodes <= 1500 ? 3 : 2;
  const scale = { map: "viridis", domain: rangeOf(values ?? []) } as const;
  const byValue = values && Array.from(values, (v) => hex(colorOf(scale, theme.missing)(v)));
  const outline = radius >= 5 ? theme.background : undefined;
  const points: PointsLayer[] = classes
    ? classPoints({ x, y, classes }, options.classNames, radius, outline)
    : [
        {
          kind: "points",
          ...{ x, y, color: categoryColor(0), radius },
          ...(outline ? { outline } : {}),
          ...(byValue ? { colors: byValue } : {}),
        },
      ];
  // Numbers stand on discs; shapes are for nodes without words.
  const discs = points.map((layer): PointsLayer => (numbered ? { ...layer, shape: "circle" } : layer));
  const loops = edges.source.reduce((n, node, e) => n + Number(node === edges.target[e]), 0);
  const note = loops > 0 ? `Not drawn: ${loops} self-loop${loops === 1 ? "" : "s"}` : undefined;
  const layers: Layer[] = [
    segmentsOf(edges, { x, y }, options, radius),
    ...rings({ x, y }, options, radius),
    ...discs,
  ];
  const width = options.width ?? 560;
  const size = { width, height: options.height ?? heightFor({ x, y }, width, options) };
  const colors = numbered ? colorsOf(nodes, classes, byValue) : undefined;
  const names = namesOf({ x, y }, options, nodes, width * 0.8, colors);
  return figureOf(
    {
      kind: "axes",
      ...words(options),
      x: { pad: 0.05, ticks: false, line: false },
      y: { pad: 0.05, ticks: false, line: false },
      layers: nodes === 0 ? [] : [...layers, ...names],
      equal: true,
      ...(note ? { note } : {}),
      ...(values && !classes
        ? { colorBar: { scale, ...(options.valueLabel ? { label: options.valueLabel } : {}) } }
        : {}),
    },
    size.width,
    size.height,
  );
}

function lengthsOf(
  arrays: Readonly<Record<string, { readonly length: number } | undefined>>,
): Record<string, number> {
  return Object.fromEntries(
    Object.entries(arrays).flatMap(([name, a]) => (a === undefined ? [] : [[name, a.length]])),
  );
}

interface Places {
  readonly x: Numbers;
  readonly y: Numbers;
}

/** The lines of the edges. */
function segmentsOf(edges: EdgeIndex, at: Places, options: GraphPlotOptions, radius: number): SegmentsLayer {
  const { edgeWeights } = options;
  const key = (a: number, b: number) => a * edges.numNodes + b;
  const there = new Set(Array.from(edges.source, (a, e) => key(a, edges.target[e]!)));
  const drawn = [...edges.source.keys()].filter((e) => {
    const [a, b] = [edges.source[e]!, edges.target[e]!];
    // Without weights one of two directions is enough.
    return a !== b && (edgeWeights !== undefined || a < b || !there.has(key(b, a)));
  });
  const paired = (e: number) => there.has(key(edges.target[e]!, edges.source[e]!));
  const most = Math.max(0, ...(edgeWeights ? drawn.map((e) => Math.abs(edgeWeights[e]!)) : [])) || 1;
  const arrows = options.arrows ?? (drawn.length > 0 && !drawn.every(paired));
  const ends = (nodes: Int32Array, of: Numbers) => drawn.map((e) => of[nodes[e]!]!);
  return {
    kind: "segments",
    ...{ x0: ends(edges.source, at.x), y0: ends(edges.source, at.y) },
    ...{ x1: ends(edges.target, at.x), y1: ends(edges.target, at.y) },
    color: theme.axis,
    opacity: edges.numEdges > 2000 ? 0.45 : 0.6,
    ...(arrows ? { head: radius } : {}),
    ...(edgeWeights
      ? {
          widths: drawn.map(
            (e) => widths.least + ((widths.most - widths.least) * Math.abs(edgeWeights[e]!)) / most,
          ),
          bends: drawn.map((e) => (paired(e) ? 0.1 : 0)),
        }
      : { width: edges.numEdges > 2000 ? 0.7 : widths.plain }),
  };
}

/** Dark discs behind the marked nodes. */
function rings(at: Places, { marked, markName }: GraphPlotOptions, radius: number): PointsLayer[] {
  if (marked === undefined) return [];
  const nodes = Array.from({ length: marked.length }, (_, i) => i).filter((i) => marked[i]);
  return [
    {
      kind: "points",
      x: nodes.map((i) => at.x[i]!),
      y: nodes.map((i) => at.y[i]!),
      color: theme.ink,
      radius: radius + 3,
      ...(markName ? { name: markName } : {}),
    },
  ];
}

/** High enough for a drawing that fills the width, within reason. */
function heightFor({ x, y }: Places, width: number, options: GraphPlotOptions): number {
  const [lowX, highX] = rangeOf(x);
  const [lowY, highY] = rangeOf(y);
  const shape = Math.min(1.1, Math.max(0.35, (highY - lowY) / (highX - lowX || 1)));
  const inner = width - 2 * margin;
  const legend = options.classes || options.markName ? 30 : 0;
  return Math.ceil(shape * inner + headingHeight(options, inner) + legend + 2 * margin + 20);
}

/** The colour of the words on each node: light on dark ones. */
function colorsOf(
  nodes: number,
  classes: Numbers | undefined,
  byValue: readonly Color[] | undefined,
): Color[] {
  return Array.from({ length: nodes }, (_, i) => {
    const color = classes ? categoryColor(classes[i]!) : (byValue?.[i] ?? categoryColor(0));
    return isDark(rgb(color)) ? theme.background : theme.ink;
  });
}

/** The words of the nodes, without those that would cover another; `room` is about the width of the drawing in pixels. */
function namesOf(
  at: Places,
  { labels }: GraphPlotOptions,
  nodes: number,
  room: number,
  colors: readonly Color[] | undefined,
): LabelsLayer[] {
  if (labels === false || (labels === undefined && nodes > mostNumbered)) return [];
  const size = theme.noteSize;
  const [lowX, highX] = rangeOf(at.x);
  const [lowY, highY] = rangeOf(at.y);
  const unit = room / Math.max(highX - lowX, highY - lowY, 1e-9);
  const kept: { x: number; y: number; width: number; text: string; color: Color | undefined }[] = [];
  for (let i = 0; i < nodes; i++) {
    const text = clean(labels?.[i] ?? String(i));
    const own = { x: at.x[i]!, y: at.y[i]!, width: measure(text, size), text, color: colors?.[i] };
    const clear = kept.every(
      (k) =>
        Math.abs(k.x - own.x) * unit > (k.width + own.width) / 2 + 3 ||
        Math.abs(k.y - own.y) * unit > size * 1.4,
    );
    if (clear && own.width < room / 4) kept.push(own);
  }
  const [x, y] = [kept.map((k) => k.x), kept.map((k) => k.y)];
  const texts = kept.map((k) => k.text);
  // Words that are not numbers on discs stand above their nodes.
  const own = colors ? { colors: kept.map((k) => k.color!) } : ({ shift: [0, -12] } as const);
  return [{ kind: "labels", x, y, texts, color: theme.ink, size, ...own }];
}
