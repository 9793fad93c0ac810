/** `tendril summary`: the layers of a saved model, as Keras prints them. */
import { defineCommand } from "../command.ts";
import { openModel } from "../models.ts";
import { printableLines } from "../terminal.ts";

export const summary = defineCommand({
  name: "summary",
  about: "Shows the layers of a saved model.",
  positionals: [{ name: "MODEL", about: "a saved model (.keras, .h5)" }],
  flags: {
    style: {
      kind: "choice",
      choices: ["keras3", "legacy"],
      default: "keras3",
      about: "today's table, or that of Keras 2",
    },
    "line-length": { kind: "whole", value: "N", min: 20, max: 1000, about: "width of the table" },
    "show-trainable": { kind: "switch", about: "say which layers are trained" },
    "expand-nested": { kind: "switch", about: "show the layers of models inside the model" },
  },
  examples: ["tendril summary m.keras", "tendril summary m.h5 --style legacy"],
  async run([path], { style, lineLength, showTrainable, expandNested }) {
    const model = await openModel(path!);
    const text = model.summary({
      ...{ style, showTrainable, expandNested },
      ...(lineLength !== undefined && { lineLength }),
    });
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
