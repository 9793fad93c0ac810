/** Every kind of panel and what draws it. */
import type { Panel } from "../figure.ts";
import type { Box, Pen } from "../pen.ts";
import { drawAxes } from "./axes.ts";
import { drawDiagram } from "./diagram.ts";
import { drawText } from "./text.ts";
import { drawTiles } from "./tiles.ts";

type Draw<K extends Panel["kind"]> = (panel: Extract<Panel, { kind: K }>, box: Box, pen: Pen) => string;

const panels: { readonly [K in Panel["kind"]]: Draw<K> } = {
  axes: drawAxes,
  tiles: drawTiles,
  diagram: drawDiagram,
  text: drawText,
};

/** Draws a panel of any kind into a box. */
export const drawPanel = <K extends Panel["kind"]>(
  panel: Extract<Panel, { kind: K }>,
  box: Box,
  pen: Pen,
): string => (panels[panel.kind as K] as Draw<K>)(panel, box, pen);
