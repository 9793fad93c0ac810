/**
 * JSON from strangers: bounded depth and length, objects without a prototype, errors that name the place. Also reads
 * what Python writes for non-finite numbers (`NaN`, `Infinity`, `-Infinity`).
 */
import { FormatError, LimitError } from "../ir/errors.ts";

export type JsonValue = null | boolean | number | string | JsonValue[] | JsonObject;
/** Made without a prototype: `constructor` and `__proto__` are names like any other. */
export type JsonObject = { [name: string]: JsonValue };

export interface ParseJsonOptions {
  /** What is parsed, for errors, e.g. `attribute model_config`. */
  name?: string | undefined;
  /** Refuse arrays and objects nested deeper than this. Default 128. */
  maxDepth?: number | undefined;
  /** Refuse longer texts. Default 64 Mi characters. */
  maxLength?: number | undefined;
}

/** Parses JSON. FormatError with line and column, LimitError beyond `maxDepth` and `maxLength`. */
export function parseJson(text: string, options: ParseJsonOptions = {}): JsonValue {
  const where = options.name ?? "JSON";
  const maxLength = options.maxLength ?? 64 * 2 ** 20;
  if (text.length > maxLength) {
    throw new LimitError({
      where,
      problem: "the JSON text is too long",
      expected: `at most ${maxLength} characters`,
      got: `${text.length}`,
      try: "pass a larger maxLength if the source is trusted",
    });
  }
  return new JsonParser(text, where, options.maxDepth ?? 128).parse();
}

/** Tokens that are not strings: numbers and words. Sticky, so that it never looks further than it must. */
const plainToken =
  /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.])|(?:true|false|null|NaN|-?Infinity)(?!\w)/y;
const words: ReadonlyMap<string, JsonValue> = new Map<string, JsonValue>([
  ["true", true],
  ["false", false],
  ["null", null],
  ["NaN", Number.NaN],
  ["Infinity", Infinity],
  ["-Infinity", -Infinity],
]);

const escapes: ReadonlyMap<string, string> = new Map([
  ['"', '"'],
  ["\\", "\\"],
  ["/", "/"],
  ["b", "\b"],
  ["f", "\f"],
  ["n", "\n"],
  ["r", "\r"],
  ["t", "\t"],
]);

class JsonParser {
  readonly text: string;
  readonly where: string;
  readonly maxDepth: number;
  at = 0;

  constructor(text: string, where: string, maxDepth: number) {
    this.text = text;
    this.where = where;
    this.maxDepth = maxDepth;
  }

  parse(): JsonValue {
    const value = this.value(0);
    this.space();
    if (this.at < this.text.length) throw this.wrong("the end");
    return value;
  }

  value(depth: number): JsonValue {
    this.space();
    const c = this.text[this.at];
    if (c === '"') return this.string();
    if (c !== "{" && c !== "[") return this.plain();
    if (depth >= this.maxDepth) {
      throw new LimitError({
        where: this.where,
        problem: "the JSON text is nested too deeply",
        expected: `at most ${this.maxDepth} levels`,
        got: this.place(),
        try: "pass a larger maxDepth if the source is trusted",
      });
    }
    this.at++;
    return c === "{" ? this.object(depth + 1) : this.array(depth + 1);
  }

  array(depth: number): JsonValue[] {
    const out: JsonValue[] = [];
    if (this.skip("]")) return out;
    do out.push(this.value(depth));
    while (this.skip(","));
    if (!this.skip("]")) throw this.wrong("',' or ']'");
    return out;
  }

  object(depth: number): JsonObject {
    const out: JsonObject = Object.create(null);
    if (this.skip("}")) return out;
    do {
      this.space();
      if (this.text[this.at] !== '"') throw this.wrong("a name in quotes");
      const name = this.string();
      if (!this.skip(":")) throw this.wrong("':'");
      out[name] = this.value(depth);
    } while (this.skip(","));
    if (!this.skip("}")) throw this.wrong("',' or '}'");
    return out;
  }

  string(): string {
    const parts: string[] = [];
    this.at++;
    for (;;) {
      parts.push(this.run());
      const c = this.text[this.at];
      if (c === '"') {
        this.at++;
        return parts.join("");
      }
      if (c !== "\\") throw this.wrong("the end of the string");
      parts.push(this.escape());
    }
  }

