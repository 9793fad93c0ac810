/**
 * Numbers and templates as Keras prints them: Python's fixed, exponent and shortest forms. Log lines, progress bars and
 * checkpoint names go through here so that they read the same as Keras's, digit for digit.
 */
import { UsageError } from "../ir/errors.ts";

function special(x: number): string | undefined {
  if (Number.isNaN(x)) return "nan";
  if (x === Infinity) return "inf";
  if (x === -Infinity) return "-inf";
  return undefined;
}

/** `x` with `digits` decimals, an exact half rounded to even (Python's `.4f`). */
export function fixed(x: number, digits: number): string {
  const name = special(x);
  if (name !== undefined) return name;
  // Halfway between two decimals exactly: x·10^digits·2 is an odd whole number (scaling by 2 is exact, so is the product).
  const scaled = x * 2 ** (digits + 1);
  const twice = scaled * 5 ** digits;
  if (Number.isInteger(scaled) && Number.isSafeInteger(twice) && Math.abs(twice % 2) === 1) {
    const below = (twice - 1) / 2;
    return ((below % 2 === 0 ? below : below + 1) / 10 ** digits).toFixed(digits);
  }
  return x.toFixed(digits);
}

/** `x` as `1.2346e-04` (Python's `.4e`). */
export function exponent(x: number, digits: number): string {
  return special(x) ?? padExponent(x.toExponential(digits));
}

function padExponent(text: string): string {
  return text.replace(/e([+-])(\d)$/, "e$10$2");
}

/** The shortest text that reads back as `x`, always with a point or an exponent (Python's `str` of a float). */
export function pythonFloat(x: number): string {
  const name = special(x);
  if (name !== undefined) return name;
  if (x === 0) return Object.is(x, -0) ? "-0.0" : "0.0";
  const magnitude = Math.floor(Math.log10(Math.abs(x)));
  if (magnitude < -4 || magnitude >= 16) return padExponent(x.toExponential());
  const text = String(x);
  return text.includes(".") ? text : `${text}.0`;
}

/** A metric in a progress line: four decimals, or a four-digit exponent where it is small. */
export function metricText(value: number, options: { signed: boolean }): string {
  const size = options.signed ? value : Math.abs(value);
  return size > 1e-3 || Number.isNaN(value) ? fixed(value, 4) : exponent(value, 4);
}

/**
 * Fills `{name}`, `{name:02d}` and `{name:.2f}` (also `e` and `s`) in a file name.
 * Throws UsageError for a name that has no value, or a format that is not one of these.
 */
export function fillTemplate(template: string, values: ReadonlyMap<string, number>): string {
  return template.replace(/\{([^{}:]*)(?::([^{}]*))?\}/g, (_, name: string, format: string | undefined) => {
    const value = values.get(name);
    if (value === undefined) {
      throw new UsageError({
        where: "ModelCheckpoint",
        problem: `the file name asks for a value that is not there`,
        expected: `one of ${[...values.keys()].join(", ")}`,
        got: `{${name}} in ${template}`,
        try: "use a name from the history, or train with validation data for val_ names",
      });
    }
    return formatOne(value, format, template);
  });
}

function formatOne(value: number, format: string | undefined, template: string): string {
  if (format === undefined || format === "")
    return Number.isInteger(value) ? String(value) : pythonFloat(value);
  const parts = /^(0?)(\d*)(?:\.(\d+))?([dfe]?)$/.exec(format);
  if (!parts) {
    throw new UsageError({
      where: "ModelCheckpoint",
      problem: "the file name holds a number format that is not known",
      expected: "a format like 02d, .2f or .3e",
      got: `${format} in ${template}`,
      try: "write {epoch:02d} or {val_loss:.2f}",
    });
  }
  const [, zero, width, precision, kind] = parts;
  const digits = precision === undefined ? 6 : Number(precision);
  const text =
    kind === "d"
      ? String(Math.round(value))
      : kind === "e"
        ? exponent(value, digits)
        : kind === "f" || precision !== undefined
          ? fixed(value, digits)
          : pythonFloat(value);
  return text.padStart(width ? Number(width) : 0, zero ? "0" : " ");
}
