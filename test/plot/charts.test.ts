import { describe, expect, test } from "vitest";
import { ShapeError, UsageError } from "../../src/ir/errors.ts";
import { CosineDecay, Dense, Input, lossLandscape, Sequential } from "../../src/nn/index.ts";
import * as plot from "../../src/plot/index.ts";
import { figures, numbers } from "./samples.ts";
import { all, overlaps, parseXml, textBoxes } from "./xml.ts";

const texts = (figure: plot.Figure) => all(parseXml(plot.renderSvg(figure)), "text").map((node) => node.text);

describe.each(Object.entries(figures()))("%s", (_, figure) => {
  const svg = plot.renderSvg(figure);
  const root = parseXml(svg);

  test("is well-formed, of the declared size, without NaN, script or style", () => {
    expect(root.name).toBe("svg");
    expect(root.attributes).toMatchObject({
      width: `${figure.width}`,
      height: `${figure.height}`,
      role: "img",
    });
    expect(svg).not.toMatch(/NaN|Infinity|undefined|<script|<style|style=/);
    for (const node of all(root, "image")) expect(node.attributes.href).toMatch(/^data:image\/png;base64,/);
  });

  test("is plain data, and draws the same each time", () => {
    expect(plot.renderSvg(structuredClone(figure))).toBe(svg);
  });

  test("no text covers another or leaves the sheet", () => {
    const boxes = textBoxes(root);
    expect(boxes.length).toBeGreaterThan(2);
    expect(overlaps(boxes)).toEqual([]);
    for (const { left, right, top, bottom } of boxes) {
      expect(Math.min(left, top)).toBeGreaterThanOrEqual(0);
      expect(right).toBeLessThanOrEqual(figure.width);
      expect(bottom).toBeLessThanOrEqual(figure.height);
    }
  });
});

test.each(Object.entries(figures("a name of many words, as people give them to their things")))(
  "%s with long names: no text covers another or leaves the sheet",
  (_, figure) => {
    const boxes = textBoxes(parseXml(plot.renderSvg(figure)));
    expect(overlaps(boxes)).toEqual([]);
    expect(Math.max(...boxes.map(({ right }) => right - figure.width))).toBeLessThanOrEqual(0);
  },
);

const hostile = {
  markup: '<img src=x onerror="alert(1)">',
  closing: "</text></svg><script>alert(1)</script>\"'&amp;]]><!--",
  control: "a\u0000\u001b[31mb\u202ec\ud800d\ufffee\nf",
  long: "x".repeat(1_000_000),
  "not Latin": "数字 رقم 🙂",
};

describe.each(Object.entries(hostile))("hostile strings: %s", (_, word) => {
  test.each(Object.entries(figures(word)))("%s shows it as text and makes no element of it", (_, figure) => {
    const svg = plot.renderSvg(figure);
    const known = new Set(["svg", "title", "rect", "text", "line", "path", "g", "image"]);
    const names = (node: ReturnType<typeof parseXml>): string[] => [
      node.name,
      ...node.children.flatMap(names),
    ];
    expect(names(parseXml(svg)).filter((name) => !known.has(name))).toEqual([]);
    expect(svg.length).toBeLessThan(400_000);
    expect(svg.includes("\u202e") || svg.includes("\u001b")).toBe(false);
  });
});

test("a title and class names stand in the picture as they are, escaped", () => {
  const figure = plot.scatter({ x: [1], y: [1], classes: [0] }, { title: "a < b & c", classNames: ["<i>"] });
  expect(texts(figure)).toEqual(expect.arrayContaining(["a < b & c", "<i>"]));
  expect(plot.renderSvg(figure)).toContain("a &lt; b &amp; c");
});

