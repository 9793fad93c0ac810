/** Tables in plain text: the boxes that `rich` draws, and the ruled lines of Keras 2. */

export interface Column {
  readonly title: string;
  readonly align: "left" | "right" | "center";
}

/**
 * A boxed table with a heavy head and a line between all rows. The widths are those of the content; where the table would
 * be wider than `width`, every column gives up an equal share, as in `rich`.
 */
export function table(
  columns: readonly Column[],
  widths: readonly number[],
  rows: readonly (readonly string[])[],
  width: number,
): string[] {
  const room = width - (columns.length + 1);
  const cells = shrink(
    widths.map((w) => w + 2),
    room,
  );
  const rule = (left: string, line: string, cross: string, right: string) =>
    left + cells.map((w) => line.repeat(w)).join(cross) + right;
  const draw = (row: readonly string[], bar: string): string[] => {
    const wrapped = row.map((text, i) => wrap(text, cells[i]! - 2));
    const height = Math.max(...wrapped.map((lines) => lines.length));
    return Array.from({ length: height }, (_, y) => {
      const line = wrapped.map((lines, i) => ` ${align(lines[y] ?? "", cells[i]! - 2, columns[i]!.align)} `);
      return bar + line.join(bar) + bar;
    });
  };
  const body = rows.flatMap((row, i) => [...(i === 0 ? [] : [rule("├", "─", "┼", "┤")]), ...draw(row, "│")]);
  return [
    rule("┏", "━", "┳", "┓"),
    ...draw(
      columns.map((c) => c.title),
      "┃",
    ),
    rule("┡", "━", "╇", "┩"),
    ...body,
    rule("└", "─", "┴", "┘"),
  ];
}

/** Takes what is too much from all widths alike; halves are rounded to even, and what is left over goes on to the next. */
function shrink(widths: readonly number[], room: number): number[] {
  let excess = widths.reduce((a, b) => a + b, 0) - room;
  let left = widths.length;
  if (excess <= 0) return [...widths];
  return widths.map((w) => {
    const share = Math.min(w, roundEven(excess / left));
    excess -= share;
    left--;
    return w - share;
  });
}

function roundEven(x: number): number {
  const floor = Math.floor(x);
  return x - floor === 0.5 ? floor + (floor % 2) : Math.round(x);
}

/** Breaks text between words; a word longer than a line stands on its own and is cut with `…`. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.match(/\s*\S+\s*/g) ?? [""]) {
    const fits = length(line) + length(word.trimEnd()) <= width;
    if (fits || line === "") line += word;
    else {
      lines.push(line);
      line = word;
    }
  }
  lines.push(line);
  return lines.map((l) => {
    const kept = length(l) > width ? l.trimEnd() : l;
    return length(kept) > width ? [...kept].slice(0, width - 1).join("") + "…" : kept;
  });
}

function length(text: string): number {
  return [...text].length;
}

function align(text: string, width: number, where: Column["align"]): string {
  if (where === "left") return text + " ".repeat(width - length(text));
  const trimmed = text.trimEnd();
  const space = width - length(trimmed);
  const before = where === "right" ? space : Math.floor(space / 2);
  return " ".repeat(before) + trimmed + " ".repeat(space - before);
}

/**
 * The table of Keras 2: columns end at `ends`, a rule of underscores between rows, of equal signs around them. A row is a
 * list of lines.
 */
export function ruledTable(
  titles: readonly string[],
  ends: readonly number[],
  rows: readonly (readonly (readonly string[])[])[],
  width: number,
): string[] {
  const line = (cells: readonly string[]): string =>
    cells.reduce((text, cell, i) => {
      const before = i === 0 ? "" : text.slice(0, -1) + " ";
      return (before + cell).slice(0, ends[i]!).padEnd(ends[i]!);
    }, "");
  const body = rows.flatMap((row, i) => [
    ...row.map(line),
    (i === rows.length - 1 ? "=" : "_").repeat(width),
  ]);
  return ["_".repeat(width), line(titles), "=".repeat(width), ...body];
}
