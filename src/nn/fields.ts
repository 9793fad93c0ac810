/**
 * Fields: what a layer's options are, said once.
 *
 * A layer class lists its options as a table of fields. The table gives the TypeScript types of the options and of the
 * kept `config`, checks what a user (or a file) hands in, fills in the defaults and writes the config in Keras's words.
 */
import { UsageError } from "../ir/errors.ts";
import { suggestion } from "./naming.ts";

/** One option. `Given` is what may be handed in, `Kept` what the config holds: plain data in both cases. */
export interface Field<Given, Kept, Optional extends boolean = boolean> {
  /** The value to keep; throws a UsageError that names `at` (such as `` Dense `units` ``) where it is not acceptable. */
  read(value: unknown, at: string): Kept;
  /** The value as Keras writes it in a file. */
  write(value: Kept): unknown;
  readonly optional: Optional;
  /** The value kept when none is given. */
  readonly initial: Kept | undefined;
  /** Further names of the option in Keras files, such as `alpha` for `negative_slope`. */
  readonly aliases: readonly string[];
  /** Only carries the type of what may be given. */
  readonly given?: Given;
}

export type Fields = Readonly<Record<string, Field<unknown, unknown>>>;

/** No options. */
export type NoFields = Readonly<Record<never, never>>;

/** The kept values. */
export type ConfigOf<F extends Fields> = {
  readonly [K in keyof F]: F[K] extends Field<unknown, infer Kept> ? Kept : never;
};

type Given<F> = F extends Field<infer G, unknown> ? G : never;
type OptionalKeys<F extends Fields> = {
  [K in keyof F]: F[K]["optional"] extends true ? K : never;
}[keyof F];
type RequiredKeys<F extends Fields> = Exclude<keyof F, OptionalKeys<F>>;

/** What a constructor takes: the fields without a default are required. */
export type OptionsOf<F extends Fields> = { [K in RequiredKeys<F>]: Given<F[K]> } & {
  [K in OptionalKeys<F>]?: Given<F[K]> | undefined;
};

/** `[options]`, or `[options?]` where no field is required. */
export type OptionsArgument<F extends Fields, Extra> =
  RequiredKeys<F> extends never ? [options?: OptionsOf<F> & Extra] : [options: OptionsOf<F> & Extra];

/** A field whose value must be given. */
export function required<Given, Kept = Given>(
  read: (value: unknown, at: string) => Kept,
  write: (value: Kept) => unknown = (v) => v,
  aliases: readonly string[] = [],
): Field<Given, Kept, false> {
  return { read, write, optional: false, initial: undefined, aliases };
}

/** A field with a default. */
export function optional<Given, Kept = Given>(
  initial: Kept,
  read: (value: unknown, at: string) => Kept,
  write: (value: Kept) => unknown = (v) => v,
  aliases: readonly string[] = [],
): Field<Given, Kept, true> {
  return { read, write, optional: true, initial, aliases };
}

/** Throws the UsageError for a value that a field does not take. */
export function refuse(at: string, expected: string, value: unknown, advice?: string): never {
  throw new UsageError({
    where: at,
    problem: "this value is not acceptable",
    expected,
    got: show(value),
    try: advice ?? `pass ${expected}`,
  });
}

function show(value: unknown): string {
  if (typeof value === "function") return "a function";
  const text = typeof value === "string" ? `"${value}"` : (JSON.stringify(value) ?? String(value));
  return text.length > 80 ? text.slice(0, 79) + "…" : text;
}

/**
 * The config made from options: checked, with defaults filled in. `extra` names options that are handled elsewhere.
 *
 * @throws UsageError for an unknown option, a missing one, or a value that is not acceptable.
 */
export function readOptions<F extends Fields>(
  fields: F,
  options: Readonly<Record<string, unknown>>,
  type: string,
  extra: readonly string[] = [],
): ConfigOf<F> {
  for (const key of Object.keys(options)) {
    if (Object.hasOwn(fields, key) || extra.includes(key) || options[key] === undefined) continue;
    throw new UsageError({
      where: type,
      problem: `there is no option \`${key}\``,
      expected: `one of ${[...Object.keys(fields), ...extra].join(", ")}`,
      got: key,
      try: suggestion(key, [...Object.keys(fields), ...extra]) ?? "leave it out",
    });
  }
  const config: Record<string, unknown> = {};
  for (const [key, field] of Object.entries(fields)) {
    const value = Object.hasOwn(options, key) ? options[key] : undefined;
    if (value !== undefined) config[key] = field.read(value, `${type} \`${key}\``);
    else if (field.optional) config[key] = field.initial;
    else refuse(`${type} \`${key}\``, "a value", undefined, `give \`${key}\`: it has no default`);
  }
  return config as ConfigOf<F>;
}

