/** @file The commands on tables of many runs, and their options. */
import { type Command, InvalidArgumentError, Option } from "commander";
import { readingRun } from "../runner/records/readingRun.ts";
import { RUNS } from "../runner/records/runName.ts";
import { exportFormats } from "../runner/tables/exportFormats.ts";
import { defaultConvention, measureNames } from "../tables/measures.ts";
import { RunColumns } from "../tables/runColumns.ts";
import type { AtStep } from "../tables/sweepCells.ts";
import { tables } from "../tables/tables.ts";
import { wholeNumber } from "./commandOptions.ts";
import type { CompareOptions } from "./commands/compare.ts";
import type { ExportOptions } from "./commands/export.ts";
import type { QueryOptions } from "./commands/query.ts";
import { type Io, widthOf } from "./io.ts";
import { wrapColumns } from "./table.ts";

/** Adds `crh compare`: a few runs side by side, or many over a parameter. */
export function addCompare(program: Command, io: Io, finish: (result: unknown) => void): void {
  program
    .command("compare")
    .description(
      "runs and analyses side by side: median alignments, layer by layer, and the scaling of gradient noise with weight decay; with --x and --y a measure of many runs over a parameter, median and quartiles",
    )
    .argument(
      "<runs...>",
      'two runs or more: names, the starts of them, paths or "latest"; with --x and --y also folders of runs or of a sweep',
    )
    .option("--x <parameter>", "parameter of the runs on the x axis")
    .option("--y <measure>", "such as b.rga, covariance.a.gwa, rank.H.b, loss; listed below")
    .option("--by <parameter>", 'a curve for each value of another parameter, or for each "layer"')
    .option("--group <parameter>", "one panel for each value of a third parameter")
    .option("--heat <parameter>", "a second parameter; the figure is then a heat map of medians")
    .option("--at <step>", 'the step that is looked at: a number, or "last" of the runs that have finished', atStep)
    .option("--csv <file>", "write all rows with all digits to this file")
    .option("--figure <file>", "write the figure to this file, as SVG")
    .option("--runs <folder>", "folder of the runs", RUNS)
    .addOption(new Option("--in <folder>").hideHelp())
    .on("option:in", function (this: Command, folder: string) {
      this.setOptionValueWithSource("runs", folder, "cli");
    })
    .option("--json", "print it as JSON")
    .addHelpText("after", () => wrapColumns(compareHelp, widthOf(io.stdout)))
    .action(async (runs: string[], options: CompareOptions) => {
      const { compareCommand } = await import("./commands/compare.ts");
      finish(await readingRun(runs.join(", "), () => compareCommand(runs, options, io)));
    });
}

/** Parses --at. */
function atStep(text: string): AtStep {
  if (text === "last") return text;
  try {
    return wholeNumber(0)(text);
  } catch {
    throw new InvalidArgumentError('Expected a whole number of at least 0 or "last".');
  }
}

const compareHelp = `
Measures, by the ${defaultConvention} convention unless covariance. or raw. stands before them:
  ${measureNames.join(", ")}, and every quantity of metrics.jsonl, such as train/loss
Without --by layer what counts of a run is the median over its hidden representations, where its network is a chain of maps, else over all layers.

Examples:
  crh compare sweeps/2026-12-01-decay --x decay --y b.rga --by layer --figure decay.svg
  crh compare runs --x decay --y covariance.b.rwa --heat lr --figure heat.svg --csv heat.csv
`;

/** Adds `crh query`. */
export function addTables(program: Command, io: Io, finish: (result: unknown) => void): void {
  program
    .command("query")
    .description("query tables of runs in SQL: metrics, alignments, ranks and others, with every parameter as a column")
    .argument("<sql>", "query in DuckDB's SQL; tables and columns are listed below")
    .option("--runs <folders...>", "folders of runs, of sweeps, or single runs", [RUNS])
    .addOption(new Option("--csv", "print all rows and columns as CSV").conflicts("json"))
    .option("--json", "print all rows as a list of objects in JSON")
    .addHelpText("after", () => wrapColumns(queryHelp(), widthOf(io.stdout)))
    .action(async (sql: string, options: QueryOptions) => {
      const { queryCommand } = await import("./commands/query.ts");
      finish(await queryCommand(sql, options, io));
    });
}

/** Adds `crh export`. */
export function addExport(program: Command, io: Io, finish: (result: unknown) => void): void {
  program
    .command("export")
    .description("write runs in the formats of other programs: tables, TensorBoard, the CSV of a chart")
    .argument("<runs...>", "folders of runs or of sweeps; single runs by name or path")
    .addOption(
      new Option(
        "--format <format>",
        "parquet or csv: one file per table; tensorboard: one event file per run; wandb-csv: one file, as Weights & Biases exports a chart",
      )
        .choices(exportFormats)
        .conflicts(["tensorboard", "wandbCsv"]),
    )
    .addOption(new Option("--tensorboard", "short for --format tensorboard").conflicts("wandbCsv"))
    .option("--wandb-csv", "short for --format wandb-csv")
    .requiredOption("-o, --out <path>", "output folder; for wandb-csv the file")
    .option("--replace", "replace existing files; otherwise nothing is written")
    .option("--runs <folder>", "folder of the runs", RUNS)
    .action(async (runs: string[], options: ExportOptions) => {
      const { exportCommand } = await import("./commands/export.ts");
      finish(await readingRun(runs.join(", "), () => exportCommand(runs, options, io)));
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
