/**
 * @file The two 16-bit float types, which JavaScript has no arrays for: IEEE 754 binary16 (float16: 1 sign, 5 exponent,
 * 10 fraction bits) and bfloat16 (the upper half of a float32). Values come as bit patterns; every one of them is exact
 * in float32.
 */

let table: Float32Array | undefined;

/** The value of a binary16 bit pattern. */
export function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/**
 * @param bits (n) bit patterns of binary16
 * @returns (n) the same values
 */
export function halfToFloat32(bits: Uint16Array): Float32Array<ArrayBuffer> {
  table ??= Float32Array.from({ length: 65_536 }, (_, pattern) => halfToNumber(pattern));
  const out = new Float32Array(bits.length);
  for (let i = 0; i < bits.length; i++) out[i] = table[bits[i]!]!;
  return out;
}

/**
 * @param bits (n) bit patterns of bfloat16
 * @returns (n) the same values
 */
export function bfloat16ToFloat32(bits: Uint16Array): Float32Array<ArrayBuffer> {
  const patterns = new Uint32Array(bits.length);
  for (let i = 0; i < bits.length; i++) patterns[i] = bits[i]! << 16;
  return new Float32Array(patterns.buffer);
}
