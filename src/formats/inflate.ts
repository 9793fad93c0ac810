/**
 * Inflate (RFC 1951), decoding into a buffer with a limit. It is our own because a reader that refuses every damaged
 * file must know where a stream ends (the checksum follows there), must stop at the limit and not after it, and must
 * reject code tables that no compressor writes; fflate, which compresses for us, does none of the three.
 */
import { LimitError } from "../ir/errors.ts";
import { corrupt, type FileLabel, showFile } from "./reader.ts";

/** Codes of up to this many bits are decoded by one table look-up. */
const FAST_BITS = 10;

const lengthBase = new Uint16Array(29);
const lengthBits = new Uint8Array(29);
const distanceBase = new Uint16Array(30);
const distanceBits = new Uint8Array(30);
for (let i = 0, base = 3; i < 28; i++) {
  lengthBits[i] = i < 8 ? 0 : (i - 4) >> 2;
  lengthBase[i] = base;
  base += 1 << lengthBits[i]!;
}
lengthBase[28] = 258;
for (let i = 0, base = 1; i < 30; i++) {
  distanceBits[i] = i < 4 ? 0 : (i - 2) >> 1;
  distanceBase[i] = base;
  base += 1 << distanceBits[i]!;
}

/** Order in which the lengths of the code-length code are stored. */
const lengthOrder = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/** A growing buffer that refuses to pass its limit. */
export class BoundedOutput {
  bytes: Uint8Array<ArrayBuffer>;
  length = 0;
  readonly file: FileLabel;
  readonly limit: number;
  /** `true` when the limit is the size the file itself states: more is then damage, not size. */
  readonly exact: boolean;

  constructor(file: FileLabel, limit: number, options: { hint: number; exact?: boolean }) {
    this.file = file;
    this.limit = limit;
    this.exact = options.exact ?? false;
    if (options.hint > limit) this.#refuse(options.hint);
    this.bytes = new Uint8Array(options.hint);
  }

  /** Makes room for at least `count` more bytes. */
  reserve(count: number): void {
    const need = this.length + count;
    if (need <= this.bytes.length) return;
    if (need > this.limit) this.#refuse(need);
    const grown = new Uint8Array(Math.min(this.limit, Math.max(need, 2 * this.bytes.length, 65536)));
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
  }

  /** The bytes written. */
  finish(): Uint8Array<ArrayBuffer> {
    return this.length === this.bytes.length ? this.bytes : this.bytes.slice(0, this.length);
  }

  #refuse(size: number): never {
    if (this.exact) {
      throw corrupt(this.file, 0, "there are more data than the file states", {
        expected: `${this.limit} bytes`,
        got: `${size} bytes or more`,
      });
    }
    throw new LimitError({
      where: showFile(this.file),
      problem: "the file grows beyond the limit when decompressed",
      expected: `at most ${this.limit} bytes`,
      got: `${size} bytes or more`,
      try: "pass larger maxBytes and maxRatio if the file is trusted",
      details: { format: this.file.format, path: this.file.name, limit: this.limit },
    });
  }
}

/** Bits of a byte array, least significant first. Reads zeros for a few bytes past the end, then refuses. */
class BitSource {
  readonly bytes: Uint8Array;
  readonly file: FileLabel;
  /** The next byte to load; the last `count` bits before it are in `hold`. */
  next: number;
  hold = 0;
  count = 0;

  constructor(bytes: Uint8Array, from: number, file: FileLabel) {
    this.bytes = bytes;
    this.next = from;
    this.file = file;
  }

  /** Loads until at least 25 bits are held. */
  fill(): void {
    while (this.count <= 24) {
      if (this.next >= this.bytes.length + 4) throw this.ended();
      this.hold |= (this.bytes[this.next++] ?? 0) << this.count;
      this.count += 8;
    }
  }

  take(bits: number): number {
    this.fill();
    const value = this.hold & ((1 << bits) - 1);
    this.hold >>>= bits;
    this.count -= bits;
    return value;
  }

  /** The offset of the first byte of which no bit was used; drops the rest of the current byte. */
  byteOffset(): number {
    const offset = this.next - (this.count >> 3);
    if (offset > this.bytes.length) throw this.ended();
    this.next = offset;
    this.hold = 0;
    this.count = 0;
    return offset;
  }

  corrupt(problem: string) {
    return corrupt(this.file, Math.min(this.next, this.bytes.length), problem);
  }

