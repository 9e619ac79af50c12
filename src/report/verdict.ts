/**
 * @file Whether a relation holds: one alignment judged against its null, its noise and its value at the start. A reading aid with
 * chosen thresholds, stated wherever it is used; the paper has none.
 */
import type { AlignmentValue } from "../measure/snapshot.ts";

/**
 * - formed: holds, and rose in training
 * - kept: holds, and did so from the start
 * - holds: holds, and there is no earlier measurement to compare with
 * - rising, falling, flat: above its null but too weak to hold
 * - weak: the same, and there is no earlier measurement to compare with
 * - absent: not above its null
 * - undefined: no value
 */
export type Verdict = "formed" | "kept" | "holds" | "rising" | "falling" | "flat" | "weak" | "absent" | "undefined";

/** chosen: an alignment this strong is read as "holds". The networks of arXiv 2410.03006 that satisfy the hypothesis lie above it. */
export const holdsFrom = 0.75;

/** chosen: the least difference that counts as one; three times the split-half noise where that is larger. */
export const leastMargin = 0.1;

/** @param first the same alignment at the first measurement, where that is another one */
export function judge(last: AlignmentValue, first?: AlignmentValue): Verdict {
  if (last.value === null) return "undefined";
  const margin = Math.max(leastMargin, 3 * (last.noise ?? 0));
  if (last.value - (last.null ?? 0) < margin) return "absent";
  const rise = first === undefined || first.value === null ? undefined : last.value - first.value;
  if (last.value >= holdsFrom) return rise === undefined ? "holds" : rise >= margin ? "formed" : "kept";
  if (rise === undefined) return "weak";
  return rise >= margin ? "rising" : rise <= -margin ? "falling" : "flat";
}

export function holds(verdict: Verdict): boolean {
  return verdict === "formed" || verdict === "kept" || verdict === "holds";
}
