/**
 * @file `crh inspect`: the contents of a model file and what an analysis of it would measure, without data.
 */
import { type InspectOptions, inspectModel } from "../../runner/analysis/inspectModel.ts";
import { Interrupted } from "../../runner/errors.ts";
import type { Presentation } from "../commandOptions.ts";
import { renderInspection } from "../inspectionTables.ts";
import type { Io } from "../io.ts";
import { layoutOf } from "../layerTable.ts";
import { terminalObserver } from "../progress.ts";

export async function inspectCommand(path: string, options: InspectOptions & Presentation, io: Io): Promise<void> {
  const { json, quiet, ...wanted } = options;
  const observer = terminalObserver(io, { quiet, hidden: json === true || quiet === true });
  const { document, stopped } = await inspectModel(path, wanted, { observer, signal: io.interruption() });
  io.stdout.write(json === true ? `${JSON.stringify(document)}\n` : renderInspection(document, layoutOf(io)));
  if (stopped !== undefined) throw new Interrupted(stopped);
}
