import { firstEvent, type Summary, summaryEvent } from "../../formats/tensorboard.ts";
import type { CallbackFiles } from "./callback.ts";

/** One event file of TensorBoard in a folder, made with the first event and only added to. */
export class EventLog {
  readonly #files: CallbackFiles;
  readonly #folder: string;
  #path: string | undefined;
  #waiting: Uint8Array[] = [];

  constructor(files: CallbackFiles, folder: string) {
    this.#files = files;
    this.#folder = folder;
  }

  /** Adds a summary; it is in the file after the next `flush`. */
  add(summary: Summary, step: number): void {
    const now = Date.now();
    if (this.#path === undefined) {
      // TensorBoard reads the files of a folder in the order of their names.
      const seconds = String(Math.floor(now / 1000)).padStart(10, "0");
      const part = String(now % 1000).padStart(3, "0");
      this.#path = `${this.#folder}/events.out.tfevents.${seconds}.${part}.tendril.v2`;
      this.#waiting.push(firstEvent(now / 1000));
    }
    this.#waiting.push(summaryEvent(summary, step, now / 1000));
  }

  /** Writes what was added. */
  async flush(): Promise<void> {
    const waiting = this.#waiting;
    if (this.#path === undefined || waiting.length === 0) return;
    this.#waiting = [];
    for (const bytes of waiting) await this.#files.append(this.#path, bytes);
  }
}
