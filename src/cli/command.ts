/** What a command is: tables of its arguments and flags, from which parsing and help are made, and what it does. */
import type { Terminal } from "./terminal.ts";

interface FlagBase {
  /** One line of help. */
  readonly about: string;
}

/** One flag, `--name`. A flag without `default` is undefined unless it is given. */
export type Flag =
  | (FlagBase & { readonly kind: "switch" })
  /** `value` names what is to be written: `DIR`. */
  | (FlagBase & { readonly kind: "text"; readonly value: string; readonly default?: string })
  | (FlagBase & {
      readonly kind: "whole" | "number";
      readonly value: string;
      readonly min?: number;
      readonly max?: number;
      /** The bounds themselves are not allowed. */
      readonly open?: boolean;
      readonly default?: number;
    })
  | (FlagBase & { readonly kind: "choice"; readonly choices: readonly string[]; readonly default?: string });

export type Flags = Readonly<Record<string, Flag>>;

/** One positional argument; `many` takes the rest, at least one unless `optional`. */
export interface Positional {
  readonly name: string;
  readonly about: string;
  readonly many?: boolean;
  readonly optional?: boolean;
  readonly choices?: readonly string[];
}

type ValueOf<F extends Flag> = F extends { kind: "switch" }
  ? boolean
  : F extends { kind: "whole" | "number" }
    ? number
    : F extends { kind: "choice"; choices: readonly (infer C extends string)[] }
      ? C
      : string;
type Given<F extends Flag> = F extends { kind: "switch" } | { default: string | number }
  ? ValueOf<F>
  : ValueOf<F> | undefined;
type CamelCase<S extends string> = S extends `${infer A}-${infer B}` ? `${A}${Capitalize<CamelCase<B>>}` : S;

/** The values of flags, by their names in camel case. */
export type Values<F extends Flags> = { readonly [K in keyof F & string as CamelCase<K>]: Given<F[K]> };

/** What a command is given besides its arguments. */
export interface CommandContext {
  /** Text for people, on the standard error. */
  readonly terminal: Terminal;
  /** `--json` was given: only the data of the result will be printed. */
  readonly json: boolean;
  /** Given when the user or the system wants the command to end. */
  readonly signal: AbortSignal;
}

/** What a command leaves on the standard output. */
export interface Result {
  /** The document of `--json`. */
  readonly data: unknown;
  /** The same for people and pipes, without `--json`. */
  readonly text: string;
}

export interface CommandSpec<F extends Flags> {
  readonly name: string;
  /** One line. */
  readonly about: string;
  readonly positionals: readonly Positional[];
  readonly flags: F;
  /** Commands of the same name that take over where one of these words is the argument. */
  readonly variants?: ReadonlyMap<string, () => Promise<Command>>;
  /** Lines of example calls. */
  readonly examples: readonly string[];
  run(positionals: readonly string[], values: Values<F>, context: CommandContext): Promise<Result>;
}

/** A command with the types of its flags put aside, as the table of commands holds it. */
export type Command = CommandSpec<Flags>;

/** Checks a command and gives its `run` the types of its flags. */
export function defineCommand<const F extends Flags>(spec: CommandSpec<F>): Command {
  return spec as unknown as Command;
}
