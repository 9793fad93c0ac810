/** `node --import tsx scripts/readme-picture.ts`: draws docs/images/run.png, which is what `tendril train digits --out` draws. */
import { writeFile } from "node:fs/promises";
import { assess } from "../src/cli/assess.ts";
import { loadDataset } from "../src/cli/dataset.ts";
import { makeModel } from "../src/cli/models.ts";
import { pictures } from "../src/cli/pictures.ts";
import { Terminal } from "../src/cli/terminal.ts";
import { Training } from "../src/cli/training.ts";
import { curves, type Figure, renderPng } from "../src/plot/index.ts";

const context = { terminal: new Terminal(process.stderr), json: false, signal: new AbortController().signal };
const dataset = await loadDataset("digits", { ...context, seed: 0 });
const model = await makeModel("lecture", dataset, { seed: 0, signal: context.signal });
const options = { epochs: 10, batchSize: 200, validationSplit: 0.1, seed: 0, verbose: 0 } as const;
const training = new Training(model, { ...options, optimizer: "adam" });
await training.run(dataset, context);
const { history } = training.history;
const assessment = assess(model, dataset.test, dataset, context.signal);
const drawn = new Map<string, Figure>();
for await (const [name, figure] of pictures({ model, history, dataset, assessment })) drawn.set(name, figure);

const [filters, maps, misread] = ["filters", "feature-maps", "misread"].map((name) => drawn.get(name)!);
const width = maps!.width + misread!.width;
const top = curves(history, { title: "Training", metrics: ["loss", "accuracy"], width });
const below = filters!.height + maps!.height;
const sheet: Figure = {
  description: "what one run draws",
  width,
  height: top.height + Math.max(below, misread!.height),
  panels: [
    ...placed(top, 0, 0),
    ...placed(filters!, 0, top.height),
    ...placed(maps!, 0, top.height + filters!.height),
    ...placed(misread!, maps!.width, top.height),
  ],
};
await writeFile(new URL("../docs/images/run.png", import.meta.url), await renderPng(sheet, { scale: 1.5 }));

/** The panels of a figure, moved. */
function placed(figure: Figure, x: number, y: number): Figure["panels"] {
  return figure.panels.map((panel) => ({ ...panel, x: panel.x + x, y: panel.y + y }));
}
