/** @file What a run is, beside each of its rows: name, setting, seed and every parameter. */
import { ParameterColumns } from "./parameterColumns.ts";
import { type Cell, type Column, columnsOf, finite, type RunSource } from "./table.ts";
import { tables } from "./tables.ts";

/** Of a run in every table. */
const SHARED = columnsOf({ run: "text", setting: "text", seed: "integer", steps: "integer" });

/** Of a run in the table `runs` alone. */
const OWN = columnsOf({
  ...{ folder: "text", status: "text", step: "integer", startedAt: "text", endedAt: "text" },
  ...{ durationMs: "number", trainingMs: "number", measuringMs: "number", stepsPerSecond: "number" },
  ...{ error: "text", version: "text" },
} as const);

/** The name of the table of runs, which has a row a run. */
export const RUNS_TABLE = "runs";

/** Names that parameters may not have, in any table: so that a parameter has one name in all of them. */
export const fixedNames: readonly string[] = [
  ...new Set([...SHARED, ...OWN, ...tables.flatMap(({ columns }) => columns)].map(({ name }) => name)),
];

/** The columns of what runs are. */
export class RunColumns {
  readonly #parameters = new ParameterColumns(fixedNames);

  /** Looks at the parameters of a run; all runs come by before columns and values are asked for. */
  add({ config }: Pick<RunSource, "config">): void {
    this.#parameters.add(config);
  }

  /** Of `runs`. */
  get whole(): Column[] {
    return [...SHARED, ...OWN, ...this.#parameters.columns];
  }

  /** Of what runs are in the other tables, before or behind their own columns. */
  get shared(): { readonly before: Column[]; readonly behind: Column[] } {
    return { before: [...SHARED], behind: this.#parameters.columns };
  }

  /** All columns of a table, in their order: the run, what the table is of, the parameters. */
  of(table: { readonly columns: readonly Column[] }): Column[] {
    const { before, behind } = this.shared;
    return [...before, ...table.columns, ...behind];
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

  /** What stands before and behind each row of the other tables. */
  around(run: RunSource): { readonly before: Cell[]; readonly behind: Cell[] } {
    return { before: sharedValues(run), behind: this.#parameters.values(run.config) };
  }
}

const sharedValues = ({ info }: RunSource): Cell[] => [info.id, info.setting, finite(info.seed), info.steps];
