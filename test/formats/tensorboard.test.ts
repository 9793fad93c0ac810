import { describe, expect, test } from "vitest";
import { type Summary, summaryEvent } from "../../src/formats/tensorboard.ts";
import { readRecords, writeRecord } from "../../src/formats/tfrecord.ts";
import { bitFlips, truncations, verdict } from "./damage.ts";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const text = (s: string): Uint8Array => new TextEncoder().encode(s);

describe("TFRecord files", () => {
  test("checksums are masked CRC-32C of length and data", () => {
    // Written by TensorFlow 2.21's TFRecordWriter.
    expect(hex(writeRecord(text("tendril")))).toBe("0700000000000000bbd79f1174656e6472696c66977996");
  });

  const records = [text("one"), new Uint8Array(0), Uint8Array.from({ length: 300 }, (_, i) => i)];
  const file = Buffer.concat(records.map(writeRecord));

  test("what was written is read again", () => {
    expect(readRecords(file).map(hex)).toEqual(records.map(hex));
    expect(readRecords(file.subarray(0, file.length - 1), { growing: true }).map(hex)).toEqual(
      records.slice(0, 2).map(hex),
    );
    expect(readRecords(new Uint8Array(0))).toEqual([]);
  });

  test("every truncation within a record and every flip is refused", () => {
    const whole = [0, 19, 35].map((n) => `cut at ${n}`);
    for (const { name, bytes } of truncations(file)) {
      const { error } = verdict(name, () => readRecords(bytes));
      expect(error?.code, name).toBe(whole.includes(name) ? undefined : "format");
    }
    for (const { name, bytes } of bitFlips(file)) {
      expect(verdict(name, () => readRecords(bytes)).error?.code, name).toBe("format");
    }
  });
});

describe("events are those of tf.summary, byte for byte", () => {
  /** The event, its time put in the place of the recorded one. */
  const recorded = (event: string): Uint8Array => Buffer.from(event, "hex");
  const wall = (event: string): number => Buffer.from(event, "hex").readDoubleLE(1);
  test.each<[Summary, number, string]>([
    [
      { kind: "scalar", tag: "epoch_loss", value: 0.6875 },
      3,
      "09bfb5242adfc2da4110032a270a250a0a65706f63685f6c6f7373420a0801120022040000303f4a0b0a090a077363616c617273",
    ],
    [
      { kind: "histogram", tag: "one/histogram", values: Float32Array.of(-0.25, 0.1, 0.7), buckets: 1 },
      300,
      "09f8fe322adfc2da4110ac022a490a470a0d6f6e652f686973746f6772616d42260802120812020801120208032218000000000000d0bf000000606666e63f00000000000008404a0e0a0c0a0a686973746f6772616d73",
    ],
  ])("$0.tag", (summary, step, event) => {
    const [found] = readRecords(summaryEvent(summary, step, wall(event)));
    expect(hex(found!)).toBe(hex(recorded(event)));
  });

  test("buckets of a histogram", () => {
    const rows = (values: readonly number[], buckets: number): number[] => {
      const [event] = readRecords(summaryEvent({ kind: "histogram", tag: "t", values, buckets }, 0, 0));
      const content = event!.slice(-16 - 24 * buckets, -16);
      return [...new Float64Array(content.buffer)];
    };
    expect(rows([0, 1, 2, 3, 4, 4, -2, 0.5], 3)).toEqual([-2, 0, 1, 0, 2, 3, 2, 4, 4]);
    expect(rows([1.5, 1.5, 1.5], 2)).toEqual([1.5, 1.5, 0, 1.5, 1.5, 3]);
    expect(rows([Number.NaN, 1, 2], 1)).toEqual([1, 2, 2]);
    expect(rows([], 2)).toEqual([0, 0, 0, 0, 0, 0]);
  });
});
