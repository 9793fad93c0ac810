/** Where lines go, and the progress bar in Keras's layout. */
import { fixed, metricText } from "./number-format.ts";

/** Takes text as it comes, line breaks included. `interactive`: lines can be painted over. */
export interface Printer {
  write(text: string): void;
  readonly interactive: boolean;
}

/** A printer, or a function that takes text. */
export type PrintOption = Printer | ((text: string) => void);

/** What of a process is used, where there is one. */
interface ProcessLike {
  readonly stdout?: { write(text: string): unknown; readonly isTTY?: boolean };
}

/** The standard output of a process; in a page, the console, line by line. */
export function standardPrinter(): Printer {
  const { stdout } = (globalThis as { process?: ProcessLike }).process ?? {};
  if (stdout) return { write: (text) => void stdout.write(text), interactive: stdout.isTTY === true };
  return { write: (text) => console.info(text.replace(/\n$/, "")), interactive: false };
}

/** The printer meant by an option. */
export function printerFrom(option: PrintOption | undefined): Printer {
  if (option === undefined) return standardPrinter();
  return typeof option === "function" ? { write: option, interactive: false } : option;
}

export type Logs = Readonly<Record<string, number>>;

const barWidth = 20;
/** Seconds between two paintings of a bar. */
const repaintInterval = 0.05;

export interface ProgressOptions {
  printer: Printer;
  /** 1: a repainted bar on a terminal, elsewhere one plain line at the end; 2: one line at the end. */
  verbose: 0 | 1 | 2;
  /** Steps in all; undefined while not known. */
  target: number | undefined;
  /** Seconds, from any origin. */
  clock: () => number;
  /** Put before the plain line: `Epoch 3/50 - `. */
  prefix?: string;
}

/** One pass over the data, as a line of text. */
export class Progress {
  readonly #options: ProgressOptions;
  readonly #start: number;
  #target: number | undefined;
  #last = Number.NEGATIVE_INFINITY;
  #afterFirst: number | undefined;
  #width = 0;
  #step = 0;

  constructor(options: ProgressOptions) {
    this.#options = options;
    this.#target = options.target;
    this.#start = options.clock();
  }

  /** `step` steps are done, with these values so far. */
  update(step: number, logs: Logs): void {
    this.#step = step;
    const now = this.#options.clock();
    const perStep = this.#perStep(step, now);
    const { verbose, printer } = this.#options;
    if (verbose !== 1 || !printer.interactive || now - this.#last < repaintInterval) return;
    this.#paint(step, logs, now, perStep, false);
    this.#last = now;
  }

  /** The pass is over: prints its last line. */
  finish(logs: Logs): void {
    this.#target ??= this.#step;
    const { verbose, printer, clock } = this.#options;
    const now = clock();
    const perStep = this.#perStep(this.#target, now);
    if (verbose === 0) return;
    if (verbose === 1 && printer.interactive) this.#paint(this.#target, logs, now, perStep, true);
    else printer.write(this.#plain(logs, now, perStep));
  }

  /** Seconds per step, the first one left out where there are more: it pays for making the plan. */
  #perStep(step: number, now: number): number {
    if (step === 0) return 0;
    const perStep =
      this.#afterFirst !== undefined && step > 1
        ? (now - this.#afterFirst) / (step - 1)
        : (now - this.#start) / step;
    if (step === 1) this.#afterFirst = now;
    return perStep;
  }

  /** `150/150 - 1s - 3ms/step - accuracy: 0.9871 - loss: 0.0423` */
  #plain(logs: Logs, now: number, perStep: number): string {
    const elapsed = `${fixed(now - this.#start, 0)}s`;
    const values = Object.entries(logs).map(([k, v]) => ` - ${k}: ${metricText(v, { signed: true })}`);
    const count = `${this.#count(this.#target!)} - ${elapsed} - ${perStepText(perStep)}`;
    return `${this.#options.prefix ?? ""}${count}${values.join("")}\n`;
  }

  #paint(step: number, logs: Logs, now: number, perStep: number, last: boolean): void {
    const target = this.#target;
    const count = target ? this.#count(step) : `${String(step).padStart(7)}/Unknown`;
    const time = last || !target ? `${fixed(now - this.#start, 0)}s` : remaining(perStep * (target - step));
    const values = Object.entries(logs)
      .map(([k, v]) => ` - ${k}: ${metricText(v, { signed: false })}`)
      .join("");
    const done = target ? Math.floor((barWidth * step) / target) : 0;
    const bar = target
      ? `${bold(count)} ${done > 0 ? `\x1b[32m${"━".repeat(done)}\x1b[0m` : ""}\x1b[37m${"━".repeat(barWidth - done)}\x1b[0m`
      : count;
    const width =
      count.length + (target ? 1 + barWidth : 0) + ` ${time} ${perStepText(perStep)}${values}`.length;
    const line = `${bar} ${bold(time)} ${perStepText(perStep)}${values}`;
    const erase = " ".repeat(Math.max(0, this.#width - width));
    this.#options.printer.write(`${"\b".repeat(this.#width)}\r${line}${erase}${last ? "\n" : ""}`);
    this.#width = width;
  }

  #count(step: number): string {
    const text = String(this.#target);
    return `${String(step).padStart(text.length)}/${text}`;
  }
}

function bold(text: string): string {
  return `\x1b[1m${text}\x1b[0m`;
}

/** `3ms/step` */
function perStepText(seconds: number): string {
  if (seconds >= 1 || seconds === 0) return `${fixed(seconds, 0)}s/step`;
  if (seconds >= 1e-3) return `${fixed(seconds * 1e3, 0)}ms/step`;
  return `${fixed(seconds * 1e6, 0)}us/step`;
}

/** `12s`, `1:05`, `2:00:07` */
function remaining(seconds: number): string {
  const s = Math.max(0, Math.floor(seconds));
  const two = (n: number) => String(n).padStart(2, "0");
  if (seconds > 3600) return `${Math.floor(s / 3600)}:${two(Math.floor((s % 3600) / 60))}:${two(s % 60)}`;
  if (seconds > 60) return `${Math.floor(s / 60)}:${two(s % 60)}`;
  return `${s}s`;
}
