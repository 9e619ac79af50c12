/** @file score.json: what a study concluded, from which runs (docs/formats.md, Score card). */
import type { Evaluation, ScoreRow, Study, StudySize } from "./study.ts";

export const SCORE_SCHEMA = "crh-lab/score@1";

/** A run of a study as it was found. */
export interface ScoredRun {
  readonly label: string;
  readonly setting: string;
  readonly seed: number;
  /** What makes it, as it would be typed. */
  readonly command: string;
  /** Name of its folder; null where it could not be finished. */
  readonly id: string | null;
  /** The program that trained it, where the run was made of captures. */
  readonly captured?: string;
  /** Why it is missing. */
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

/** Same runs, same record: it holds no times. */
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
