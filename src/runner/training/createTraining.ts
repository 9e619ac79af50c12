/** @file Creates a new run of a setting: parameters, plan and folder from the user's request. */
import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { dataFolder } from "../../disk/dataFolder.ts";
import { describeParameters } from "../../parameters/describe.ts";
import { ParameterError, parseParameters } from "../../parameters/parse.ts";
import { createRun } from "../../runs/runFolder.ts";
import { findPreset, PAPER, smallerThanPaper } from "../../settings/presets.ts";
import type { Preset, Setting } from "../../settings/setting.ts";
import { findSetting } from "../../settings/settings.ts";
import type { Experiment } from "../../train/experiment.ts";
import { LOG_POINTS } from "../../train/milestones.ts";
import { augmentThreads } from "../../workers/augmentThreads.ts";
import { checkDevice } from "../devices.ts";
import { UsageError } from "../errors.ts";
import { asUsage } from "../usage.ts";
import { versions } from "../versions.ts";
import { following } from "./followed.ts";
import { measuringShare, sizesOf } from "./measuringShare.ts";
import type { RunOptions } from "./runOptions.ts";
import type { RunPlan } from "./runPlan.ts";
import type { TrainJob } from "./trainJob.ts";

/** chosen: most work lost in a power cut; writing a checkpoint takes well under a second. */
const CHECKPOINT_MINUTES = 2;

/** A run with its folder, and the experiment to train. */
export interface StartedRun {
  readonly job: TrainJob;
  readonly experiment: Experiment;
}

/**
 * Prepares the run that `crh run` requests, and creates its folder.
 *
 * @param assignments "key=value", parameters of the setting
 * @throws UsageError where setting, preset, parameters or data are invalid
 */
export async function createTraining(
  name: string,
  assignments: readonly string[],
  options: RunOptions,
): Promise<StartedRun> {
  const { setting, preset, parameters } = await asUsage(async () => {
    const found = await findSetting(name);
    const chosen = findPreset(found, options.preset ?? PAPER);
    const values = { ...chosen.parameters, ...given(assignments, options) };
    return { setting: found, preset: chosen, parameters: parseParameters(found, values) };
  });
  const built = await asUsage(async () =>
    setting.build(parameters as never, { ...dataFolder(options.data ?? null), augment: augmentThreads }),
  );
  const every = options.every ?? preset.every ?? setting.every ?? "log";
  const plan: RunPlan = {
    every,
    points: options.every === undefined && every === "log" ? pointsOf(built, parameters) : null,
    cost: options.cost ?? null,
    evaluateEvery: options.evaluateEvery ?? null,
    checkpointEvery: options.checkpointEvery ?? null,
    checkpointMinutes: options.checkpointMinutes ?? CHECKPOINT_MINUTES,
    keep: options.keep ?? null,
    keepBest: options.keepBest,
    confirmed: options.yes === true,
    threads: options.threads ?? (setting.parallel ? availableParallelism() : 1),
    device: options.device,
    data: options.data === undefined ? null : resolve(options.data),
    moments: options.moments,
    follow: options.follow === undefined ? null : [...options.follow],
    followEvery: options.followEvery ?? null,
  };
  if (plan.keepBest === "accuracy" && built.objective.classAxis === undefined)
    throw new UsageError(
      `run: expected --keep-best loss or none, got accuracy, which the objective ${built.objective.name} does not have`,
    );
  await checkDevice(plan.device, "run");
  const experiment = await following(built, plan, parameters.steps as number);
  const folder = createRun(options.runs, {
    ...(options.id !== undefined && { id: options.id }),
    setting: setting.name,
    seed: parameters.seed as number,
    steps: parameters.steps as number,
    config: {
      ...(setting.presets && { preset: options.preset ?? PAPER }),
      ...parameters,
      smaller: smallerThanPaper(setting, parameters),
      run: plan,
    },
    argv: ["run", name, ...assignments, ...flags(options)],
    versions: versions(),
    notes: [...(experiment.notes ?? []), ...sources(setting, parameters, preset)],
  });
  return { job: { folder, setting, parameters, plan, confirmed: plan.confirmed }, experiment };
}

/** key=value words and the flags that set parameters, as the setting's raw parameters. */
function given(assignments: readonly string[], { seed, steps }: RunOptions): Record<string, unknown> {
  const values: Record<string, unknown> = Object.create(null); // no inherited keys, so that "toString" is unknown too
  const set = (key: string, value: unknown) => {
    if (key in values) throw new ParameterError(`run: expected ${key} once, got it twice; give it once`);
    values[key] = value;
  };
  for (const word of assignments) {
    const at = word.indexOf("=");
    if (at < 1) throw new ParameterError(`run: expected key=value, got "${word}"; for instance lr=0.05`);
    set(word.slice(0, at), word.slice(at + 1));
  }
  if (seed !== undefined) set("seed", seed);
  if (steps !== undefined) set("steps", steps);
  return values;
}

/**
 * Number of measurements at logarithmic spacing; null for all, so that records of equal runs are equal.
 */
function pointsOf({ network, positions }: Experiment, parameters: Readonly<Record<string, unknown>>): number | null {
  const { points } = measuringShare(sizesOf(network, parameters, positions));
  return points < LOG_POINTS ? points : null;
}

/** The flags as typed, for run.json. */
function flags(options: RunOptions): string[] {
  const { preset, seed, steps, every, evaluateEvery, threads, device, data, runs, moments, cost } = options;
  const { checkpointEvery, checkpointMinutes, keep, keepBest, follow, followEvery } = options;
  const checkpoints = {
    "checkpoint-every": checkpointEvery,
    "checkpoint-minutes": checkpointMinutes,
    keep,
    "keep-best": keepBest,
    follow: follow?.join(),
    "follow-every": followEvery,
  };
  const cadence = { every, "evaluate-every": evaluateEvery };
  const pairs = { preset, seed, steps, ...cadence, threads, device, data, runs, moments, cost, ...checkpoints };
  const words = Object.entries(pairs).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`, String(value)],
  );
  return options.yes === true ? [...words, "--yes"] : words;
}

/** Notes for the report: the source of each default, and values changed by the preset or for this run. */
function sources(setting: Setting, parameters: Readonly<Record<string, unknown>>, preset: Preset): string[] {
  const each = describeParameters(setting).map(({ key, description, source, ...rest }) => {
    const value = String(parameters[key]);
    const by = value === String(preset.parameters[key]) ? "by the preset" : "for this run";
    const origin = value === String(rest.default) ? source : `set ${by} (default ${String(rest.default)}; ${source})`;
    return `${key} = ${value}: ${description}. ${origin[0]!.toUpperCase()}${origin.slice(1)}.`;
  });
  return setting.presets ? [`Preset: ${preset.summary}.`, ...each] : each;
}
