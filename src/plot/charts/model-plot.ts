/**
 * The layers of a model as boxes, and what flows between them as arrows, from top to bottom.
 *
 * A layer stands one row below the last of its inputs; an arrow over several rows passes between the boxes of the rows in
 * between. Boxes of a row are put in the order of what feeds them (Sugiyama, Tagawa and Toda, 1981).
 */
import { UsageError } from "../../ir/errors.ts";
import type { Layer } from "../../nn/layer.ts";
import type { Model } from "../../nn/model.ts";
import type { Application } from "../../nn/symbolic.ts";
import { showSizes } from "../../nn/symbolic.ts";
import { categoryColor } from "../color.ts";
import type { ChartOptions, DiagramBox, Figure } from "../figure.ts";
import { boxHeight, boxPadding } from "../panels/diagram.ts";
import { headingHeight } from "../panels/header.ts";
import { figureOf, margin, words } from "../sheet.ts";
import { clean, measure } from "../text.ts";
import { theme } from "../theme.ts";

export interface ModelPlotOptions extends ChartOptions {
  /** Write the shapes of the outputs; true unless given. */
  showShapes?: boolean;
  /** Write the numbers of parameters; true unless given. */
  showParams?: boolean;
}

/** A layer at one of its uses, or a place where an arrow passes a row. */
interface Node {
  readonly box:
    | { readonly title: string; readonly lines: readonly string[]; readonly color: string }
    | undefined;
  readonly row: number;
  /** What comes before it, in the row above. */
  readonly above: Node[];
  readonly width: number;
  readonly height: number;
  /** The left edge. */
  x: number;
}

const gap = { across: 18, down: 30 };
const widest = 260;
/** The room that an arrow takes between boxes. */
const passage = 14;
/** Times that the rows are put in order, and boxes moved towards their neighbours. */
const sweeps = 4;

/**
 * A drawing of a built Sequential or functional model; a model inside is one box. Throws `UsageError` for a model whose
 * computation is written in code, or that is not built.
 */
export function plotModel(model: Model, options: ModelPlotOptions = {}): Figure {
  const { graph } = model;
  if (graph === undefined) {
    throw new UsageError({
      where: "plot.plotModel",
      problem: "there is no graph to draw",
      expected: "a built Sequential or functional model",
      got: model.label,
      try: "give the model an Input; models written in code cannot be drawn",
    });
  }
  const rows = arrange(nodesOf(graph.levels.flat(), options));
  const tops: number[] = [];
  const bottoms: number[] = [];
  let height = 0;
  for (const row of rows) {
    tops.push(height);
    const most = Math.max(...row.map((n) => n.height));
    bottoms.push(height + most);
    height += most + gap.down;
  }
  height -= gap.down;
  const width = Math.max(...rows.flat().map((n) => n.x + n.width));
  const boxes = rows
    .flat()
    .flatMap((n): DiagramBox[] =>
      n.box === undefined ? [] : [{ ...n.box, x: n.x, y: tops[n.row]!, width: n.width, height: n.height }],
    );
  const links = rows
    .flat()
    .flatMap((n) => (n.box === undefined ? [] : n.above.map((a) => route(a, n, tops, bottoms))));
  const heading = { title: model.name, ...words(options) };
  const room = { width: options.width ?? Math.max(240, width + 2 * margin), height: 0 };
  room.height = options.height ?? height + 2 * margin + headingHeight(heading, room.width - 2 * margin);
  return figureOf(
    { kind: "diagram", ...heading, boxes, links, extent: [width, height] },
    Math.ceil(room.width),
    Math.ceil(room.height),
  );
}

/** A node for every use of a layer, and nodes without a box where arrows pass other rows. */
function nodesOf(applications: readonly Application[], options: ModelPlotOptions): Node[] {
  const nodes: Node[] = [];
  const made = new Map<Application, Node>();
  const uses = new Map<Layer, number>();
  const types = new Map<string, number>();
  for (const application of applications) {
    const { layer } = application;
    const use = uses.get(layer) ?? 0;
    uses.set(layer, use + 1);
    if (!types.has(layer.type)) types.set(layer.type, types.size);
    const from = [...new Set(application.inputs.map((t) => made.get(t.source)!))];
    const row = Math.max(-1, ...from.map((n) => n.row)) + 1;
    const above = from.map((n) => passing(n, row, nodes));
    const title = use === 0 ? layer.name : `${layer.name}, use ${use + 1}`;
    const lines = linesOf(application, use === 0, options);
    const color = categoryColor(types.get(layer.type)!);
    const longest = Math.max(
      measure(clean(title), theme.labelSize, true),
      ...lines.map((line) => measure(clean(line), theme.noteSize)),
    );
    const node: Node = {
      box: { title, lines, color },
      row,
      above,
      width: Math.min(widest, longest + 2 * boxPadding + 2),
      height: boxHeight(lines.length),
      x: 0,
    };
    made.set(application, node);
    nodes.push(node);
  }
  return nodes;
}

