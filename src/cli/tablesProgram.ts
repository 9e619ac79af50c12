/** @file The commands on many runs as tables, and their options. */
import { type Command, Option } from "commander";
import { RUNS } from "../runner/records/runName.ts";
import { RunColumns } from "../tables/runColumns.ts";
import { tables } from "../tables/tables.ts";
import type { QueryOptions } from "./commands/query.ts";
import { type Io, widthOf } from "./io.ts";
import { wrapColumns } from "./table.ts";

/** Adds `crh query`. */
export function addTables(program: Command, io: Io, finish: (result: unknown) => void): void {
  program
    .command("query")
    .description(
      "ask the tables of runs in SQL: metrics, alignments, ranks and others, with every parameter as a column",
    )
    .argument("<sql>", "a query in DuckDB's SQL; tables and columns are listed below")
    .option("--runs <folders...>", "folders of runs, of sweeps, or single runs", [RUNS])
    .addOption(new Option("--csv", "print all rows and columns as CSV").conflicts("json"))
    .option("--json", "print all rows as a list of objects in JSON")
    .addHelpText("after", () => wrapColumns(queryHelp(), widthOf(io.stdout)))
    .action(async (sql: string, options: QueryOptions) => {
      const { queryCommand } = await import("./commands/query.ts");
      finish(await queryCommand(sql, options, io));
    });
}

function queryHelp(): string {
  const names = (columns: readonly { name: string }[]) => columns.map(({ name }) => name).join(", ");
  const columns = new RunColumns();
  return `
Tables, each beside its own columns with ${names(columns.shared.before)} of the run and a column for every parameter that a run has:
  ${"runs".padEnd(13)} ${names(columns.whole.slice(columns.shared.before.length))}
${tables.map((table) => `  ${table.name.padEnd(13)} ${names(table.columns)}\n`).join("")}
Examples:
  crh query "select setting, decay, avg(value) from metrics where name = 'loss' group by all"
  crh query "select decay, layer, median(value), count(*) from alignments where side = 'b' and relation = 'rga' and convention = 'paper' and step = steps group by all order by all" --runs sweeps/2026-12-01-decay
  crh query "describe alignments"
`;
}
