/** @file `crh run`: trains a setting and measures it. */
import { resolve } from "node:path";
import { createRun } from "../../runs/runFolder.ts";
import { describeParameters, ParameterError, parseParameters, type Setting } from "../../settings/setting.ts";
import { findSetting, settings } from "../../settings/settings.ts";
import type { RunOptions } from "../commandOptions.ts";
import { UsageError } from "../errors.ts";
import type { Io } from "../io.ts";
import type { RunPlan } from "../runPlan.ts";
import { surroundings } from "../surroundings.ts";
import { versions } from "../versions.ts";

export async function runCommand(name: string, assignments: string[], options: RunOptions, io: Io): Promise<void> {
  const { setting, parameters } = asUsage(() => {
    const found = findSetting(name);
    return { setting: found, parameters: parseParameters(found, given(assignments, options)) };
  });
  const plan: RunPlan = {
    every: options.every ?? "log",
    evaluateEvery: options.evaluateEvery ?? null,
    checkpointEvery: options.checkpointEvery ?? null,
    checkpointMinutes: options.checkpointMinutes ?? null,
    keep: options.keep ?? null,
    threads: options.threads ?? 1,
    device: options.device,
    data: options.data === undefined ? null : resolve(options.data),
    moments: options.moments,
  };
  const experiment = asUsage(() => setting.build(parameters as never, surroundings(options.data ?? null)));
  const { trainIntoRun } = await import("../trainIntoRun.ts"); // here, so that what is wrong is said at once
  const folder = createRun(options.out, {
    setting: setting.name,
    seed: parameters.seed as number,
    steps: parameters.steps as number,
    config: { ...parameters, run: plan },
    argv: ["run", name, ...assignments, ...flags(options)],
    versions: versions(),
    notes: sources(setting, parameters),
  });
  await trainIntoRun({ folder, setting, parameters, plan }, experiment, options, io);
}

/** The settings, and the parameters of one of them with meaning, default and source. */
export function settingHelp(name?: string): string {
  const list = settings.map(({ name, summary }) => `  ${name.padEnd(6)}${summary}`).join("\n");
  if (name === undefined) return `\nSettings:\n${list}\n\ncrh run <setting> --help lists its parameters.\n`;
  const setting = asUsage(() => findSetting(name));
  const rows = describeParameters(setting).map(({ key, description, source, values, ...rest }) => {
    const choices = values === undefined ? "" : ` (${values.join(", ")})`;
    return `  ${key}=${String(rest.default)}\n      ${description}${choices}\n      ${source}`;
  });
  return `\n${setting.name}: ${setting.summary}\n\nParameters (key=default):\n${rows.join("\n")}\n`;
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

/** The flags as they would be typed, for run.json. */
function flags(options: RunOptions): string[] {
  const { seed, steps, every, evaluateEvery, threads, data, out, moments } = options;
  const { checkpointEvery, checkpointMinutes, keep } = options;
  const checkpoints = { "checkpoint-every": checkpointEvery, "checkpoint-minutes": checkpointMinutes, keep };
  const pairs = { seed, steps, every, "evaluate-every": evaluateEvery, threads, data, out, moments, ...checkpoints };
  return Object.entries(pairs).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`, String(value)]));
}

/** Where each default comes from, and which values were changed, for the report. */
function sources(setting: Setting, parameters: Readonly<Record<string, unknown>>): string[] {
  return describeParameters(setting).map(({ key, description, source, ...rest }) => {
    const value = String(parameters[key]);
    const origin =
      value === String(rest.default) ? source : `set for this run (default ${String(rest.default)}; ${source})`;
    return `${key} = ${value}: ${description}. ${origin[0]!.toUpperCase()}${origin.slice(1)}.`;
  });
}

function asUsage<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof ParameterError) throw new UsageError(error.message);
    throw error;
  }
}
