/**
 * @file Which modes a small linear map keeps under SimCLR's loss with weight decay (docs/theory.md Eq. 111).
 *
 * z = W x, InfoNCE with inner products over a temperature, expanded to fourth order in W. The result is exact for that
 * expansion only: with cosine similarity the loss does not depend on scale, and no mode has a threshold.
 */
import { checkNotNegative, checkPositive } from "./checks.ts";

/** A common eigenvector of signal and augmentations. */
export interface PairMode {
  /** a, variance that the two views of a sample share. */
  readonly signal: number;
  /** c, variance that augmentations add to each view. */
  readonly augmentation: number;
}

export interface LinearSimclrOptions {
  /** gamma of a penalty gamma |W|^2. */
  readonly penalty: number;
  readonly temperature?: number;
}

export interface SimclrMode {
  /** q = |w|^2, squared norm of the map's column for this mode. */
  readonly squaredNorm: number;
  readonly kept: boolean;
  /** Smallest penalty at which the mode collapses, a / temperature. */
  readonly critical: number;
}

/**
 * Minimum of -a q / tau + (s q / tau)^2 / 2 + gamma q over q = |w|^2 >= 0 with s = a + c, per mode (theory.md Eq. 111).
 *
 *     q = max(0, (a / tau - gamma) tau^2 / s^2)
 *
 * @returns in the order of the modes. A mode collapses iff a <= gamma tau, however strong its augmentation is
 * @throws RangeError unless signal and augmentation are at least 0 and not both 0, penalty >= 0 and temperature > 0
 */
export function linearSimclr(modes: readonly PairMode[], options: LinearSimclrOptions): SimclrMode[] {
  const { penalty, temperature = 1 } = options;
  checkNotNegative("linearSimclr", "penalty", penalty, "it is the factor of the penalty gamma |W|^2");
  checkPositive("linearSimclr", "temperature", temperature, "similarities are divided by it");
  return modes.map(({ signal, augmentation }) => {
    checkNotNegative("linearSimclr", "signal", signal, "it is a variance");
    checkNotNegative("linearSimclr", "augmentation", augmentation, "it is a variance");
    checkPositive("linearSimclr", "signal + augmentation", signal + augmentation, "leave out modes without variance");
    const critical = signal / temperature;
    const squaredNorm = Math.max(0, critical - penalty) * (temperature / (signal + augmentation)) ** 2;
    return { squaredNorm, kept: critical > penalty, critical };
  });
}
