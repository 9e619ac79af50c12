/**
 * @file How much information each dimension of a variational autoencoder's code carries about its input (docs/theory.md
 * Eq. 121).
 */

/**
 * KL(N(m_j, v_j), N(0, 1)) of each dimension j, mean over samples   (theory.md Eq. 121).
 *
 * @param mean (n, latent) means of the code, row by row
 * @param logVariance (n, latent) logarithms of its variances
 * @returns (latent) nats; 0 where the code equals the prior for every input
 * @throws RangeError unless both hold rows of that many dimensions
 */
export function codeDivergence(mean: ArrayLike<number>, logVariance: ArrayLike<number>, latent: number): Float64Array {
  const n = mean.length / latent;
  if (mean.length !== logVariance.length || !Number.isInteger(n) || n < 1)
    throw new RangeError(
      `codeDivergence: expected rows of ${latent} means and as many log-variances, got ${mean.length} and ${logVariance.length}`,
    );
  const nats = new Float64Array(latent);
  for (let i = 0; i < mean.length; i++) {
    const [m, logV] = [mean[i]!, logVariance[i]!];
    nats[i % latent]! += (Math.exp(logV) + m * m - 1 - logV) / (2 * n);
  }
  return nats;
}
