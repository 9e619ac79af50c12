/** @file `crh data list` and `crh data get`: data sets from their publishers. */
import { type RemoteSet, remoteSets } from "../../disk/fetch/dataSets.ts";
import { suggestion } from "../../parameters/suggest.ts";
import { UsageError } from "../../runner/errors.ts";
import { type FetchOptions, fetchSet } from "../../runner/fetchSet.ts";
import { hasColour, type Io, widthOf } from "../io.ts";
import { terminalObserver } from "../progress.ts";
import { dimmer, renderTable } from "../table.ts";

export interface DataGetOptions extends FetchOptions {
  readonly quiet?: boolean;
}

export function dataListCommand(options: { readonly json?: boolean }, io: Io): void {
  if (options.json === true) {
    io.stdout.write(`${JSON.stringify(remoteSets, undefined, 2)}\n`);
    return;
  }
  const columns = [{ header: "name" }, { header: "what", shrinkTo: 20 }, { header: "from", shrinkTo: 20 }];
  const rows = remoteSets.map(({ name, summary, files }) => [name, summary, new URL(files[0]!.url).host]);
  const dim = dimmer(hasColour(io.stdout, io.env));
  io.stdout.write(renderTable(columns, rows, { width: widthOf(io.stdout), dim }));
}

/** @throws Error in one line if there is no network, a checksum is wrong or the disk refuses */
export async function dataGetCommand(name: string, options: DataGetOptions, io: Io): Promise<void> {
  const observer = terminalObserver(io, { quiet: options.quiet });
  await fetchSet(findSet(name), options, { observer, signal: io.interruption() });
}

function findSet(name: string): RemoteSet {
  const found = remoteSets.find((set) => set.name === name);
  if (found !== undefined) return found;
  const names = remoteSets.map((set) => set.name);
  throw new UsageError(`data get: expected a data set, got "${name}"${suggestion(name, names)} (crh data list)`);
}
