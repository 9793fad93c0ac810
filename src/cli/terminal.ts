/** Writing for people, on the standard error: colours, lines that are painted over, and hostile names made harmless. Node only. */
import { stripVTControlCharacters } from "node:util";
import type { Printer } from "../nn/index.ts";

/** The part of a stream that is used. */
interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

/** Control and format characters (ANSI escapes, marks that turn the direction of text) and separators of lines. */
const harmful = /[\p{Cc}\p{Cf}\u2028\u2029]/gu;

/** Text from files, paths and names, fit for a terminal: harmful characters are written as escapes. */
export function printable(text: string): string {
  return text.replace(harmful, (c) => {
    const code = c.codePointAt(0)!;
    if (c === "\n") return "\\n";
    const digits = code.toString(16);
    return code < 0x100 ? `\\x${digits.padStart(2, "0")}` : `\\u{${digits}}`;
  });
}

/** Text of several lines, fit for a terminal. */
export function printableLines(text: string): string {
  return text.split("\n").map(printable).join("\n");
}

type Style = "bold" | "dim" | "red" | "green";
const codes: Readonly<Record<Style, readonly [number, number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
};

/** The standard error as commands use it. */
export class Terminal {
  readonly #out: Output;
  readonly #env: Readonly<Record<string, string | undefined>>;
  /** Lines can be painted over. */
  readonly interactive: boolean;
  /** The last line is not ended. */
  #open = false;

  constructor(out: Output, env: Readonly<Record<string, string | undefined>> = {}) {
    this.#out = out;
    this.#env = env;
    this.interactive = out.isTTY === true && env.TERM !== "dumb";
  }

  get columns(): number {
    return this.#out.columns ?? 80;
  }

  /** Colours are for terminals, unless NO_COLOR is set (https://no-color.org). */
  get colored(): boolean {
    return this.interactive && !this.#env.NO_COLOR;
  }

  style(text: string, style: Style): string {
    const [on, off] = codes[style];
    return this.colored ? `\x1b[${on}m${text}\x1b[${off}m` : text;
  }

  /** A line; text of others in it goes through `printable`. */
  line(text = ""): void {
    this.#write(`${this.#open ? "\n" : ""}${text}\n`);
  }

  /** A line that the next one paints over. Nothing where lines cannot be painted over. */
  passing(text: string): void {
    if (this.interactive) this.#write(`\r\x1b[K${clip(text, this.columns - 1)}`);
  }

  /** Takes away what `passing` wrote last. */
  clear(): void {
    if (this.interactive && this.#open) this.#write("\r\x1b[K");
    this.#open = false;
  }

  /** Where the progress of training goes: its lines are cut to the width of the terminal while they are painted over. */
  printer(): Printer {
    return {
      interactive: this.interactive,
      write: (text) => {
        const shown = this.colored ? text : uncolored(text);
        const [, line] = /\r([^\r\n]*)$/.exec(shown) ?? [];
        if (line === undefined) this.#write(shown.replace(/^[\b]*\r/, "\r\x1b[K"));
        else this.passing(line.trimEnd());
      },
    };
  }

  #write(text: string): void {
    this.#out.write(text);
    this.#open = !text.endsWith("\n");
  }
}

/** Without colours; backspaces and returns stay. */
function uncolored(text: string): string {
  return text
    .split(/([\b\r\n])/)
    .map((part) => (part.length === 1 ? part : stripVTControlCharacters(part)))
    .join("");
}

/** The first `width` visible characters, colours kept. */
function clip(text: string, width: number): string {
  let left = width;
  return text
    .split("\x1b[")
    .map((part, i) => {
      const end = i === 0 ? 0 : part.indexOf("m") + 1;
      const kept = part.slice(end, end + left);
      left -= kept.length;
      return `${i === 0 ? "" : "\x1b["}${part.slice(0, end)}${kept}`;
    })
    .join("");
}
