/** @file Where the data of a study lies: in the folder of --data itself, or in one of it that bears the set's name. */
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { textFileNames } from "../../data/corpus.ts";
import type { Study, StudyData } from "../../studies/study.ts";
import { UsageError } from "../errors.ts";

/** Where `crh data get` leaves what it fetches. */
const FETCHED = "data";

/** By set: the name that `crh data get` knows it by, and whether files, by name, are of it. */
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
 * @param data the folder of --data. Default: data/, where it is there
 * @returns undefined where the study needs none
 * @throws UsageError where it needs a set that is not there
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
