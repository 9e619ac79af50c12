/** @file The one judge of all studies: turns numbers over seeds and a limit into a row of the score card. */
import { brief } from "../findings/numbers.ts";
import { overSeeds } from "./overSeeds.ts";
import type { ScoreRow } from "./study.ts";

export interface Question extends Pick<ScoreRow, "figure" | "name" | "statement" | "measured"> {
  /** One number per seed. */
  readonly values: readonly (number | null | undefined)[];
  readonly least?: number;
  readonly most?: number;
  /** The reason for this limit. */
  readonly why: string;
  /** What is smaller than in the paper, in words, if that may explain a failure. */
  readonly smaller?: string | undefined;
  /** Writes a number. Default: three digits. */
  readonly format?: (value: number) => string;
  /** Details of the number. */
  readonly beside?: string;
  /** Whether the number counts these very runs and so needs no interval. */
  readonly counted?: boolean;
}

/**
 * Judges one claim.
 *
 * With three seeds or more the claim holds if the whole 95 % interval of the mean satisfies the limit, fails if no part
 * of it does, and is undecided otherwise. With one or two seeds it holds or fails if all of them agree.
 */
export function scored(question: Question): ScoreRow {
  const {
    figure,
    name,
    statement,
    measured,
    values,
    least,
    most,
    why,
    smaller,
    format = brief,
    beside,
    counted,
  } = question;
  const { mean, interval: ofMean, count } = overSeeds(values);
  const interval = counted ? null : ofMean;
  const keeps = (value: number) => value >= (least ?? -Infinity) && value <= (most ?? Infinity);
  const own = values.filter((value): value is number => typeof value === "number" && Number.isFinite(value));
  const limit = limitWords(least, most, format);
  const number = numberWords(mean, interval, format);
  const runs = `${count} ${count === 1 ? "run" : "runs"}`;
  const shared = {
    ...{ figure, name, statement, measured, value: mean, interval, count, number, limit },
    threshold: `${limit}: ${why}`,
    numbers: [`${number}, ${runs}`, ...(beside === undefined ? [] : [beside])].join("; "),
  };
  if (mean === null) return { ...shared, verdict: "undecided", because: "no run gave the number" };
  const decided = counted
    ? keeps(mean)
    : interval === null
      ? agreement(own.map(keeps))
      : agreementOf(interval, keeps, least, most);
  if (decided === undefined)
    return {
      ...shared,
      verdict: "undecided",
      because: interval === null ? "the seeds disagree" : "the interval over seeds lies on both sides of the limit",
    };
  if (decided) return { ...shared, verdict: "holds" };
  if (smaller !== undefined) return { ...shared, verdict: "not at this scale", because: smaller };
  return { ...shared, verdict: "does not hold" };
}

function agreement(all: readonly boolean[]): boolean | undefined {
  return all.every((one) => one === all[0]) ? all[0] : undefined;
}

function agreementOf(
  [low, high]: readonly [number, number],
  keeps: (value: number) => boolean,
  least = -Infinity,
  most = Infinity,
): boolean | undefined {
  if (keeps(low) && keeps(high)) return true;
  return high < least || low > most ? false : undefined;
}

export function limitWords(
  least: number | undefined,
  most: number | undefined,
  format: (value: number) => string,
): string {
  if (least !== undefined && most !== undefined)
    return least === -most ? `within ${format(most)}` : `${format(least)} to ${format(most)}`;
  return least === undefined ? `at most ${format(most!)}` : `at least ${format(least)}`;
}

function numberWords(
  mean: number | null,
  interval: readonly [number, number] | null,
  format: (value: number) => string,
): string {
  if (mean === null) return "no number";
  return `${format(mean)}${interval === null ? "" : ` (${format(interval[0])} to ${format(interval[1])})`}`;
}

/** 0.034 as "3.4 %". */
export function percentOf(value: number): string {
  return `${brief(100 * value)} %`;
}
