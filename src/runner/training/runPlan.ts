/**
 * @file How a run is carried out, besides its setting's parameters; kept in config.json under "run" so that resuming
 * needs no flags.
 */
import { z } from "zod";
import { devices } from "../../engine/engine.ts";
import { MOST_THREADS } from "./runOptions.ts";

const count = z.int().min(1);

const runPlan = z.object({
  every: z.union([count, z.literal("log")]),
  /**
   * Measurements at logarithmic spacing, where training is too short for all of them (measuringShare). Not in earlier
   * files.
   */
  points: count.nullable().default(null),
  /** What every measurement holds; null for laws at the last step alone. Not in the files of earlier versions. */
  cost: z.enum(["economy", "standard", "full"]).nullable().default(null),
  /** Steps between evaluations beside the measurements; not in the files of earlier versions. */
  evaluateEvery: count.nullable().default(null),
  checkpointEvery: count.nullable(),
  /** Not in the files of earlier versions, like `keep`. */
  checkpointMinutes: z.number().positive().nullable().default(null),
  /** How many checkpoints stay; null for the run folder's default. */
  keep: count.nullable().default(null),
  /** By what the checkpoint that always stays is chosen; not in the files of earlier versions. */
  keepBest: z.enum(["loss", "accuracy", "none"]).default("none"),
  threads: count.pipe(z.number().max(MOST_THREADS, `${MOST_THREADS} at most`)),
  device: z.enum(devices),
  /** Whether it may take more than an hour; not in the files of earlier versions. */
  confirmed: z.boolean().default(false),
  /** Absolute path of the folder of data. */
  data: z.string().nullable(),
  moments: z.enum(["none", "final", "all"]),
  /**
   * Places of held-out samples that are followed; null for what the setting follows by itself. Not in earlier files.
   */
  follow: z.array(z.int().min(0)).nullable().default(null),
  /** Steps between looks at them; null for the usual number of looks. */
  followEvery: count.nullable().default(null),
});

export type RunPlan = Readonly<z.output<typeof runPlan>>;

/** @throws Error in one line when config.json does not hold a plan */
export function parsePlan(value: unknown): RunPlan {
  const result = runPlan.safeParse(value);
  if (result.success) return result.data;
  const { path, message } = result.error.issues[0]!;
  throw new Error(
    `resume: expected "${["run", ...path].join(".")}" in config.json as crh run writes it, got another value (${message}); restore it`,
  );
}
