/** `npm run example -- NAME`: runs an example and writes its picture to runs/examples. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { writeFileAtomic } from "tendril/data";
import { type Figure, renderPng } from "tendril/plot";

const folder = new URL("../examples/", import.meta.url);
const names = readdirSync(folder)
  .filter((file) => file.endsWith(".ts"))
  .map((file) => file.slice(0, -3));

const name = process.argv[2];
if (name === undefined || !names.includes(name)) {
  console.error(`usage: npm run example -- NAME, with NAME one of ${names.join(", ")}`);
  process.exitCode = 2;
} else {
  const { default: example } = (await import(new URL(`${name}.ts`, folder).href)) as {
    default: () => Promise<{ picture: Figure; summary?: string }>;
  };
  const { picture, summary, ...result } = await example();
  if (summary !== undefined) console.log(summary);
  console.log(result);
  const file = join("runs", "examples", `${name}.png`);
  await writeFileAtomic(file, await renderPng(picture, { scale: 2 }));
  console.log(file);
}
