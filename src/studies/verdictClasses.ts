/** @file The colours in which pages show verdicts on claims. */
import type { ScoreRow } from "./study.ts";

export const verdictClasses: Readonly<Record<ScoreRow["verdict"], string>> = {
  holds: "good",
  "does not hold": "bad",
  "not at this scale": "open",
  "too early": "open",
  undecided: "open",
};
