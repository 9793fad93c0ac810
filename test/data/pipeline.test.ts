import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { csvDataset, Dataset, imageFolder } from "../../src/data/index.ts";
import { writePng } from "../../src/formats/index.ts";

const folder = mkdtempSync(join(tmpdir(), "tendril-pipeline-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const numbers = (n: number) => Dataset.from(Array.from({ length: n }, (_, i) => i));
const pass = async <T>(set: Dataset<T>, number = 0): Promise<T[]> => {
  const out: T[] = [];
  for await (const value of set.pass(number)) out.push(value);
  return out;
};
const sorted = (a: readonly number[]) => [...a].sort((x, y) => x - y);

describe("a pipeline", () => {
  test("takes, skips, filters, maps, repeats, zips, joins", async () => {
    const set = numbers(6);
    expect(await set.skip(1).take(3).toArray()).toEqual([1, 2, 3]);
    expect(await set.filter((v) => v % 2 === 0).toArray()).toEqual([0, 2, 4]);
    expect(await set.map(async (v, i) => v * 10 + i).toArray()).toEqual([0, 11, 22, 33, 44, 55]);
    expect(await set.take(2).repeat(3).toArray()).toEqual([0, 1, 0, 1, 0, 1]);
    expect(await set.repeat().take(8).toArray()).toEqual([0, 1, 2, 3, 4, 5, 0, 1]);
    expect(await Dataset.zip(set, set.skip(4)).toArray()).toEqual([
      [0, 4],
      [1, 5],
    ]);
    expect(await set.take(1).concatenate(set.skip(5)).toArray()).toEqual([0, 5]);
    expect(await numbers(0).repeat().toArray()).toEqual([]);
    const sizes = [set.skip(9), set.take(4).batch(3), set.batch(4, { dropRemainder: true }), set.repeat()];
    expect(sizes.map((s) => s.size)).toEqual([0, 2, 1, Number.POSITIVE_INFINITY]);
    expect(set.filter(() => true).size).toBeUndefined();
  });

  test("shuffles by seed and pass: every sample once", async () => {
    const set = numbers(50).shuffle({ seed: 3 });
    const first = await pass(set, 0);
    expect(sorted(first)).toEqual(await numbers(50).toArray());
    expect(first).not.toEqual(sorted(first));
    expect(await pass(set, 0)).toEqual(first);
    expect(await pass(set, 1)).not.toEqual(first);
    expect(await pass(numbers(50).shuffle({ seed: 4 }), 0)).not.toEqual(first);
    expect(await pass(numbers(50).shuffle({ seed: 3, eachPass: false }), 1)).toEqual(first);
    const near = await pass(numbers(50).shuffle({ buffer: 4 }));
    expect(sorted(near)).toEqual(sorted(first));
    near.forEach((v, i) => {
      expect(v).toBeLessThanOrEqual(i + 4);
    });
    // Each repetition is a pass of its own.
    const twice = await pass(numbers(8).shuffle().repeat(2), 1);
    expect(twice.slice(0, 8)).toEqual(await pass(numbers(8).shuffle(), 2));
    expect(twice.slice(8)).toEqual(await pass(numbers(8).shuffle(), 3));
  });

  test("works ahead, in order, and lets go after an error", async () => {
    let running = 0;
    let most = 0;
    const slow = numbers(9).map(
      async (v) => {
        most = Math.max(most, ++running);
        await new Promise((resume) => setTimeout(resume, (9 - v) % 3));
        running--;
        return v;
      },
      { parallel: 3 },
    );
    expect(await slow.toArray()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    expect(most).toBe(3);
    let made = 0;
    let closed = false;
    const counted = Dataset.from(function* () {
      try {
        for (;;) yield made++;
      } finally {
        closed = true;
      }
    });
    const iterator = counted.prefetch(3).pass(0);
    await iterator.next();
    await new Promise((resume) => setTimeout(resume, 5));
    expect(made).toBe(4);
    await iterator.return();
    expect(closed).toBe(true);
    const failing = numbers(5).map((v) => {
      if (v === 2) throw new Error("bad sample");
      return v;
    });
    const seen: number[] = [];
    const read = async () => {
      for await (const v of failing.prefetch(4)) seen.push(v);
    };
    await expect(read()).rejects.toThrow("bad sample");
    expect(seen).toEqual([0, 1]);
  });

  test("keeps what was read", async () => {
    let reads = 0;
    const set = Dataset.from(function* () {
      reads++;
      yield* [1, 2, 3];
    }).cache();
    expect(await set.take(2).toArray()).toEqual([1, 2]);
    expect([await pass(set, 0), await pass(set, 1)]).toEqual([
      [1, 2, 3],
      [1, 2, 3],
    ]);
    expect(reads).toBe(2);
  });
});

describe("batches", () => {
  test("put samples together entry by entry", async () => {
    const images = { data: Uint8Array.from({ length: 12 }, (_, i) => i), shape: [3, 2, 2], divisor: 255 };
    const set = Dataset.fromArrays({
      image: images,
      label: Int32Array.of(5, 6, 7),
      at: [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
    });
    expect(set.size).toBe(3);
    const [first, last] = await set.batch(2).toArray();
    expect(first).toEqual({
      image: { data: images.data.slice(0, 8), shape: [2, 2, 2], divisor: 255 },
      label: { data: Float32Array.of(5, 6), shape: [2] },
      at: { data: Float32Array.of(1, 2, 3, 4), shape: [2, 2] },
    });
    expect(last!.image.shape).toEqual([1, 2, 2]);
    const pairs = await Dataset.fromArrays([
      [
        [1, 2],
        [3, 4],
      ],
      [0, 1],
    ] as const)
      .batch(2)
      .toArray();
    expect(pairs).toEqual([
      [
        { data: Float32Array.of(1, 2, 3, 4), shape: [2, 2] },
        { data: Float32Array.of(0, 1), shape: [2] },
      ],
    ]);
    const nested = Dataset.from([[[[1], [2]], [true]] as const]).batch(1);
    expect((await nested.toArray())[0]![0]).toEqual({ data: Float32Array.of(1, 2), shape: [1, 2, 1] });
  });

  test("say which sample does not fit", async () => {
    const ragged = Dataset.from([{ x: [1, 2] }, { x: [1, 2, 3] }]).batch(2);
    await expect(ragged.toArray()).rejects.toThrow(
      /batch 1: entry x: sample 1[\s\S]*shape \[2\][\s\S]*shape \[3\]/,
    );
    const mixed = Dataset.from([Float32Array.of(1), Uint8Array.of(1)]).batch(2);
    await expect(mixed.toArray()).rejects.toMatchObject({ code: "data" });
    const texts = Dataset.from(["a"]).batch(1);
    await expect(texts.toArray()).rejects.toThrow(/numbers or arrays/);
    expect(() => Dataset.fromArrays([[1, 2], Float32Array.of(1)])).toThrow(/1 in 1/);
    expect(() => numbers(1).batch(0)).toThrow(/size must be a whole number, at least 1/);
    expect(() => numbers(1).shuffle({ seed: 0.5 })).toThrow(/seed must be a whole number/);
    expect(() => numbers(1).take(-1)).toThrow(/at least 0/);
  });
});

describe("from files", () => {
  test("rows of CSV, with any column as the label", async () => {
    const text = "a,b,c\n1,2,3\n4,5,6\n";
    const rows = await (await csvDataset(new TextEncoder().encode(text))).toArray();
    expect(rows).toEqual([
      [Float32Array.of(1, 2), 3],
      [Float32Array.of(4, 5), 6],
    ]);
    const path = join(folder, "t.csv");
    writeFileSync(path, text);
    expect((await (await csvDataset(path, { target: "a" })).toArray())[1]).toEqual([
      Float32Array.of(5, 6),
      4,
    ]);
    expect((await (await csvDataset(path, { target: 1 })).toArray())[0]).toEqual([Float32Array.of(1, 3), 2]);
    await expect(csvDataset(path, { target: "d" })).rejects.toThrow(/one of a, b, c/);
    await expect(csvDataset(join(folder, "none.csv"))).rejects.toMatchObject({ code: "data" });
  });

  test("pictures in a folder for each class", async () => {
    const root = join(folder, "pictures");
    for (const [name, grey] of [
      ["cat/b.png", 2],
      ["cat/a.png", 1],
      ["ant/x.PNG", 3],
      ["ant/readme.txt", 0],
    ] as const) {
      mkdirSync(join(root, name, ".."), { recursive: true });
      const data = new Uint8Array(6).fill(grey);
      writeFileSync(join(root, name), writePng({ width: 3, height: 2, channels: 1, data }));
    }
    const { dataset, classes, files } = await imageFolder(root);
    expect(classes).toEqual(["ant", "cat"]);
    expect(files.map((f) => f.slice(root.length + 1))).toEqual(["ant/x.PNG", "cat/a.png", "cat/b.png"]);
    const [images, labels] = (await dataset.batch(3).toArray())[0]!;
    expect(images.shape).toEqual([3, 2, 3, 1]);
    expect(images.divisor).toBe(255);
    expect([images.data[0], images.data[6], images.data[12]]).toEqual([3, 1, 2]);
    expect([...labels.data]).toEqual([0, 1, 1]);
    await expect(imageFolder(join(folder, "none"))).rejects.toMatchObject({ code: "data" });
    mkdirSync(join(folder, "empty", "class"), { recursive: true });
    await expect(imageFolder(join(folder, "empty"))).rejects.toThrow(/nothing in class/);
  });
});
