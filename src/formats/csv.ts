/** CSV (RFC 4180): quoted fields, CRLF or LF, byte order mark; errors name line and column. */
import { FormatError, LimitError } from "../ir/errors.ts";
import { type FileLabel, showFile } from "./reader.ts";

export interface ReadCsvOptions {
  /** The file's name, for errors. */
  name?: string | undefined;
  /** One character between fields. Default a comma. */
  delimiter?: string | undefined;
  /** Whether the first line names the columns. Default true. */
  header?: boolean | undefined;
  /** Refuse lines of more characters than this. Default 16 Mi. */
  maxLineLength?: number | undefined;
  /** Refuse lines of more fields than this. Default 65,536. */
  maxColumns?: number | undefined;
}

export interface CsvTable {
  /** The names of the columns, if the file has them. */
  readonly header: string[] | undefined;
  readonly rows: string[][];
}

export interface NumericCsv {
  readonly header: string[] | undefined;
  /** Rows and columns of `data`, which is row-major. */
  readonly shape: readonly [number, number];
  readonly data: Float64Array;
}

/**
 * Reads a table of texts.
 *
 * @throws FormatError for an open quote, text after a closing quote, rows of unequal length or bytes that are not
 *   UTF-8; LimitError for lines beyond the limits.
 */
export function readCsv(source: string | Uint8Array, options: ReadCsvOptions = {}): CsvTable {
  const scan = new CsvScanner(source, options);
  const header = options.header === false ? undefined : scan.row();
  const rows: string[][] = [];
  let width = header?.length;
  for (let row = scan.row(); row !== undefined; row = scan.row()) {
    width ??= row.length;
    if (row.length !== width) throw scan.ragged(width, row.length);
    rows.push(row);
  }
  return { header, rows };
}

/**
 * Reads a table of numbers. `nan`, `inf` and their usual spellings are numbers too.
 *
 * @param options `missing: "nan"` reads empty fields as NaN; otherwise they are errors.
 * @throws as `readCsv`, and FormatError naming the line and column of a field that is no number.
 */
export function readNumericCsv(
  source: string | Uint8Array,
  options: ReadCsvOptions & { missing?: "error" | "nan" } = {},
): NumericCsv {
  const scan = new CsvScanner(source, options);
  const header = options.header === false ? undefined : scan.row();
  let data = new Float64Array(1024);
  let count = 0;
  let rows = 0;
  let width = header?.length;
  const add = (value: number): void => {
    if (count === data.length) {
      const grown = new Float64Array(2 * data.length);
      grown.set(data);
      data = grown;
    }
    data[count++] = value;
  };
  for (;;) {
    const before = count;
    if (!scan.numbers(add, options.missing ?? "error", header)) break;
    width ??= count - before;
    if (count - before !== width) throw scan.ragged(width, count - before);
    rows++;
  }
  return { header, shape: [rows, width ?? 0], data: data.slice(0, count) };
}

/** CSV text with LF line ends; fields are quoted where they must be. */
export function writeCsv(
  header: readonly string[] | undefined,
  rows: Iterable<readonly (string | number)[]>,
): string {
  const line = (fields: readonly (string | number)[]) =>
    `${fields.map((f) => (/[",\r\n]|^\s|\s$/.test(String(f)) ? `"${String(f).replaceAll('"', '""')}"` : f)).join(",")}\n`;
  return [...(header === undefined ? [] : [header]), ...rows].map(line).join("");
}

const QUOTE = 34;
const LF = 10;
const CR = 13;

/** Walks the text once, row by row. */
class CsvScanner {
  readonly text: string;
  readonly file: FileLabel;
  readonly delimiter: number;
  readonly maxLineLength: number;
  readonly maxColumns: number;
  at = 0;
  /** The line (from 1) and the start of the row that was read last. */
  line = 0;
  rowStart = 0;
  /** Lines that ended since, inside quotes too. */
  lineEnds = 0;
  /** Whether the field that was read last ended its row. */
  ended = false;

  constructor(source: string | Uint8Array, options: ReadCsvOptions) {
    this.file = { format: "CSV", name: options.name };
    this.text = typeof source === "string" ? source : this.decode(source);
    if (this.text.charCodeAt(0) === 0xfeff) this.at = 1;
    this.delimiter = (options.delimiter ?? ",").charCodeAt(0);
    this.maxLineLength = options.maxLineLength ?? 16 * 2 ** 20;
    this.maxColumns = options.maxColumns ?? 65_536;
  }

  decode(bytes: Uint8Array): string {
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch (cause) {
      throw new FormatError({
        where: showFile(this.file),
        problem: "the text is not UTF-8",
        try: "save the table as UTF-8 text",
        cause,
      });
    }
  }

  /** The fields of the next row; undefined at the end. */
  row(): string[] | undefined {
    if (!this.begin()) return undefined;
    const fields: string[] = [];
    do fields.push(this.field(fields.length));
    while (!this.ended);
    return fields;
  }

  /** Passes the next row's fields to `add` as numbers; false at the end. */
  numbers(
    add: (value: number) => void,
    missing: "error" | "nan",
    header: readonly string[] | undefined,
  ): boolean {
    if (!this.begin()) return false;
    let column = 0;
    do {
      const start = this.at;
      const fast = this.fastNumber(column);
      if (fast !== undefined) add(fast);
      else {
        this.at = start;
        const text = this.field(column).trim();
        const value = toNumber(text);
        if (value === undefined && !(text === "" && missing === "nan")) {
          const name = header?.[column];
          throw this.wrong(
            `${text === "" ? "an empty field" : "a field that is no number"} in column ${column + 1}${name === undefined ? "" : ` (${name})`}`,
            { expected: "a number", got: JSON.stringify(text.slice(0, 40)) },
            text === "" ? 'fill the field, or pass missing: "nan"' : "keep only columns of numbers",
          );
        }
        add(value ?? Number.NaN);
      }
      column++;
    } while (!this.ended);
    return true;
  }

