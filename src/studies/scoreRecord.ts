/** @file score.json: what a study concluded, and from which runs (docs/formats.md, Score card). */
import type { Evaluation, ScoreRow, Study, StudySize } from "./study.ts";

export const SCORE_SCHEMA = "crh-lab/score@1";

/** A run of a study. */
export interface ScoredRun {
  readonly label: string;
  readonly setting: string;
  readonly seed: number;
  /** The command that makes it. */
  readonly command: string;
  /** Name of its folder; null if it could not be finished. */
  readonly id: string | null;
  /** The program that trained it, if the run was made from captures. */
  readonly captured?: string;
  /** Why the run is missing. */
  readonly failure?: string;
}

export interface ScoreRecord {
  readonly schema: typeof SCORE_SCHEMA;
  readonly study: string;
  readonly title: string;
  readonly source: string;
  readonly statement: string;
  readonly size: StudySize;
  readonly claims: readonly ScoreRow[];
  readonly notes: readonly string[];
  /** Files beside this one, and what they show. */
  readonly figures: readonly { readonly name: string; readonly caption: string }[];
  readonly runs: readonly ScoredRun[];
}

/** The record of a study. It contains no times, so the same runs give the same record. */
export function scoreRecord(
  { name, title, source, statement }: Study,
  size: StudySize,
  { claims, notes, figures }: Evaluation,
  runs: readonly ScoredRun[],
): ScoreRecord {
  return {
    ...{ schema: SCORE_SCHEMA, study: name, title, source, statement, size, claims, notes },
    figures: figures.map((figure) => ({ name: figure.name, caption: figure.caption })),
    runs,
  };
}

/** "3 of 5 claims hold, 1 does not, 1 undecided". */
export function countWords(claims: readonly Pick<ScoreRow, "verdict">[]): string {
  const of = (verdict: ScoreRow["verdict"]) => claims.filter((claim) => claim.verdict === verdict).length;
  const holding = of("holds");
  const first =
    `${holding} of ${claims.length} ${claims.length === 1 ? "claim" : "claims"} ` +
    `${holding === 1 ? "holds" : "hold"}`;
  const against = of("does not hold");
  const others = [
    ...(against === 0 ? [] : [`${against} ${against === 1 ? "does" : "do"} not`]),
    ...(["not at this scale", "too early", "undecided"] as const).flatMap((verdict) =>
      of(verdict) === 0 ? [] : [`${of(verdict)} ${verdict}`],
    ),
  ];
  return [first, ...others].join(", ");
}
