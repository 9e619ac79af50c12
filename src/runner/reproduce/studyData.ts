/** @file Locates the data of a study: in the data folder itself, or in its subfolder named after the data set. */
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { textFileNames } from "../../data/corpus.ts";
import type { Study, StudyData } from "../../studies/study.ts";
import { UsageError } from "../errors.ts";

/** The default folder of `crh data get`. */
const FETCHED = "data";

/** For each set: its name in `crh data get`, and whether file names belong to it. */
const sets: Readonly<
  Record<StudyData, { readonly name: string; readonly isIn: (files: readonly string[]) => boolean }>
> = {
  MNIST: { name: "mnist", isIn: (files) => files.some((file) => /^train-images[-.]idx3-ubyte(\.gz)?$/.test(file)) },
  CIFAR10: { name: "cifar10", isIn: (files) => files.some((file) => /^data_batch_1\.bin(\.gz)?$/.test(file)) },
  text: {
    name: "tinyshakespeare",
    isIn: (files) => textFileNames(files).length > 0 && !sets.MNIST.isIn(files) && !sets.CIFAR10.isIn(files),
  },
};

/**
 * The folder of a study's data.
 *
 * @param data the data folder. Default: data/, if it exists
 * @returns undefined where the study needs none
 * @throws UsageError where a required set is missing
 */
export function dataOf({ name, needsData }: Study, data: string | undefined): string | undefined {
  if (needsData === undefined) return undefined;
  const set = sets[needsData];
  const cure = `crh data get ${set.name} fetches it`;
  const root = data ?? (existsSync(FETCHED) ? FETCHED : undefined);
  if (root === undefined)
    throw new UsageError(`reproduce: expected --data with ${needsData} for ${name}, got none; ${cure}`);
  const found = [join(root, set.name), root].find((folder) => set.isIn(filesIn(folder)));
  if (found !== undefined) return found;
  throw new UsageError(
    `reproduce: expected a folder with ${needsData}, or with ${set.name}/ in it, for ${name}, got ${root}; ${cure}`,
  );
}

function filesIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return statSync(folder).isDirectory() ? readdirSync(folder) : [folder];
}