  ended() {
    return this.corrupt("the compressed data end early");
  }
}

/** A canonical prefix code: a table for short codes, counts and symbols by length for the others. */
interface PrefixCode {
  /** `symbol << 4 | length` at each value of the next FAST_BITS bits; 0 where the code is longer or none. */
  readonly fast: Uint16Array;
  readonly counts: Uint16Array;
  readonly symbols: Uint16Array;
}

/** Builds the code with these lengths, or undefined where they make no valid code. */
function prefixCode(lengths: Uint8Array, mayBeIncomplete: boolean): PrefixCode | undefined {
  const counts = new Uint16Array(16);
  for (const n of lengths) counts[n]!++;
  const used = lengths.length - counts[0]!;
  counts[0] = 0;
  let left = 1;
  for (let n = 1; n <= 15; n++) {
    left = 2 * left - counts[n]!;
    if (left < 0) return undefined;
  }
  // A code of one symbol, or of none, cannot be complete; RFC 1951 §3.2.7 allows both for distances.
  if (left > 0 && !(mayBeIncomplete && used === counts[1] && used <= 1)) return undefined;

  const index = new Uint16Array(16);
  const code = new Uint16Array(16);
  for (let n = 1; n < 15; n++) {
    index[n + 1] = index[n]! + counts[n]!;
    code[n + 1] = (code[n]! + counts[n]!) << 1;
  }
  const symbols = new Uint16Array(used);
  const fast = new Uint16Array(1 << FAST_BITS);
  for (let symbol = 0; symbol < lengths.length; symbol++) {
    const n = lengths[symbol]!;
    if (n === 0) continue;
    symbols[index[n]!++] = symbol;
    const value = code[n]!++;
    if (n > FAST_BITS) continue;
    for (let at = reverse(value, n); at < fast.length; at += 1 << n) fast[at] = (symbol << 4) | n;
  }
  return { fast, counts, symbols };
}

function reverse(value: number, bits: number): number {
  let out = 0;
  for (let i = 0; i < bits; i++) out |= ((value >> i) & 1) << (bits - 1 - i);
  return out;
}

/** Decodes a code that is not in the fast table, bit by bit. `symbol << 4 | length`, or 0 where there is none. */
function decodeLong(code: PrefixCode, hold: number): number {
  let value = 0;
  let first = 0;
  let index = 0;
  for (let n = 1; n <= 15; n++) {
    value |= (hold >>> (n - 1)) & 1;
    const count = code.counts[n]!;
    if (value - count < first) return (code.symbols[index + value - first]! << 4) | n;
    index += count;
    first = (first + count) << 1;
    value <<= 1;
  }
  return 0;
}

let fixed: { literal: PrefixCode; distance: PrefixCode } | undefined;

/** The codes of block type 1. */
function fixedCodes(): { literal: PrefixCode; distance: PrefixCode } {
  if (fixed === undefined) {
    const lengths = new Uint8Array(288).fill(8);
    lengths.fill(9, 144, 256).fill(7, 256, 280);
    fixed = {
      literal: prefixCode(lengths, false)!,
      distance: prefixCode(new Uint8Array(32).fill(5), false)!,
    };
  }
  return fixed;
}

/** Reads the two codes of a block of type 2 (RFC 1951 §3.2.7). */
function dynamicCodes(source: BitSource): { literal: PrefixCode; distance: PrefixCode } {
  const literals = source.take(5) + 257;
  const distances = source.take(5) + 1;
  const given = source.take(4) + 4;
  const orders = new Uint8Array(19);
  for (let i = 0; i < given; i++) orders[lengthOrder[i]!] = source.take(3);
  const meta = prefixCode(orders, false);
  if (meta === undefined || literals > 286 || distances > 30)
    throw source.corrupt("a block has an invalid code table");

  const lengths = new Uint8Array(literals + distances);
  for (let i = 0; i < lengths.length; ) {
    source.fill();
    const entry = meta.fast[source.hold & (meta.fast.length - 1)]!;
    source.take(entry & 15);
    const symbol = entry >> 4;
    if (symbol < 16) {
      lengths[i++] = symbol;
      continue;
    }
    if (symbol === 16 && i === 0) throw source.corrupt("a block has an invalid code table");
    const value = symbol === 16 ? lengths[i - 1]! : 0;
    const repeat =
      symbol === 16 ? 3 + source.take(2) : symbol === 17 ? 3 + source.take(3) : 11 + source.take(7);
    if (i + repeat > lengths.length) throw source.corrupt("a block has an invalid code table");
    lengths.fill(value, i, (i += repeat));
  }
  const literal = prefixCode(lengths.subarray(0, literals), true);
  const distance = prefixCode(lengths.subarray(literals), true);
  if (literal === undefined || distance === undefined || lengths[256] === 0) {
    throw source.corrupt("a block has an invalid code table");
  }
  return { literal, distance };
}

