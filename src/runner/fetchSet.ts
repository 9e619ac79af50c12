/** @file Downloads the missing files of data sets from their publishers. */
import { existsSync, rmSync } from "node:fs";
import { basename, dirname, join, posix } from "node:path";
import { MAX_FILE_BYTES, type RemoteFile, type RemoteSet } from "../disk/fetch/dataSets.ts";
import { download, isWhole } from "../disk/fetch/download.ts";
import { unpackTar } from "../disk/fetch/unpackTar.ts";
import { makeFolder, writing } from "../runs/writeFile.ts";
import { Interrupted, UsageError } from "./errors.ts";
import type { Progress, Watcher } from "./observer.ts";

export interface FetchOptions {
  /** Folder of the files; default data/<name>. */
  readonly out?: string;
  /** Folder of a mirror that offers the same files. */
  readonly from?: string;
}

/** Fetches what is missing of a set into a folder. */
export async function fetchSet(set: RemoteSet, options: FetchOptions, watcher: Watcher): Promise<void> {
  const folder = options.out ?? join("data", set.name);
  if (options.from !== undefined && !(URL.canParse(options.from) && /^https?:/.test(options.from)))
    throw new UsageError(`data get: expected an http or https address, got "${options.from}"; check --from`);
  makeFolder(folder, "data get");
  for (const file of set.files) await getFile(file, folder, options, watcher);
  watcher.observer.note(`${set.name} is in ${folder} (--data ${folder})`);
}

async function getFile(file: RemoteFile, folder: string, options: FetchOptions, watcher: Watcher): Promise<void> {
  const path = join(folder, file.name);
  const { members, checksum } = file;
  if (members?.every((member) => existsSync(join(folder, posix.basename(member)))) === true) return;
  if (!(await isWhole(path, checksum))) await fetchFile(file, path, options, watcher);
  if (members === undefined) return;
  try {
    await unpackTar(path, folder, { members, maxBytes: MAX_FILE_BYTES });
  } catch (error) {
    writing("data get", folder, () => {
      throw error;
    });
  }
  rmSync(path);
}

async function fetchFile(
  file: RemoteFile,
  path: string,
  { from }: FetchOptions,
  { observer, signal }: Watcher,
): Promise<void> {
  const url = from === undefined ? file.url : `${from.replace(/\/+$/, "")}/${basename(new URL(file.url).pathname)}`;
  let progress: Progress | undefined;
  const kilobytes = (bytes: number) => Math.round(bytes / 1000);
  try {
    await download(url, path, {
      checksum: file.checksum,
      maxBytes: MAX_FILE_BYTES,
      signal,
      onProgress: (bytes, total) => {
        if (total !== undefined)
          progress ??= observer.progress(file.name, kilobytes(total), { unit: "kB", start: kilobytes(bytes) });
        progress?.update(kilobytes(bytes));
      },
    });
    progress?.end();
  } catch (error) {
    progress?.end(false);
    if (signal.aborted)
      throw new Interrupted(
        `data get: interrupted; the received part of ${file.name} is kept, the same command continues`,
      );
    writing("data get", dirname(path), () => {
      throw error;
    });
  }
}
