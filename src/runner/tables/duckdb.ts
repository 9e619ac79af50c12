/**
 * @file DuckDB as this program uses it: in memory, without access to files, network, extensions or settings. It is an
 * optional dependency of some 70 MB, loaded only for queries.
 */
import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type * as DuckDB from "@duckdb/node-api";

export type Module = typeof DuckDB;

/** A database that must be closed after use. */
export interface Locked {
  readonly duckdb: Module;
  readonly connection: DuckDB.DuckDBConnection;
  close(): void;
}

/** @throws Error in one line where the package is not installed */
export async function loadDuckDB(): Promise<Module> {
  try {
    return await import("@duckdb/node-api");
  } catch (error) {
    throw new Error(
      `query: expected DuckDB, an optional package, got none that can be loaded (${(error as Error).message.split("\n")[0]}); npm install -g @duckdb/node-api installs it beside crh`,
      { cause: error },
    );
  }
}

/**
 * chosen: rows beyond this go to the folder for temporary files, so that memory does not grow with the number of runs.
 */
const MEMORY = "1GB";

/** chosen: reading runs uses the rest of the machine. */
const THREADS = "2";

/**
 * Opens a database whose statements can access only its own tables. Data that do not fit in memory go to a temporary
 * folder, which is removed when the database is closed.
 */
export async function openLocked(): Promise<Locked> {
  const duckdb = await loadDuckDB();
  const instance = await duckdb.DuckDBInstance.create(":memory:", {
    autoinstall_known_extensions: "false",
    autoload_known_extensions: "false",
    memory_limit: MEMORY,
    threads: THREADS,
  });
  const connection = await instance.connect();
  const overflow = join(tmpdir(), `crh-query-${process.pid}`);
  const close = () => {
    connection.closeSync();
    instance.closeSync();
    rmSync(overflow, { recursive: true, force: true });
  };
  try {
    await connection.run(`set temp_directory = '${overflow.replaceAll("'", "''")}'`);
    await connection.run("set enable_external_access = false"); // no file, no network, no extension from now on
    await connection.run("set ieee_floating_point_ops = false"); // 0 / 0 is null, not NaN
  } catch (error) {
    close();
    throw error;
  }
  return { duckdb, connection, close };
}

/** After this call no statement can change a setting. */
export async function lockSettings({ connection }: Locked): Promise<void> {
  await connection.run("set lock_configuration = true");
}
