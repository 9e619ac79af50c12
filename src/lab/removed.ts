/** @file Runs removed on the page. They are moved to `.removed` beside the others and can be restored from there. */
import { existsSync, mkdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { NotFoundError, QueryError } from "./notFound.ts";
import type { RunReader } from "./runReader.ts";

export const REMOVED = ".removed";

/** @throws QueryError for a run that is still running */
export function removeRun(reader: RunReader, id: string): void {
  const dir = reader.dirOf(id);
  if (id.includes("/")) throw new QueryError(`expected a run by itself, got ${id}, which belongs to its sweep`);
  if (reader.summary(id).info?.status === "running")
    throw new QueryError(`expected a run that has stopped, got ${id}, which is running; stop it first`);
  const folder = join(reader.root, REMOVED);
  mkdirSync(folder, { recursive: true });
  renameSync(dir, join(folder, id));
}

/** @throws NotFoundError if no such run was removed; QueryError if its name is in use again */
export function restoreRun(reader: RunReader, id: string): void {
  const from = join(reader.root, REMOVED, id);
  if (!/^[^\\/\0]+$/.test(id) || id.startsWith(".") || !existsSync(join(from, "run.json")))
    throw new NotFoundError(`expected a run that was removed, got ${JSON.stringify(id.slice(0, 100))}`);
  const to = join(reader.root, id);
  if (existsSync(to)) throw new QueryError(`expected a free name, got ${id}, which is in use again`);
  renameSync(from, to);
}
