/**
 * @file The tables of runs in a database. Rows are stored without the columns of their run, and views join them, so
 * that a parameter of a run is stored once.
 */
import type { DuckDBAppender, DuckDBType, DuckDBValue } from "@duckdb/node-api";
import { RUNS_TABLE, type RunColumns } from "../../tables/runColumns.ts";
import { type Cell, type Column, type ColumnType, type RunSource, rowsOf, type Table } from "../../tables/table.ts";
import { tables } from "../../tables/tables.ts";
import type { Locked } from "./duckdb.ts";

/** Names of all tables. */
export const tableNames: readonly string[] = [RUNS_TABLE, ...tables.map(({ name }) => name)];

/** The number of a run in the database. */
const KEY: Column = { name: "run_number", type: "integer" };

const sqlTypes: Readonly<Record<ColumnType, string>> = {
  text: "VARCHAR",
  integer: "BIGINT",
  number: "DOUBLE",
  boolean: "BOOLEAN",
};

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** Creates all tables, empty. @param columns must have seen the parameters of all runs */
export async function createTables({ connection }: Locked, columns: RunColumns): Promise<void> {
  const { before, after } = columns.shared;
  await connection.run("create schema facts");
  await connection.run(createTable(RUNS_TABLE, columns.whole));
  const own = columns.whole.map(({ name }) => `r.${quoted(name)}`);
  await connection.run(`create view ${RUNS_TABLE} as select ${own.join(", ")} from facts.${RUNS_TABLE} r`);
  for (const table of tables) {
    await connection.run(createTable(table.name, table.columns));
    const ofRun = (list: readonly Column[]) => list.map(({ name }) => `r.${quoted(name)}`);
    const ofTable = table.columns.map(({ name }) => `f.${quoted(name)}`);
    await connection.run(
      `create view ${table.name} as select ${[...ofRun(before), ...ofTable, ...ofRun(after)].join(", ")} ` +
        `from facts.${table.name} f join facts.${RUNS_TABLE} r using (${KEY.name})`,
    );
  }
}

function createTable(name: string, columns: readonly Column[]): string {
  const all = [KEY, ...columns].map(({ name: column, type }) => `${quoted(column)} ${sqlTypes[type]}`);
  return `create table facts.${name} (${all.join(", ")})`;
}

/** Fills tables run by run. */
export class Loader {
  readonly #columns: RunColumns;
  readonly #runs: Appender;
  readonly #tables: ReadonlyMap<Table, Appender>;
  #number = 0;

  /** @param names tables to fill besides that of the runs; the others stay empty */
  static async open(database: Locked, columns: RunColumns, names: ReadonlySet<string>): Promise<Loader> {
    const runs = await Appender.open(database, RUNS_TABLE, columns.whole);
    const wanted = tables.filter(({ name }) => names.has(name));
    const opened = new Map<Table, Appender>();
    for (const table of wanted) opened.set(table, await Appender.open(database, table.name, table.columns));
    return new Loader(columns, runs, opened);
  }

  private constructor(columns: RunColumns, runs: Appender, opened: ReadonlyMap<Table, Appender>) {
    this.#columns = columns;
    this.#runs = runs;
    this.#tables = opened;
  }

  add(run: RunSource): void {
    const number = this.#number++;
    this.#runs.add(number, this.#columns.row(run));
    for (const { table, row } of rowsOf(run, [...this.#tables.keys()])) this.#tables.get(table)!.add(number, row);
  }

  close(): void {
    for (const one of [this.#runs, ...this.#tables.values()]) one.close();
  }
}

/** Appends rows to one table in chunks of DuckDB's size. */
class Appender {
  readonly #database: Locked;
  readonly #appender: DuckDBAppender;
  readonly #columns: readonly Column[];
  readonly #types: readonly DuckDBType[];
  #rows: (readonly Cell[])[] = [];

  static async open(database: Locked, name: string, columns: readonly Column[]): Promise<Appender> {
    return new Appender(database, await database.connection.createAppender(name, "facts"), [KEY, ...columns]);
  }

  private constructor(database: Locked, appender: DuckDBAppender, columns: readonly Column[]) {
    this.#database = database;
    this.#appender = appender;
    this.#columns = columns;
    const { VARCHAR, BIGINT, DOUBLE, BOOLEAN } = database.duckdb;
    const types = { text: VARCHAR, integer: BIGINT, number: DOUBLE, boolean: BOOLEAN };
    this.#types = columns.map(({ type }) => types[type]);
  }

  add(number: number, row: readonly Cell[]): void {
    this.#rows.push([number, ...row]);
    if (this.#rows.length === CHUNK) this.#flush();
  }

  close(): void {
    this.#flush();
    this.#appender.closeSync();
  }

  #flush(): void {
    if (this.#rows.length === 0) return;
    const chunk = this.#database.duckdb.DuckDBDataChunk.create(this.#types, this.#rows.length);
    chunk.setColumns(this.#columns.map(({ type }, j) => this.#rows.map((row) => stored(row[j] ?? null, type))));
    this.#appender.appendDataChunk(chunk);
    this.#rows = [];
  }
}

/** DuckDB's vector size. */
const CHUNK = 2048;

function stored(value: Cell, type: ColumnType): DuckDBValue {
  return type === "integer" && typeof value === "number" ? BigInt(value) : value;
}
