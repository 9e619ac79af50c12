/**
 * @file `crh report`: writes the report of an existing run again and, on request, its figures as files.
 */
import "../../figuresNode/linkedomDocument.ts";
import { resolve } from "node:path";
import { standaloneSvg } from "../../figures/figure.ts";
import { type ReportData, renderReport, reportFigures } from "../../report/report.ts";
import { UsageError } from "../../runner/errors.ts";
import { isEmpty, reportData } from "../../runner/records/runReport.ts";
import { findRun } from "../../runs/listRuns.ts";
import type { RunFolder } from "../../runs/runFolder.ts";
import { writeWhole } from "../../runs/writeFile.ts";
import { openPage } from "../browser.ts";
import type { Io } from "../io.ts";

export interface ReportOptions {
  readonly runs: string;
  /** File to write; "-" is stdout. Default: report.html in the run's folder. */
  readonly out?: string;
  /** Also write every figure as SVG and CSV to figures/ in the run's folder. */
  readonly figures?: boolean;
  /** Show it in the browser. */
  readonly open?: boolean;
}

/** Writes the report and prints its path on stdout. */
export async function reportCommand(which: string, options: ReportOptions, io: Io): Promise<void> {
  const run = findRun(options.runs, which);
  const data = await reportData(run);
  if (isEmpty(data))
    throw new Error(`report: expected a run with a measurement, got none in ${run.dir}; continue it with crh resume`);
  const { out: output } = options;
  if (output === "") throw new UsageError("crh report: expected a file after --out, got nothing");
  const html = renderReport(data);
  if (output === "-" && options.open === true)
    throw new UsageError('crh report: expected --open with a file, got "-" for --out; leave one out');
  if (options.figures === true) writeFigures(run, data);
  if (output === "-") {
    io.stdout.write(html);
    return;
  }
  let path: string;
  if (output === undefined) path = run.writeReport(html);
  else {
    path = resolve(output);
    writeWhole(path, html, { where: "report" });
  }
  if (options.open === true) await openPage(path, io);
  else io.stdout.write(`${path}\n`);
}

/** Numbered as on the page, so that a folder lists them in that order. */
function writeFigures(run: RunFolder, data: ReportData): void {
  for (const { name, figure } of reportFigures(data)) {
    run.writeFigure(`${name}.svg`, standaloneSvg(figure.svg));
    run.writeFigure(`${name}.csv`, figure.csv);
  }
}
