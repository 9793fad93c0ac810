/**
 * Pictures drawn in processes of their own: one may take a second, in which this one could hear of no signal. Threads
 * would do, but for V8: what it compiles, and how well, can be set for a process only (see png-worker.ts). Node only.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { availableParallelism, constants, setPriority } from "node:os";
import { fileURLToPath } from "node:url";
import { Turn } from "../core/turn.ts";
import type { Figure } from "../plot/index.ts";
import { svgForPng } from "../plot/png.ts";
import type { Picture } from "./png-worker.ts";

/** Processes at most: a handful of pictures is done little sooner by more, and each takes 80 MB. */
const most = 2;

/** Draws figures. Its processes start at once and get ready beside other work. */
export class Rasteriser {
  readonly #artists: readonly Artist[];
  readonly #idle: Artist[];
  /** Those who wait for an artist, in the order in which they came. */
  readonly #waiting: ((artist: Artist) => void)[] = [];
  readonly #turn: Turn;

  /** `signal` ends the drawing. */
  constructor(signal: AbortSignal) {
    this.#turn = new Turn("--out", { signal });
    this.#artists = Array.from({ length: Math.min(most, availableParallelism()) }, () => new Artist());
    this.#idle = [...this.#artists];
  }

  /** The PNG of a figure, or why there can be none, once somebody is free to draw it. Throws CancelledError. */
  async draw(figure: Figure): Promise<Picture> {
    const svg = svgForPng(figure);
    const artist = this.#idle.pop() ?? (await new Promise<Artist>((resolve) => this.#waiting.push(resolve)));
    try {
      this.#turn.check();
      return await this.#turn.race(artist.draw(svg), "--out: drawing a picture");
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#idle.push(artist);
      else next(artist);
    }
  }

  /** Ends the processes, whatever they do. */
  close(): void {
    for (const artist of this.#artists) artist.close();
  }
}

class Artist {
  readonly #process: ChildProcess;
  /** Rejected when the process ends by itself, for want of memory say. */
  readonly #ended: Promise<never>;

  constructor() {
    const source = import.meta.url.endsWith(".ts");
    const file = new URL(source ? "./png-worker.ts" : "./png-worker.js", import.meta.url);
    const child = fork(fileURLToPath(file), {
      serialization: "advanced",
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    this.#process = child;
    yieldToOthers(child);
    this.#ended = new Promise((_, reject) => {
      child.once("error", reject);
      child.once("exit", (code, signal) =>
        reject(new Error(`the process that draws pictures ended with ${signal ?? `code ${code}`}`)),
      );
    });
    // Told to whoever asks for a picture; until then nobody misses the process.
    this.#ended.catch(() => {});
  }

  async draw(svg: string): Promise<Picture> {
    const answer = once(this.#process, "message") as Promise<[Picture]>;
    this.#process.send(svg);
    const [picture] = await Promise.race([answer, this.#ended]);
    return picture;
  }

  close(): void {
    this.#process.kill("SIGKILL");
    // Its end, and the return of its memory, is not waited for.
    if (this.#process.connected) this.#process.disconnect();
    this.#process.unref();
  }
}

/** It gets ready beside other work, which it must not slow down. */
function yieldToOthers({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) setPriority(pid, constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // It has ended already, or the system does not allow it.
  }
}
