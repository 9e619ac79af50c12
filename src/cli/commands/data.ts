/** @file `crh data list` and `crh data get`: data sets from where their publishers offer them. */
import { existsSync, rmSync } from "node:fs";
import { basename, dirname, join, posix } from "node:path";
import { MAX_FILE_BYTES, type RemoteFile, type RemoteSet, remoteSets } from "../../disk/fetch/dataSets.ts";
import { download, isWhole } from "../../disk/fetch/download.ts";
import { unpackTar } from "../../disk/fetch/unpackTar.ts";
import { suggestion } from "../../parameters/suggest.ts";
import { Interrupted, UsageError } from "../../runner/errors.ts";
import { makeFolder, writing } from "../../runs/writeFile.ts";
import { hasColour, type Io, widthOf } from "../io.ts";
import { ProgressLine } from "../progress.ts";
import { dimmer, renderTable } from "../table.ts";

export interface DataGetOptions {
  /** Folder of the files; default data/<name>. */
  readonly out?: string;
  /** Folder of a mirror that offers the same files. */
  readonly from?: string;
  readonly quiet?: boolean;
}

export function dataListCommand(options: { readonly json?: boolean }, io: Io): void {
  if (options.json === true) {
    io.stdout.write(`${JSON.stringify(remoteSets, undefined, 2)}\n`);
    return;
  }
  const columns = [{ header: "name" }, { header: "what", shrinkTo: 20 }, { header: "from", shrinkTo: 20 }];
  const rows = remoteSets.map(({ name, summary, files }) => [name, summary, new URL(files[0]!.url).host]);
  const dim = dimmer(hasColour(io.stdout, io.env));
  io.stdout.write(renderTable(columns, rows, { width: widthOf(io.stdout), dim }));
}

/** @throws Error in one line when there is no network, a checksum is wrong or the disk refuses */
export async function dataGetCommand(name: string, options: DataGetOptions, io: Io): Promise<void> {
  await getSet(findSet(name), options, io);
}

/** Fetches what is missing of a set into a folder. */
export async function getSet(set: RemoteSet, options: DataGetOptions, io: Io): Promise<void> {
  const folder = options.out ?? join("data", set.name);
  if (options.from !== undefined && !(URL.canParse(options.from) && /^https?:/.test(options.from)))
    throw new UsageError(`data get: expected an http or https address, got "${options.from}"; check --from`);
  makeFolder(folder, "data get");
  for (const file of set.files) await getFile(file, folder, options, io);
  if (options.quiet !== true) io.stderr.write(`${set.name} is in ${folder} (--data ${folder})\n`);
}

async function getFile(file: RemoteFile, folder: string, options: DataGetOptions, io: Io): Promise<void> {
  const path = join(folder, file.name);
  const { members, checksum } = file;
  if (members?.every((member) => existsSync(join(folder, posix.basename(member)))) === true) return;
  if (!(await isWhole(path, checksum))) await fetchFile(file, path, options, io);
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
  { from, quiet = false }: DataGetOptions,
  io: Io,
): Promise<void> {
  const url = from === undefined ? file.url : `${from.replace(/\/+$/, "")}/${basename(new URL(file.url).pathname)}`;
  const signal = io.interruption();
  let progress: ProgressLine | undefined;
  const kilobytes = (bytes: number) => Math.round(bytes / 1000);
  try {
    await download(url, path, {
      checksum: file.checksum,
      maxBytes: MAX_FILE_BYTES,
      signal,
      onProgress: (bytes, total) => {
        progress ??= new ProgressLine(io, file.name, kilobytes(total ?? bytes), {
          quiet: quiet || total === undefined,
          unit: "kB",
          start: kilobytes(bytes),
        });
        progress.update(kilobytes(bytes));
      },
    });
    progress?.end();
  } catch (error) {
    progress?.end(false);
    if (signal.aborted)
      throw new Interrupted(`data get: interrupted; what came of ${file.name} is kept, the same command goes on`);
    writing("data get", dirname(path), () => {
      throw error;
    });
  }
}

function findSet(name: string): RemoteSet {
  const found = remoteSets.find((set) => set.name === name);
  if (found !== undefined) return found;
  const names = remoteSets.map((set) => set.name);
  throw new UsageError(`data get: expected a data set, got "${name}"${suggestion(name, names)} (crh data list)`);
}
