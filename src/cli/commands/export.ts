/** @file `crh export`: runs in the formats of other programs. */
import { formatCount } from "../../formats/quantities.ts";
import { UsageError } from "../../runner/errors.ts";
import { type ExportFormat, exportFormats } from "../../runner/tables/exportFormats.ts";
import { exportRuns } from "../../runner/tables/exportRuns.ts";
import type { Io } from "../io.ts";
import { terminalObserver } from "../progress.ts";

export interface ExportOptions {
  /** The format, as an option or a flag of its name. */
  readonly format?: ExportFormat;
  readonly tensorboard?: true;
  readonly wandbCsv?: true;
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
  const { out, replace = false, runs: root } = options;
  const format = formatOf(options);
  const watcher = { observer: terminalObserver(io), signal: io.interruption() };
  const files = await exportRuns(which, { format, out, replace, root }, watcher);
  for (const { path, count } of files) io.stdout.write(`${path}: ${formatCount(count)} ${counted[format]}\n`);
}

/** @throws UsageError if no format is given */
function formatOf({ format, tensorboard, wandbCsv }: ExportOptions): ExportFormat {
  const said = format ?? (tensorboard ? "tensorboard" : wandbCsv ? "wandb-csv" : undefined);
  if (said !== undefined) return said;
  throw new UsageError(
    `crh export: expected --format, got none; --format ${exportFormats.join(", ")} are available, --tensorboard and --wandb-csv are short forms`,
  );
}
