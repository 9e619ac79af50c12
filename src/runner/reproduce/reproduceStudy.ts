/**
 * @file Runs a study: the missing runs as a sweep, then figures, score card and page. A finished run with the same
 * parameters is reused; an unfinished one continues from its last checkpoint, or starts again if it has none.
 */
import "../../figuresNode/linkedomDocument.ts";
import { join, relative, resolve } from "node:path";
import { dataFolder } from "../../disk/dataFolder.ts";
import { standaloneSvg } from "../../figures/figure.ts";
import { FOLLOWED_SCHEMA, type FollowedRecord } from "../../findings/twopoint/followedRecord.ts";
import { formatDuration } from "../../formats/quantities.ts";
import { makeFolder, writeWhole } from "../../runs/writeFile.ts";
import { smallerThanPaper } from "../../settings/presets.ts";
import { scorePage } from "../../studies/scorePage.ts";
import { type ScoreRecord, scoreRecord } from "../../studies/scoreRecord.ts";
import type { StudiedRun, Study, StudySize } from "../../studies/study.ts";
import { Interrupted } from "../errors.ts";
import type { Watcher } from "../observer.ts";
import { lastWeights } from "../records/lastWeights.ts";
import { picturesOf } from "../records/pictures.ts";
import { watchedOf } from "../records/watched.ts";
import { runSweep } from "../sweeps/runSweep.ts";
import { statedRates, untakenWords, withCapturedNotes } from "./capturedRuns.ts";
import type { Existing, Found } from "./found.ts";
import { goOn } from "./goOn.ts";
import { existingRuns, findPlanned, plannedRuns, secondsLeft } from "./plannedRuns.ts";
import { studySweep } from "./studySweep.ts";
import { folderOf, writeIndex } from "./writeIndex.ts";

export interface ReproduceOptions {
  readonly size: StudySize;
  readonly data?: string;
  /** Folder of runs that is searched first. */
  readonly runs: string;
  /** Folder of sweeps, in which runs are made: one sweep per study. */
  readonly sweeps: string;
  /** Number of simultaneous runs. */
  readonly jobs: number;
  /** Program that starts a worker, for several simultaneous runs. */
  readonly program: readonly string[];
  /** Whether the runs that are done are judged as they are. Default: those that are missing are done first. */
  readonly doneOnly?: boolean;
  /** Folder that gets a folder for each study. */
  readonly to: string;
}

/** One run per command, since studies share runs. */
export function distinct(all: readonly Found[]): Found[] {
  return [...new Map(all.map((one) => [one.planned.command, one])).values()];
}

export async function foundRuns(
  study: Study,
  {
    size,
    data,
    runs,
    sweeps,
  }: Pick<ReproduceOptions, "size" | "runs" | "sweeps"> & { readonly data?: string | undefined },
  existing: Existing = existingRuns({ runs, sweeps }),
): Promise<Found[]> {
  return (await plannedRuns(study, size)).map((planned) => findPlanned(planned, existing, data));
}

/**
 * Does the missing runs, evaluates, and writes the folder of the study.
 *
 * @returns also the number of failed runs; divergence counts as a result
 */
export async function reproduceStudy(
  study: Study,
  options: ReproduceOptions,
  watcher: Watcher,
): Promise<{ record: ScoreRecord; folder: string; undone: number }> {
  if (options.doneOnly !== true) await doMissing(study, options, watcher);
  const existing = existingRuns(options);
  const found = await foundRuns(study, options, existing);
  const done = found.flatMap((one) => (one.state === "done" ? [studied(one)] : []));
  const diverged = found.flatMap((one) =>
    one.state === "diverged" ? [{ ...studied(one), step: one.info!.step }] : [],
  );
  const { file } = dataFolder(options.data ?? null);
  const judged = study.evaluate(done, { size: options.size, diverged, ...(file && { file }) });
  const { notes, ...rest } = withCapturedNotes(judged, found);
  const evaluation = { ...rest, notes: [...notes, ...untakenWords(found, existing)] };
  const runs = found.map((one) => ({ ...scoredRun(one), durationMs: trainingMs(one) }));
  const record = scoreRecord(study, options.size, evaluation, found.map(scoredRun));
  const folder = join(options.to, folderOf(study));
  makeFolder(folder, "reproduce");
  const write = (name: string, text: string) => writeWhole(join(folder, name), text, { where: "reproduce" });
  for (const { name, figure } of evaluation.figures) {
    write(`${name}.svg`, standaloneSvg(figure.svg));
    write(`${name}.csv`, figure.csv);
  }
  write("score.json", `${JSON.stringify(record, undefined, 2)}\n`);
  write("index.html", scorePage(record, evaluation.figures, runs));
  writeIndex(options.to);
  return { record, folder, undone: found.filter(({ state }) => state !== "done" && state !== "diverged").length };
}

