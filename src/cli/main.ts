/**
 * The command line: `tendril COMMAND`. Text for people goes to the standard error, data to the standard output; with
 * `--json` that is one document, also on failure. Node only.
 */
import { writeSync } from "node:fs";
import { DataError, type TendrilError, UsageError } from "../ir/errors.ts";
import { suggestion } from "../nn/naming.ts";
import { parseCommand, variantOf } from "./arguments.ts";
import type { Command, CommandContext, Result } from "./command.ts";
import { classify, exitCodes, signalCodes } from "./exit-codes.ts";
import { commandHelp, programHelp } from "./help.ts";
import { type Interrupt, listenForSignals } from "./interrupt.ts";
import { packageVersion } from "./package.ts";
import { printable, printableLines, Terminal } from "./terminal.ts";
import { beside } from "./wrap.ts";

interface Entry {
  readonly about: string;
  load(): Promise<Command>;
}

/** Every command. To add one: one file, one row. */
const commands: ReadonlyMap<string, Entry> = new Map<string, Entry>([
  [
    "train",
    {
      about: "train a network on images or graphs",
      load: async () => (await import("./commands/train.ts")).train,
    },
  ],
  [
    "evaluate",
    {
      about: "loss, accuracy and confusion of a saved model",
      load: async () => (await import("./commands/evaluate.ts")).evaluate,
    },
  ],
  [
    "predict",
    { about: "read digits from pictures", load: async () => (await import("./commands/predict.ts")).predict },
  ],
  [
    "summary",
    {
      about: "the layers of a saved model",
      load: async () => (await import("./commands/summary.ts")).summary,
    },
  ],
  ["data", { about: "list and get data sets", load: async () => (await import("./commands/data.ts")).data }],
  [
    "doctor",
    { about: "what this machine offers", load: async () => (await import("./commands/doctor.ts")).doctor },
  ],
  [
    "bench",
    { about: "measure speed (in a checkout)", load: async () => (await import("./commands/bench.ts")).bench },
  ],
  [
    "demo",
    {
      about: "train on built-in digits, draw pictures, read a digit",
      load: async () => (await import("./commands/demo.ts")).demo,
    },
  ],
]);

/** Does what `argv` (without the program's own name) says. Returns the exit code; throws nothing. */
export async function main(argv: readonly string[]): Promise<number> {
  const terminal = new Terminal(process.stderr, process.env);
  const json = wantsJson(argv);
  watchStreams(terminal);
  const interrupt = listenForSignals();
  const watch = watchForExit(argv, terminal, json, interrupt);
  try {
    const result = await run(argv, { terminal, json, signal: interrupt.signal });
    process.stdout.write(json ? `${JSON.stringify(result.data, plain, 2)}\n` : result.text);
    return exitCodes.ok;
  } catch (thrown) {
    const { error, exitCode } = classify(thrown);
    if (json) process.stdout.write(errorText(error));
    showError(error, terminal);
    if (error.code === "internal" && error.cause instanceof Error)
      terminal.line(printableLines(error.cause.stack ?? ""));
    // A run that a signal stopped ends before the signal is heard of here.
    if (error.code === "cancelled") await new Promise(setImmediate);
    const signal = error.code === "cancelled" ? interrupt.received() : undefined;
    return signal === undefined ? exitCode : signalCodes[signal];
  } finally {
    watch.release();
    interrupt.release();
  }
}

/** A file of the user's own may end the process under the command: that is a failure, and said as one. */
function watchForExit(argv: readonly string[], terminal: Terminal, json: boolean, interrupt: Interrupt) {
  const listener = (code: number) => {
    if (interrupt.received() !== undefined) return;
    const error = new DataError({
      where: `tendril ${argv.find((word) => word !== "--json") ?? ""}`,
      problem: "the process ended before the command did",
      expected: "code that leaves it to the command when to end",
      got: `an exit with code ${code}`,
      try: "look for process.exit in the files of your own, and throw an error instead",
    });
    // The last moment: nothing that is written later, or bit by bit, arrives.
    if (json) writeSync(process.stdout.fd, errorText(error));
    showError(error, terminal);
    process.exitCode = exitCodes.data;
  };
  process.once("exit", listener);
  return { release: () => process.off("exit", listener) };
}

async function run(argv: readonly string[], context: CommandContext): Promise<Result> {
  // `tendril --json COMMAND` means what `tendril COMMAND --json` does.
  const [name, ...rest] = argv[0] === "--json" ? argv.slice(1) : argv;
  const about = rest.find((word) => word !== "--json");
  if (name === "--version" || name === "-V") {
    const version = await packageVersion();
    return { data: { version }, text: `${version}\n` };
  }
  if (name === "help" || name === "--help" || name === "-h") {
    const text =
      about === undefined
        ? programHelp(commands)
        : commandHelp(await variantOf(await find(about).load(), rest));
    return { data: { help: text }, text };
  }
  const command = await variantOf(await find(name).load(), rest);
  const { positionals, values } = parseCommand(command, rest);
  if (values.help) {
    const text = commandHelp(command);
    return { data: { help: text }, text };
  }
  return command.run(positionals, values, context);
}

function find(name: string | undefined): Entry {
  const entry = name === undefined ? undefined : commands.get(name);
  if (entry !== undefined) return entry;
  const names = [...commands.keys()];
  throw new UsageError({
    where: "tendril",
    problem: name === undefined ? "no command was given" : "there is no such command",
    expected: `one of ${names.join(", ")}`,
    got: name ?? "nothing",
    try: (name === undefined ? undefined : suggestion(name, names)) ?? "tendril --help",
  });
}

/** Known before parsing, because parsing may be what fails. */
function wantsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf("--");
  return argv.slice(0, end < 0 ? argv.length : end).includes("--json");
}

/** The error as `--json` prints it: always all five parts, null where there is nothing to say; what was got is at least the problem. */
function errorDocument(error: TendrilError): Record<string, unknown> {
  const { code, where, expected = null, got } = error;
  return { ...error.toJSON(), code, where, expected, got: got || error.problem, try: error.try ?? null };
}

const errorText = (error: TendrilError) => `${JSON.stringify({ error: errorDocument(error) }, plain, 2)}\n`;

/** JSON has no NaN; what cannot be written at all is left out. */
function plain(_key: string, value: unknown): unknown {
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  return typeof value === "bigint" ? String(value) : value;
}

function showError(error: TendrilError, terminal: Terminal): void {
  const label = terminal.style("error", "red");
  terminal.line(
    `${label} ${terminal.style(`${printable(error.where)}: ${printable(error.problem)}`, "bold")}`,
  );
  for (const part of ["expected", "got", "try"] as const) {
    const text = error[part];
    const width = terminal.interactive ? terminal.columns : Number.POSITIVE_INFINITY;
    if (text !== undefined) terminal.line(beside(`  ${part.padEnd(8)} `, printable(text), width));
  }
}

/** `tendril … | head` closes the pipe early; that is no failure. Anything else, a full disk say, ends the command. */
function watchStreams(terminal: Terminal): void {
  const { stdout, stderr } = process;
  for (const stream of [stdout, stderr]) {
    if (stream.listenerCount("error") > 0) continue;
    stream.on("error", (cause: NodeJS.ErrnoException) => {
      if (cause.code === "EPIPE") return;
      if (stream === stdout) {
        const error = new DataError({
          where: "standard output",
          problem: "the result cannot be written",
          expected: "a file or a pipe with room",
          got: cause.code ?? cause.message,
          try: "check the free space, or choose another place",
          cause,
        });
        showError(error, terminal);
      }
      process.exit(exitCodes.data);
    });
  }
}
