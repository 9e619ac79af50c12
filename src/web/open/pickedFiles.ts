/** @file Files that were dropped on the page or chosen; those in folders have paths. */

/** chosen: most files; a run folder has a few hundred. */
const MOST_FILES = 20_000;

export interface Picked {
  /** By path; a single file's path is its name. */
  readonly files: ReadonlyMap<string, File>;
}

/** @throws RangeError if there are more files than a run folder can have */
export async function droppedFiles(transfer: DataTransfer): Promise<Picked> {
  const files = new Map<string, File>();
  const entries = [...transfer.items].flatMap((item) => (item.kind === "file" ? (item.webkitGetAsEntry() ?? []) : []));
  if (entries.length === 0) return chosenFiles(transfer.files);
  for (const entry of entries) await walk(entry, files);
  return { files };
}

/** The files of an input element; those of a folder have their paths in it. */
export function chosenFiles(list: Iterable<File> & { readonly length: number }): Picked {
  if (list.length > MOST_FILES) throw tooMany();
  return { files: new Map([...list].map((file) => [file.webkitRelativePath || file.name, file])) };
}

async function walk(entry: FileSystemEntry, files: Map<string, File>): Promise<void> {
  if (files.size >= MOST_FILES) throw tooMany();
  const path = entry.fullPath.replace(/^\//, "");
  if (entry.isFile) {
    const file = await new Promise<File>((done, fail) => (entry as FileSystemFileEntry).file(done, fail));
    files.set(path, file);
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  for (;;) {
    // a reader returns about a hundred at a time
    const some = await new Promise<FileSystemEntry[]>((done, fail) => reader.readEntries(done, fail));
    if (some.length === 0) return;
    for (const one of some) await walk(one, files);
  }
}

const tooMany = (): RangeError =>
  new RangeError(
    `open: expected a run folder or a few files, got more than ${MOST_FILES} files; choose one run's folder`,
  );

/** Paths of the folders that contain a run.json, which are runs. */
export function runFolders({ files }: Picked): string[] {
  return [...files.keys()].flatMap((path) =>
    /(^|\/)run\.json$/.test(path) ? [path.slice(0, -"run.json".length)] : [],
  );
}
