/** @file `crh query`: an SQL query over the tables of runs, answered as a table, as CSV or as JSON. */
import { csvLine } from "../../figures/csv.ts";
import { UsageError } from "../../runner/errors.ts";
import { RUNS } from "../../runner/records/runName.ts";
import { type AnswerSink, queryRuns } from "../../runner/tables/queryRuns.ts";
import type { Cell } from "../../tables/table.ts";
import { hasColour, type Io, widthOf } from "../io.ts";
import { terminalObserver } from "../progress.ts";
import { QueryTable } from "../queryTable.ts";
import { dimmer } from "../table.ts";

export interface QueryOptions {
  /** Folders of runs, of sweeps, or single runs. */
  readonly runs: readonly string[];
  readonly json?: boolean;
  readonly csv?: boolean;
}

export async function queryCommand(sql: string, { runs, json, csv }: QueryOptions, io: Io): Promise<void> {
  if (json && csv) throw new UsageError("crh query: expected --json or --csv, got both; choose one");
  const watcher = { observer: terminalObserver(io), signal: io.interruption() };
  const options = { folders: runs, root: RUNS };
  if (!json && !csv) {
    const table = new QueryTable();
    await queryRuns(sql, options, table, watcher);
    io.stdout.write(table.render(widthOf(io.stdout), dimmer(hasColour(io.stdout, io.env))));
    return;
  }
  await queryRuns(sql, options, csv ? csvTo(io) : jsonTo(io), watcher);
  if (json) io.stdout.write("\n]\n");
}

const texts = (cell: Cell) => (typeof cell === "boolean" ? String(cell) : cell);

/** A header line, then one line per row. */
function csvTo({ stdout }: Io): AnswerSink {
  const line = (cells: readonly Cell[]) => stdout.write(csvLine(cells.map(texts)));
  return { begin: (columns) => line(columns.map(({ name }) => name)), row: line };
}

/** A list of objects, one per row and line. */
function jsonTo({ stdout }: Io): AnswerSink {
  let names: readonly string[] = [];
  let count = 0;
  return {
    begin(columns) {
      names = columns.map(({ name }) => name);
      stdout.write("[");
    },
    row(cells) {
      const row = JSON.stringify(Object.fromEntries(names.map((name, j) => [name, cells[j]])));
      stdout.write(`${count++ === 0 ? "" : ","}\n${row}`);
    },
  };
}
