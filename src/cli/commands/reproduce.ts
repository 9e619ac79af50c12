/**
 * @file `crh reproduce`: does the runs that a figure of a paper needs, one after the other in this process, and writes
 * figures, score card and page. What is done stays: a finished run with the same parameters is not done again, an
 * unfinished one is gone on with from its last checkpoint, or anew where it has none.
 */
import { join } from "node:path";
import { standaloneSvg } from "../../figures/figure.ts";
import { FOLLOWED_SCHEMA, type FollowedRecord } from "../../findings/twopoint/followedRecord.ts";
import { suggestion } from "../../parameters/suggest.ts";
import { makeFolder, writeWhole } from "../../runs/writeFile.ts";
import { scorePage } from "../../studies/scorePage.ts";
import { type ScoreRecord, scoreRecord } from "../../studies/scoreRecord.ts";
import { studies } from "../../studies/studies.ts";
import type { StudiedRun, Study, StudySize } from "../../studies/study.ts";
import { Interrupted, Unconfirmed, UsageError } from "../errors.ts";
import { formatDuration } from "../format.ts";
import { hasColour, type Io, widthOf } from "../io.ts";
import { lastWeights } from "../lastWeights.ts";
import { picturesOf } from "../pictures.ts";
import { doRun } from "../reproduce/doRun.ts";
import {
  type Existing,
  existingRuns,
  type Found,
  findPlanned,
  plannedRuns,
  secondsLeft,
} from "../reproduce/plannedRuns.ts";
import { renderScore } from "../reproduce/scoreTable.ts";
import { surroundings } from "../surroundings.ts";
import { dimmer, renderTable } from "../table.ts";
import { watchedOf } from "../watched.ts";

