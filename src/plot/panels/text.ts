/** A panel of words alone. */
import type { TextPanel } from "../figure.ts";
import type { Box, Pen } from "../pen.ts";
import { drawHeader, drawNote } from "./header.ts";

export const drawText = (panel: TextPanel, box: Box, pen: Pen): string =>
  drawHeader(panel, box, pen).markup + drawNote(panel.note, box, pen).markup;
