/** @file The columns that describe a run beside each of its rows: name, setting, seed and every parameter. */
import { ParameterColumns } from "./parameterColumns.ts";
import { type Cell, type Column, columnsOf, finite, type RunSource } from "./table.ts";
import { tables } from "./tables.ts";

/** Columns of a run in every table. */
const SHARED = columnsOf({ run: "text", setting: "text", seed: "integer", steps: "integer" });

/** Columns of a run only in the table `runs`. */
const OWN = columnsOf({
  ...{ folder: "text", status: "text", step: "integer", startedAt: "text", endedAt: "text" },
  ...{ durationMs: "number", trainingMs: "number", measuringMs: "number", stepsPerSecond: "number" },
  ...{ error: "text", version: "text" },
} as const);

/** Name of the table of runs, with one row per run. */
export const RUNS_TABLE = "runs";

/** Names that parameters may not have in any table, so that a parameter has the same name in all tables. */
export const fixedNames: readonly string[] = [
  ...new Set([...SHARED, ...OWN, ...tables.flatMap(({ columns }) => columns)].map(({ name }) => name)),
];

/** The columns that describe runs. */
export class RunColumns {
  readonly #parameters = new ParameterColumns(fixedNames);

  /** Reads the parameters of a run; must be called for all runs before columns and values are used. */
  add({ config }: Pick<RunSource, "config">): void {
    this.#parameters.add(config);
  }

  /** Of `runs`. */
  get whole(): Column[] {
    return [...SHARED, ...OWN, ...this.#parameters.columns];
  }

  /** Columns of the run in the other tables, before or after their own columns. */
  get shared(): { readonly before: Column[]; readonly after: Column[] } {
    return { before: [...SHARED], after: this.#parameters.columns };
  }

  /** All columns of a table, in order: the run, the table's own, the parameters. */
  of(table: { readonly columns: readonly Column[] }): Column[] {
    const { before, after } = this.shared;
    return [...before, ...table.columns, ...after];
  }

  /** The row of `runs`. */
  row(run: RunSource): Cell[] {
    const { info, folder } = run;
    return [
      ...sharedValues(run),
      ...[folder, info.status, info.step, info.startedAt, info.endedAt ?? null],
      ...[info.durationMs, info.trainingMs, info.measuringMs, info.stepsPerSecond].map(finite),
      ...[info.error ?? null, info.versions.crh],
      ...this.#parameters.values(run.config),
    ];
  }

  /** Cells of the run before and after each row of the other tables. */
  around(run: RunSource): { readonly before: Cell[]; readonly after: Cell[] } {
    return { before: sharedValues(run), after: this.#parameters.values(run.config) };
  }
}

const sharedValues = ({ info }: RunSource): Cell[] => [info.id, info.setting, finite(info.seed), info.steps];
