/** @file Options of `crh analyze` and `crh ingest`, without those of presentation. */
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
   * Files, name=file for a model of several inputs, or name=number; @axis=K or @same may follow a file (inputWords.ts).
   */
  readonly inputs: readonly string[];
  readonly targets?: string;
  /** File of the same model before training. */
  readonly initial?: string;
  /** One of `lossNames`, or "next-token=INPUT". */
  readonly loss?: string;
  /** Output of the model with per-sample losses. */
  readonly lossOutput?: string;
  /** Keep dropout and batch normalization in training form. */
  readonly asExported?: boolean;
  /** Output of the model that enters the loss. */
  readonly output?: string;
  /** ["mean=0.4,0.5,0.6", "std=0.2,0.2,0.2"] */
  readonly normalize?: readonly string[];
  readonly pixels?: "unit" | "raw";
  readonly samples?: number;
  readonly batch?: number;
  /** Globs of layer names. */
  readonly layers?: readonly string[];
  /** Largest size of a side that is measured. */
  readonly limit?: number;
  /** Treatment of larger sides. */
  readonly beyond: Beyond;
  /** Number of rows measured per sample. */
  readonly positions?: number;
  readonly sampleSeed: number;
  /** "bytes" or a folder with GPT-2's files. */
  readonly tokenizer?: string;
  readonly context?: number;
  readonly device: Device;
  readonly threads?: number;
}

export interface IngestOptions extends AnalysisOutputs {
  /** Objective of raw captures, which do not state it. */
  readonly objective?: string;
  /** Whether to wait for further captures in a folder. */
  readonly live?: boolean;
}
