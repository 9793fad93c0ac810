import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  type H5Data,
  type H5Group,
  h5At,
  h5Dataset,
  h5Group,
  readH5,
  writeH5,
} from "../../src/formats/h5.ts";
import { FormatError, LimitError, TendrilError, UnsupportedError, UsageError } from "../../src/ir/errors.ts";
import { fixture, outcome, sample, tryExtremes, tryFlips, tryTruncations } from "./h5-kit.ts";

describe("HDF5 round trip", () => {
  test("every type, a scalar, nothing at all, names of every kind", async () => {
    const root = sample();
    const arrays: H5Data[] = [
      Float32Array.of(-0, Number.NaN, Infinity),
      Float64Array.of(Math.PI, 1e-300, -1),
      Int8Array.of(-128, 0, 127),
      Int16Array.of(-32768, 0, 32767),
      Int32Array.of(-(2 ** 31), 0, 2 ** 31 - 1),
      BigInt64Array.of(-(2n ** 63n), 0n, 2n ** 63n - 1n),
      Uint8Array.of(0, 1, 255),
      Uint16Array.of(0, 1, 65535),
      Uint32Array.of(0, 1, 2 ** 32 - 1),
      BigUint64Array.of(0n, 1n, 2n ** 64n - 1n),
      ["", "a long text ".repeat(1000), "日本"],
    ];
    const all = h5Group();
    root.groups.set("all types", all);
    for (const [i, data] of arrays.entries()) all.datasets.set(`${i}`, h5Dataset(data, [3, 1]));
    all.datasets.set("scalar", h5Dataset(BigInt64Array.of(7n), []));
    all.datasets.set("text", h5Dataset(["only one"], []));
    all.datasets.set("none", h5Dataset(new Float32Array(0), [0, 4]));
    all.datasets.get("scalar")!.attrs.set("of a dataset", Float32Array.of(1, 2));
    for (const name of ["__proto__", "constructor", "ünï", "a.b c", "x".repeat(300), "..."])
      root.groups.set(name, h5Group());
    root.attrs
      .set("__proto__", "own")
      .set("nothing", [])
      .set("big", BigInt(2) ** 60n)
      .set("long", "x".repeat(200_000));
    root.attrs.set(
      "list",
      Array.from({ length: 4000 }, (_, i) => `name ${i}`),
    );
    const back = await readH5(await writeH5(root));
    expect(back).toEqual(root);
    expect(Object.getPrototypeOf({})).toBe(Object.prototype);
    expect(await readH5(await writeH5(back))).toEqual(back);
  });

  test("files written at the same time do not mix; equal trees give equal bytes", async () => {
    const [a, b, c] = await Promise.all([writeH5(sample()), writeH5(h5Group()), writeH5(sample())]);
    expect(a).toEqual(c);
    expect(await readH5(b)).toEqual(h5Group());
  });

  test("paths lead to groups and datasets", () => {
    const root = sample();
    expect(h5At(root, "dense/kernel:0")).toBe(root.groups.get("dense")!.datasets.get("kernel:0"));
    expect(h5At(root, "/")).toBe(root);
    expect(h5At(root, "dense/kernel:0/x")).toBeUndefined();
  });

  test.each<[string, (root: H5Group) => unknown, RegExp]>([
    ["a slash in a name", (r) => r.groups.set("a/b", h5Group()), /slash/],
    ["an empty name", (r) => r.groups.set("", h5Group()), /empty/],
    ["the name '.'", (r) => r.datasets.set(".", h5Dataset(["x"])), /dot/],
    ["a zero byte in a text", (r) => r.attrs.set("a", "x\0y"), /zero byte/],
    ["too long a name", (r) => r.attrs.set("n".repeat(1001), 1), /1000 bytes/],
    ["a wrong shape", (r) => r.datasets.set("d", h5Dataset(["x"], [2])), /do not fill/],
    ["too long a list", (r) => r.attrs.set("l", new Array<string>(5000).fill("x")), /64000 bytes/],
    ["a group and a dataset of one name", (r) => r.datasets.set("dense", h5Dataset(["x"])), /same name/],
  ])("refuses to write %s", async (_name, spoil, message) => {
    const root = sample();
    spoil(root);
    await expect(writeH5(root)).rejects.toThrow(UsageError);
    await expect(writeH5(root)).rejects.toThrow(message);
  });
});

