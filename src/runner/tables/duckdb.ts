/**
 * @file DuckDB as this program uses it: in memory, without files, network, extensions or settings that a query could
 * change. It is an optional dependency of some 70 MB and loaded for queries alone.
 */
import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type * as DuckDB from "@duckdb/node-api";

export type Module = typeof DuckDB;

/** A database that is closed when nobody needs it any more. */
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

/** chosen: rows beyond this go to the folder for temporary files; memory is flat however many runs there are. */
const MEMORY = "1GB";

/** chosen: reading runs takes the rest of the machine. */
const THREADS = "2";

/**
 * Opens a database whose statements can reach nothing but what is put into it. What does not fit into memory lies in a
 * folder of its own below that for temporary files, which is gone when the database is closed.
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

/** From now on no statement changes a setting. */
export async function lockSettings({ connection }: Locked): Promise<void> {
  await connection.run("set lock_configuration = true");
}
