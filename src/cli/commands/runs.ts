/**
 * @file `crh runs`: lists the runs of a folder, newest first.
 */

import { formatCount, formatDuration, formatQuantity, formatRate } from "../../formats/quantities.ts";
import { isAnalysisRun } from "../../runs/analysisRecord.ts";
import { listRuns, type RunSummary } from "../../runs/listRuns.ts";
import type { RunInfo } from "../../runs/runInfo.ts";
import { hasColour, type Io, widthOf } from "../io.ts";
import { shortenRunName } from "../shortRunName.ts";
import { type Column, dimmer, renderTable } from "../table.ts";

export interface RunsOptions {
  readonly runs: string;
  readonly json?: boolean;
}

const columns: readonly Column[] = [
  { header: "run", shrinkTo: 11, isName: true, shorten: shortenRunName },
  { header: "status" },
  { header: "steps", align: "right" },
  { header: "seed", align: "right", dispensable: 1 },
  { header: "loss", align: "right" },
  { header: "steps/s", align: "right", dispensable: 2 },
  { header: "time", align: "right" },
  { header: "started (UTC)", shrinkTo: 13, shorten: (text, width) => (text.length > width ? text.slice(5) : text) },
];

export async function runsCommand(options: RunsOptions, io: Io): Promise<void> {
  const runs = listRuns(options.runs);
  if (options.json === true) {
    io.stdout.write(`${JSON.stringify(runs, undefined, 2)}\n`);
    return;
  }
  const whole = runs.flatMap((run) => (run.info === undefined ? [] : [rowOf(run, run.info)]));
  if (whole.length > 0) {
    const dim = dimmer(hasColour(io.stdout, io.env));
    io.stdout.write(renderTable(columns, whole, { width: widthOf(io.stdout), dim }));
  }
  for (const { problem } of runs) if (problem !== undefined) io.stderr.write(`crh ${problem}\n`);
  if (runs.length === 0) io.stderr.write(`no runs in ${options.runs}; crh run fc2 makes one\n`);
}

function rowOf({ id, last }: RunSummary, info: RunInfo): string[] {
  const { status, seed, stepsPerSecond, durationMs, startedAt } = info;
  const isAnalysis = isAnalysisRun(info);
  const loss = last?.["eval/loss"] ?? last?.["train/loss"];
  return [
    id,
    status,
    stepsOf(info),
    isAnalysis ? "–" : String(seed),
    loss === undefined ? "" : formatQuantity(loss),
    stepsPerSecond === undefined ? "" : formatRate(stepsPerSecond),
    durationMs === undefined ? "" : formatDuration(durationMs),
    startedAt.slice(0, 16).replace("T", " "),
  ];
}

/** Steps as text: "1,000", or "200/1,000" for an unfinished run; empty for a single model. */
function stepsOf({ setting, step, steps }: RunInfo): string {
  if (isAnalysisRun({ setting }) && steps === 0) return "–";
  return step === steps ? formatCount(steps) : `${formatCount(step)}/${formatCount(steps)}`;
}
