/** 16-bit floats: IEEE 754 binary16 (`F16`) and bfloat16 (the upper half of a float32). */

const word = new Uint32Array(1);
const float = new Float32Array(word.buffer);

/** The number that the 16 bits of an IEEE 754 half stand for. */
export function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/** The IEEE 754 half next to `value` (ties to even), as 16 bits. */
export function toHalf(value: number): number {
  if (Number.isNaN(value)) return 0x7e00;
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  // 65520 lies halfway between the largest half and the next power of two.
  if (size >= 65520) return sign | 0x7c00;
  const exponent = Math.max(Math.floor(Math.log2(size)), -14);
  // A fraction that rounds up to 2048 carries into the exponent by itself.
  const fraction = roundEven(size * 2 ** (10 - exponent));
  return sign | (fraction + (exponent + 14) * 1024);
}

function roundEven(x: number): number {
  const down = Math.floor(x);
  const rest = x - down;
  return rest > 0.5 || (rest === 0.5 && down % 2 === 1) ? down + 1 : down;
}

/** The number that the 16 bits of a bfloat16 stand for. */
export function fromBfloat(bits: number): number {
  word[0] = bits << 16;
  return float[0]!;
}

/** The bfloat16 next to `value` as a float32 (ties to even), as 16 bits. */
export function toBfloat(value: number): number {
  float[0] = value;
  const bits = word[0]!;
  if (Number.isNaN(value)) return (bits >>> 16) | 0x40;
  return (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;
}