  /** The characters up to the next quote, backslash or control character. */
  run(): string {
    const start = this.at;
    for (; this.at < this.text.length; this.at++) {
      const c = this.text.charCodeAt(this.at);
      if (c === 34 || c === 92 || c < 32) break;
    }
    return this.text.slice(start, this.at);
  }

  /** An escape sequence, from its backslash on. */
  escape(): string {
    const c = this.text[this.at + 1] ?? "";
    const simple = escapes.get(c);
    if (simple !== undefined) {
      this.at += 2;
      return simple;
    }
    const digits = this.text.slice(this.at + 2, this.at + 6);
    if (c !== "u" || !/^[\da-fA-F]{4}$/.test(digits)) throw this.wrong("an escape sequence");
    this.at += 6;
    return String.fromCharCode(Number.parseInt(digits, 16));
  }

  plain(): JsonValue {
    plainToken.lastIndex = this.at;
    const token = plainToken.exec(this.text)?.[0];
    if (token === undefined) throw this.wrong("a value");
    this.at += token.length;
    const word = words.get(token);
    return word === undefined ? Number(token) : word;
  }

  /** Steps over `c` and the space before it, if it is there. */
  skip(c: string): boolean {
    this.space();
    if (this.text[this.at] !== c) return false;
    this.at++;
    return true;
  }

  space(): void {
    while (" \t\n\r".includes(this.text[this.at] ?? "x")) this.at++;
  }

  place(): string {
    const before = this.text.slice(0, this.at).split("\n");
    return `line ${before.length}, column ${before.at(-1)!.length + 1}`;
  }

  wrong(expected: string): FormatError {
    const c = this.text[this.at];
    return new FormatError({
      where: this.where,
      problem: `the JSON text is not valid at ${this.place()}`,
      expected,
      got: c === undefined ? "the end of the text" : JSON.stringify(c),
      try: "get the file again; it is damaged or not what its name says",
      details: { offset: this.at },
    });
  }
}

/** What `JsonView` can be asked for. */
interface JsonKinds {
  string: string;
  number: number;
  boolean: boolean;
  array: JsonValue[];
  object: JsonObject;
}

/** The kind of a JSON value, in the words of `JsonView`. */
export function jsonKind(value: JsonValue | undefined): keyof JsonKinds | "null" | "missing" {
  if (value === undefined) return "missing";
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  return typeof value as "string" | "number" | "boolean" | "object";
}

/**
 * A JSON value with its path, from which fields are taken by name and kind. Taking a field that is missing or of
 * another kind is a FormatError that names the path: `model_config.config.layers[2].class_name`.
 */
export class JsonView {
  readonly value: JsonValue | undefined;
  readonly path: string;

  constructor(value: JsonValue | undefined, path: string) {
    this.value = value;
    this.path = path;
  }

  /** The field `name` of this object; a view of nothing where there is none. */
  field(name: string): JsonView {
    const object = this.as("object");
    return new JsonView(Object.hasOwn(object, name) ? object[name] : undefined, `${this.path}.${name}`);
  }

  /** The elements of this array. */
  items(): JsonView[] {
    return this.as("array").map((v, i) => new JsonView(v, `${this.path}[${i}]`));
  }

  /** The names of this object's fields. */
  names(): string[] {
    return Object.keys(this.as("object"));
  }

  /** This value as `kind`; FormatError if it is of another kind or missing. */
  as<K extends keyof JsonKinds>(kind: K): JsonKinds[K] {
    if (jsonKind(this.value) !== kind) {
      throw new FormatError({
        where: this.path,
        problem: "this entry is not of the kind it has to be",
        expected: kind,
        got: jsonKind(this.value),
        try: "check the program that wrote the file",
      });
    }
    return this.value as JsonKinds[K];
  }

  /** As `as`, or `fallback` where the value is missing or null. */
  or<K extends keyof JsonKinds, D>(kind: K, fallback: D): JsonKinds[K] | D {
    return this.value === undefined || this.value === null ? fallback : this.as(kind);
  }
}

/**
 * JSON text in which numbers that JSON lacks survive: NaN and the infinities become the strings `"NaN"`, `"Infinity"`,
 * `"-Infinity"` (never `null`).
 */
export function stringifyJson(value: unknown, indent?: number): string {
  const keep = (_: string, v: unknown) => (typeof v === "number" && !Number.isFinite(v) ? String(v) : v);
  return JSON.stringify(value, keep, indent);
}