describe("little, odd or no data", () => {
  const nothing = {
    curves: plot.curves({}),
    confusionMatrix: plot.confusionMatrix([]),
    imageGrid: plot.imageGrid([]),
    filters: plot.filters({ shape: [3, 3, 1, 0], data: [] }),
    featureMaps: plot.featureMaps({ shape: [0, 0, 4], data: [] }),
    scatter: plot.scatter({ x: [], y: [] }),
    heatmap: plot.heatmap([]),
    bars: plot.bars({ names: [], values: [] }),
    histogram: plot.histogram([]),
    histogramOfNaN: plot.histogram([Number.NaN], { yLog: true }),
    lineChart: plot.lineChart([]),
    lineOfNaN: plot.lineChart([{ y: [Number.NaN, Number.POSITIVE_INFINITY] }]),
  };
  test.each(Object.entries(nothing))("%s without data says so", (_, figure) => {
    expect(texts(figure)).toContain("no data");
  });

  const odd = [Number.NaN, Number.POSITIVE_INFINITY, 1e308, -1e308, 5e-324, 0, 3];
  const strange = {
    curves: plot.curves({ loss: odd, val_loss: odd }),
    logCurves: plot.curves({ loss: odd }, { log: true }),
    scatter: plot.scatter({ x: odd, y: odd, values: odd }),
    heatmap: plot.heatmap([odd, odd]),
    bars: plot.bars({ names: odd.map(String), values: odd }),
    histogram: plot.histogram(odd),
    filters: plot.filters({ shape: [1, 7, 1, 1], data: odd }),
    featureMaps: plot.featureMaps({ shape: [7, 1, 1], data: odd }),
    imageGrid: plot.imageGrid([{ pixels: odd, width: 7, height: 1 }]),
    lineChart: plot.lineChart([{ y: odd, low: odd, high: odd }], { xLog: true }),
    oneRoc: plot.rocCurve({ labels: [1, 1], scores: [Number.NaN, 2] }),
    onePr: plot.prCurve({ labels: [0], scores: [2] }),
    tiny: plot.lineChart([{ y: [1, 2] }], { width: 1, height: 1, title: "much too long for this" }),
    one: plot.scatter({ x: [4], y: [-3] }),
    same: plot.lineChart([{ y: [1e-300, 1e-300] }, { y: [7, 7, 7] }]),
    near: plot.lineChart([{ y: [1, 1 + 2e-16] }]),
    wide: plot.lineChart([{ y: [1e-140, 1e140] }], { yLog: true }),
    surface: plot.decisionSurface({
      x: [0, 1],
      y: [0, 1],
      probabilities: { shape: [2, 2], data: [Number.NaN, 0.5, 0, 1] },
    }),
  };
  test.each(Object.entries(strange))("%s of extreme values is drawn", (_, figure) => {
    const svg = plot.renderSvg(figure);
    parseXml(svg);
    expect(svg).not.toMatch(/="[^"]*(NaN|Infinity|undefined|e\+)/);
  });

  test("values that are left out are counted in a note", () => {
    expect(texts(plot.curves({ loss: [2, Number.NaN, 1] }))).toContain(
      "Not drawn: 1 value that is not finite",
    );
    expect(texts(plot.curves({ loss: [2, 0, -1] }, { log: true }))).toContain(
      "Not drawn: 2 values that are not positive and finite",
    );
  });
});

describe("curves", () => {
  const history = {
    loss: [3, 2, 1],
    val_loss: [3, 1.5, 2],
    accuracy: [0.1, 0.5, 0.9],
    val_accuracy: [0.2, 0.6, 0.7],
  };

  test("one panel per metric, the loss first, and the best epoch of the validation loss", () => {
    const shown = texts(plot.curves(history));
    expect(shown).toContain("best epoch 2: 1.5");
    expect(shown).toContain("epoch 2: 0.6");
    expect(shown.indexOf("loss")).toBeLessThan(shown.indexOf("accuracy"));
  });

  test("validation is dashed", () => {
    const paths = all(parseXml(plot.renderSvg(plot.curves(history, { metrics: ["loss"] }))), "path");
    const lines = paths.filter((node) => node.attributes.fill === "none");
    expect(lines.map((node) => node.attributes["stroke-dasharray"])).toEqual([undefined, "6 4"]);
  });

  test("monitor, mode and best choose the epoch", () => {
    expect(texts(plot.curves(history, { monitor: "val_accuracy" }))).toContain("best epoch 3: 0.7");
    expect(texts(plot.curves(history, { monitor: "val_loss", mode: "max" }))).toContain("best epoch 1: 3");
    expect(texts(plot.curves(history, { best: 3 }))).toContain("epoch 3: 2");
    expect(texts(plot.curves(history, { best: false })).join()).not.toContain("epoch 2");
    expect(() => plot.curves(history, { monitor: "auc" })).toThrow(UsageError);
    expect(() => plot.curves(history, { metrics: ["auc"] })).toThrow(/one of loss, val_loss/);
  });
});

test("confusion matrix: accuracy, counts, and colours by row", () => {
  const figure = plot.confusionMatrix([
    [8, 2],
    [0, 90],
  ]);
  expect(texts(figure)).toEqual(
    expect.arrayContaining(["Confusion matrix: accuracy 98.00 %", "8", "2", "0", "90"]),
  );
  const [panel] = figure.panels.map((placed) => placed.panel as plot.AxesPanel);
  const cells = panel!.layers[0] as plot.RectsLayer;
  const alike = plot.confusionMatrix([
    [80, 20],
    [0, 9],
  ]).panels[0]!.panel as plot.AxesPanel;
  expect((alike.layers[0] as plot.RectsLayer).colors).toEqual(cells.colors);
  expect(() => plot.confusionMatrix([[1, 2]])).toThrow(ShapeError);
  expect(() => plot.confusionMatrix([[1]], { classNames: ["a", "b"] })).toThrow(ShapeError);
});

