/** @file Matches the runs of a study with existing ones: finished, unfinished or missing. */
import { join, resolve } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { describeParameters } from "../../parameters/describe.ts";
import { parseParameters } from "../../parameters/parse.ts";
import { listRuns } from "../../runs/listRuns.ts";
import { openRun } from "../../runs/runFolder.ts";
import type { RunInfo } from "../../runs/runInfo.ts";
import { findPreset, PAPER } from "../../settings/presets.ts";
import { findSetting } from "../../settings/settings.ts";
import { estimatedSeconds } from "../../studies/cost.ts";
import type { Study, StudyRun, StudySize } from "../../studies/study.ts";
import { sweepsOf } from "../../sweeps/sweepFolder.ts";
import { capturedOf, misfitsOf } from "./capturedRuns.ts";
import type { Existing, Found, Planned } from "./found.ts";

/** The runs of a study with all parameters filled in. */
export async function plannedRuns(study: Study, size: StudySize): Promise<Planned[]> {
  const planned = study.runs(size).map(async (run) => {
    const setting = await findSetting(run.setting);
    const preset = findPreset(setting, run.preset ?? PAPER);
    const parameters = parseParameters(setting, { ...preset.parameters, ...run.parameters, seed: run.seed });
    return { run, setting, parameters, command: commandOf(run), seconds: estimatedSeconds(parameters) };
  });
  return Promise.all(planned);
}

/** Whether a run reads the data folder. */
export function readsData({ setting, parameters }: Pick<Planned, "setting" | "parameters">): boolean {
  return setting.readsData?.(parameters as never) ?? setting.needsData;
}

/** "crh run twopoint --preset 4x100 gain=1 --seed 3". */
function commandOf({ setting, preset, parameters = {}, seed, follow, followEvery }: StudyRun): string {
  return [
    `crh run ${setting}`,
    ...(preset === undefined ? [] : [`--preset ${preset}`]),
    ...Object.entries(parameters).map(([key, value]) => `${key}=${value}`),
    `--seed ${seed}`,
    ...(follow === undefined ? [] : [`--follow ${follow.join()}`]),
    ...(followEvery === undefined ? [] : [`--follow-every ${followEvery}`]),
  ].join(" ");
}

/** All readable runs: in the folder of runs, and in sweeps made for studies. */
export function existingRuns({ runs, sweeps }: { readonly runs: string; readonly sweeps: string }): Existing {
  const ofStudies = sweepsOf(sweeps).filter((name) => name.startsWith(STUDY_SWEEP));
  return [runs, ...ofStudies.map((name) => join(sweeps, name, "runs"))].flatMap(runsOf);
}

function runsOf(root: string): Existing {
  return listRuns(root).flatMap(({ dir, info }) => {
    if (info === undefined) return [];
    const folder = openRun(dir);
    try {
      const config = folder.config();
      const captured = capturedOf(config);
      return [{ folder, info, config, ...(captured && { captured }) }];
    } catch {
      return []; // a damaged config.json, which `crh runs` reports
    }
  });
}

/** Prefix of the names of sweeps made for studies. */
export const STUDY_SWEEP = "reproduce-";

const order = ["done", "diverged", "running", "begun"] as const;

/**
 * The folder of a planned run: same setting, parameters and followed samples; of several, the one with most progress,
 * and one that was trained here before one of captures.
 *
 * @param data data folder; undefined accepts any. Captures do not name theirs
 */
export function findPlanned(planned: Planned, existing: Existing, data?: string): Found {
  const found = existing
    .filter(({ config, captured, folder, info }) =>
      captured === undefined
        ? isSame(planned, config, data)
        : captured.setting === planned.setting.name && misfitsOf(planned, { captured, folder, info }).length === 0,
    )
    .map(
      ({ folder, info, captured }): Found => ({
        ...{ planned, folder, info, state: stateOf(info) },
        ...(captured && { captured }),
      }),
    )
    .sort(
      (x, y) =>
        rank(x) - rank(y) ||
        (y.info?.step ?? 0) - (x.info?.step ?? 0) ||
        Number(x.captured !== undefined) - Number(y.captured !== undefined),
    );
  return found[0] ?? { planned, state: "missing" };
}

const rank = ({ state }: Found) => (state === "missing" ? order.length : order.indexOf(state));

function stateOf({ status, error = "" }: RunInfo): Found["state"] {
  if (status === "finished") return "done";
  if (status === "running") return "running";
  return status === "failed" && /^train: expected a finite loss/.test(error) ? "diverged" : "begun";
}

function isSame(
  { run, setting, parameters }: Planned,
  config: Readonly<Record<string, unknown>>,
  data?: string,
): boolean {
  if (config.setting !== setting.name) return false;
  // A parameter missing in a run of an earlier version did not exist yet; the default reproduces that behaviour.
  const defaults = new Map(describeParameters(setting).map(({ key, default: value }) => [key, value]));
  const was = (key: string) => (Object.hasOwn(config, key) ? config[key] : defaults.get(key));
  if (!Object.entries(parameters).every(([key, value]) => isDeepStrictEqual(was(key), value))) return false;
  const plan = (config.run ?? {}) as Readonly<
    Partial<Record<"follow" | "followEvery" | "data" | "every" | "moments", unknown>>
  >;
  if (run.measured !== undefined && plan.every !== (run.measured === "often" ? "log" : run.measured)) return false;
  if (run.keepsMoments && plan.moments === "none") return false;
  if (JSON.stringify(plan.follow ?? null) !== JSON.stringify(run.follow ?? null)) return false;
  if ((plan.followEvery ?? null) !== (run.followEvery ?? null)) return false;
  return !readsData({ setting, parameters }) || data === undefined || plan.data === resolve(data);
}

/** Remaining seconds: estimates of the unfinished runs, corrected by the times of finished ones. */
export function secondsLeft(all: readonly Found[]): { seconds: number; measured: boolean } {
  const timed = all.filter(
    ({ state, info, captured }) => state === "done" && info?.durationMs !== undefined && captured === undefined,
  );
  const sum = (found: readonly Found[], value: (one: Found) => number) =>
    found.reduce((total, one) => total + value(one), 0);
  const estimated = sum(timed, ({ planned }) => planned.seconds);
  const factor = estimated > 0 ? sum(timed, ({ info }) => info!.durationMs! / 1000) / estimated : 1;
  const left = all.filter(({ state }) => state === "missing" || state === "begun");
  const share = ({ info }: Found) => (info === undefined ? 1 : 1 - info.step / Math.max(1, info.steps));
  return { seconds: factor * sum(left, (one) => one.planned.seconds * share(one)), measured: timed.length > 0 };
}
