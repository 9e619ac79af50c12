/**
 * @file Which modes a linear variational autoencoder keeps, and which collapse onto the prior (docs/theory.md Eq. 110).
 *
 * Encoder z = w x + sigma_z noise, decoder u z, per eigenvector of E[x x^T]; the loss is
 * E|u z - x|^2 / (2 eta^2) + beta KL(q(z|x), N(0, 1)), with the width of the code at least the number of modes kept.
 */
import { checkNotNegative, checkPositive } from "./checks.ts";

export interface LinearVaeOptions {
  /** Weight of the KL term. */
  readonly beta: number;
  /** eta^2, variance of the decoder's Gaussian. */
  readonly decoderVariance: number;
}

export interface VaeMode {
  /** lambda, eigenvalue of E[x x^T]. */
  readonly eigenvalue: number;
  /** lambda > beta eta^2. */
  readonly kept: boolean;
  /** w, up to the sign that it shares with the decoder. */
  readonly encoder: number;
  /** u >= 0. */
  readonly decoder: number;
  /** sigma_z^2 of the code given the input; 1, the prior's, for a collapsed mode. */
  readonly codeVariance: number;
}

export interface LinearVae {
  /** In the order of the eigenvalues. */
  readonly modes: readonly VaeMode[];
  readonly kept: number;
  /** Smallest beta at which every mode collapses, lambda_max / eta^2. */
  readonly criticalBeta: number;
}

/**
 * Global minimum of a linear variational autoencoder   (theory.md Eq. 110).
 *
 *     u^2 = max(0, lambda - beta eta^2),   w = u / (u^2 + beta eta^2),   sigma_z^2 = beta / (beta + u^2 / eta^2)
 *
 * @param eigenvalues (d) of E[x x^T], in the units of the inputs squared
 * @throws RangeError unless beta and decoderVariance are above 0 and all eigenvalues at least 0
 */
export function linearVae(eigenvalues: ArrayLike<number>, options: LinearVaeOptions): LinearVae {
  const { beta, decoderVariance } = options;
  checkPositive("linearVae", "beta", beta, "it is the weight of the KL term");
  checkPositive("linearVae", "decoderVariance", decoderVariance, "it is the variance of the decoder's Gaussian");
  const modes = Array.from(eigenvalues, (eigenvalue) => {
    checkNotNegative("linearVae", "an eigenvalue", eigenvalue, "take those of E[x x^T]");
    return vaeMode(eigenvalue, beta * decoderVariance);
  });
  const largest = Math.max(0, ...modes.map((mode) => mode.eigenvalue));
  return { modes, kept: modes.filter(({ kept }) => kept).length, criticalBeta: largest / decoderVariance };
}

/** @param threshold beta eta^2 */
function vaeMode(eigenvalue: number, threshold: number): VaeMode {
  const kept = eigenvalue > threshold;
  if (!kept) return { eigenvalue, kept, encoder: 0, decoder: 0, codeVariance: 1 };
  const decoder = Math.sqrt(eigenvalue - threshold);
  // u^2 + beta eta^2 = lambda
  return { eigenvalue, kept, encoder: decoder / eigenvalue, decoder, codeVariance: threshold / eigenvalue };
}