test("filters: tile k holds kernel[:, :, input, k]", () => {
  const shape = [2, 3, 2, 4];
  const data = Array.from({ length: 48 }, (_, i) => i);
  const panel = plot.filters({ shape, data }).panels[0]!.panel as plot.TilesPanel;
  expect(panel.tiles).toHaveLength(8);
  expect(panel.tiles[5]!.raster.values).toEqual([5, 13, 21, 29, 37, 45]);
  expect(panel.tiles[5]!.caption).toEqual(["1 → 1"]);
  expect(panel.colorBar?.scale.domain).toEqual([-47, 47]);
  expect(() => plot.filters({ shape: [2, 3], data: [1, 2, 3, 4, 5, 6] })).toThrow(
    /height, width, inputs, filters/,
  );
});

test("feature maps: tile c holds activation[:, :, c]", () => {
  const panel = plot.featureMaps({ shape: [2, 2, 3], data: numbers(12) }).panels[0]!.panel as plot.TilesPanel;
  expect(panel.tiles[2]!.raster.values).toEqual([2, 5, 8, 11].map((i) => numbers(12)[i]));
});

test("ROC and precision–recall: the areas of scikit-learn's example, ties in one step", () => {
  const scored = { labels: [0, 0, 1, 1], scores: [0.1, 0.4, 0.35, 0.8] };
  expect(texts(plot.rocCurve(scored))).toContain("AUC 0.75");
  expect(texts(plot.prCurve(scored))).toContain("AP 0.8333");
  expect(texts(plot.rocCurve({ labels: [0, 1, 0, 1], scores: [1, 1, 1, 1] }))).toContain("AUC 0.5");
  expect(() => plot.rocCurve({ labels: [0], scores: [] })).toThrow(ShapeError);
});

test("histogram: bins as NumPy counts them", () => {
  const layer = (plot.histogram([1, 2, 1, 4, 9], { bins: 4 }).panels[0]!.panel as plot.AxesPanel)
    .layers[0] as plot.RectsLayer;
  expect(layer.x0).toEqual([1, 3, 7]);
  expect(layer.y1).toEqual([3, 1, 1]);
  const dense = plot.histogram(numbers(1000), { density: true }).panels[0]!.panel as plot.AxesPanel;
  const { x0, x1, y1 } = dense.layers[0] as plot.RectsLayer;
  const area = Array.from(y1).reduce((sum, height, i) => sum + height * (x1[i]! - x0[i]!), 0);
  expect(area).toBeCloseTo(1, 10);
  expect(() => plot.histogram([1], { bins: 0 })).toThrow(UsageError);
});

test("decision surface: the boundary of a linear classifier is its line", () => {
  const data = Array.from({ length: 21 * 21 }, (_, i) => 1 / (1 + Math.exp(-4 * ((i % 21) / 20 - 0.31))));
  const figure = plot.decisionSurface({ x: [0, 1], y: [0, 1], probabilities: { shape: [21, 21], data } });
  const line = (figure.panels[0]!.panel as plot.AxesPanel).layers[1] as plot.LineLayer;
  const xs = Array.from(line.x).filter(Number.isFinite);
  expect(xs).toHaveLength(40);
  for (const x of xs) expect(x).toBeCloseTo(0.31, 3);
  const probabilities = { shape: [1, 2], data: [0, 1] };
  expect(() => plot.decisionSurface({ x: [0, 1], y: [0, 1], probabilities })).toThrow(ShapeError);
});

test("grid: panels keep their size, rows their height; a wrong number of columns is refused", () => {
  const figure = plot.lineChart([{ y: [1, 2] }], { width: 300, height: 200 });
  const sheet = plot.grid([figure, figure, figure], { columns: 2 });
  expect([sheet.width, sheet.height]).toEqual([600, 400]);
  expect(sheet.panels.map(({ x, y }) => [x, y])).toEqual([
    [16, 16],
    [316, 16],
    [16, 216],
  ]);
  expect(() => plot.grid([figure], { columns: 0 })).toThrow(UsageError);
});

test("sizes that are none are refused", () => {
  for (const width of [0, -5, Number.NaN, 1e9]) {
    expect(() => plot.lineChart([], { width })).toThrow(/1 to 20000 pixels/);
  }
});

