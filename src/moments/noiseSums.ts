/**
 * @file Sums of squared gradients of weights over examples, E[G_U^T G_U] and E[G_W G_W^T] on the values shared by two
 * neighbouring maps (theory.md Eq. 122), and how they merge. The noise balance is measured from them.
 *
 * An example is one entry of the batch's first axis; its gradient G = sum over its rows of g_b h_a^T, with one row
 * |g_b|^2 h_a h_a^T and |h_a|^2 g_b g_b^T.
 */

/**
 * Values of a side in blocks of `width`, each with its own sum: the heads of an attention layer, or one block.
 */
export interface NoiseBlocks {
  readonly width: number;
  /**
   * Number of values of the side per shared value: positions of a kernel (inner), or of a flattened image. The side's
   * index of shared value c is (o * channels + c) * inner + i.
   */
  readonly inner: number;
  readonly outer: number;
  /** (blocks, width, width), each exactly symmetric */
  readonly sum: Float64Array;
}

export interface NoiseSums {
  /** Number of examples in the sums. */
  examples: number;
  /** Number of losses per example: 1, or its tokens, whose mean is its loss. */
  losses: number;
  /** sum G^T G: the gradients of the outgoing weights of h_a's values. */
  a?: NoiseBlocks;
  /**
   * sum G G^T, the bias's gradient as a further column of G where the map has a bias: the incoming weights of h_b's
   * values.
   */
  b?: NoiseBlocks;
}

/** Empty sums of the same form as the given ones. */
export function emptyNoise({ losses, a, b }: NoiseSums): NoiseSums {
  const empty = (blocks: NoiseBlocks): NoiseBlocks => ({ ...blocks, sum: new Float64Array(blocks.sum.length) });
  return { examples: 0, losses, ...(a && { a: empty(a) }), ...(b && { b: empty(b) }) };
}

/** @throws RangeError if the two have different blocks, or examples of different length */
export function mergeNoise(x: NoiseSums, y: NoiseSums): NoiseSums {
  if (x.losses !== y.losses)
    throw new RangeError(
      `mergeMoments: expected examples of one number of losses, got ${x.losses} and ${y.losses}; merge shards of one capture`,
    );
  const merged: NoiseSums = { examples: x.examples + y.examples, losses: x.losses };
  for (const side of ["a", "b"] as const) {
    const [u, v] = [x[side], y[side]];
    if (u === undefined || v === undefined) continue;
    if (u.width !== v.width || u.inner !== v.inner || u.sum.length !== v.sum.length)
      throw new RangeError(
        "mergeMoments: expected noise of the same blocks, got two kinds; merge shards of one capture",
      );
    merged[side] = { ...u, sum: u.sum.map((value, i) => value + v.sum[i]!) };
  }
  return merged;
}
