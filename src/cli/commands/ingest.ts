/** @file `crh ingest`: measures moments made elsewhere, of one step or of a folder of captures. */
import type { IngestOptions } from "../../runner/analysis/analyzeOptions.ts";
import { isFolder } from "../../runner/analysis/captures/captureFolder.ts";
import { type Ingested, ingestFolder } from "../../runner/analysis/captures/ingestFolder.ts";
import { ingest } from "../../runner/analysis/ingest.ts";
import { Interrupted, UsageError } from "../../runner/errors.ts";
import type { Presentation } from "../commandOptions.ts";
import type { Io } from "../io.ts";
import { checkShowing, presentAnalysis } from "../presentAnalysis.ts";
import { terminalObserver } from "../progress.ts";

export async function ingestCommand(files: string[], asked: IngestOptions & Presentation, io: Io): Promise<void> {
  checkShowing(asked);
  const { json, quiet, open: _, ...wanted } = asked;
  const hidden = json === true || quiet === true;
  const observer = terminalObserver(io, { quiet, hidden });
  const folder = folderOf(files, asked);
  const found: Ingested =
    folder === undefined
      ? { kept: await ingest(files, wanted, observer) }
      : await ingestFolder(folder, wanted, { observer, signal: io.interruption() });
  await presentAnalysis(found.kept, asked, io);
  if (found.failed !== undefined) throw found.failed;
  if (found.stopped !== undefined) throw new Interrupted(found.stopped);
}

/** The given folder of captures; undefined for files. @throws UsageError if it is not the only argument */
function folderOf(files: readonly string[], { live }: IngestOptions): string | undefined {
  const folder = files.find(isFolder);
  if (folder !== undefined && files.length > 1)
    throw new UsageError(
      `crh ingest: expected one folder of captures or files, got ${files.length} paths with the folder ${folder} among them; ingest each folder separately`,
    );
  if (folder === undefined && live === true)
    throw new UsageError(
      `crh ingest: expected a folder of captures for --live, got ${files[0]}; make it, or name files without --live`,
    );
  return folder;
}
