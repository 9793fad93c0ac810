/** Help, made from the tables of commands. */
import { commonFlags, usageLine, valueName } from "./arguments.ts";
import type { Command, Flag } from "./command.ts";

/** Rows of two columns, the first as wide as it needs. */
function columns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(0, ...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`.trimEnd());
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
