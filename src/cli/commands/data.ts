/** `tendril data`: which data sets there are, where they were found, and getting those that are to be downloaded. */
import { datasets, defaultCache, folderWith, type SourceSet } from "../../data/index.ts";
import { UsageError } from "../../ir/errors.ts";
import { suggestion } from "../../nn/naming.ts";
import { defineCommand } from "../command.ts";
import { downloadLine } from "../dataset.ts";
import { dataFlag } from "../flags.ts";
import { printable } from "../terminal.ts";
import { beside, outputWidth } from "../wrap.ts";

/** One data set. */
export interface ListedDataset {
  readonly name: string;
  readonly about: string;
  /** A folder, `built in`, or null where it is not on this machine. */
  readonly found: string | null;
}

export const data = defineCommand({
  name: "data",
  about: "Lists the data sets, or downloads some.",
  positionals: [
    { name: "ACTION", choices: ["list", "get"], about: "list, or get NAME..." },
    { name: "NAME", many: true, optional: true, about: "data sets to get" },
  ],
  flags: dataFlag,
  examples: ["tendril data list", "tendril data get mnist fashion-mnist"],
  async run([action, ...names], values, { terminal, signal }) {
    if (action === "get") await get(names, values.data, { onProgress: downloadLine(terminal), signal });
    terminal.clear();
    const all = await listDatasets(values.data);
    const shown = action === "get" ? all.filter((d) => names.includes(d.name)) : all;
    const columns = outputWidth(Number.POSITIVE_INFINITY);
    const width = Math.max(...shown.map((d) => d.name.length));
    const place = ({ found }: ListedDataset) => (found === null ? "not on this machine" : printable(found));
    const text = shown
      .map(
        (d) => `${d.name.padEnd(width)}  ${place(d)}\n${beside(" ".repeat(width + 2), d.about, columns)}\n`,
      )
      .join("");
    return { data: shown, text };
  },
});

async function get(
  names: readonly string[],
  folder: string | undefined,
  options: { onProgress: ReturnType<typeof downloadLine>; signal: AbortSignal },
): Promise<void> {
  if (names.length === 0) {
    throw new UsageError({
      where: "tendril data get",
      problem: "no data set was named",
      expected: `some of ${[...datasets.keys()].join(", ")}`,
      got: "nothing",
      try: "tendril data get mnist",
    });
  }
  const unknown = names.find((name) => !datasets.has(name));
  if (unknown !== undefined) {
    throw new UsageError({
      where: "tendril data get",
      problem: "there is no such data set",
      expected: `some of ${[...datasets.keys()].join(", ")}`,
      got: unknown,
      try: suggestion(unknown, datasets.keys()) ?? "tendril data list",
    });
  }
  for (const name of names) {
    const entry = datasets.get(name)!;
    if (entry.kind !== "points" && sourcesOf(name).length > 0) await entry.load({ data: folder, ...options });
  }
}

/** The files of a set, in each form that it may have; none for one that is built in. */
function sourcesOf(name: string): readonly SourceSet[] {
  const entry = datasets.get(name)!;
  if (entry.kind === "graphs") return entry.sources;
  return entry.kind === "images" && entry.source ? [entry.source] : [];
}

/** Every data set, and where its files are: in `folder` alone if that is given. */
export async function listDatasets(folder?: string): Promise<ListedDataset[]> {
  const cache = await defaultCache();
  const places =
    folder !== undefined
      ? [folder]
      : [process.env.TENDRIL_DATA, cache.where].filter((p) => p !== undefined && p !== "");
  const listed: ListedDataset[] = [];
  for (const [name, entry] of datasets) {
    const sources = sourcesOf(name);
    const found = sources.length === 0 ? "built in" : await placeOf(sources, places as readonly string[]);
    listed.push({ name, about: entry.describe, found });
  }
  return listed;
}

/** The first of `places` that has every file of the set in one of its forms, itself or in the set's own folder. */
async function placeOf(forms: readonly SourceSet[], places: readonly string[]): Promise<string | null> {
  for (const place of places) {
    for (const form of forms) {
      const folder = await folderWith(form, place);
      if (folder !== undefined) return folder;
    }
  }
  return null;
}
