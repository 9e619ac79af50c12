/**
 * @file Options of the commands: presentation, and parsers of single values.
 */
import { InvalidArgumentError } from "commander";
import type { AnalyzeOptions, IngestOptions } from "../runner/analysis/analyzeOptions.ts";
import { isLoss, lossNames } from "../runner/analysis/chosenLoss.ts";
import type { ResumeOptions, RunOptions } from "../runner/training/runOptions.ts";
import type { Io } from "./io.ts";

/** How a command presents its result. */
export interface Presentation {
  /** Whether to open the report in the browser. */
  readonly open?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** The functions of the commands; a returned number is the exit code. */
export type RunCommand = (
  setting: string,
  assignments: string[],
  options: RunOptions & Presentation,
  io: Io,
) => Promise<unknown>;
export type ResumeCommand = (run: string, options: ResumeOptions & Presentation, io: Io) => Promise<unknown>;
export type IngestCommand = (files: string[], options: IngestOptions & Presentation, io: Io) => Promise<unknown>;
export type AnalyzeCommand = (models: string[], options: AnalyzeOptions & Presentation, io: Io) => Promise<unknown>;

/** Parses an integer of at least `least`; "1e5" and "100_000" are accepted. */
export function wholeNumber(least: number, most = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = /^\d[\d_]*(e\d+)?$/i.test(text) ? Number(text.replaceAll("_", "")) : Number.NaN;
    if (!Number.isSafeInteger(value) || value < least)
      throw new InvalidArgumentError(`Expected a whole number of at least ${least}.`);
    if (value > most) throw new InvalidArgumentError(`Expected at most ${most}.`);
    return value;
  };
}

/** Parses indices of samples, from 0: "0,17,305"; at least two different ones. */
export function places(text: string): number[] {
  const values = text.split(",").map(wholeNumber(0));
  if (values.length < 2 || new Set(values).size < values.length)
    throw new InvalidArgumentError("Expected two or more different indices of samples, such as 0,17.");
  return values;
}

/** Parses a time in minutes, such as 10 or 0.5. */
export function minutes(text: string): number {
  const value = /^(\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : Number.NaN;
  if (!(value > 0 && value < Number.POSITIVE_INFINITY)) throw new InvalidArgumentError("Expected a number above 0.");
  return value;
}

/** Parses --every: an integer number of steps or "log". */
export function interval(text: string): number | "log" {
  if (text === "log") return text;
  try {
    return wholeNumber(1)(text);
  } catch {
    throw new InvalidArgumentError('Expected a whole number of at least 1 or "log".');
  }
}

/** Parses --loss. */
export function lossName(text: string): string {
  if (isLoss(text)) return text;
  throw new InvalidArgumentError(`Allowed choices are ${lossNames.join(", ")}.`);
}
