/** Words in figures: made harmless, measured, cut and wrapped without a browser. */
import { runs, semiBold } from "./font-metrics.ts";

/** Beyond this many characters a text is cut before anything else looks at it. */
const longest = 500;

/**
 * Any string as one line of harmless text: white space becomes a space, and control characters, marks that reorder
 * text and lone surrogates, which could hide or fake what stands there, are written as escapes such as `\u202e`.
 */
export function clean(value: string): string {
  const text = value.length > longest ? `${value.slice(0, longest)}…` : value;
  return text
    .replace(/\s+/gu, " ")
    .replace(/[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}\p{Bidi_Control}\u200b\u2060\ufeff]/gu, visible);
}

const visible = (character: string) => `\\u${character.codePointAt(0)!.toString(16).padStart(4, "0")}`;

const widths = new Map<number, number>();
for (const [first = 0, ...advances] of runs) {
  for (const [i, width] of advances.entries()) widths.set(first + i, width / 1000);
}

/** Whether the bundled font can draw a character. */
export const hasGlyph = (character: string): boolean => widths.has(character.codePointAt(0)!);

/** The width of a text in pixels. Characters that the bundled font lacks count as square. */
export function measure(text: string, size: number, bold = false): number {
  let width = 0;
  for (const character of text) width += widths.get(character.codePointAt(0)!) ?? 1;
  return width * size * (bold ? semiBold : 1);
}

/** The text itself, or as much of it as fits into `width` pixels with an ellipsis. */
export function fit(text: string, width: number, size: number, bold = false): string {
  if (measure(text, size, bold) <= width) return text;
  const room = width - measure("…", size, bold);
  let used = 0;
  let kept = "";
  for (const character of text) {
    used += measure(character, size, bold);
    if (used > room) break;
    kept += character;
  }
  return `${kept.trimEnd()}…`;
}

/** The text in at most `lines` lines of `width` pixels, broken between words; the last line is cut if it must be. */
export function wrap(text: string, width: number, size: number, lines: number, bold = false): string[] {
  const out: string[] = [];
  let line = "";
  const rest = text.split(" ").filter((word) => word !== "");
  while (rest.length > 0) {
    const longer = line === "" ? rest[0]! : `${line} ${rest[0]}`;
    if (line !== "" && measure(longer, size, bold) > width) {
      if (out.length === lines - 1) break;
      out.push(fit(line, width, size, bold));
      line = "";
      continue;
    }
    line = longer;
    rest.shift();
  }
  const last = [line, ...rest].filter((word) => word !== "").join(" ");
  if (last !== "") out.push(fit(last, width, size, bold));
  return out;
}
