/** @file A sequence of tokens, in memory or in a file, from which training reads windows. */

export interface Tokens {
  readonly length: number;
  /** Tokens from..to-1. */
  read(from: number, to: number): ArrayLike<number>;
}

export function tokensInMemory(values: Uint16Array | Uint32Array | Int32Array): Tokens {
  return { length: values.length, read: (from, to) => values.subarray(from, to) };
}

/** Tokens from..to-1 of a sequence, as a sequence. */
export function sliceTokens(tokens: Tokens, from: number, to: number): Tokens {
  return { length: to - from, read: (first, last) => tokens.read(from + first, from + last) };
}
