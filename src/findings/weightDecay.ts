/**
 * @file The limits of large and small weight decay. Some statements of the paper hold at only one of the two (its Fig.
 * 8 and Eq. 10).
 */

/**
 * chosen: half a decade from the ends of the paper's sweep of fc2, 1e-6 to 1e-4 (its Fig. 4; Fig. 8 is of the same
 * experiment and gives no numbers). In the decade between the two, decay counts as neither.
 */
export const decayLimits = { small: 10 ** -5.5, large: 10 ** -4.5 } as const;

/** The source of these limits, as text. */
export const decayLimitWords = "within half a decade of an end of the paper's sweep, 1e-6 to 1e-4";

/** Whether the decay is small in the sense of the paper's Eq. 10. Without any decay, no relation is expected. */
export function isSmallDecay(decay: unknown): boolean {
  return typeof decay === "number" && decay > 0 && decay <= decayLimits.small;
}

/** Whether the decay is so large that all six relations are expected. */
export function isLargeDecay(decay: unknown): boolean {
  return typeof decay === "number" && decay >= decayLimits.large;
}
