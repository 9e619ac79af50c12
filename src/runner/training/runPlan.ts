/**
 * @file Execution options of a run, besides its setting's parameters; kept in config.json under "run" so that resuming
 * needs no flags.
 */

import { z } from "zod";
import { devices } from "../../engine/engine.ts";
import { schemaFault } from "../../formats/schemaFault.ts";
import { MOST_THREADS } from "./runOptions.ts";

const count = z.int().min(1);

const runPlan = z.object({
  every: z.union([count, z.literal("log")]),
  /**
   * Number of measurements at logarithmic spacing, where training is too short for all of them (measuringShare). Not in
   * earlier files.
   */
  points: count.nullable().default(null),
  /** Extent of every measurement; null for laws at the last step only. Not in files of earlier versions. */
  cost: z.enum(["economy", "standard", "full"]).nullable().default(null),
  /** Steps between evaluations, in addition to those at measurements; not in files of earlier versions. */
  evaluateEvery: count.nullable().default(null),
  checkpointEvery: count.nullable(),
  /** Not in the files of earlier versions, like `keep`. */
  checkpointMinutes: z.number().positive().nullable().default(null),
  /** Number of checkpoints kept; null for the run folder's default. */
  keep: count.nullable().default(null),
  /** Criterion of the best checkpoint, which is always kept; not in files of earlier versions. */
  keepBest: z.enum(["loss", "accuracy", "none"]).default("none"),
  threads: count.pipe(z.number().max(MOST_THREADS, `${MOST_THREADS} at most`)),
  device: z.enum(devices),
  /** Whether it may take more than an hour; not in the files of earlier versions. */
  confirmed: z.boolean().default(false),
  /** Absolute path of the folder of data. */
  data: z.string().nullable(),
  moments: z.enum(["none", "final", "all"]),
  /**
   * Indices of held-out samples that are followed; null for the setting's own points. Not in earlier files.
   */
  follow: z.array(z.int().min(0)).nullable().default(null),
  /** Steps between looks at them; null for the default number of looks. */
  followEvery: count.nullable().default(null),
});

export type RunPlan = Readonly<z.output<typeof runPlan>>;

/** @throws Error in one line if config.json holds no valid plan */
export function parsePlan(value: unknown): RunPlan {
  const result = runPlan.safeParse(value);
  if (result.success) return result.data;
  const { place, fault } = schemaFault(result.error.issues, "");
  throw new Error(
    `resume: expected "run${place && `.${place}`}" in config.json as crh run writes it, got another value (${fault}); restore it`,
  );
}
