/** @file `crh ingest`: measures moments that were made elsewhere. */
import type { IngestOptions } from "../../runner/analysis/analyzeOptions.ts";
import { ingest } from "../../runner/analysis/ingest.ts";
import type { Presentation } from "../commandOptions.ts";
import type { Io } from "../io.ts";
import { checkShowing, presentAnalysis } from "../presentAnalysis.ts";
import { terminalObserver } from "../progress.ts";

export async function ingestCommand(files: string[], asked: IngestOptions & Presentation, io: Io): Promise<void> {
  checkShowing(asked);
  const { json, quiet, open: _, ...wanted } = asked;
  const hidden = json === true || quiet === true;
  const kept = await ingest(files, wanted, terminalObserver(io, { quiet, hidden }));
  await presentAnalysis(kept, asked, io);
}
