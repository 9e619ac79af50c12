/**
 * @file What the commands take after their names: the types of their options and the readers of single values.
 */
import { InvalidArgumentError } from "commander";
import type { Device } from "../engine/engine.ts";
import type { Cost } from "../measure/measured.ts";
import type { Beyond } from "../probe/probe.ts";
import type { Io } from "./io.ts";
import type { AnalysisOutputs } from "./presentAnalysis.ts";

export interface RunOptions {
  readonly seed?: number;
  readonly steps?: number;
  readonly every?: number | "log";
  /** Steps between evaluations beside the measurements. */
  readonly evaluateEvery?: number;
  readonly device: Device;
  readonly preset?: string;
  readonly threads?: number;
  readonly data?: string;
  /** Folder of the runs. */
  readonly out: string;
  /** Whether the report is shown in the browser. */
  readonly open?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly moments: "none" | "final" | "all";
  /** What every measurement holds; without it laws are measured at the last step alone. */
  readonly cost?: Cost;
  readonly checkpointEvery?: number;
  readonly checkpointMinutes?: number;
  /** The run may take more than an hour. */
  readonly yes?: boolean;
  /** How many checkpoints stay. */
  readonly keep?: number;
  /** By what the checkpoint that always stays is chosen. */
  readonly keepBest: "loss" | "accuracy" | "none";
  /** Places of held-out samples whose distances are followed. */
  readonly follow?: readonly number[];
  readonly followEvery?: number;
}

export interface ResumeOptions {
  /** Folder of the runs. */
  readonly in: string;
  /** Step of the checkpoint to go on from; the newest by default. */
  readonly from?: number;
  /** The run may take more than an hour. */
  readonly yes?: boolean;
  /** Folder of the data, where it is no longer where the run found it. */
  readonly data?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

export interface AnalyzeOptions extends AnalysisOutputs {
  /** Files, name=file for a model of several inputs, name=number; with @axis=K or @same behind a file (inputWords.ts). */
  readonly inputs: readonly string[];
  readonly targets?: string;
  /** File of the same model before training. */
  readonly initial?: string;
  /** One of `lossNames`, or "next-token=INPUT". */
  readonly loss?: string;
  /** Output of the model that holds its own per-sample losses. */
  readonly lossOutput?: string;
  /** Dropout and batch normalization in training form stay so. */
  readonly asExported?: boolean;
  /** Output of the model that the loss is taken of. */
  readonly output?: string;
  /** ["mean=0.4,0.5,0.6", "std=0.2,0.2,0.2"] */
  readonly normalize?: readonly string[];
  readonly pixels?: "unit" | "raw";
  readonly samples?: number;
  readonly batch?: number;
  /** Globs of layer names. */
  readonly layers?: readonly string[];
  /** Largest side measured. */
  readonly limit?: number;
  /** What becomes of larger ones. */
  readonly beyond: Beyond;
  /** Rows of each sample that are measured. */
  readonly positions?: number;
  readonly sampleSeed: number;
  /** "bytes" or a folder with GPT-2's files. */
  readonly tokenizer?: string;
  readonly context?: number;
  readonly device: Device;
  readonly threads?: number;
  readonly quiet?: boolean;
}

export interface IngestOptions extends AnalysisOutputs {
  /** Objective of raw captures, which do not say theirs. */
  readonly objective?: string;
}

/** The functions of the commands; a number they return is the exit code. */
export type RunCommand = (setting: string, assignments: string[], options: RunOptions, io: Io) => Promise<unknown>;
export type ResumeCommand = (run: string, options: ResumeOptions, io: Io) => Promise<unknown>;
export type IngestCommand = (files: string[], options: IngestOptions, io: Io) => Promise<unknown>;
export type AnalyzeCommand = (models: string[], options: AnalyzeOptions, io: Io) => Promise<unknown>;

/** chosen: more threads than any machine gains from; ten thousand take minutes to start. */
export const MOST_THREADS = 256;

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
