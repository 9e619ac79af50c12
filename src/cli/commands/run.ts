/** @file `crh run`: trains a setting and measures it. */
import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { describeParameters } from "../../parameters/describe.ts";
import { ParameterError, parseParameters } from "../../parameters/parse.ts";
import { createRun } from "../../runs/runFolder.ts";
import { findPreset, PAPER, smallerThanPaper } from "../../settings/presets.ts";
import type { Preset, Setting } from "../../settings/setting.ts";
import { findSetting, settings } from "../../settings/settings.ts";
import type { Experiment } from "../../train/experiment.ts";
import { LOG_POINTS } from "../../train/milestones.ts";
import { augmentThreads } from "../../workers/augmentThreads.ts";
import type { RunOptions } from "../commandOptions.ts";
import { checkDevice } from "../devices.ts";
import { UsageError } from "../errors.ts";
import { following } from "../followed.ts";
import type { Io } from "../io.ts";
import { measuringShare, sizesOf } from "../measuringShare.ts";
import type { RunPlan } from "../runPlan.ts";
import { surroundings } from "../surroundings.ts";
import { versions } from "../versions.ts";

/** chosen: what a power cut may cost; writing a checkpoint takes well under a second. */
const CHECKPOINT_MINUTES = 2;

export async function runCommand(name: string, assignments: string[], options: RunOptions, io: Io): Promise<void> {
  const { setting, preset, parameters } = await asUsage(async () => {
    const found = await findSetting(name);
    const chosen = findPreset(found, options.preset ?? PAPER);
    const values = { ...chosen.parameters, ...given(assignments, options) };
    return { setting: found, preset: chosen, parameters: parseParameters(found, values) };
  });
  const built = await asUsage(async () =>
    setting.build(parameters as never, { ...surroundings(options.data ?? null), augment: augmentThreads }),
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
  const { trainIntoRun } = await import("../trainIntoRun.ts"); // here, so that what is wrong is said at once
  const folder = createRun(options.out, {
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
  await trainIntoRun({ folder, setting, parameters, plan, confirmed: plan.confirmed }, experiment, options, io);
}

const EXAMPLES = `
Examples:
  crh run fc2                                    the paper's fc2
  crh run fc2 depth=3 phi=0.9 --steps 20000      with other parameters
  crh data get cifar10                           fetches CIFAR-10 into data/cifar10
  crh run res1 --preset small --data data/cifar10
`;

/** The settings, and the parameters of one of them with meaning, default and source. */
export async function settingHelp(name?: string): Promise<string> {
  const width = Math.max(...settings.map(({ name }) => name.length)) + 2;
  const list = settings.map(({ name, summary }) => `  ${name.padEnd(width)}${summary}`).join("\n");
  if (name === undefined)
    return `\nSettings:\n${list}\n${EXAMPLES}\ncrh run <setting> --help lists its parameters and presets.\n`;
  const setting = await asUsage(() => findSetting(name));
  const { summary: what } = settings.find((entry) => entry.name === setting.name)!;
  const rows = describeParameters(setting).map(({ key, description, source, values, ...rest }) => {
    const choices = values === undefined ? "" : ` (${values.join(", ")})`;
    return `  ${key}=${String(rest.default)}\n      ${description}${choices}\n      ${source}`;
  });
  const presets = Object.entries(setting.presets ?? {}).map(([key, { summary, parameters }]) => {
    const changes = Object.entries(parameters).map(([field, value]) => `${field}=${String(value)}`);
    return `  ${key}: ${summary}\n      ${changes.join(" ")}\n`;
  });
  const paper = `  ${PAPER}: the defaults below\n`;
  const listed = presets.length > 0 ? `\nPresets (--preset; without it, ${PAPER}):\n${paper}${presets.join("")}` : "";
  return `\n${setting.name}: ${what}\n${listed}\nParameters (key=default):\n${rows.join("\n")}\n`;
}

/** key=value words and the flags that set parameters, as the setting's raw parameters. */
function given(assignments: readonly string[], { seed, steps }: RunOptions): Record<string, unknown> {
  const values: Record<string, unknown> = Object.create(null); // no inherited keys: "toString" is as unknown as any
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

/** Measurements at logarithmic spacing; null for all there ever are, so that records of runs do not differ for nothing. */
function pointsOf({ network, positions }: Experiment, parameters: Readonly<Record<string, unknown>>): number | null {
  const { points } = measuringShare(sizesOf(network, parameters, positions));
  return points < LOG_POINTS ? points : null;
}

/** The flags as they would be typed, for run.json. */
function flags(options: RunOptions): string[] {
  const { preset, seed, steps, every, evaluateEvery, threads, device, data, out, moments, cost } = options;
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
  const pairs = { preset, seed, steps, ...cadence, threads, device, data, out, moments, cost, ...checkpoints };
  const words = Object.entries(pairs).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`, String(value)],
  );
  return options.yes === true ? [...words, "--yes"] : words;
}

/** Where each default comes from, and which values were changed, by the preset or for this run, for the report. */
function sources(setting: Setting, parameters: Readonly<Record<string, unknown>>, preset: Preset): string[] {
  const each = describeParameters(setting).map(({ key, description, source, ...rest }) => {
    const value = String(parameters[key]);
    const by = value === String(preset.parameters[key]) ? "by the preset" : "for this run";
    const origin = value === String(rest.default) ? source : `set ${by} (default ${String(rest.default)}; ${source})`;
    return `${key} = ${value}: ${description}. ${origin[0]!.toUpperCase()}${origin.slice(1)}.`;
  });
  return setting.presets ? [`Preset: ${preset.summary}.`, ...each] : each;
}

async function asUsage<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ParameterError) throw new UsageError(error.message);
    throw error;
  }
}
