/**
 * @file What the commands take after their names: what each shows of its work, and the readers of single values.
 */
import { InvalidArgumentError } from "commander";
import type { AnalyzeOptions, IngestOptions } from "../runner/analysis/analyzeOptions.ts";
import { isLoss, lossNames } from "../runner/analysis/chosenLoss.ts";
import type { ResumeOptions, RunOptions } from "../runner/training/runOptions.ts";
import type { Io } from "./io.ts";

/** What a command shows of what it did. */
export interface Presentation {
  /** Whether the report is shown in the browser. */
  readonly open?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** The functions of the commands; a number they return is the exit code. */
export type RunCommand = (
  setting: string,
  assignments: string[],
  options: RunOptions & Presentation,
  io: Io,
) => Promise<unknown>;
export type ResumeCommand = (run: string, options: ResumeOptions & Presentation, io: Io) => Promise<unknown>;
export type IngestCommand = (files: string[], options: IngestOptions & Presentation, io: Io) => Promise<unknown>;
export type AnalyzeCommand = (models: string[], options: AnalyzeOptions & Presentation, io: Io) => Promise<unknown>;

/** Reads a whole number from `least` on; "1e5" and "100_000" are fine. */
export function wholeNumber(least: number, most = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = /^\d[\d_]*(e\d+)?$/i.test(text) ? Number(text.replaceAll("_", "")) : Number.NaN;
    if (!Number.isSafeInteger(value) || value < least)
      throw new InvalidArgumentError(`Expected a whole number of at least ${least}.`);
    if (value > most) throw new InvalidArgumentError(`Expected at most ${most}.`);
    return value;
  };
}

/** Reads places of samples, from 0: "0,17,305"; at least two different ones. */
export function places(text: string): number[] {
  const values = text.split(",").map(wholeNumber(0));
  if (values.length < 2 || new Set(values).size < values.length)
    throw new InvalidArgumentError("Expected two different places of samples or more, such as 0,17.");
  return values;
}

/** Reads a time in minutes, such as 10 or 0.5. */
export function minutes(text: string): number {
  const value = /^(\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : Number.NaN;
  if (!(value > 0 && value < Number.POSITIVE_INFINITY)) throw new InvalidArgumentError("Expected a number above 0.");
  return value;
}

/** Reads --every: a whole number of steps or "log". */
export function interval(text: string): number | "log" {
  if (text === "log") return text;
  try {
    return wholeNumber(1)(text);
  } catch {
    throw new InvalidArgumentError('Expected a whole number of at least 1 or "log".');
  }
}

/** Reads --loss. */
export function lossName(text: string): string {
  if (isLoss(text)) return text;
  throw new InvalidArgumentError(`Allowed choices are ${lossNames.join(", ")}.`);
}
