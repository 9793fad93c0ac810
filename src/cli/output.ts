/** Files that a command leaves, each written whole or not at all. Node only. */
import { access, constants } from "node:fs/promises";
import { join } from "node:path";
import { errnoOf, makeFolder, writeFileAtomic } from "../data/index.ts";
import { UsageError } from "../ir/errors.ts";
import type { Model } from "../nn/index.ts";
import type { Figure } from "../plot/index.ts";
import type { CommandContext } from "./command.ts";
import { Rasteriser } from "./rasteriser.ts";

/** A folder for the files of a command, and the list of what was written. */
export class OutputFolder {
  readonly folder: string;
  readonly #written: Map<string, string>;

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

  /** Each figure as SVG and PNG; without the rasteriser as SVG only, which is said once. Throws CancelledError. */
  async figures(figures: ReadonlyMap<string, Figure>, { terminal, signal }: CommandContext): Promise<void> {
    const { renderSvg } = await import("../plot/index.ts");
    const rasteriser = new Rasteriser(signal);
    let raster = true;
    try {
      for (const [name, figure] of figures) {
        await this.write(`${name}.svg`, renderSvg(figure));
        if (!raster) continue;
        const picture = await rasteriser.draw(figure);
        if ("png" in picture) {
          await this.write(`${name}.png`, picture.png);
          continue;
        }
        const { problem, advice } = picture.lacking;
        terminal.line(`pictures are written as SVG only: ${problem}; ${advice}`);
        raster = false;
      }
    } finally {
      await rasteriser.close();
    }
  }
}
