/**
 * @file SQL queries over runs. Only tables that the query names are filled, run by run, and the rows of the answer are
 * streamed. Neither runs nor answer are in memory as a whole.
 */
import type { DuckDBConnection, DuckDBResult } from "@duckdb/node-api";
import { oneLineOf } from "../../formats/printable.ts";
import { RunColumns } from "../../tables/runColumns.ts";
import type { Cell } from "../../tables/table.ts";
import { tables } from "../../tables/tables.ts";
import { Interrupted, UsageError } from "../errors.ts";
import type { Watcher } from "../observer.ts";
import { createTables, Loader, tableNames } from "./database.ts";
import { type Locked, lockSettings, openLocked } from "./duckdb.ts";
import { openRuns, runFolders } from "./runFolders.ts";

/** A column of an answer. */
export interface AnswerColumn {
  readonly name: string;
  readonly isNumeric: boolean;
}

/** Receives an answer. */
export interface AnswerSink {
  begin(columns: readonly AnswerColumn[]): void;
  row(cells: readonly Cell[]): void;
}

/** chosen: the default folder of runs. */
export interface QueryOptions {
  readonly folders: readonly string[];
  /** Folder of runs that are given by name only. */
  readonly root: string;
}

/**
 * Answers a query in DuckDB's SQL.
 *
 * @throws UsageError in one line with DuckDB's message and the names of tables and columns, if the query fails
 */
export async function queryRuns(sql: string, options: QueryOptions, sink: AnswerSink, watcher: Watcher): Promise<void> {
  const folders = runFolders(options.root, options.folders, (text) => watcher.observer.note(text));
  const database = await openLocked();
  const stop = () => database.connection.interrupt();
  watcher.signal.addEventListener("abort", stop);
  try {
    const columns = columnsOfRuns(folders, watcher);
    await createTables(database, columns);
    const names = namedTables(sql);
    const hint = () => hintOf(names, columns);
    const result = await refused(hint, async () => {
      await checkQuery(database, sql);
      await fillTables(database, { columns, names, folders }, watcher);
      await lockSettings(database);
      return answer(database.connection, sql);
    });
    await refused(hint, () => handOn(result, sink));
  } catch (error) {
    if (watcher.signal.aborted) throw new Interrupted("crh query: interrupted; nothing was changed", { cause: error });
    throw error;
  } finally {
    watcher.signal.removeEventListener("abort", stop);
    database.close();
  }
}

/** Reads the parameters of all runs, and notes runs that cannot be read. */
function columnsOfRuns(folders: readonly string[], { observer, signal }: Watcher): RunColumns {
  const columns = new RunColumns();
  for (const opened of openRuns(folders)) {
    signal.throwIfAborted();
    if ("run" in opened) columns.add(opened.run);
    else observer.note(`left out: ${opened.problem}`);
  }
  return columns;
}

interface Filling {
  readonly columns: RunColumns;
  readonly names: ReadonlySet<string>;
  readonly folders: readonly string[];
}

async function fillTables(database: Locked, { columns, names, folders }: Filling, watcher: Watcher): Promise<void> {
  if (names.size === 0) return;
  const loader = await Loader.open(database, columns, names);
  const progress = watcher.observer.progress("reading", folders.length, { unit: "runs", patient: true });
  let done = 0;
  try {
    for (const opened of openRuns(folders)) {
      watcher.signal.throwIfAborted();
      if ("run" in opened) loader.add(opened.run);
      progress.update(++done);
      if (done % YIELD === 0) await new Promise((resolve) => setImmediate(resolve)); // lets signals be handled
    }
  } finally {
    loader.close();
    progress.end(false);
  }
}

/** chosen: runs read between checks for signals. */
const YIELD = 8;

/** The tables that a query may read: those whose names occur among its words. */
function namedTables(sql: string): ReadonlySet<string> {
  const words = new Set(sql.toLowerCase().match(/\w+/g));
  return new Set(tableNames.filter((name) => words.has(name)));
}

/** @throws Error unless the text is a single reading statement */
async function checkQuery({ duckdb, connection }: Locked, sql: string): Promise<void> {
  const statements = await connection.extractStatements(sql);
  const isPivot = /\bpivot\b/i.test(sql) && !/;\s*\S/.test(sql); // DuckDB makes two statements of it
  if (statements.count !== 1 && !isPivot)
    throw new Error(`expected one statement, got ${statements.count}; ask them one by one`);
  if (/\benable_logging\b/i.test(sql))
    throw new Error("expected a query that only reads, got one that writes a log; leave that out");
  if (isPivot) return;
  const { statementType } = await statements.prepare(0);
  const kind = duckdb.StatementType[statementType];
  if (kind !== "SELECT") throw new Error(`expected a query such as SELECT, got ${kind}; tables of runs are read only`);
}

async function answer(connection: DuckDBConnection, sql: string): Promise<DuckDBResult> {
  const statements = await connection.extractStatements(sql);
  for (let i = 0; i < statements.count - 1; i++) await (await statements.prepare(i)).run();
  return (await statements.prepare(statements.count - 1)).stream();
}

async function handOn(result: DuckDBResult, sink: AnswerSink): Promise<void> {
  const names = result.deduplicatedColumnNames();
  sink.begin(names.map((name, i) => ({ name, isNumeric: NUMERIC.test(String(result.columnType(i))) })));
  for await (const rows of result.yieldRows()) for (const row of rows) sink.row(row.map(cellOf));
}

const NUMERIC = /^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|DOUBLE|FLOAT|DECIMAL)\b/;

/** A value of an answer: a number if exact, null if not finite, else DuckDB's text. */
function cellOf(value: unknown): Cell {
  if (value === null || value === undefined) return null;
  if (typeof value === "number") return Number.isFinite(value) ? value : null;
  if (typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "bigint") {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : String(value);
  }
  if (value instanceof Object && "toDouble" in value && typeof value.toDouble === "function") return value.toDouble();
  return String(value);
}

/** Prefix of DuckDB's messages: "Binder Error: .." */
const OF_DUCKDB = /^(Failed to extract statements: )?[A-Z]\w+( [A-Z]\w+)* (Error|Exception): /;

/** Converts DuckDB's errors into one line with a hint. */
async function refused<T>(hint: () => string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const message = (error as Error).message;
    if (message.startsWith("expected ")) throw new UsageError(`crh query: ${message}; ${hint()}`);
    if (!OF_DUCKDB.test(message)) throw error;
    const said = oneLineOf(message.replace(/^Failed to extract statements: /, "").split(/\n\s*LINE \d+:/)[0]!);
    throw new UsageError(`crh query: expected a query in DuckDB's SQL, got "${said}"; ${hint()}`);
  }
}

/** The names available to a query. */
function hintOf(names: ReadonlySet<string>, columns: RunColumns): string {
  const own = tables
    .filter(({ name }) => names.has(name))
    .map((table) => ({ name: table.name, of: columns.of(table) }));
  const all = names.has("runs") ? [{ name: "runs", of: columns.whole }, ...own] : own;
  const said = all.map(({ name, of }) => `columns of ${name}: ${of.map((column) => column.name).join(", ")}`);
  const more = all.length === 0 ? `; crh query "describe metrics" lists the columns of one` : "";
  return [`tables: ${tableNames.join(", ")}${more}`, ...said].join("; ");
}