describe("HDF5 files of h5py", () => {
  test.each(["earliest", "chunked", "latest"])("%s", async (name) => {
    const root = await readH5(fixture(name));
    const get = (path: string) => h5At(root, `model_weights/dense/${path}`);
    expect(root.attrs.get("model_config")).toBe('{"a": 1}');
    expect(root.groups.get("model_weights")!.attrs.get("layer_names")).toEqual(["dense", "flat"]);
    expect(root.groups.get("model_weights")!.attrs.get("empty")).toEqual([]);
    expect(get("")!.attrs.get("weight_names")).toEqual(["dense/kernel:0", "b"]);
    expect(get("kernel:0")).toMatchObject({
      dtype: "float32",
      shape: [5, 7],
      data: Float32Array.from({ length: 35 }, (_, i) => i),
    });
    expect(get("iteration")).toMatchObject({ dtype: "int64", shape: [], data: BigInt64Array.of(5n) });
    expect(get("big endian")).toMatchObject({ data: Float64Array.of(0, 1, 2, 3) });
    expect(get("half")).toMatchObject({
      dtype: "float32",
      data: Float32Array.of(1, -2.5, 2 ** -24, 65504, Infinity),
    });
    expect(get("bool")).toMatchObject({ data: Int8Array.of(1, 0) });
    expect(get("unwritten")).toMatchObject({ shape: [3, 2], data: new Float32Array(6) });
    if (name !== "latest") return;
    // More than a header holds: these lie in heaps, found through trees.
    for (let i = 0; i < 30; i++) expect(root.attrs.get(`attribute ${i}`)).toBe(i * 1.5);
    expect(root.groups.get("model_weights")!.groups.size).toBe(31);
  });

  const keras = "../shared/reference/keras";
  test.skipIf(!existsSync(keras))(
    "every reference model opens and survives a round trip (needs ../shared)",
    async () => {
      const names = readdirSync(keras).filter((n) => n.endsWith(".h5"));
      expect(names.length).toBeGreaterThan(0);
      for (const name of names) {
        const root = await readH5(readFileSync(`${keras}/${name}`), { name });
        expect(JSON.parse(root.attrs.get("model_config") as string)).toHaveProperty("class_name");
        expect(await readH5(await writeH5(root))).toEqual(root);
      }
      const lecture = await readH5(readFileSync(`${keras}/lecture_mnist_cnn.h5`));
      expect(h5At(lecture, "model_weights/conv2d/sequential/conv2d/kernel")).toMatchObject({
        dtype: "float32",
        shape: [3, 3, 1, 8],
      });
    },
  );
});

describe("damaged and hostile HDF5", () => {
  // In every place: h5.whole.test.ts.
  test("truncations are refused, flips give a typed error or a sound tree, extreme fields too", async () => {
    await tryTruncations(23);
    await tryFlips(23);
    await tryExtremes(23);
  });

  test("no flip of a structure with a checksum passes", async () => {
    const seed = fixture("latest");
    const text = String.fromCharCode(...seed);
    for (const [letters, length] of [
      ["BTHD", 34],
      ["FRHP", 100],
      ["OHDR", 16],
    ] as const) {
      const at = text.indexOf(letters);
      expect(at).toBeGreaterThan(0);
      for (let bit = at * 8; bit < (at + length) * 8; bit++) {
        const bytes = seed.slice();
        bytes[bit >> 3]! ^= 1 << (bit & 7);
        const got = await outcome(`bit ${bit} of ${letters}`, bytes);
        expect(got, `bit ${bit} of ${letters}`).toBeInstanceOf(TendrilError);
      }
    }
  });

  test("a group that contains itself is refused", async () => {
    const bytes = fixture("earliest");
    const view = new DataView(bytes.buffer);
    const root = view.getBigUint64(64, true);
    // In the root's table, the address after the first name leads to `model_weights`.
    const table = String.fromCharCode(...bytes).indexOf("SNOD");
    view.setBigUint64(table + 16, root, true);
    await expect(readH5(bytes)).rejects.toThrow(/contains itself/);
    view.setBigUint64(table + 16, 2n ** 40n, true);
    await expect(readH5(bytes)).rejects.toThrow(/outside the file/);
  });

  test("a shape larger than the file is refused before anything is allocated", async () => {
    const bytes = fixture("earliest");
    const view = new DataView(bytes.buffer);
    const shape = [...new Uint8Array(BigUint64Array.of(5n, 7n).buffer)];
    const at = bytes.findIndex((_, i) => shape.every((b, k) => bytes[i + k] === b));
    view.setBigUint64(at, 2n ** 31n, true);
    await expect(readH5(bytes)).rejects.toThrow(/more data are declared than are stored/);
    view.setBigUint64(at, 2n ** 60n, true);
    await expect(readH5(bytes)).rejects.toThrow(FormatError);
  });

  test("limits are told with the option that raises them", async () => {
    await expect(readH5(await writeH5(sample()), { maxBytes: 20 })).rejects.toThrow(LimitError);
    await expect(readH5(await writeH5(sample()), { maxBytes: 20 })).rejects.toThrow(/maxBytes/);
  });

  test("what is not HDF5, and what is not read, is said plainly", async () => {
    await expect(readH5(new Uint8Array(100), { name: "m.h5" })).rejects.toThrow(
      /^HDF5 file m.h5: this is not an HDF5 file/,
    );
    const bytes = fixture("chunked");
    // Filter 2 (shuffle) of the pipeline becomes 32000, a plug-in.
    const pipeline = bytes.findIndex(
      (_, i) =>
        i > 100 &&
        bytes[i] === 2 &&
        bytes[i + 1] === 0 &&
        bytes[i + 2] === 8 &&
        String.fromCharCode(...bytes.subarray(i + 8, i + 15)) === "shuffle",
    );
    new DataView(bytes.buffer).setUint16(pipeline, 32000, true);
    await expect(readH5(bytes)).rejects.toThrow(UnsupportedError);
    await expect(readH5(bytes)).rejects.toThrow(/filter 32000/);
  });
});
