/** @file What `crh analyze` and `crh ingest` are asked for, beside what a face shows of it. */
import type { Device } from "../../engine/engine.ts";
import type { Cost } from "../../measure/measured.ts";
import type { Beyond } from "../../probe/probeOptions.ts";
import type { Saving } from "./analysisFolder.ts";

export interface AnalysisOutputs extends Saving {
  /** File for the report. */
  readonly out?: string;
  /** File for the moments. */
  readonly moments?: string;
  readonly cost: Cost;
}

export interface AnalyzeOptions extends AnalysisOutputs {
  /**
   * Files, name=file for a model of several inputs, name=number; with @axis=K or @same behind a file (inputWords.ts).
   */
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
}

export interface IngestOptions extends AnalysisOutputs {
  /** Objective of raw captures, which do not say theirs. */
  readonly objective?: string;
  /** Whether captures are waited for that are yet to come into a folder. */
  readonly live?: boolean;
}
