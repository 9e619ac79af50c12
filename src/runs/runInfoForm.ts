/**
 * @file run.json and config.json: their types, and the schemas that check their texts. Keys that this version does not
 * know are kept. What run.json says about time and machine is the only part of a run that differs between equal runs.
 */

import { z } from "zod";
import { schemaFault } from "../formats/schemaFault.ts";

export type RunStatus = "running" | "finished" | "failed" | "interrupted";

export interface RunInfo {
  schema: "crh-lab/run@1";
  id: string;
  setting: string;
  status: RunStatus;
  seed: number;
  /** Steps that the run is to take, and steps done when this was written. */
  steps: number;
  step: number;
  argv: string[];
  pid: number;
  /**
   * When that process started, in the system's own unit, where it can be known: tells it from a later one with its
   * number.
   */
  processStart?: string;
  host: string;
  versions: { crh: string; node: string; onnxruntime: string };
  /** ISO 8601, UTC. */
  startedAt: string;
  endedAt?: string;
  durationMs?: number;
  /** Of that the training steps alone, and the measurements. */
  trainingMs?: number;
  measuringMs?: number;
  stepsPerSecond?: number;
  /** One line, when status is "failed". */
  error?: string;
  /** Sources and chosen values of the setting, for the report. */
  notes?: string[];
}

const count = z.int().nonnegative();

const runInfoSchema = z.looseObject({
  schema: z.literal("crh-lab/run@1"),
  id: z.string().min(1),
  setting: z.string().min(1),
  status: z.enum(["running", "finished", "failed", "interrupted"]),
  seed: z.number(),
  steps: count,
  step: count,
  argv: z.array(z.string()),
  pid: count,
  processStart: z.string().exactOptional(),
  host: z.string(),
  versions: z.looseObject({ crh: z.string(), node: z.string(), onnxruntime: z.string() }),
  startedAt: z.iso.datetime(),
  endedAt: z.iso.datetime().exactOptional(),
  durationMs: z.number().exactOptional(),
  trainingMs: z.number().exactOptional(),
  measuringMs: z.number().exactOptional(),
  stepsPerSecond: z.number().exactOptional(),
  error: z.string().exactOptional(),
  notes: z.array(z.string()).exactOptional(),
});

const configSchema = z.looseObject({ setting: z.string().min(1) });

/** run.json from its text. @throws Error naming the file, what is wrong with it and the cure */
export function parseRunInfo(text: string, path: string): RunInfo {
  return parseJson(text, path, "a run.json of schema crh-lab/run@1", runInfoSchema);
}

/** config.json from its text. @throws Error naming the file, what is wrong with it and the cure */
export function parseConfig(text: string, path: string): Record<string, unknown> {
  return parseJson(text, path, "a config.json with a setting", configSchema);
}

export function wrongJson(expected: string, path: string, found: string): Error {
  const cure = "restore that file or delete its folder; the other files of the run are untouched";
  return new Error(`runs: expected ${expected} in ${path}, got ${found}; ${cure}`);
}

function parseJson<T>(text: string, path: string, expected: string, schema: z.ZodType<T>): T {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw wrongJson(expected, path, text.trim() === "" ? "an empty file" : "damaged JSON");
  }
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const { place, fault } = schemaFault(result.error.issues, "the document");
  throw wrongJson(expected, path, `"${place}" wrong (${fault})`);
}
