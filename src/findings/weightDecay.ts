/**
 * @file What counts as large and as small weight decay: statements of the paper hold at one of the two alone (its Fig.
 * 8 and Eq. 10).
 */

/**
 * chosen: half a decade from the ends of the paper's sweep of fc2, 1e-6 to 1e-4 (its Fig. 4; Fig. 8 is of the same
 * experiment and names no numbers). Between the two, a decade wide, neither is said.
 */
export const decayLimits = { small: 10 ** -5.5, large: 10 ** -4.5 } as const;

/** Where those limits come from, in words. */
export const decayLimitWords = "within half a decade of an end of the paper's sweep, 1e-6 to 1e-4";

/** Whether the decay is as small as Eq. 10 of the paper has it; without any decay nothing is expected. */
export function isSmallDecay(decay: unknown): boolean {
  return typeof decay === "number" && decay > 0 && decay <= decayLimits.small;
}

/** Whether it is as large as where all six relations are expected. */
export function isLargeDecay(decay: unknown): boolean {
  return typeof decay === "number" && decay >= decayLimits.large;
}
