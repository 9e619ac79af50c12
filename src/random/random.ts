/**
 * @file The seeded generator behind every random number of the project: xoshiro128** 1.1 (Blackman and Vigna,
 * https://prng.di.unimi.it/xoshiro128starstar.c), 32 bits a draw, period 2^128 - 1, no BigInt and no hidden cache.
 *
 * A stream is named by its seed and the labels on the way to it: `new Random(7).split("data")` is the same stream
 * however many numbers the parent has drawn, so a new consumer never shifts the numbers of another. Same seed, same
 * bytes on every engine whose Math.log and Math.exp agree (uniforms, integers and permutations use neither).
 */
import { wordsFromLabel, wordsFromSeed } from "./seeding.ts";
import { beyond, edge, inside, step } from "./ziggurat.ts";

const stateLength = 8;

export class Random {
  /** The generator's four words, signed because that is what JavaScript's bit operations yield. */
  #s: Int32Array;
  /** The words this stream started from; children are derived from them. */
  #key: Uint32Array;
  readonly #uniform = (): number => this.uniform();

  /**
   * @param seed any safe integer or bigint, modulo 2^64
   * @throws TypeError if seed is not a whole number
   */
  constructor(seed: number | bigint) {
    this.#key = wordsFromSeed(seed);
    this.#s = Int32Array.from(this.#key);
  }

  /** The next 32 bits, as an integer in [0, 2^32). */
  uint32(): number {
    const s = this.#s;
    const s1 = s[1]!;
    const r = Math.imul(s1, 5);
    const result = Math.imul((r << 7) | (r >>> 25), 9) >>> 0;
    s[2]! ^= s[0]!;
    s[3]! ^= s1;
    s[1]! ^= s[2]!;
    s[0]! ^= s[3]!;
    s[2]! ^= s1 << 9;
    s[3] = (s[3]! << 11) | (s[3]! >>> 21);
    return result;
  }

  /** A uniform number in [0, 1) with 53 random bits (two draws). */
  uniform(): number {
    const high = this.uint32() >>> 5;
    const low = this.uint32() >>> 6;
    return (high * 67_108_864 + low) / 9_007_199_254_740_992;
  }

  /** A whole number in [0, n), each equally likely. @throws RangeError unless n is a whole number from 1 to 2^32 */
  below(n: number): number {
    if (!Number.isInteger(n) || n < 1 || n > 2 ** 32)
      throw new RangeError(`below: expected a whole number from 1 to 2^32, got ${n}`);
    const bound = 2 ** 32 - (2 ** 32 % n); // draws from here on would favour small remainders
    let draw = this.uint32();
    while (draw >= bound) draw = this.uint32();
    return draw % n;
  }

  /** A standard normal number: ziggurat with a 53-bit position (two draws, more in 1.2 % of the cases). */
  normal(): number {
    for (;;) {
      const draw = this.uint32();
      const layer = draw & 255;
      const x = (((draw >>> 11) * 4_294_967_296 + this.uint32()) / 9_007_199_254_740_992) * edge[layer]!;
      const value = x < edge[layer + 1]! ? x : beyond(layer, x, this.#uniform);
      if (value >= 0) return (draw & 256) === 0 ? value : -value;
    }
  }

  /**
   * Fills an array with independent normal numbers of mean 0: the hot loop of online training.
   *
   * @param out float32 values, overwritten
   * @param sd  standard deviation
   *
   * One 32-bit draw a value: 8 bits choose the layer of the ziggurat, 1 the sign, 23 the position, so values lie on a
   * grid of about 2^-21 (symmetric about 0, which it leaves out). The generator runs in local variables; `beyond` takes
   * the rare cases.
   */
  fillNormal(out: Float32Array, sd = 1): void {
    const s = this.#s;
    const limits = inside;
    const steps = step;
    let s0 = s[0]!;
    let s1 = s[1]!;
    let s2 = s[2]!;
    let s3 = s[3]!;
    for (let i = 0; i < out.length; ) {
      const r = Math.imul(s1, 5);
      const draw = Math.imul((r << 7) | (r >>> 25), 9);
      const t = s1 << 9;
      s2 ^= s0;
      s3 ^= s1;
      s1 ^= s2;
      s0 ^= s3;
      s2 ^= t;
      s3 = (s3 << 11) | (s3 >>> 21);
      const layer = draw & 255;
      const position = draw >> 8; // signed, 24 bits: x = (position + 1/2) step
      const m = position ^ (position >> 31); // |x| = (m + 1/2) step
      if (m < limits[layer]!) {
        out[i++] = (position + 0.5) * steps[layer]! * sd;
        continue;
      }
      s[0] = s0;
      s[1] = s1;
      s[2] = s2;
      s[3] = s3;
      const value = beyond(layer, (m + 0.5) * steps[layer]!, this.#uniform);
      if (value >= 0) out[i++] = (position < 0 ? -value : value) * sd;
      s0 = s[0]!;
      s1 = s[1]!;
      s2 = s[2]!;
      s3 = s[3]!;
    }
    s[0] = s0;
    s[1] = s1;
    s[2] = s2;
    s[3] = s3;
  }

  /**
   * Fills `out` with uniform numbers between lo and hi, 24 random bits each (one draw); rounding to float32 may reach
   * hi.
   */
  fillUniform(out: Float32Array, lo = 0, hi = 1): void {
    const scale = (hi - lo) / 16_777_216;
    for (let i = 0; i < out.length; i++) out[i] = lo + (this.uint32() >>> 8) * scale;
  }

  /** The numbers 0 to n - 1 in random order, each order equally likely (Fisher and Yates). */
  permutation(n: number): Uint32Array {
    if (!Number.isInteger(n) || n < 0 || n > 2 ** 32 - 1)
      throw new RangeError(`permutation: expected a whole number from 0 to 2^32 - 1, got ${n}`);
    const order = new Uint32Array(n);
    for (let i = 0; i < n; i++) {
      const j = this.below(i + 1);
      order[i] = order[j]!;
      order[j] = i;
    }
    return order;
  }

  /**
   * An independent child stream. It depends on where this stream started and on the label alone, not on how much has
   * been drawn, and it leaves this stream where it is; the same label gives the same child.
   */
  split(label: string): Random {
    const words = wordsFromLabel(this.#key, label);
    return Random.#fromWords(words, words);
  }

  /** Everything the stream's future depends on: 8 words, the generator's four and the four it started from. A copy. */
  state(): Uint32Array {
    const state = new Uint32Array(stateLength);
    state.set(this.#s);
    state.set(this.#key, 4);
    return state;
  }

  /**
   * The stream that `state()` described, at the same place.
   * @throws RangeError unless there are 8 words, those of the generator not all zero
   */
  static fromState(state: ArrayLike<number>): Random {
    const words = Uint32Array.from(state);
    if (words.length !== stateLength || words.some((word, i) => word !== state[i]))
      throw new RangeError(
        `Random.fromState: expected ${stateLength} unsigned 32-bit words, got ${state.length} values`,
      );
    if (words.subarray(0, 4).every((word) => word === 0))
      throw new RangeError("Random.fromState: expected a generator state, got all zeros; the state was not saved");
    return Random.#fromWords(words.slice(0, 4), words.slice(4));
  }

  static #fromWords(s: Uint32Array, key: Uint32Array): Random {
    const random = new Random(0);
    random.#s = Int32Array.from(s);
    random.#key = key;
    return random;
  }
}
