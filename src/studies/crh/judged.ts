/**
 * @file Rows of a score card from claims about single runs. Each run is judged as in reports (`findings/claims`), and
 * the row counts the verdicts.
 */
import type { Tested } from "../../findings/claims/claim.ts";
import { type Reading, readingOf } from "../../findings/claims/reading.ts";
import { withVerdict } from "../../findings/claims/verdict.ts";
import { counted } from "../../findings/numbers.ts";
import type { ScoreRow, StudiedRun } from "../study.ts";

/** A run, read once for all claims about it. */
export interface ReadRun {
  readonly run: StudiedRun;
  readonly reading: Reading;
}

/** Runs that measured something, by seed. */
export function readRuns(runs: readonly StudiedRun[]): ReadRun[] {
  return runs
    .toSorted((x, y) => x.seed - y.seed)
    .flatMap((run) => {
      const { parameters, smaller = [] } = run;
      const steps = parameters.steps as number;
      const snapshots = run.snapshots();
      const config = { ...parameters, smaller };
      const reading = readingOf({ snapshots, metrics: run.metrics(), config, step: steps, steps });
      return reading === undefined ? [] : [{ run, reading }];
    });
}

/** The name of a row, and its statement if no run can answer. */
export type Asked = Pick<ScoreRow, "figure" | "name" | "statement">;

/** One claim over runs: their verdict if all agree, otherwise undecided. */
export function judged(
  asked: Asked,
  runs: readonly ReadRun[],
  claim: (reading: Reading) => Tested | undefined,
): ScoreRow {
  const found = runs.flatMap(({ reading }) => {
    const tested = claim(reading);
    return tested === undefined ? [] : [withVerdict(tested, reading.data)];
  });
  const [first] = found;
  const count = found.length;
  const holding = found.filter(({ verdict }) => verdict === "holds").length;
  const number = `${holding} of ${counted(count, "run")}`;
  const shared = { interval: null, count, number, limit: "every run", value: count === 0 ? null : holding / count };
  if (first === undefined)
    return {
      ...{ ...asked, ...shared, measured: "a claim about single runs", threshold: "in every run" },
      ...{ verdict: "undecided", numbers: "no number", because: "no run gave the number" },
    };
  const { measured, threshold, numbers, because, statement } = first;
  const row = { ...asked, statement, ...shared, measured, threshold: `in every run: ${threshold}` };
  const words = `${number}; ${count > 1 ? "the first: " : ""}${numbers}`;
  if (found.every(({ verdict }) => verdict === first.verdict))
    return { ...row, numbers: words, verdict: first.verdict, ...(because !== undefined && { because }) };
  return { ...row, numbers: words, verdict: "undecided", because: `the seeds disagree: it holds in ${number}` };
}