test("long curves stay small files and keep their spikes", () => {
  const y = new Float64Array(1_000_000).fill(1);
  y[654_321] = 9;
  const svg = plot.renderSvg(plot.lineChart([{ y }]));
  expect(svg.length).toBeLessThan(40_000);
  const path = all(parseXml(svg), "path").find((node) => node.attributes.fill === "none")!;
  const heights = [...path.attributes.d!.matchAll(/[ML][\d.]+ ([\d.]+)/g)].map(([, h]) => Number(h));
  expect(Math.min(...heights)).toBeLessThan(Math.max(...heights) - 100);
});

describe("pictures of models", () => {
  const model = new Sequential([Input({ shape: [2] }), new Dense({ units: 1, activation: "sigmoid" })]);
  model.setWeights([[3, 0], [-1.5]]);

  test("a decision surface asks the model on a grid, first row lowest, and functions too", async () => {
    const points = { x: [0, 1], y: [-1, 1], classes: [0, 1] };
    const surface = await plot.modelSurface(model, { points, eps: 0.5, resolution: 3 });
    expect([surface.x, surface.y]).toEqual([
      [-0.5, 1.5],
      [-1.5, 1.5],
    ]);
    expect(surface.probabilities.shape).toEqual([3, 3]);
    const row = [-3, 0, 3].map((z) => 1 / (1 + Math.exp(-z)));
    Array.from(surface.probabilities.data).forEach((p, i) => {
      expect(p).toBeCloseTo(row[i % 3]!, 5);
    });
    const byClass = await plot.modelSurface(
      ({ shape: [n] }) => ({ shape: [n, 3], data: new Float32Array(3 * n) }),
      {
        ...{ x: [0, 1], y: [2, 3], resolution: 4 },
      },
    );
    expect(byClass.probabilities.shape).toEqual([4, 4, 3]);
    await expect(plot.modelSurface(model)).rejects.toThrow(/points/);
  });

  test("a landscape has the model's loss in its middle, and leaves the model as it was", async () => {
    const x = { data: Float32Array.of(1, 0, 0, 1), shape: [2, 2] };
    const before = model.getWeights();
    model.compile({ loss: "mse" });
    const [loss] = await model.evaluate(x, [1, 0], { verbose: 0 });
    const { at, losses } = await lossLandscape(model, x, [1, 0], { resolution: 3, range: 0.5 });
    expect(at).toEqual([-0.5, 0, 0.5]);
    expect(losses.data[4]).toBe(loss);
    expect(new Set(losses.data).size).toBe(9);
    expect(model.getWeights()).toEqual(before);
    await expect(lossLandscape(model, x, [1, 0], { resolution: 4 })).rejects.toThrow(/odd/);
  });

  test("a network is drawn from a model or from matrices that fit each other", () => {
    const matrix = (from: number, to: number) => ({ shape: [from, to], data: numbers(from * to) });
    const two = {
      layers: [
        { name: "a", weights: matrix(2, 20) },
        { name: "b", weights: matrix(20, 1) },
      ],
    };
    expect(texts(plot.networkDrawing(two))).toEqual(
      expect.arrayContaining(["input (2)", "a (20)", "b (1)", "Of each layer the first 12 neurons."]),
    );
    expect(texts(plot.networkDrawing(model)).join()).toContain("(1)");
    const odd = {
      layers: [
        { name: "a", weights: matrix(2, 3) },
        { name: "b", weights: matrix(4, 1) },
      ],
    };
    expect(() => plot.networkDrawing(odd)).toThrow(/3 and 4/);
    expect(() => plot.networkDrawing({ layers: [] })).toThrow(/plotModel/);
  });

  test("learning rates by step, activations of layers by name", () => {
    const cosine = new CosineDecay({ initialLearningRate: 0.2, decaySteps: 10 });
    const panel = plot.learningRateCurve(cosine, { steps: 11, stepsPerEpoch: 5 }).panels[0]!.panel;
    const [line] = (panel as plot.AxesPanel).layers as plot.LineLayer[];
    expect([line!.x[5], line!.y[0], line!.y[10]]).toEqual([1, 0.2, 0]);
    expect(() => plot.learningRateCurve(cosine, { steps: 0 })).toThrow(/steps/);
    const chart = plot.activationChart("softplus").panels[0]!.panel as plot.AxesPanel;
    const [value, slope] = chart.layers.filter((l) => l.kind === "line");
    expect(value!.y[200]).toBeCloseTo(Math.LN2, 6);
    expect(slope!.y[200]).toBeCloseTo(0.5, 6);
    expect(() => plot.activationChart("softmax")).toThrow(/several/);
  });
});