  /** Steps to the next row, over empty lines; false at the end. */
  begin(): boolean {
    const { text } = this;
    this.line += this.lineEnds;
    this.lineEnds = 0;
    if (this.line === 0) this.line = 1;
    for (;;) {
      const c = text.charCodeAt(this.at);
      if (c === LF) this.line++;
      else if (c !== CR) break;
      this.at++;
    }
    this.rowStart = this.at;
    this.ended = false;
    return this.at < text.length;
  }

  /** The next field; sets `ended`. */
  field(column: number): string {
    const { text, delimiter } = this;
    if (text.charCodeAt(this.at) === QUOTE) return this.quoted(column);
    const start = this.at;
    let i = start;
    for (; i < text.length; i++) {
      const c = text.charCodeAt(i);
      if (c === delimiter || c === LF || c === CR) break;
    }
    this.at = i;
    this.finishField(column);
    return text.slice(start, i);
  }

  quoted(column: number): string {
    const { text } = this;
    const parts: string[] = [];
    let from = this.at + 1;
    for (;;) {
      const close = text.indexOf('"', from);
      const until = close < 0 ? text.length : close;
      this.checkLength(until);
      if (close < 0)
        throw this.wrong(`the quote that opens field ${column + 1} is not closed`, { expected: '"' });
      parts.push(text.slice(from, close));
      if (text.charCodeAt(close + 1) !== QUOTE) {
        this.at = close + 1;
        break;
      }
      parts.push('"');
      from = close + 2;
    }
    const value = parts.join("");
    for (let i = value.indexOf("\n"); i >= 0; i = value.indexOf("\n", i + 1)) this.lineEnds++;
    const after = text.charCodeAt(this.at);
    if (this.at < text.length && after !== this.delimiter && after !== LF && after !== CR) {
      throw this.wrong(`there is text after the closing quote of field ${column + 1}`, {
        expected: "a delimiter or the end of the line",
        got: JSON.stringify(text[this.at]),
      });
    }
    this.finishField(column);
    return value;
  }

  /**
   * The next field where it is a plain decimal number of at most 15 digits, else undefined (and `at` is anywhere).
   * Exact: an integer below 2^53 times or divided by a power of ten up to 10^22 is rounded once (Clinger 1990).
   */
  fastNumber(column: number): number | undefined {
    const { text } = this;
    let i = this.at;
    const negative = text.charCodeAt(i) === 45;
    if (negative) i++;
    let mantissa = 0;
    let digits = 0;
    let point = -1;
    for (; ; i++) {
      const c = text.charCodeAt(i);
      if (c >= 48 && c <= 57) {
        mantissa = mantissa * 10 + c - 48;
        digits++;
      } else if (c === 46 && point < 0) point = digits;
      else break;
    }
    if (digits === 0 || digits > 15) return undefined;
    const c = text.charCodeAt(i);
    if (i < text.length && c !== this.delimiter && c !== LF && c !== CR) return undefined;
    this.at = i;
    this.finishField(column);
    const value = point < 0 ? mantissa : mantissa / 10 ** (digits - point);
    return negative ? -value : value;
  }

  /** Steps over the delimiter or the line end at `at`. */
  finishField(column: number): void {
    const { text } = this;
    this.checkLength(this.at);
    if (column >= this.maxColumns) throw this.tooMuch("fields", this.maxColumns, "maxColumns");
    if (this.at < text.length && text.charCodeAt(this.at) === this.delimiter) {
      this.at++;
      return;
    }
    this.ended = true;
    if (text.charCodeAt(this.at) === CR) this.at++;
    if (text.charCodeAt(this.at) === LF) {
      this.at++;
      this.lineEnds++;
    }
  }

  checkLength(until: number): void {
    if (until - this.rowStart > this.maxLineLength)
      throw this.tooMuch("characters", this.maxLineLength, "maxLineLength");
  }

  tooMuch(what: string, limit: number, option: string): LimitError {
    return new LimitError({
      where: `${showFile(this.file)}, line ${this.line}`,
      problem: "the line is too long",
      expected: `at most ${limit} ${what}`,
      try: `pass a larger ${option} if the file is trusted`,
      details: { format: "CSV", path: this.file.name, line: this.line },
    });
  }

  ragged(expected: number, got: number): FormatError {
    return this.wrong("the line has another number of fields than the first", {
      expected: `${expected} fields`,
      got: `${got} fields`,
    });
  }

  wrong(
    problem: string,
    parts: { expected?: string; got?: string },
    advice: string = "correct the line in the file",
  ): FormatError {
    return new FormatError({
      where: `${showFile(this.file)}, line ${this.line}`,
      problem,
      ...parts,
      try: advice,
      details: { format: "CSV", path: this.file.name, line: this.line },
    });
  }
}

const namedNumbers: ReadonlyMap<string, number> = new Map([
  ["nan", Number.NaN],
  ["inf", Infinity],
  ["+inf", Infinity],
  ["-inf", -Infinity],
  ["infinity", Infinity],
  ["+infinity", Infinity],
  ["-infinity", -Infinity],
]);

function toNumber(text: string): number | undefined {
  if (/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text)) return Number(text);
  return namedNumbers.get(text.toLowerCase());
}