/** The node in the row above `row` by which an arrow from `from` comes. */
function passing(from: Node, row: number, nodes: Node[]): Node {
  let last = from;
  for (let r = from.row + 1; r < row; r++) {
    last = { box: undefined, row: r, above: [last], width: passage, height: 0, x: 0 };
    nodes.push(last);
  }
  return last;
}

function linesOf(application: Application, first: boolean, options: ModelPlotOptions): string[] {
  const { layer, outputs } = application;
  const shapes = outputs.map((t) => showSizes(t.shape)).join(", ");
  const params = layer.countParams();
  return [
    layer.type,
    ...(options.showShapes === false ? [] : [shapes]),
    ...(options.showParams === false || params === 0 || !first
      ? []
      : [`${params.toLocaleString("en")} parameters${layer.trainable ? "" : ", frozen"}`]),
  ];
}

/** The nodes by rows, in order and with their places. */
function arrange(nodes: readonly Node[]): Node[][] {
  const rows: Node[][] = [];
  for (const node of nodes) (rows[node.row] ??= []).push(node);
  const below = new Map<Node, Node[]>(nodes.map((n) => [n, []]));
  for (const node of nodes) for (const a of node.above) below.get(a)!.push(node);
  const order = (row: Node[], neighbours: (n: Node) => readonly Node[], beside: readonly Node[]): void => {
    const place = new Map(beside.map((n, i) => [n, i]));
    const mean = new Map(row.map((n, i) => [n, average(neighbours(n).map((m) => place.get(m)!)) ?? i]));
    row.sort((a, b) => mean.get(a)! - mean.get(b)!);
  };
  for (let sweep = 0; sweep < sweeps; sweep++) {
    for (let r = 1; r < rows.length; r++) order(rows[r]!, (n) => n.above, rows[r - 1]!);
    for (let r = rows.length - 2; r >= 0; r--) order(rows[r]!, (n) => below.get(n)!, rows[r + 1]!);
  }
  for (const row of rows) pack(row, (_, i, at) => (i === 0 ? 0 : at));
  for (let sweep = 0; sweep < sweeps; sweep++) {
    const towards = (neighbours: (n: Node) => readonly Node[]) => (n: Node) =>
      average(neighbours(n).map(middle)) ?? middle(n);
    for (const row of rows.slice(1))
      align(
        row,
        towards((n) => n.above),
      );
    for (const row of rows.slice(0, -1).reverse())
      align(
        row,
        towards((n) => below.get(n)!),
      );
  }
  const least = Math.min(...nodes.map((n) => n.x));
  for (const node of nodes) node.x -= least;
  return rows;
}

function average(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : values.reduce((a, b) => a + b, 0) / values.length;
}

const middle = (n: Node): number => n.x + n.width / 2;

/** Places the nodes of a row from left to right, each as far left as it may and not before `wanted`. */
function pack(row: readonly Node[], wanted: (n: Node, i: number, at: number) => number): void {
  let at = Number.NEGATIVE_INFINITY;
  for (const [i, node] of row.entries()) {
    node.x = Math.max(at, wanted(node, i, at));
    at = node.x + node.width + gap.across;
  }
}

/** Moves the nodes of a row towards where they want their middles, without changing their order. */
function align(row: readonly Node[], wanted: (n: Node) => number): void {
  const goals = row.map((n) => wanted(n) - n.width / 2);
  pack(row, (_, i) => goals[i]!);
  // Packing moves to the right only: half of the overshoot is taken back for the row as a whole.
  const shift = average(row.map((n, i) => n.x - goals[i]!))!;
  for (const node of row) node.x -= shift;
}

/** The way of an arrow from the box that it begins at to `to`: straight down past the rows in between. */
function route(
  from: Node,
  to: Node,
  tops: readonly number[],
  bottoms: readonly number[],
): [number, number][] {
  const points: [number, number][] = [[middle(to), tops[to.row]!]];
  let at = from;
  while (at.box === undefined) {
    points.unshift([middle(at), tops[at.row]!], [middle(at), bottoms[at.row]!]);
    at = at.above[0]!;
  }
  points.unshift([middle(at), tops[at.row]! + at.height]);
  return points;
}