export interface ReproduceOptions {
  readonly size: StudySize;
  readonly data?: string;
  /** Folder of the runs. */
  readonly out: string;
  /** Folder that gets a folder for each study. */
  readonly to: string;
  readonly list?: boolean;
  readonly yes?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** chosen: as a single run, which asks above an hour too. */
const CONFIRMED_ABOVE_SECONDS = 3600;

export async function reproduceCommand(name: string | undefined, options: ReproduceOptions, io: Io): Promise<void> {
  const chosen = chosenStudies(name);
  if (options.list === true) {
    await list(chosen, options, io);
    return;
  }
  const able = name === undefined ? chosen.filter((study) => hasData(study, options, io)) : chosen;
  for (const study of able) requireData(study, options);
  await confirm(able, options);
  const records: ScoreRecord[] = [];
  for (const study of able) {
    const { record, folder } = await reproduceStudy(study, options, io);
    records.push(record);
    if (options.json !== true) io.stdout.write(`${renderScore(record, folder, io)}\n`);
  }
  if (options.json === true) io.stdout.write(`${JSON.stringify(name === undefined ? records : records[0])}\n`);
}

function chosenStudies(name: string | undefined): readonly Study[] {
  if (name === undefined) return studies;
  const found = studies.find((study) => study.name === name);
  if (found !== undefined) return [found];
  const names = studies.map((study) => study.name);
  throw new UsageError(
    `reproduce: expected a study, got "${name}"${suggestion(name, names)}; crh reproduce --list names them`,
  );
}

function requireData({ name, needsData }: Study, { data }: ReproduceOptions): void {
  if (needsData !== undefined && data === undefined)
    throw new UsageError(
      `reproduce: expected --data with ${needsData} for ${name}, got none; crh data get ` +
        `${needsData.toLowerCase()} fetches it`,
    );
}

function hasData(study: Study, { data, quiet }: ReproduceOptions, io: Io): boolean {
  if (study.needsData === undefined || data !== undefined) return true;
  if (quiet !== true) io.stderr.write(`${study.name}: left out, for it needs --data with ${study.needsData}\n`);
  return false;
}

async function confirm(chosen: readonly Study[], options: ReproduceOptions): Promise<void> {
  const existing = existingRuns(options.out);
  const found = await Promise.all(chosen.map((study) => foundRuns(study, options, existing)));
  const left = distinct(found.flat());
  const { seconds } = secondsLeft(left);
  if (options.yes === true || seconds <= CONFIRMED_ABOVE_SECONDS) return;
  const count = left.filter(({ state }) => state === "missing" || state === "begun").length;
  throw new Unconfirmed(
    `reproduce: expected --yes for an estimated time of ${formatDuration(1000 * seconds)} (${count} runs), ` +
      "which is above an hour, got none; " +
      "crh reproduce --list says what each study takes",
  );
}

/** One of each command: studies share runs. */
function distinct(all: readonly Found[]): Found[] {
  return [...new Map(all.map((one) => [one.planned.command, one])).values()];
}

async function foundRuns(
  study: Study,
  { size, data, out }: ReproduceOptions,
  existing: Existing = existingRuns(out),
): Promise<Found[]> {
  return (await plannedRuns(study, size)).map((planned) => findPlanned(planned, existing, data));
}

/** Does what is missing, evaluates, writes the folder of the study. */
export async function reproduceStudy(
  study: Study,
  options: ReproduceOptions,
  io: Io,
): Promise<{ record: ScoreRecord; folder: string }> {
  await doMissing(study, options, io);
  const found = await foundRuns(study, options);
  const done = found.flatMap((one) => (one.state === "done" ? [studied(one)] : []));
  const diverged = found.flatMap((one) =>
    one.state === "diverged" ? [{ ...studied(one), step: one.info!.step }] : [],
  );
  const { file } = surroundings(options.data ?? null);
  const evaluation = study.evaluate(done, { size: options.size, diverged, ...(file && { file }) });
  const runs = found.map((one) => ({ ...scoredRun(one), durationMs: one.info?.durationMs }));
  const record = scoreRecord(study, options.size, evaluation, found.map(scoredRun));
  const folder = join(options.to, study.name.replaceAll("/", "-"));
  makeFolder(folder, "reproduce");
  const write = (name: string, text: string) => writeWhole(join(folder, name), text, { where: "reproduce" });
  for (const { name, figure } of evaluation.figures) {
    write(`${name}.svg`, standaloneSvg(figure.svg));
    write(`${name}.csv`, figure.csv);
  }
  write("score.json", `${JSON.stringify(record, undefined, 2)}\n`);
  write("index.html", scorePage(record, evaluation.figures, runs));
  return { record, folder };
}

async function doMissing(study: Study, options: ReproduceOptions, io: Io): Promise<void> {
  const { out, data, quiet } = options;
  const say = (text: string) => quiet !== true && io.stderr.write(`${text}\n`);
  const count = (await foundRuns(study, options)).length;
  for (let i = 0; i < count; i++) {
    const found = (await foundRuns(study, options))[i]!; // read anew: another process may have done it meanwhile
    if (found.state === "done" || found.state === "diverged") continue;
    if (found.state === "running")
      throw new Error(
        `reproduce: expected runs that nobody else does, got ${found.info!.id}, which process ` +
          `${found.info!.pid} on ${found.info!.host} runs; wait for it`,
      );
    const left = secondsLeft(await foundRuns(study, options)).seconds;
    say(
      `${study.name}: run ${i + 1} of ${count}, ` +
        `${found.planned.run.label}${found.state === "begun" ? ", gone on with" : ""}; about ` +
        `${formatDuration(1000 * left)} left`,
    );
    try {
      await doRun(found, { out, quiet: quiet === true, ...(data !== undefined && { data }) }, io);
    } catch (error) {
      if (!(error instanceof Interrupted)) throw error;
      throw new Interrupted(
        `reproduce: stopped at run ${i + 1} of ${count}, nothing is lost: finished runs stay, and the same ` +
          "command goes on with this one from its last checkpoint",
      );
    }
  }
}

function scoredRun({ planned: { run, command }, state, info }: Found) {
  const shared = { label: run.label, setting: run.setting, seed: run.seed, command };
  if (state === "done") return { ...shared, id: info!.id };
  return { ...shared, id: null, failure: info?.error ?? "not done" };
}

function studied({ planned: { run, parameters }, folder }: Found): StudiedRun {
  return {
    label: run.label,
    seed: run.seed,
    parameters,
    followed: folder!.record<FollowedRecord>("followed", FOLLOWED_SCHEMA),
    trajectories: () => folder!.trajectories(),
    metrics: () => folder!.metrics(),
    snapshot: () => folder!.snapshots().at(-1),
    snapshots: () => folder!.snapshots(),
    moments: () => folder!.moments(),
    watched: () => watchedOf(folder!),
    pictures: () => picturesOf(folder!),
    weights: () => lastWeights(folder!),
  };
}

async function list(chosen: readonly Study[], options: ReproduceOptions, io: Io): Promise<void> {
  const existing = existingRuns(options.out);
  const counted = chosen.map(async (study) => {
    const found = await foundRuns(study, options, existing);
    const done = found.filter(({ state }) => state === "done" || state === "diverged").length;
    const { seconds, measured } = secondsLeft(found);
    return { study, runs: found.length, done, seconds, measured };
  });
  const rows = await Promise.all(counted);
  if (options.json === true) {
    const all = rows.map(({ study: { name, title, source, needsData = null }, runs, done, seconds, measured }) => ({
      ...{ name, title, source, size: options.size, needsData, runs, done, secondsLeft: Math.round(seconds), measured },
    }));
    io.stdout.write(`${JSON.stringify(all, undefined, 2)}\n`);
    return;
  }
  const dim = dimmer(hasColour(io.stdout, io.env));
  io.stdout.write(
    renderTable(
      [
        { header: "study" },
        { header: "what it shows", shrinkTo: 16 },
        { header: "data" },
        { header: "done", align: "right" },
        { header: "time left", align: "right" },
      ],
      rows.map(({ study, runs, done, seconds, measured }) => [
        study.name,
        study.title,
        study.needsData ?? "",
        `${done} of ${runs}`,
        done === runs ? "" : `${formatDuration(1000 * seconds)}${measured ? "" : "?"}`,
      ]),
      { width: widthOf(io.stdout), dim },
    ),
  );
  io.stderr.write("time left: from the runs that are done, or with ? estimated from sizes; studies share some runs\n");
}
