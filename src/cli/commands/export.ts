/** @file `crh export`: runs in the formats of other programs. */
import { formatCount } from "../../formats/quantities.ts";
import type { ExportFormat } from "../../runner/tables/exportFormats.ts";
import { exportRuns } from "../../runner/tables/exportRuns.ts";
import type { Io } from "../io.ts";
import { terminalObserver } from "../progress.ts";

export interface ExportOptions {
  readonly format: ExportFormat;
  readonly out: string;
  readonly replace?: boolean;
  readonly runs: string;
}

const counted: Readonly<Record<ExportFormat, string>> = {
  parquet: "rows",
  csv: "rows",
  tensorboard: "events",
  "wandb-csv": "values",
};

export async function exportCommand(which: readonly string[], options: ExportOptions, io: Io): Promise<void> {
  const { format, out, replace = false, runs: root } = options;
  const watcher = { observer: terminalObserver(io), signal: io.interruption() };
  const files = await exportRuns(which, { format, out, replace, root }, watcher);
  for (const { path, count } of files) io.stdout.write(`${path}: ${formatCount(count)} ${counted[format]}\n`);
}
