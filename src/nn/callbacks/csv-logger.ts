import { pythonFloat } from "../number-format.ts";
import type { Logs } from "../progress.ts";
import type { StateTree } from "../resume/state-tree.ts";
import { Callback } from "./callback.ts";

export interface CSVLoggerOptions {
  separator?: string;
  /** Go on in a file that exists. */
  append?: boolean;
}

/** Writes a line of the logs per epoch (Keras's CSVLogger). Values that are missing are `NA`, not-a-number is `nan`. */
export class CSVLogger extends Callback {
  readonly filename: string;
  readonly separator: string;
  readonly append: boolean;
  #keys: string[] | undefined;
  #text = "";

  constructor(filename: string, options: CSVLoggerOptions = {}) {
    super();
    this.filename = filename;
    this.separator = options.separator ?? ",";
    this.append = options.append ?? false;
  }

  override async onTrainBegin(): Promise<void> {
    this.#keys = undefined;
    this.#text = this.append ? ((await this.context.files.read(this.filename)) ?? "") : "";
  }

  override state(): StateTree {
    return { keys: this.#keys, text: this.#text };
  }

  override restoreState(state: StateTree): void {
    const { keys, text } = state as { keys?: string[]; text: string };
    this.#keys = keys;
    this.#text = text;
  }

  override async onEpochEnd(epoch: number, logs: Logs): Promise<void> {
    if (this.#keys === undefined) {
      this.#keys = Object.keys(logs).sort();
      if (!this.#keys.some((k) => k.startsWith("val_")))
        this.#keys.push(...this.#keys.map((k) => `val_${k}`));
      if (this.#text === "") this.#line(["epoch", ...this.#keys]);
    }
    const values = this.#keys.map((k) => (k in logs ? pythonFloat(logs[k]!) : "NA"));
    this.#line([String(epoch), ...values]);
    await this.context.files.write(this.filename, this.#text);
  }

  #line(cells: readonly string[]): void {
    const special = new RegExp(`["\\r\\n${this.separator === "\\" ? "\\\\" : this.separator}]`);
    const quoted = cells.map((c) => (special.test(c) ? `"${c.replaceAll('"', '""')}"` : c));
    this.#text += `${quoted.join(this.separator)}\r\n`;
  }
}
