/** Help, made from the tables of commands. */
import { commonFlags, usageLine, valueName } from "./arguments.ts";
import type { Command, Flag } from "./command.ts";
import { beside, outputWidth } from "./wrap.ts";

/** Lines are no longer than are read with ease. */
const widest = 100;
/** The part of a line that the first column may take; what is longer has the second one below it. */
const firstPart = 0.45;

/** Rows of two columns. */
function columns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.min(outputWidth(widest), widest);
  const fits = (left: string) => left.length <= firstPart * width;
  const first = Math.max(4, ...rows.map(([left]) => (fits(left) ? left.length : 0)));
  return rows.flatMap(([left, right]) =>
    fits(left)
      ? [beside(`  ${left.padEnd(first)}  `, right, width)]
      : [`  ${left}`, beside(" ".repeat(first + 4), right, width)],
  );
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ["", `${title}:`, ...lines];
}

function flagRow(name: string, flag: Flag): readonly [string, string] {
  const preset = "default" in flag && flag.default !== undefined ? ` (default ${flag.default})` : "";
  return [`--${name} ${valueName(flag)}`.trimEnd(), `${flag.about}${preset}`];
}

/** The help of one command. */
export function commandHelp(command: Command): string {
  const flags = { ...command.flags, ...commonFlags };
  return [
    command.about,
    "",
    `usage: ${usageLine(command)}`,
    ...section("arguments", columns(command.positionals.map((p) => [p.name, p.about]))),
    ...section("flags", columns(Object.entries(flags).map(([name, flag]) => flagRow(name, flag)))),
    ...section(
      "also",
      [...(command.variants?.keys() ?? [])].map((word) => `  tendril ${command.name} ${word} --help`),
    ),
    ...section(
      "examples",
      command.examples.map((line) => `  ${line}`),
    ),
    "",
  ].join("\n");
}

/** The help of the whole program. */
export function programHelp(commands: Iterable<readonly [string, { readonly about: string }]>): string {
  return [
    "Tendril: neural networks for grids and graphs.",
    "",
    "usage: tendril COMMAND [arguments] [flags]",
    ...section("commands", columns([...commands].map(([name, { about }]) => [name, about]))),
    "",
    "tendril COMMAND --help shows the arguments and flags of a command.",
    "",
  ].join("\n");
}
