/**
 * @file The record of an analysis in its run folder (docs/formats.md, records/analysis.json): the models, their steps
 * and the data files. Times, versions and the command line are in run.json, as for any run.
 */

import { z } from "zod";
import { schemaFault } from "../formats/schemaFault.ts";

export const ANALYSIS_SCHEMA = "crh-lab/analysis@1";

/** Files have the names that the reader knows, without their folders. */
export interface AnalysisRecord {
  readonly schema: typeof ANALYSIS_SCHEMA;
  readonly title: string;
  /** Model files by ascending step; empty where captures were read. */
  readonly models: readonly { readonly file: string; readonly step: number }[];
  readonly inputs?: readonly string[];
  readonly targets?: readonly string[];
  /** The model before training, whose measurement is records/initial.json. */
  readonly initial?: string;
  readonly captures?: readonly string[];
  /** Samples that should have been measured, where the measurement was stopped early. */
  readonly plannedSamples?: number;
}

/** The `setting` in the run.json of an analysis. */
const KINDS = ["analyze", "ingest"] as const;
export type AnalysisKind = (typeof KINDS)[number];

/** Whether a run is an analysis, whose models were trained elsewhere. */
export function isAnalysisRun({ setting }: { readonly setting: string }): boolean {
  return (KINDS as readonly string[]).includes(setting);
}

const names = z.array(z.string());

const analysisRecord = z.looseObject({
  schema: z.literal(ANALYSIS_SCHEMA),
  title: z.string(),
  models: z.array(z.looseObject({ file: z.string(), step: z.int().min(0) })),
  inputs: names.exactOptional(),
  targets: names.exactOptional(),
  initial: z.string().exactOptional(),
  captures: names.exactOptional(),
  plannedSamples: z.int().min(0).exactOptional(),
});

/** @throws Error naming the file if it is not a record of an analysis */
export function checkedAnalysis(found: unknown, path: string): AnalysisRecord {
  const parsed = analysisRecord.safeParse(found);
  if (parsed.success) return parsed.data;
  const { place, fault } = schemaFault(parsed.error.issues);
  throw new Error(
    `runs: expected a record of schema ${ANALYSIS_SCHEMA} in ${path}, got another (${place}: ${fault}); delete that folder`,
  );
}
