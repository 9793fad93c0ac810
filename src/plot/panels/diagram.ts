/** Boxes and the arrows between them. */
import type { DiagramBox, DiagramPanel } from "../figure.ts";
import { decimal, element } from "../markup.ts";
import type { Box, Pen } from "../pen.ts";
import { clean, fit } from "../text.ts";
import { theme } from "../theme.ts";
import { drawHeader, drawNote } from "./header.ts";

/** Pixels between the edge of a box and its words. */
const padding = 10;
/** Pixels of an arrow's head. */
const head = { length: 7, width: 6 };

export function drawDiagram(panel: DiagramPanel, box: Box, pen: Pen): string {
  const header = drawHeader(panel, box, pen);
  const foot = drawNote(panel.note, box, pen);
  const room = { width: box.width, height: Math.max(1, box.height - header.height - foot.height) };
  const scale = Math.min(1, room.width / panel.extent[0], room.height / panel.extent[1]);
  const left = box.x + (room.width - scale * panel.extent[0]) / 2;
  const top = box.y + header.height;
  const place: Place = {
    scale,
    x: (x) => left + scale * x,
    y: (y) => top + scale * y,
  };
  const links = panel.links.map((points) => drawLink(points, place));
  const boxes = panel.boxes.map((b) => drawBox(b, place, pen));
  return header.markup + links.join("") + boxes.join("") + foot.markup;
}

/** From the diagram's pixels to the figure's. */
interface Place {
  readonly scale: number;
  x(x: number): number;
  y(y: number): number;
}

function drawBox(box: DiagramBox, place: Place, pen: Pen): string {
  const { scale } = place;
  const frame = {
    x: place.x(box.x),
    y: place.y(box.y),
    width: scale * box.width,
    height: scale * box.height,
    rx: 5 * scale,
  };
  const ground = element("rect", { ...frame, fill: theme.background });
  const edge = element("rect", { ...frame, fill: box.color, "fill-opacity": 0.12, stroke: box.color });
  const room = scale * (box.width - 2 * padding);
  const middle = place.x(box.x + box.width / 2);
  const line = (text: string, below: number, size: number, bold: boolean): string =>
    pen.text(middle, place.y(box.y + padding + below), fit(clean(text), room, scale * size, bold), {
      size: scale * size,
      bold,
      fill: bold ? theme.ink : theme.muted,
      anchor: "middle",
    });
  const title = line(box.title, theme.labelSize * 0.8, theme.labelSize, true);
  const first = theme.labelSize * theme.leading + theme.noteSize * 0.8;
  const lines = box.lines.map((text, i) =>
    line(text, first + i * theme.noteSize * theme.leading, theme.noteSize, false),
  );
  return ground + edge + title + lines.join("");
}

/** A smooth line downwards through the points, with an arrow's head at its end. */
function drawLink(points: readonly (readonly [number, number])[], place: Place): string {
  const [first, ...rest] = points;
  const last = rest.at(-1);
  if (first === undefined || last === undefined) return "";
  const at = (x: number, y: number) => `${decimal(place.x(x))} ${decimal(place.y(y))}`;
  let path = `M${at(...first)}`;
  let [x, y] = first;
  for (const [nextX, nextY] of rest) {
    const end = nextY - (nextX === last[0] && nextY === last[1] ? head.length : 0);
    const bend = (y + end) / 2;
    path += `C${at(x, bend)} ${at(nextX, bend)} ${at(nextX, end)}`;
    [x, y] = [nextX, nextY];
  }
  const line = element("path", { d: path, fill: "none", stroke: theme.axis, "stroke-width": 1.5 });
  const [tipX, tipY] = last;
  const corners = [
    at(tipX, tipY),
    at(tipX - head.width / 2, tipY - head.length),
    at(tipX + head.width / 2, tipY - head.length),
  ];
  return line + element("path", { d: `M${corners.join("L")}z`, fill: theme.axis });
}

/** The size of a box for these words. */
export function boxHeight(lines: number): number {
  return 2 * padding + theme.labelSize * theme.leading + lines * theme.noteSize * theme.leading - 4;
}

/** Pixels that the words of a box have on either side. */
export const boxPadding = padding;
