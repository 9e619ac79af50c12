/**
 * @file From a seed, or from a stream and a label, to the 128 bits that start a generator.
 *
 * splitmix64 as published by Vigna (https://prng.di.unimi.it/splitmix64.c), the seeding its author recommends for the
 * xoshiro family; labels are hashed by 64-bit FNV-1a. BigInt arithmetic: fine once per stream, never inside a loop of
 * draws.
 */

const mask = 0xffff_ffff_ffff_ffffn;

/** Output function of splitmix64: a bijection of 64-bit words whose every output bit depends on every input bit. */
function mix(word: bigint): bigint {
  let z = word & mask;
  z = ((z ^ (z >> 30n)) * 0xbf58_476d_1ce4_e5b9n) & mask;
  z = ((z ^ (z >> 27n)) * 0x94d0_49bb_1331_11ebn) & mask;
  return z ^ (z >> 31n);
}

/** The first `count` 64-bit outputs of splitmix64 started at `seed` (taken modulo 2^64). */
export function splitmix64(seed: bigint, count: number): bigint[] {
  return Array.from({ length: count }, (_, k) => mix(seed + BigInt(k + 1) * 0x9e37_79b9_7f4a_7c15n));
}

/** 64-bit FNV-1a hash of the UTF-8 bytes of a text. */
export function fnv1a64(text: string): bigint {
  let hash = 0xcbf2_9ce4_8422_2325n;
  for (const byte of new TextEncoder().encode(text)) hash = ((hash ^ BigInt(byte)) * 0x100_0000_01b3n) & mask;
  return hash;
}

/**
 * Four 32-bit words that start a generator, from a whole number.
 *
 * @param seed any safe integer or bigint, taken modulo 2^64
 * @returns (4) words: two outputs of splitmix64, low half first (as `seed_from_u64` of Rust's rand_xoshiro lays them
 *   out)
 * @throws TypeError if seed is not a whole number that a double holds exactly
 */
export function wordsFromSeed(seed: number | bigint): Uint32Array {
  if (typeof seed === "number" && !Number.isSafeInteger(seed))
    throw new TypeError(`Random: expected a whole number as seed, got ${seed}; pass an integer or a bigint`);
  const [low, high] = splitmix64(BigInt(seed), 2) as [bigint, bigint];
  return toWords(low, high);
}

/** Four words for the child `label` of the stream that `key` (4 words) started; a pure function of both. */
export function wordsFromLabel(key: Uint32Array, label: string): Uint32Array {
  const hash = fnv1a64(label);
  const first = BigInt(key[0]!) | (BigInt(key[1]!) << 32n);
  const second = BigInt(key[2]!) | (BigInt(key[3]!) << 32n);
  const low = mix(mix(first ^ hash) + second);
  const high = mix(mix(second + hash) ^ low);
  return toWords(low, high);
}

function toWords(low: bigint, high: bigint): Uint32Array {
  // The all-zero state is the one fixed point of the generator: replace it (it has probability 2^-128).
  const first = low === 0n && high === 0n ? 1n : low;
  return Uint32Array.from([first, first >> 32n, high, high >> 32n], (word) => Number(word & 0xffff_ffffn));
}
