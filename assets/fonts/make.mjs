/**
 * Makes the two fonts of this folder and src/plot/font-metrics.ts from Inter 4.1. Needed only when the set of
 * characters changes:
 *   npm install --no-save inter-ui@4.1.1 subset-font@2 opentype.js@1 && node assets/fonts/make.mjs
 */
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import opentype from "opentype.js";
import subsetFont from "subset-font";

/** Basic Latin to Latin Extended-A, Greek, Cyrillic, punctuation, super- and subscripts, arrows, operators, shapes. */
const blocks = [
  [0x20, 0x7e],
  [0xa0, 0x17f],
  [0x2c6, 0x2dd],
  [0x370, 0x3ff],
  [0x400, 0x45f],
  [0x490, 0x491],
  [0x2010, 0x2027],
  [0x2030, 0x2044],
  [0x2070, 0x2094],
  [0x20ac, 0x20ac],
  [0x2113, 0x2113],
  [0x2122, 0x2122],
  [0x2190, 0x2199],
  [0x21d0, 0x21d4],
  [0x2200, 0x22ff],
  [0x25a0, 0x25ff],
  [0x2713, 0x2717],
  [0xfffd, 0xfffd],
];
const codes = blocks.flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, i) => from + i));
const wanted = String.fromCodePoint(...codes);
const here = import.meta.dirname;
const inter =
  process.argv[2] ?? join(dirname(createRequire(import.meta.url).resolve("inter-ui/package.json")), "web");

const widths = {};
for (const weight of ["Regular", "SemiBold"]) {
  const source = readFileSync(join(inter, `Inter-${weight}.woff2`));
  const subset = (targetFormat) =>
    subsetFont(source, wanted, { targetFormat, noLayoutClosure: true, preserveNameIds: [16, 17] });
  writeFileSync(join(here, `Inter-${weight}.woff2`), await subset("woff2"));
  const bytes = await subset("truetype");
  const font = opentype.parse(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
  widths[weight] = codes.map((code) => {
    const index = font.charToGlyphIndex(String.fromCodePoint(code));
    return index === 0 ? 0 : Math.round((font.glyphs.get(index).advanceWidth / font.unitsPerEm) * 1000);
  });
}

const sum = (list) => list.reduce((a, b) => a + b, 0);
const bold = sum(widths.SemiBold.slice(0, 95)) / sum(widths.Regular.slice(0, 95));
/** Runs of characters that the font has: [first code, widths…]. */
const runs = [];
codes.forEach((code, i) => {
  if (widths.Regular[i] === 0) return;
  const last = runs.at(-1);
  if (last && last[0] + last.length - 1 === code) last.push(widths.Regular[i]);
  else runs.push([code, widths.Regular[i]]);
});
writeFileSync(
  join(here, "../../src/plot/font-metrics.ts"),
  `/** Advance widths of the bundled font, made by assets/fonts/make.mjs; not edited by hand. */

/** Mean width of a semi-bold letter over a regular one. */
export const semiBold = ${bold.toFixed(3)};

/** Runs of consecutive characters that the font has: the first code point, then a width each, in 1/1000 em. */
export const runs: readonly (readonly number[])[] = ${JSON.stringify(runs)};
`,
);
