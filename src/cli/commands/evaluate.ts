/** `tendril evaluate`: loss, accuracy and confusion of a saved model on the test samples of a data set. */
import { assess, compileForUse } from "../assess.ts";
import { defineCommand } from "../command.ts";
import { loadDataset } from "../dataset.ts";
import { dataFlag, engineFlags, startEngine } from "../flags.ts";
import { openModel } from "../models.ts";
import { printable } from "../terminal.ts";

export const evaluate = defineCommand({
  name: "evaluate",
  about: "Measures a saved model on the test samples of a data set.",
  positionals: [{ name: "MODEL", about: "a saved model (.keras, .h5)" }],
  flags: {
    dataset: {
      kind: "text",
      value: "mnist|fashion-mnist|digits|FILE",
      default: "mnist",
      about: "the data set, or a module that makes one",
    },
    ...dataFlag,
    ...engineFlags,
  },
  examples: ["tendril evaluate m.h5 --dataset mnist", "tendril evaluate m.keras --dataset digits --json"],
  async run([path], values, { terminal, signal }) {
    const engine = startEngine(values);
    const model = await openModel(path!);
    const dataset = await loadDataset(values.dataset, {
      data: values.data,
      testOnly: true,
      signal,
      terminal,
    });
    compileForUse(model, engine.name);
    const { loss, accuracy, confusion } = await assess(model, dataset.test, dataset, signal);
    const data = {
      model: path,
      dataset: dataset.name,
      samples: dataset.test.count,
      loss,
      accuracy,
      confusion,
    };
    const text = [
      `loss      ${loss.toFixed(4)}`,
      `accuracy  ${(100 * accuracy).toFixed(2)} %`,
      "",
      "confusion (rows are true classes, columns predicted ones)",
      ...confusionTable(confusion, dataset.classes),
      "",
    ].join("\n");
    return { data, text };
  },
});

function confusionTable(confusion: readonly (readonly number[])[], classes: readonly string[]): string[] {
  const names = classes.map(printable);
  const width = Math.max(...confusion.flat().map((n) => String(n).length), 2) + 1;
  const left = Math.max(...names.map((n) => n.length));
  const head = names.map((n) => n.slice(0, width - 1).padStart(width));
  return [
    `${"".padEnd(left)} ${head.join("")}`,
    ...confusion.map(
      (row, i) =>
        `${names[i]!.padEnd(left)} ${row.map((n) => (n === 0 ? "·" : String(n)).padStart(width)).join("")}`,
    ),
  ];
}