/** Copies a block of type 0. */
function storedBlock(source: BitSource, output: BoundedOutput): void {
  const at = source.byteOffset();
  const { bytes } = source;
  if (at + 4 > bytes.length) throw source.ended();
  const length = bytes[at]! | (bytes[at + 1]! << 8);
  if (length !== (~(bytes[at + 2]! | (bytes[at + 3]! << 8)) & 0xffff)) {
    throw source.corrupt("a stored block states two different lengths");
  }
  const end = at + 4 + length;
  if (end > bytes.length) throw source.ended();
  output.reserve(length);
  output.bytes.set(bytes.subarray(at + 4, end), output.length);
  output.length += length;
  source.next = end;
}

/** Decodes a compressed block. One loop over local variables: this is where the time goes. */
function compressedBlock(
  source: BitSource,
  { literal, distance }: { literal: PrefixCode; distance: PrefixCode },
  output: BoundedOutput,
  start: number,
): void {
  const { bytes } = source;
  const limit = bytes.length + 4;
  const mask = (1 << FAST_BITS) - 1;
  let { next, hold, count } = source;
  let out = output.bytes;
  let n = output.length;
  for (;;) {
    while (count <= 24) {
      if (next >= limit) throw source.ended();
      hold |= (bytes[next++] ?? 0) << count;
      count += 8;
    }
    const entry = literal.fast[hold & mask]! || decodeLong(literal, hold);
    if (entry === 0) throw source.corrupt("a code that stands for nothing");
    hold >>>= entry & 15;
    count -= entry & 15;
    const symbol = entry >> 4;
    if (symbol < 256) {
      if (n === out.length) {
        output.length = n;
        output.reserve(1);
        out = output.bytes;
      }
      out[n++] = symbol;
      continue;
    }
    if (symbol === 256) break;
    if (symbol > 285) throw source.corrupt("a length code that stands for nothing");

    let extra = lengthBits[symbol - 257]!;
    const length = lengthBase[symbol - 257]! + (hold & ((1 << extra) - 1));
    hold >>>= extra;
    count -= extra;
    while (count <= 24) {
      if (next >= limit) throw source.ended();
      hold |= (bytes[next++] ?? 0) << count;
      count += 8;
    }
    const far = distance.fast[hold & mask]! || decodeLong(distance, hold);
    if (far === 0 || far >> 4 > 29) throw source.corrupt("a distance code that stands for nothing");
    hold >>>= far & 15;
    count -= far & 15;
    extra = distanceBits[far >> 4]!;
    while (count < extra) {
      if (next >= limit) throw source.ended();
      hold |= (bytes[next++] ?? 0) << count;
      count += 8;
    }
    const from = n - distanceBase[far >> 4]! - (hold & ((1 << extra) - 1));
    hold >>>= extra;
    count -= extra;
    if (from < start) throw source.corrupt("a distance that points before the start");
    if (n + length > out.length) {
      output.length = n;
      output.reserve(length);
      out = output.bytes;
    }
    for (let i = from, end = from + length; i < end; i++) out[n++] = out[i]!;
  }
  output.length = n;
  source.next = next;
  source.hold = hold;
  source.count = count;
}

/**
 * Decodes the deflate stream that starts at `bytes[from]`, appends to `output`, and gives the offset of the first byte
 * after the stream. Stops after each block. FormatError for damage, LimitError where the output would pass its limit.
 */
export function* inflateBlocks(
  bytes: Uint8Array,
  from: number,
  output: BoundedOutput,
  file: FileLabel,
): Generator<void, number> {
  const source = new BitSource(bytes, from, file);
  const start = output.length;
  for (let last = 0; last === 0; ) {
    last = source.take(1);
    const type = source.take(2);
    if (type === 0) storedBlock(source, output);
    else if (type === 1) compressedBlock(source, fixedCodes(), output, start);
    else if (type === 2) compressedBlock(source, dynamicCodes(source), output, start);
    else throw source.corrupt("a block of unknown type");
    yield;
  }
  return source.byteOffset();
}
