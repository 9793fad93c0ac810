/** Files that a command leaves, each written whole or not at all. Node only. */
import { access, constants } from "node:fs/promises";
import { join } from "node:path";
import { Turn } from "../core/turn.ts";
import { errnoOf, makeFolder, writeFileAtomic } from "../data/index.ts";
import { UsageError } from "../ir/errors.ts";
import type { Model } from "../nn/index.ts";
import type { Figure } from "../plot/index.ts";
import type { CommandContext } from "./command.ts";
import type { Picture } from "./png-worker.ts";
import { Rasteriser } from "./rasteriser.ts";

/** A figure and the name of its files, without their ending. */
export type NamedFigure = readonly [name: string, figure: Figure];

/** A folder for the files of a command, and the list of what was written. */
export class OutputFolder {
  readonly folder: string;
  readonly #written: Map<string, string>;
  #rasteriser: Rasteriser | undefined;

  private constructor(folder: string, written: Map<string, string>) {
    this.folder = folder;
    this.#written = written;
  }

  /**
   * Makes the folder if need be. `written` collects name → path. Throws UsageError, which names `flag`, where files cannot be
   * written there.
   */
  static async open(folder: string, written: Map<string, string>, flag = "--out"): Promise<OutputFolder> {
    try {
      await makeFolder(folder);
      await access(folder, constants.W_OK);
    } catch (cause) {
      throw new UsageError({
        where: flag,
        problem: "files cannot be written to this folder",
        expected: "a folder that may be written",
        got: `${folder} (${errnoOf(cause) ?? String(cause)})`,
        try: "choose another folder",
        cause,
      });
    }
    return new OutputFolder(folder, written);
  }

  /** Writes one file; returns its path. */
  async write(name: string, content: Uint8Array | string): Promise<string> {
    const path = join(this.folder, name);
    await writeFileAtomic(path, content);
    this.#written.set(name, path);
    return path;
  }

  /** The whole model with the state of its optimizer; of a graph model, which is not of layers, the weights. */
  async model(model: Pick<Model, "save">, name = "model.h5"): Promise<void> {
    const path = join(this.folder, name);
    await model.save(path);
    this.#written.set("model", path);
  }

  /** `history.json` and, in the form of Keras's CSVLogger, `history.csv`. */
  async history(history: Readonly<Record<string, readonly number[]>>): Promise<void> {
    await this.write("history.json", `${JSON.stringify(history, null, 2)}\n`);
    const keys = Object.keys(history);
    const epochs = history[keys[0] ?? ""]?.length ?? 0;
    const rows = Array.from({ length: epochs }, (_, epoch) => [
      epoch,
      ...keys.map((k) => history[k]![epoch]),
    ]);
    await this.write(
      "history.csv",
      [["epoch", ...keys], ...rows].map((row) => `${row.join(",")}\n`).join(""),
    );
  }

  /** Says some time before `figures` that they will come: what draws them gets ready beside other work, until `close`. */
  expectFigures(signal: AbortSignal): void {
    this.#rasteriser ??= new Rasteriser(signal);
  }

  /**
   * Each figure as SVG and PNG, drawn as soon as it comes; without the rasteriser as SVG only, which is said once. Throws
   * CancelledError.
   */
  async figures(
    figures: AsyncIterable<NamedFigure> | Iterable<NamedFigure>,
    { terminal, signal }: CommandContext,
  ): Promise<void> {
    const { renderSvg } = await import("../plot/index.ts");
    this.expectFigures(signal);
    const drawn: Promise<Picture>[] = [];
    const names: string[] = [];
    const turn = new Turn("--out", { signal });
    for await (const [name, figure] of figures) {
      await turn.give();
      const picture = this.#rasteriser!.draw(figure);
      // Its failure is told below, when the figures before it are done.
      picture.catch(() => {});
      names.push(name);
      drawn.push(picture);
      // Signals are heard between the two: the text of a large figure takes its time.
      await turn.give();
      await this.write(`${name}.svg`, renderSvg(figure));
    }
    const lacking = new Set<string>();
    for (const [i, name] of names.entries()) {
      const picture = await drawn[i]!;
      if ("png" in picture) await this.write(`${name}.png`, picture.png);
      else lacking.add(`${picture.lacking.problem}; ${picture.lacking.advice}`);
    }
    for (const why of lacking) terminal.line(`pictures are written as SVG only: ${why}`);
  }

  /** Ends what `expectFigures` began. */
  close(): void {
    this.#rasteriser?.close();
    this.#rasteriser = undefined;
  }
}
