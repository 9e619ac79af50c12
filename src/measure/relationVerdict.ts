/**
 * @file Whether one relation of a layer holds (theory.md Eq. 52): it has to be strong, stronger than chance and stronger than it was
 * at initialisation. The thresholds are chosen here; the paper judges its figures by eye.
 */
import type { AlignmentValue } from "./relations.ts";

export type Verdict = "holds" | "fails" | "unclear" | "unknown";

export interface JudgedRelation {
  /** The smaller of alignment and cosine: A ∝ B makes both 1. Null where there is none. */
  strength: number | null;
  /** What chance would give (theory.md Eq. 13). */
  chance: number;
  /** Strength at initialisation, where known. */
  initial: number | null;
  /** Split-half noise of the strength; 0 where it is not known. */
  noise: number;
  verdict: Verdict;
}

/** chosen: the paper calls relations of 0.9 and more strong. */
const strong = 0.9;

/** chosen: no relation has to be stronger than this, so that multiples of the identity count, which chance alone aligns. */
const enough = 0.93;

/** chosen: a relation below this, and not halfway from chance to 1, fails. Between the two it is unclear. */
const weak = 0.85;

/** chosen: by how much stronger than at initialisation, or by half of what was missing to 1, but by no less than the second number. */
const rise = { wanted: 0.05, least: 0.005 };

/**
 * @param value   alignment, cosine, null and noise of the relation
 * @param initial strength at initialisation: the smaller of alignment and cosine; null where not known
 * @param chance  strength of unrelated matrices; the null of the relation (theory.md Eq. 13) where no better one is given
 */
export function judgeRelation(
  value: AlignmentValue,
  initial: number | null,
  chance = Math.max(0, value.null ?? 0),
): JudgedRelation {
  const noise = value.noise ?? 0;
  if (value.value === null || value.cosine === null)
    return { strength: null, chance, initial, noise, verdict: "unknown" };
  const strength = Math.min(value.value, value.cosine);
  const halfway = (1 + chance) / 2;
  const needed = Math.max(strong, Math.min(enough, halfway));
  const risen =
    initial === null || strength - initial >= Math.max(rise.least, Math.min(rise.wanted, (1 - initial) / 2));
  const verdict =
    strength - noise >= needed && risen ? "holds" : strength + noise < Math.min(weak, halfway) ? "fails" : "unclear";
  return { strength, chance, initial, noise, verdict };
}
