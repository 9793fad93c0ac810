/** A PNG writer for tests, independent of the one under test: every colour type, depth, filter, and interlacing. */
import { crc32, deflateSync } from "node:zlib";

export interface TestPng {
  width: number;
  height: number;
  colourType: 0 | 2 | 3 | 4 | 6;
  depth: 1 | 2 | 4 | 8 | 16;
  interlaced?: boolean;
  /** Filter of row j; default cycles through all five. */
  filter?: (row: number) => number;
  /** Sample s of pixel (x, y), 0 … 2^depth − 1. */
  sample: (x: number, y: number, s: number) => number;
  palette?: number[];
  transparency?: number[];
  /** Splits the data into chunks of this many bytes. */
  chunkSize?: number;
}

export const samplesOf = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 } as const;

export function chunk(type: string, body: ArrayLike<number>): Uint8Array {
  const out = new Uint8Array(12 + body.length);
  const view = new DataView(out.buffer);
  view.setUint32(0, body.length);
  out.set(
    [...type].map((c) => c.charCodeAt(0)),
    4,
  );
  out.set(body as Uint8Array, 8);
  view.setUint32(8 + body.length, crc(out.subarray(4, 8 + body.length)));
  return out;
}

/** Bit by bit, so that it shares nothing with the table under test. */
function crc(bytes: Uint8Array): number {
  if (crc32 !== undefined) return crc32(bytes);
  let c = ~0;
  for (const b of bytes) {
    c ^= b;
    for (let k = 0; k < 8; k++) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1;
  }
  return ~c >>> 0;
}

export const signature = Uint8Array.of(137, 80, 78, 71, 13, 10, 26, 10);

export function header(p: TestPng): number[] {
  const u32 = (n: number) => [n >>> 24, (n >> 16) & 255, (n >> 8) & 255, n & 255];
  return [...u32(p.width), ...u32(p.height), p.depth, p.colourType, 0, 0, p.interlaced ? 1 : 0];
}

const whole = [[0, 0, 1, 1]];
const adam7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
];

/** The filtered rows of all passes. */
export function rawRows(p: TestPng): Uint8Array {
  const samples = samplesOf[p.colourType];
  const step = Math.max(1, (samples * p.depth) / 8);
  const out: number[] = [];
  for (const [x0, y0, dx, dy] of p.interlaced ? adam7 : whole) {
    let above: number[] | undefined;
    for (let y = y0!, j = 0; y < p.height; y += dy!, j++) {
      const bits: number[] = [];
      for (let x = x0!; x < p.width; x += dx!) {
        for (let s = 0; s < samples; s++) {
          for (let b = p.depth - 1; b >= 0; b--) bits.push((p.sample(x, y, s) >> b) & 1);
        }
      }
      if (bits.length === 0) break;
      while (bits.length % 8 > 0) bits.push(0);
      const row = Array.from({ length: bits.length / 8 }, (_, i) =>
        Number.parseInt(bits.slice(8 * i, 8 * i + 8).join(""), 2),
      );
      const filter = p.filter?.(j) ?? j % 5;
      out.push(filter, ...row.map((v, i) => (v - predict(filter, row, above, i, step)) & 255));
      above = row;
    }
  }
  return Uint8Array.from(out);
}

function predict(
  filter: number,
  row: number[],
  above: number[] | undefined,
  i: number,
  step: number,
): number {
  const a = row[i - step] ?? 0;
  const b = above?.[i] ?? 0;
  const c = above?.[i - step] ?? 0;
  if (filter === 1) return a;
  if (filter === 2) return b;
  if (filter === 3) return Math.floor((a + b) / 2);
  if (filter < 4) return 0;
  const [pa, pb, pc] = [a, b, c].map((v) => Math.abs(a + b - c - v));
  return pa! <= pb! && pa! <= pc! ? a : pb! <= pc! ? b : c;
}

export function join(parts: Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((p) => [...p]));
}

export function makePng(p: TestPng): Uint8Array {
  const data = deflateSync(rawRows(p));
  const size = p.chunkSize ?? data.length;
  const parts: Uint8Array[] = [];
  for (let at = 0; at < data.length; at += size) parts.push(chunk("IDAT", data.subarray(at, at + size)));
  return join([
    signature,
    chunk("IHDR", header(p)),
    ...(p.palette ? [chunk("PLTE", p.palette)] : []),
    ...(p.transparency ? [chunk("tRNS", p.transparency)] : []),
    ...parts,
    chunk("IEND", []),
  ]);
}
