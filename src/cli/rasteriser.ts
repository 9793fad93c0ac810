/** Pictures drawn in a thread of their own: the first takes a second, in which this one could hear of no signal. Node only. */
import { Worker } from "node:worker_threads";
import { Turn } from "../core/turn.ts";
import type { Figure } from "../plot/index.ts";
import type { Picture } from "./png-worker.ts";

/** Draws one figure at a time. */
export class Rasteriser {
  readonly #worker: Worker;
  readonly #turn: Turn;

  /** `signal` ends the drawing. */
  constructor(signal: AbortSignal) {
    const source = import.meta.url.endsWith(".ts");
    this.#worker = new Worker(new URL(source ? "./png-worker.ts" : "./png-worker.js", import.meta.url));
    this.#turn = new Turn("--out", { signal });
  }

  /** The PNG of a figure, or why there can be none. Throws CancelledError. */
  async draw(figure: Figure): Promise<Picture> {
    this.#turn.check();
    const worker = this.#worker;
    const drawn = new Promise<Picture>((resolve, reject) => {
      worker.removeAllListeners();
      worker.once("message", resolve);
      worker.once("error", reject);
      // Ended from within, for want of memory say: nothing more would come.
      worker.once("exit", (code) =>
        reject(new Error(`the thread that draws pictures ended with code ${code}`)),
      );
    });
    worker.postMessage(figure);
    return await this.#turn.race(drawn, "--out: drawing a picture");
  }

  /** Ends the thread. */
  async close(): Promise<void> {
    this.#worker.removeAllListeners();
    await this.#worker.terminate();
  }
}
