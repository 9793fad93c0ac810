/** Small pictures in rows and columns, each with its caption. */
import type { Tile, TilesPanel } from "../figure.ts";
import { element } from "../markup.ts";
import { type Box, boxAttributes, type Pen } from "../pen.ts";
import { clean, fit } from "../text.ts";
import { theme } from "../theme.ts";
import { colorBarWidth, drawColorBar } from "./color-bar.ts";
import { drawHeader, drawNote } from "./header.ts";

/** Pixels between two pictures. */
export const tileGap = 8;
/** Pixels that captions of so many lines take below each picture. */
export const captionHeight = (lines: number): number =>
  lines > 0 ? 5 + lines * theme.noteSize * theme.leading : 0;

export function drawTiles(panel: TilesPanel, box: Box, pen: Pen): string {
  const head = drawHeader(panel, box, pen);
  const foot = drawNote(panel.note, box, pen);
  const top = box.y + head.height;
  const room = { width: box.width, height: Math.max(1, box.height - head.height - foot.height) };
  const marks = [head.markup, foot.markup];
  if (panel.tiles.length === 0) {
    const [x, y] = [box.x + box.width / 2, top + room.height / 2];
    marks.push(pen.text(x, y, "no data", { size: theme.labelSize, fill: theme.muted, anchor: "middle" }));
    return marks.join("");
  }
  const rows = Math.ceil(panel.tiles.length / panel.columns);
  const words = captionHeight(Math.max(...panel.tiles.map((tile) => tile.caption?.length ?? 0)));
  const width = room.width - colorBarWidth(panel.colorBar, room.height);
  const aspect = Math.max(...panel.tiles.map(({ raster }) => raster.rows / raster.columns));
  const across = (width - tileGap * (panel.columns - 1)) / panel.columns;
  const down = (room.height - tileGap * (rows - 1)) / rows - words;
  const side = Math.max(1, Math.min(across, down / aspect));
  for (const [i, tile] of panel.tiles.entries()) {
    const x = box.x + (i % panel.columns) * (side + tileGap);
    const y = top + Math.floor(i / panel.columns) * (side * aspect + words + tileGap);
    marks.push(drawTile(tile, { x, y, width: side, height: side * aspect }, pen));
  }
  if (panel.colorBar) {
    const x = box.x + Math.min(panel.columns, panel.tiles.length) * (side + tileGap) - tileGap;
    const height = rows * (side * aspect + words + tileGap) - tileGap - words;
    marks.push(drawColorBar(panel.colorBar, { x, y: top, width: 0, height }, pen));
  }
  return marks.join("");
}

/** The picture centred in its box with a thin edge, and the words below it. */
function drawTile(tile: Tile, box: Box, pen: Pen): string {
  const { rows, columns } = tile.raster;
  const unit = Math.min(box.width / columns, box.height / rows);
  const [width, height] = [unit * columns, unit * rows];
  const picture = { x: box.x + (box.width - width) / 2, y: box.y + (box.height - height) / 2, width, height };
  const edge = element("rect", {
    ...boxAttributes(picture),
    fill: "none",
    stroke: theme.axis,
    "stroke-width": 0.75,
  });
  const size = theme.noteSize;
  const words = (tile.caption ?? []).map((line, i) => {
    const baseline = box.y + box.height + 5 + size * (0.85 + i * theme.leading);
    const fill = tile.captionColor ?? theme.muted;
    const text = fit(clean(line), box.width + tileGap - 2, size);
    return pen.text(box.x + box.width / 2, baseline, text, { size, fill, anchor: "middle" });
  });
  return pen.image(picture, tile.raster) + edge + words.join("");
}
