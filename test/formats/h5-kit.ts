/** HDF5 files to spoil, what may come of reading them, and every way to spoil them; the tests take some or all of these. */
import { readFileSync } from "node:fs";
import { gunzip } from "../../src/formats/gzip.ts";
import { type H5Group, h5Dataset, h5Group, readH5, writeH5 } from "../../src/formats/h5.ts";
import { FormatError, TendrilError } from "../../src/ir/errors.ts";
import { bitFlips, truncations } from "./damage.ts";

/** A file that h5py wrote. */
export const fixture = (name: string) =>
  gunzip(readFileSync(new URL(`fixtures/${name}.h5.gz`, import.meta.url)));

/** The tree, checked; or the typed error. Anything else fails the test. */
export async function outcome(name: string, bytes: Uint8Array): Promise<H5Group | TendrilError> {
  try {
    const tree = await readH5(bytes);
    audit(tree, name);
    return tree;
  } catch (error) {
    if (error instanceof TendrilError && error.code !== "internal") return error;
    throw new Error(`${name}: not a typed error: ${error}`, { cause: error });
  }
}

/** Every dataset has as many elements as its shape says. */
function audit(group: H5Group, name: string): void {
  for (const { shape, data } of group.datasets.values()) {
    const count = shape.reduce((a, b) => a * b, 1);
    if (count !== data.length) throw new Error(`${name}: ${data.length} elements for [${shape}]`);
  }
  for (const child of group.groups.values()) audit(child, name);
}

/** A small tree with an attribute of each kind. */
export function sample(): H5Group {
  const root = h5Group();
  root.attrs
    .set("model_config", '{"class_name": "Sequential"}')
    .set("n", 3)
    .set("x", 0.5)
    .set("names", ["a", "", "ü∞"]);
  const layer = h5Group();
  root.groups.set("dense", layer);
  layer.datasets.set("kernel:0", h5Dataset(Float32Array.of(1, 2, 3, 4, 5, 6), [2, 3]));
  return root;
}

/** Cuts a small file everywhere, or at every `step`-th byte: each is refused. */
export async function tryTruncations(step: number): Promise<void> {
  for (const seed of [await writeH5(sample()), fixture("latest")]) {
    for (const { name, bytes } of truncations(seed, step)) {
      const got = await outcome(name, bytes);
      if (!(got instanceof FormatError)) throw new Error(`${name}: accepted`);
    }
  }
}

/** Flips each bit of a file of ours and each 29th of three of h5py's, or every `step`-th of those: an error or a sound tree. */
export async function tryFlips(step: number): Promise<void> {
  for (const { name, bytes } of bitFlips(await writeH5(sample()), step)) await outcome(name, bytes);
  for (const seed of ["earliest", "chunked", "latest"]) {
    for (const { name, bytes } of bitFlips(fixture(seed), 29 * step))
      await outcome(`${seed}, ${name}`, bytes);
  }
}

/** Sets fields to the ends of their ranges and copies blocks over each other, in every place or in every `step`-th. */
export async function tryExtremes(step: number): Promise<void> {
  for (const seed of [await writeH5(sample()), fixture("chunked")]) {
    for (let at = 8; at + 8 <= seed.length; at += 4 * step) {
      for (const value of [0, 0x7f, 0x80, 0xff]) {
        const bytes = seed.slice();
        bytes.fill(value, at, at + (at % 8 === 0 ? 8 : 4));
        await outcome(`${value} at ${at}`, bytes);
      }
      if (at % 8 !== 0) continue;
      const bytes = seed.slice();
      bytes.copyWithin(at, (at * 5) % (seed.length - 8), ((at * 5) % (seed.length - 8)) + 8);
      await outcome(`copy to ${at}`, bytes);
    }
  }
}
