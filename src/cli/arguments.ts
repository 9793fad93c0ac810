/** The command line by a command's tables. Node only. */
import { parseArgs } from "node:util";
import { UsageError } from "../ir/errors.ts";
import { suggestion } from "../nn/naming.ts";
import type { Command, Flag, Flags, Positional } from "./command.ts";

/** Flags of every command. */
export const commonFlags = {
  json: { kind: "switch", about: "print one JSON document on the standard output" },
  help: { kind: "switch", about: "show this help" },
} as const satisfies Flags;

export interface Parsed {
  readonly positionals: readonly string[];
  /** By name in camel case; flags without a value have their default. */
  readonly values: Readonly<Record<string, string | number | boolean | undefined>>;
}

/** The command itself or, where an argument is the word of one, its variant. */
export async function variantOf(command: Command, argv: readonly string[]): Promise<Command> {
  const words = tokensOf(command, argv).flatMap((t) => (t.kind === "positional" ? [t.value] : []));
  const load = words.map((word) => command.variants?.get(word)).find((found) => found !== undefined);
  return load === undefined ? command : load();
}

/** What was typed after the name of a command. Throws UsageError for anything that the tables do not have. */
export function parseCommand(command: Command, argv: readonly string[]): Parsed {
  const flags: Flags = { ...command.flags, ...commonFlags };
  const tokens = tokensOf(command, argv);
  const given = new Map<string, string | true>();
  const positionals: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") positionals.push(token.value);
    if (token.kind !== "option") continue;
    const flag = Object.hasOwn(flags, token.name)
      ? flags[token.name]!
      : unknownFlag(command, token.rawName, flags);
    if (flag.kind === "switch") {
      if (token.value !== undefined) misused(command, token.rawName, "no value", token.value);
      given.set(token.name, true);
    } else {
      // A value that looks like a flag was most likely forgotten; `--flag=-1` says that it was meant.
      const missing = token.value === undefined || (!token.inlineValue && /^-\D/.test(token.value));
      if (missing) misused(command, token.rawName, `a value: ${valueName(flag)}`, token.value ?? "nothing");
      given.set(token.name, token.value!);
    }
  }
  const help = given.has("help");
  if (!help) checkPositionals(command, positionals);
  const values = Object.entries(flags).map(([name, flag]) => [
    camelCase(name),
    help ? given.has(name) : read(command, name, flag, given.get(name)),
  ]);
  return { positionals, values: Object.fromEntries(values) };
}

function tokensOf(command: Command, argv: readonly string[]) {
  const flags: Flags = { ...command.flags, ...commonFlags };
  const options = Object.entries(flags).map(([name, f]) => [
    name,
    { type: f.kind === "switch" ? ("boolean" as const) : ("string" as const) },
  ]);
  return parseArgs({
    args: [...argv],
    strict: false,
    tokens: true,
    options: { ...Object.fromEntries(options), help: { type: "boolean", short: "h" } },
  }).tokens;
}

/** What stands for the value of a flag in help and messages. */
export function valueName(flag: Flag): string {
  if (flag.kind === "switch") return "";
  return flag.kind === "choice" ? flag.choices.join("|") : flag.value;
}

function camelCase(name: string): string {
  return name.replace(/-(\w)/g, (_, c: string) => c.toUpperCase());
}

function read(command: Command, name: string, flag: Flag, text: string | true | undefined) {
  if (flag.kind === "switch") return text === true;
  if (text === undefined || text === true) return flag.default;
  const refuse = (expected: string, advice?: string): never =>
    misused(command, `--${name}`, expected, text, advice);
  if (flag.kind === "text") return text === "" ? refuse(flag.value) : text;
  if (flag.kind === "choice") {
    if (flag.choices.includes(text)) return text;
    return refuse(`one of ${flag.choices.join(", ")}`, suggestion(text, flag.choices));
  }
  const value = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : Number.NaN;
  const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY, open = false } = flag;
  const inside = open ? value > min && value < max : value >= min && value <= max;
  const fits = flag.kind === "whole" ? Number.isSafeInteger(value) : Number.isFinite(value);
  return fits && inside ? value : refuse(rangeText(flag.kind, min, max, open));
}

function rangeText(kind: "whole" | "number", min: number, max: number, open: boolean): string {
  const what = kind === "whole" ? "a whole number" : "a number";
  const [low, high] = open ? ["greater than", "less than"] : ["at least", "at most"];
  const bounds = [
    ...(Number.isFinite(min) ? [`${low} ${min}`] : []),
    ...(Number.isFinite(max) ? [`${high} ${max}`] : []),
  ];
  return [what, bounds.join(" and ")].filter(Boolean).join(", ");
}

function checkPositionals(command: Command, given: readonly string[]): void {
  const { positionals } = command;
  for (const [i, p] of positionals.entries()) {
    if (given[i] === undefined && !p.optional) missing(command, p);
    const values = p.many ? given.slice(i) : given.slice(i, i + 1);
    for (const value of values) {
      if (value === "") missing(command, p, "an empty argument");
      if (p.choices && !p.choices.includes(value)) notAChoice(command, p, value);
    }
  }
  if (given.length > positionals.length && !positionals.at(-1)?.many) {
    throw new UsageError({
      where: `tendril ${command.name}`,
      problem: "there is an argument too many",
      expected: usageLine(command),
      got: given[positionals.length]!,
      try: `tendril ${command.name} --help`,
    });
  }
}

/** `tendril predict MODEL FILE... [flags]` */
export function usageLine(command: Command): string {
  const names = command.positionals.map((p) => {
    const name = `${p.choices ? p.choices.join("|") : p.name}${p.many ? "..." : ""}`;
    return p.optional ? `[${name}]` : name;
  });
  return ["tendril", command.name, ...names, "[flags]"].join(" ");
}

function missing(command: Command, p: Positional, got = "too few arguments"): never {
  throw new UsageError({
    where: `tendril ${command.name}`,
    problem: `${p.name} is missing`,
    expected: usageLine(command),
    got,
    try: command.examples[0] ?? `tendril ${command.name} --help`,
  });
}

function notAChoice(command: Command, p: Positional, value: string): never {
  throw new UsageError({
    where: `tendril ${command.name}`,
    problem: `there is no such ${p.name}`,
    expected: `one of ${p.choices!.join(", ")}`,
    got: value,
    try: suggestion(value, p.choices!) ?? `tendril ${command.name} --help`,
  });
}

function unknownFlag(command: Command, raw: string, flags: Flags): never {
  const names = Object.keys(flags).map((n) => `--${n}`);
  throw new UsageError({
    where: `tendril ${command.name}`,
    problem: "there is no such flag",
    expected: `one of ${names.join(", ")}`,
    got: raw,
    try: suggestion(raw, names) ?? `tendril ${command.name} --help`,
  });
}

function misused(command: Command, raw: string, expected: string, got: string, advice?: string): never {
  throw new UsageError({
    where: `tendril ${command.name} ${raw}`,
    problem: "the flag is not understood",
    expected,
    got: got === "" ? "nothing" : got,
    try: advice ?? `tendril ${command.name} --help`,
  });
}
