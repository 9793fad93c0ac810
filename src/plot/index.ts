/**
 * Figures as data → SVG → PNG. A chart makes a `Figure`; `renderSvg` and `renderPng` draw it.
 *
 * @example
 * const figure = curves(history, { title: "Training" });
 * const svg = renderSvg(figure);
 * const png = await renderPng(figure, { scale: 2 });
 */
export * from "./charts/index.ts";
export { categoryColor, colorMaps, palette } from "./color.ts";
export type {
  AreaLayer,
  AxesPanel,
  Axis,
  ChartOptions,
  Color,
  ColorBar,
  ColorMapName,
  ColorScale,
  Dash,
  DiagramBox,
  DiagramPanel,
  Figure,
  LabelsLayer,
  Layer,
  LineLayer,
  Numbers,
  Panel,
  Placed,
  PointShape,
  PointsLayer,
  Raster,
  RasterLayer,
  RectsLayer,
  RuleLayer,
  SegmentsLayer,
  TextPanel,
  Tile,
  TilesPanel,
} from "./figure.ts";
export { type ForceLayoutOptions, forceLayout } from "./layout/force.ts";
export { type PcaResult, pca } from "./layout/pca.ts";
export { type TsneOptions, tsne } from "./layout/tsne.ts";
export { type PngOptions, renderPng } from "./png.ts";
export { formatNumber, formatPercent } from "./scale.ts";
export { figureOf, grid } from "./sheet.ts";
export { renderSvg } from "./svg.ts";
export type { Values } from "./values.ts";
