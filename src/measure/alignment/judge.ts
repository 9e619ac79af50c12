/**
 * @file Whether one relation of a layer holds (theory.md Eq. 85): the one rule of terminal, report, explain, claims,
 * compare and phases.
 *
 * A relation must be strong, with a margin for its error and bias; stronger than unrelated matrices; and, where known,
 * stronger than before training. The thresholds are chosen here; the paper judges its figures by eye.
 */
import { mostChance } from "./alignmentNull.ts";
import type { AlignmentValue } from "./relations.ts";

/**
 * - formed: holds, and rose in training
 * - holds: holds, and values before training are not known
 * - kept: strong, but as strong before training: no evidence
 * - weakened: strong, but weaker than before training
 * - lost: strong before training, and no longer
 * - near: would be strong but for its error or its bias
 * - rising, falling, flat: above chance, too weak to hold; the word says how it changed since the start
 * - weak: above chance, too weak to hold; values before training are not known
 * - absent: not above chance
 * - by-chance: unrelated matrices of these spectra are nearly proportional too, so even a strong value says nothing
 * - dead: no gradient or no activation in the layer
 * - undefined: no value
 */
export const verdicts = [
  "formed",
  "holds",
  "kept",
  "weakened",
  "lost",
  "near",
  "rising",
  "falling",
  "flat",
  "weak",
  "absent",
  "by-chance",
  "dead",
  "undefined",
] as const;
export type Verdict = (typeof verdicts)[number];

/**
 * How strong a relation is, regardless of chance and start: proportional, far from it, or between; "unknown" without a
 * value.
 */
export type Level = "strong" | "between" | "weak" | "unknown";

export interface Judgement {
  verdict: Verdict;
  /** Whether the relation holds: formed, or holds where the start is not known. */
  holds: boolean;
  /** Strength regardless of chance and start. */
  level: Level;
  /** Whether the relation may hold within its error. */
  mayHold: boolean;
  /** The smaller of alignment and cosine, corrected for its bias: A ∝ B makes both 1. Null without a value. */
  strength: number | null;
  /** What unrelated matrices would show. */
  chance: number;
  /** Strength before training, where known. */
  start: number | null;
  /** Standard error of the strength; 0 where it is not known. */
  error: number;
  /** The strength needed to hold. */
  needed: number;
}

/** What is known of a relation besides its value. */
export interface Known {
  /** The same relation before training: as measured, or its strength. */
  start?: AlignmentValue | number | null | undefined;
  /** Replaces the null of the value; either is corrected for few samples. */
  chance?: number | undefined;
  /** Whether the layer is dead. */
  dead?: boolean | undefined;
}

/** chosen: the paper calls relations of 0.9 and more strong. */
export const strongFrom = 0.9;

/** chosen: no relation has to be stronger than this. */
const enough = 0.93;

/** chosen: a relation below this, and not halfway from chance to 1, is weak. */
const weakBelow = 0.85;

/**
 * chosen: the rise in training that is needed: the first number, or half of the distance to 1, but at least the second
 * number.
 */
const rise = { wanted: 0.05, least: 0.005 };

/** chosen: the least difference from chance that counts. */
const leastMargin = 0.1;

/**
 * chosen: standard errors that a relation must lie above the needed strength to hold, and that it may lie below to be
 * near.
 */
const errors = { holds: 1, may: 2 };

/** The rule in words, for everything that prints verdicts. */
export const ruleInWords =
  "a relation holds where alignment and cosine, less their bias and a standard error, are at least 0.9 and halfway from chance to 1 " +
  "(0.93 is enough); where chance is at most 0.9; and where it rose since the start by 0.05, or half of what was missing to 1, if " +
  "the start is known (Eq. 85; thresholds chosen, the paper has none)";

/** The smaller of alignment and cosine; null without a value. */
export function strengthOf({ value, cosine }: Pick<AlignmentValue, "value" | "cosine">): number | null {
  return value === null || cosine === null ? null : Math.min(value, cosine);
}

/** The strength minus its finite-sample bias, where that is known. */
export function unbiased(of: AlignmentValue): number | null {
  const plain = strengthOf(of);
  const bias = of.corrected == null || of.value === null ? 0 : of.corrected - of.value;
  return plain === null ? null : Math.min(1, plain + bias);
}

/**
 * The strength that unrelated matrices would show without the noise of few samples. This noise enlarges the norms in
 * the denominators of chance and of alignment alike, and makes both smaller.
 */
function unbiasedChance(chance: number, { value, corrected }: AlignmentValue): number {
  if (value === null || value <= 0 || corrected == null || corrected <= value) return chance;
  return Math.min(1, (chance * corrected) / value);
}

/** The strength a relation needs where unrelated matrices show `chance`. */
export function neededAbove(chance: number): number {
  return Math.max(strongFrom, Math.min(enough, (1 + chance) / 2));
}

/**
 * The verdict on one relation   (theory.md Eq. 85).
 *
 * @param value alignment, cosine, null, noise and corrected value of the relation, in one convention
 */
export function judge(value: AlignmentValue, known: Known = {}): Judgement {
  const chance = unbiasedChance(known.chance ?? Math.max(0, value.null ?? 0), value);
  const error = value.noise ?? 0;
  const needed = neededAbove(chance);
  const start = typeof known.start === "object" && known.start ? unbiased(known.start) : (known.start ?? null);
  const strength = unbiased(value);
  const about = { strength, chance, start, error, needed };
  const none = { holds: false, mayHold: false, level: "unknown" } as const;
  if (known.dead || value.status === "dead") return { ...about, ...none, verdict: "dead" };
  if (strength === null) return { ...about, ...none, verdict: "undefined" };
  const high = strength + errors.may * error;
  const level =
    strength - errors.holds * error >= needed
      ? "strong"
      : high < Math.min(weakBelow, (1 + chance) / 2)
        ? "weak"
        : "between";
  const verdict = chance > mostChance ? "by-chance" : verdictOf({ ...about, strength }, level);
  const mayHold = level !== "weak" && high >= needed;
  return { ...about, verdict, holds: verdict === "formed" || verdict === "holds", mayHold, level };
}

type Numbers = Omit<Judgement, "verdict" | "holds" | "mayHold" | "level"> & { strength: number };

function verdictOf({ strength, chance, start, error, needed }: Numbers, level: Level): Verdict {
  const change = start === null ? null : strength - start;
  const step = Math.max(rise.least, error, Math.min(rise.wanted, (1 - (start ?? 0)) / 2));
  if (level === "strong") {
    if (change === null) return "holds";
    return change >= step ? "formed" : change <= -rise.wanted ? "weakened" : "kept";
  }
  if (start !== null && start >= needed && start - strength >= Math.max(rise.least, error)) return "lost";
  if (strength + errors.may * error >= needed && (change === null || change >= step)) return "near";
  const margin = Math.max(leastMargin, errors.may * error);
  if (strength - chance < margin) return "absent";
  if (change === null) return "weak";
  return change >= margin ? "rising" : change <= -margin ? "falling" : "flat";
}