async function doMissing(study: Study, options: ReproduceOptions, watcher: Watcher): Promise<void> {
  await goOnWithBegun(study, options, watcher);
  const found = await foundRuns(study, options);
  const missing = distinct(found).filter(({ state }) => state !== "done" && state !== "diverged");
  if (missing.length === 0) return;
  watcher.observer.note(
    `${study.name}: ${missing.length} of ${distinct(found).length} runs to do; about ` +
      `${formatDuration((1000 * secondsLeft(distinct(found)).seconds) / options.jobs)} left`,
  );
  const { jobs, data, program } = options;
  const sweep = studySweep(study, options.size, found, options);
  await stoppable(() => runSweep(sweep, { jobs, program, ...(data !== undefined && { data }) }, watcher));
}

/** Adds to an interruption how to continue. */
async function stoppable(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    throw new Interrupted(
      "reproduce: stopped, nothing is lost: finished runs are kept, and the same command continues the others from " +
        "their last checkpoints",
    );
  }
}

/** Continues the unfinished runs in the folder of runs, one after the other. */
async function goOnWithBegun(study: Study, options: ReproduceOptions, watcher: Watcher): Promise<void> {
  const { runs, sweeps, data } = options;
  const isOfSweep = ({ folder }: Found) =>
    folder !== undefined && !relative(resolve(sweeps), folder.dir).startsWith("..");
  for (const found of distinct(await foundRuns(study, options))) {
    if ((found.state !== "begun" && found.state !== "running") || isOfSweep(found)) continue;
    if (found.state === "running")
      throw new Error(
        `reproduce: expected runs that no other process does, got ${found.info!.id}, which process ` +
          `${found.info!.pid} on ${found.info!.host} runs; wait for it`,
      );
    watcher.observer.note(`${study.name}: ${found.planned.run.label}, continued`);
    await stoppable(() => goOn(found, { runs, ...(data !== undefined && { data }) }, watcher));
  }
}

/** What a run took; of captures the training is not known. */
const trainingMs = ({ info, captured }: Found) => (captured === undefined ? info?.durationMs : undefined);

function scoredRun({ planned: { run, command }, state, info, captured }: Found) {
  const shared = { label: run.label, setting: run.setting, seed: run.seed, command };
  if (state === "done") return { ...shared, id: info!.id, ...(captured && { captured: captured.program }) };
  return { ...shared, id: null, failure: info?.error ?? "not done" };
}

function studied({ planned: { run, setting, parameters }, folder, captured }: Found): StudiedRun {
  return {
    label: run.label,
    seed: run.seed,
    parameters,
    smaller: smallerThanPaper(setting, parameters),
    followed: folder!.record<FollowedRecord>("followed", FOLLOWED_SCHEMA),
    trajectories: () => folder!.trajectories(),
    metrics: () => [...folder!.metrics(), ...(captured ? statedRates(captured, folder!.snapshotSteps()) : [])],
    snapshot: () => folder!.snapshots().at(-1),
    snapshots: () => folder!.snapshots(),
    moments: () => folder!.moments(),
    watched: () => watchedOf(folder!),
    pictures: () => picturesOf(folder!),
    weights: () => lastWeights(folder!),
  };
}
