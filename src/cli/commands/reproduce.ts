/**
 * @file `crh reproduce`: runs what a figure of a paper needs, and writes figures, score card and page.
 */

import { formatDuration } from "../../formats/quantities.ts";
import { suggestion } from "../../parameters/suggest.ts";
import { EXIT_FAILED, Unconfirmed, UsageError } from "../../runner/errors.ts";
import { untakenWords } from "../../runner/reproduce/capturedRuns.ts";
import { existingRuns, secondsLeft } from "../../runner/reproduce/plannedRuns.ts";
import { distinct, foundRuns, type ReproduceOptions, reproduceStudy } from "../../runner/reproduce/reproduceStudy.ts";
import { dataOf } from "../../runner/reproduce/studyData.ts";
import { studySweep } from "../../runner/reproduce/studySweep.ts";
import type { ScoreRecord } from "../../studies/scoreRecord.ts";
import { studies } from "../../studies/studies.ts";
import type { Study } from "../../studies/study.ts";
import { hasColour, type Io, widthOf } from "../io.ts";
import { terminalObserver } from "../progress.ts";
import { renderScore } from "../scoreTable.ts";
import { dimmer, renderTable } from "../table.ts";
import { WORKER } from "../workerProgram.ts";

export interface ReproduceCommandOptions extends Omit<ReproduceOptions, "program"> {
  /** Whether to only write the sweeps, for crh worker or Slurm. */
  readonly planOnly?: boolean;
  readonly list?: boolean;
  readonly yes?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** chosen: as for a single run, which also needs confirmation above an hour. */
const CONFIRMED_ABOVE_SECONDS = 3600;

/** @returns the exit code; that of a failure if a run failed */
export async function reproduceCommand(
  names: readonly string[],
  options: ReproduceCommandOptions,
  io: Io,
): Promise<number> {
  const isAll = names.length === 0;
  const chosen = isAll ? studies : names.map(chosenStudy);
  if (options.list === true) {
    await list(chosen, options, io);
    return 0;
  }
  const able = withData(chosen, options, isAll, io);
  if (options.planOnly === true) {
    for (const { study, options: own } of able) {
      const found = await foundRuns(study, own);
      if (found.length > 0) io.stdout.write(`${studySweep(study, own.size, found, own).dir}\n`);
    }
    return 0;
  }
  await confirm(able, options, io);
  const records: ScoreRecord[] = [];
  let allDone = true;
  const watcher = {
    observer: terminalObserver(io, { quiet: options.quiet }),
    get signal() {
      return io.interruption(); // from the first run on; before that, the system ends the command
    },
  };
  for (const { study, options: own } of able) {
    const { record, folder, undone } = await reproduceStudy(study, { ...own, program: WORKER }, watcher);
    records.push(record);
    allDone &&= undone === 0 || options.doneOnly === true;
    if (options.json !== true) io.stdout.write(`${renderScore(record, folder, io)}\n`);
  }
  if (options.json === true) io.stdout.write(`${JSON.stringify(names.length === 1 ? records[0] : records)}\n`);
  return allDone ? 0 : EXIT_FAILED;
}

function chosenStudy(name: string): Study {
  const found = studies.find((study) => study.name === name);
  if (found !== undefined) return found;
  const names = studies.map((study) => study.name);
  throw new UsageError(
    `reproduce: expected a study, got "${name}"${suggestion(name, names)}; crh reproduce --list names them`,
  );
}

/** A study, and the options with its data folder. */
interface Able {
  readonly study: Study;
  readonly options: ReproduceCommandOptions;
}

/** @param isAll whether studies without data are skipped with a note */
function withData(chosen: readonly Study[], options: ReproduceCommandOptions, isAll: boolean, io: Io): Able[] {
  return chosen.flatMap((study) => {
    try {
      if (options.doneOnly === true && options.data === undefined) return [{ study, options }];
      const data = dataOf(study, options.data);
      return [{ study, options: { ...options, ...(data !== undefined && { data }) } }];
    } catch (error) {
      if (!isAll || !(error instanceof UsageError)) throw error;
      if (options.quiet !== true) io.stderr.write(`${study.name}: left out; ${error.message}\n`);
      return [];
    }
  });
}

/** Says which captures are not taken, before what they would have spared is started. */
async function confirm(able: readonly Able[], options: ReproduceCommandOptions, io: Io): Promise<void> {
  if (options.doneOnly === true) return;
  const existing = existingRuns(options);
  const found = await Promise.all(able.map(({ study, options: own }) => foundRuns(study, own, existing)));
  const untaken = new Set(found.flatMap((own) => untakenWords(own, existing)));
  if (options.quiet !== true) for (const line of untaken) io.stderr.write(`${line}\n`);
  const left = distinct(found.flat());
  const seconds = secondsLeft(left).seconds / options.jobs;
  if (options.yes === true || seconds <= CONFIRMED_ABOVE_SECONDS) return;
  const count = left.filter(({ state }) => state === "missing" || state === "begun").length;
  throw new Unconfirmed(
    `reproduce: expected --yes for an estimated time of ${formatDuration(1000 * seconds)} (${count} runs), ` +
      "which is above an hour, got none; " +
      "crh reproduce --list shows the time of each study, and --done-only judges the finished runs",
  );
}

async function list(chosen: readonly Study[], options: ReproduceCommandOptions, io: Io): Promise<void> {
  const existing = existingRuns(options);
  const counted = chosen.map(async (study) => {
    const found = await foundRuns(study, { ...options, data: undefined }, existing);
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
        { header: "data", shrinkTo: 8 },
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
  io.stderr.write("time left: from finished runs, or with ? from sizes; studies share runs\n");
}
