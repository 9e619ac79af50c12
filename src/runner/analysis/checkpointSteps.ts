/**
 * @file The steps of several checkpoints of one model, from their paths: the number in which the paths differ,
 * `step100.onnx`, `checkpoint-100/model.onnx`. If the paths do not show the steps, they are 0, 1, 2 .. in the order
 * given.
 */
import { basename } from "node:path";

export interface Checkpoint {
  readonly path: string;
  readonly step: number;
}

export interface Series {
  /** By ascending step. */
  readonly checkpoints: readonly Checkpoint[];
  /** The source of the steps, as text. */
  readonly stepsFrom: string;
}

/**
 * @param paths two different ones or more
 * @throws RangeError where a path is given twice
 */
export function checkpointSteps(paths: readonly string[]): Series {
  const twice = paths.find((path, i) => paths.indexOf(path) !== i);
  if (twice !== undefined)
    throw new RangeError(`analyze: expected different checkpoints, got ${twice} twice; name each of them once`);
  const found = numbersOf(paths) ?? numbersOf(paths.map((path) => basename(path)));
  if (found === undefined)
    return {
      checkpoints: paths.map((path, step) => ({ path, step })),
      stepsFrom:
        "The names of the checkpoints do not differ in one number: steps are 0, 1, 2 .. in the order in which they were given.",
    };
  const checkpoints = paths.map((path, i) => ({ path, step: found[i]! })).sort((x, y) => x.step - y.step);
  return { checkpoints, stepsFrom: "Steps are the numbers in which the names of the checkpoints differ." };
}

/** Words before a number that mark it as the step, where several numbers differ. */
const STEP = /(step|iter|iteration|global)[^a-z]*$/i;

/**
 * The step in each path; undefined where paths differ in more than numbers, or no number distinguishes all of them.
 */
function numbersOf(paths: readonly string[]): number[] | undefined {
  const parts = paths.map((path) => path.split(/(\d+)/)); // words at even indices, numbers at odd ones
  const words = (of: readonly string[]) => of.filter((_, i) => i % 2 === 0).join("\0");
  if (parts.some((of) => words(of) !== words(parts[0]!))) return undefined;
  const places = [...parts[0]!.keys()].filter((i) => {
    const numbers = parts.map((of) => Number(of[i]));
    return i % 2 === 1 && numbers.every(Number.isSafeInteger) && new Set(numbers).size === paths.length;
  });
  const place = places.findLast((i) => STEP.test(parts[0]![i - 1]!)) ?? places.at(-1);
  return place === undefined ? undefined : parts.map((of) => Number(of[place]));
}

/** Short names of the files: without folders, unless only folders distinguish them. */
export function fileNames(paths: readonly string[]): string[] {
  const names = paths.map((path) => basename(path));
  if (new Set(names).size === names.length) return names;
  return paths.map((path) => path.split(/[\\/]/).slice(-2).join("/"));
}

/** The title of a series: "step0.onnx to step2000.onnx". */
export function seriesTitle(files: readonly string[]): string {
  return files.length < 2 ? files.join("") : `${files[0]} to ${files.at(-1)}`;
}
