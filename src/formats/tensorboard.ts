/** Event files, which TensorBoard shows: TFRecords of `Event` messages (tensorflow/core/util/event.proto). */
import { UsageError } from "../ir/errors.ts";
import { bytesField, doubleField, message, textField, wholeField } from "./protobuf.ts";
import { writeRecord } from "./tfrecord.ts";

/** What TensorBoard shows under a name, step by step. */
export type Summary = { readonly tag: string } & (
  | { readonly kind: "scalar"; readonly value: number }
  /** `buckets` of equal width between the least and the largest value; 30 unless given. */
  | { readonly kind: "histogram"; readonly values: ArrayLike<number>; readonly buckets?: number }
  /** PNG files of one size. */
  | {
      readonly kind: "images";
      readonly width: number;
      readonly height: number;
      readonly pngs: readonly Uint8Array[];
    }
  /** The configuration of a model of Keras, as JSON: a drawing of its layers. */
  | { readonly kind: "model"; readonly json: string }
);

/** The first record of a file; `wallTime` is in seconds since 1970. */
export const firstEvent = (wallTime: number): Uint8Array =>
  writeRecord(
    message(doubleField(1, wallTime), textField(3, "brain.Event:2"), bytesField(10, textField(1, "tendril"))),
  );

/** The record of one summary at a step (a whole number from 0). */
export function summaryEvent(summary: Summary, step: number, wallTime: number): Uint8Array {
  const { tensor, plugin, content } = parts(summary);
  const named = message(textField(1, plugin), ...(content === undefined ? [] : [textField(2, content)]));
  const value = message(
    textField(1, summary.tag),
    bytesField(8, tensor),
    bytesField(9, bytesField(1, named)),
  );
  // A step of 0 is left out, as by every writer: it is what readers take where there is none.
  return writeRecord(
    message(
      doubleField(1, wallTime),
      ...(step === 0 ? [] : [wholeField(2, step)]),
      bytesField(5, bytesField(1, value)),
    ),
  );
}

interface Parts {
  readonly tensor: Uint8Array;
  /** The part of TensorBoard that shows it, and what it is to know. */
  readonly plugin: string;
  readonly content?: string;
}

function parts(summary: Summary): Parts {
  switch (summary.kind) {
    case "scalar":
      return { tensor: numbers(1, [], Float32Array.of(summary.value)), plugin: "scalars" };
    case "histogram": {
      const rows = bucketRows(summary.values, summary.buckets ?? 30);
      return { tensor: numbers(2, [rows.length / 3, 3], rows), plugin: "histograms" };
    }
    case "images": {
      const size = [summary.width, summary.height].map((n) => new TextEncoder().encode(String(n)));
      return { tensor: texts([...size, ...summary.pngs]), plugin: "images" };
    }
    case "model": {
      const text = bytesField(8, new TextEncoder().encode(summary.json));
      return { tensor: tensor(7, [], text), plugin: "graph_keras_model", content: "1" };
    }
  }
}

/** A `TensorProto`. `type` is TensorFlow's number: 1 float, 2 double, 7 string. */
function tensor(type: number, shape: readonly number[], ...content: Uint8Array[]): Uint8Array {
  const sizes = shape.map((size) => bytesField(2, wholeField(1, size)));
  return message(wholeField(1, type), bytesField(2, message(...sizes)), ...content);
}

const numbers = (type: number, shape: readonly number[], values: Float32Array | Float64Array): Uint8Array =>
  tensor(type, shape, bytesField(4, littleEndian(values)));

const texts = (values: readonly Uint8Array[]): Uint8Array =>
  tensor(7, [values.length], ...values.map((value) => bytesField(8, value)));

function littleEndian(values: Float32Array | Float64Array): Uint8Array {
  const size = values.BYTES_PER_ELEMENT;
  const bytes = new Uint8Array(values.length * size);
  const view = new DataView(bytes.buffer);
  values.forEach((value, i) => {
    if (size === 4) view.setFloat32(4 * i, value, true);
    else view.setFloat64(8 * i, value, true);
  });
  return bytes;
}

/**
 * Left edge, right edge and count of each bucket, as `tf.summary.histogram` makes them: all zero without values; equal
 * values are counted in the last bucket, which has no width. Values that are not finite are left out.
 */
function bucketRows(values: ArrayLike<number>, buckets: number): Float64Array {
  if (!Number.isInteger(buckets) || buckets < 1) {
    throw new UsageError({
      where: "histogram summary",
      problem: "this is no number of buckets",
      expected: "a whole number from 1 on",
      got: String(buckets),
      try: "leave it out for 30",
    });
  }
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  const finite = Array.from(values).filter(Number.isFinite);
  for (const value of finite) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  const rows = new Float64Array(3 * buckets);
  if (finite.length === 0) return rows;
  const width = (high - low) / buckets;
  for (let i = 0; i < buckets; i++) {
    rows[3 * i] = low + i * width;
    rows[3 * i + 1] = i === buckets - 1 ? high : low + (i + 1) * width;
  }
  for (const value of finite) {
    const at = width === 0 ? buckets - 1 : Math.min(buckets - 1, Math.floor((value - low) / width));
    rows[3 * at + 2]!++;
  }
  return rows;
}