/** A whole number of at least `min`. */
export function readInteger(min: number): (value: unknown, at: string) => number {
  return (value, at) =>
    Number.isSafeInteger(value) && (value as number) >= min
      ? (value as number)
      : refuse(at, min === 1 ? "a positive integer" : `an integer ≥ ${min}`, value);
}

/** A finite number in [min, max]. */
export function readNumber(
  min = Number.NEGATIVE_INFINITY,
  max = Number.POSITIVE_INFINITY,
): (value: unknown, at: string) => number {
  const range = Number.isFinite(max) ? ` between ${min} and ${max}` : Number.isFinite(min) ? ` ≥ ${min}` : "";
  return (value, at) =>
    typeof value === "number" && Number.isFinite(value) && value >= min && value <= max
      ? value
      : refuse(at, `a number${range}`, value);
}

/** `read`, or null. */
export function orNull<Kept>(
  read: (value: unknown, at: string) => Kept,
): (value: unknown, at: string) => Kept | null {
  return (value, at) => (value === null ? null : read(value, at));
}

function readBoolean(value: unknown, at: string): boolean {
  return typeof value === "boolean" ? value : refuse(at, "true or false", value);
}

export function integer(initial: number, min = 1): Field<number, number, true> {
  return optional(initial, readInteger(min));
}

export function flag(initial: boolean): Field<boolean, boolean, true> {
  return optional(initial, readBoolean);
}

/** One of a few words (Keras takes them in any case). */
export function choice<const W extends string>(words: readonly W[], initial: W): Field<W, W, true> {
  return optional(initial, (value, at) => {
    const word = typeof value === "string" ? value.toLowerCase() : undefined;
    return (
      words.find((w) => w === word) ?? refuse(at, `one of ${words.map((w) => `"${w}"`).join(", ")}`, value)
    );
  });
}

/** A pair of values read by `item`, or one for both. */
export function readPairOf<Kept>(
  item: (value: unknown, at: string) => Kept,
): (value: unknown, at: string) => readonly [Kept, Kept] {
  return (value, at) => {
    if (Array.isArray(value)) {
      if (value.length !== 2) refuse(at, "one value or two", value);
      return [item(value[0], at), item(value[1], at)];
    }
    const both = item(value, at);
    return [both, both];
  };
}

/** A pair of positive integers, or one for both. */
export const readPair = readPairOf(readInteger(1));

/** What may be given for a pair of sizes. */
export type PairOption = number | readonly [number, number];

export function pair(initial: number): Field<PairOption, readonly [number, number], true> {
  return optional<PairOption, readonly [number, number]>([initial, initial], readPair);
}

/** A list whose items are read by `item`. */
export function readList<Kept>(
  item: (value: unknown, at: string) => Kept,
  expected: string,
): (value: unknown, at: string) => readonly Kept[] {
  return (value, at) =>
    Array.isArray(value) ? value.map((v, i) => item(v, `${at}[${i}]`)) : refuse(at, expected, value);
}

/** An axis, negative ones counted from the end, or a list of axes. */
export function readAxes(value: unknown, at: string): number | readonly number[] {
  const item = readInteger(Number.MIN_SAFE_INTEGER);
  if (typeof value === "number") return item(value, at);
  return readList(item, "an axis or a list of axes")(value, at);
}

/** One axis or several. */
export function axesField(
  initial: number,
): Field<number | readonly number[], number | readonly number[], true> {
  return optional<number | readonly number[]>(initial, readAxes);
}

/** A finite number in [min, max], with a default. */
export function real(initial: number, min?: number, max?: number): Field<number, number, true> {
  return optional(initial, readNumber(min, max));
}

/** The seed of a random layer; without one it depends on the model's seed and the layer's place. */
export const seedField: Field<number | null, number | null, true> = optional<number | null>(
  null,
  orNull(readInteger(0)),
);

export const dataFormat = choice(["channels_last", "channels_first"], "channels_last");
