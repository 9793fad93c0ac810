/** Writes Protocol Buffers' wire format: numbered fields one after another, each with how its value is laid out. */
import { concatBytes } from "./png.ts";

/** A message is the fields that it has, in the order of their numbers. */
export const message = (...fields: readonly Uint8Array[]): Uint8Array => concatBytes(fields);

/** How a value is laid out. */
const wire = { varint: 0, eightBytes: 1, length: 2, fourBytes: 5 } as const;

/** A whole number that is not negative: int32, int64, uint64, bool, enum. Exact up to 2^53. */
export const wholeField = (number: number, value: number): Uint8Array =>
  concatBytes([head(number, wire.varint), varint(value)]);

export function floatField(number: number, value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return concatBytes([head(number, wire.fourBytes), bytes]);
}

export function doubleField(number: number, value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, value, true);
  return concatBytes([head(number, wire.eightBytes), bytes]);
}

/** Bytes, or a message inside the message. */
export const bytesField = (number: number, value: Uint8Array): Uint8Array =>
  concatBytes([head(number, wire.length), varint(value.length), value]);

export const textField = (number: number, value: string): Uint8Array =>
  bytesField(number, new TextEncoder().encode(value));

const head = (number: number, kind: number): Uint8Array => varint(number * 8 + kind);

/** Seven bits a byte, the lowest first; the top bit says that more follow. */
function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return Uint8Array.of(...bytes, rest);
}
