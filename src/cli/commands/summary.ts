/** `tendril summary`: the layers of a saved model, as Keras prints them. */
import { defineCommand } from "../command.ts";
import { openModel } from "../models.ts";
import { printableLines } from "../terminal.ts";

export const summary = defineCommand({
  name: "summary",
  about: "Shows the layers of a saved model.",
  positionals: [{ name: "MODEL", about: "a saved model (.h5)" }],
  flags: {
    style: {
      kind: "choice",
      choices: ["keras3", "legacy"],
      default: "keras3",
      about: "today's table, or that of Keras 2",
    },
  },
  examples: ["tendril summary m.h5", "tendril summary m.h5 --style legacy"],
  async run([path], { style }) {
    const model = await openModel(path!);
    const text = model.summary({ style });
    const layers = model.layers.map((layer) => ({
      name: layer.name,
      type: layer.type,
      outputShape: layer.outputShapes?.map((shape) => shape.map((s) => (typeof s === "number" ? s : null))),
      params: layer.countParams(),
    }));
    const data = { model: path, name: model.name, params: model.countParams(), layers, summary: text };
    return { data, text: `${printableLines(text)}\n` };
  },
});
