/** @file The targets of `crh analyze` from a file. */
import { basename } from "node:path";
import type { DataArray } from "../../data/array.ts";
import { loadArrays } from "../../data/loadArrays.ts";
import { moveAxis } from "../../data/moveAxis.ts";
import { readBytes } from "../../disk/readBytes.ts";
import { labelArray } from "../../models/targets.ts";
import { targetsWord } from "./inputWords.ts";

/** The array of the targets file named by --targets, samples first. */
export function targetArray(word: string): DataArray {
  const { path, axis } = targetsWord(word);
  const array = soleArray(path);
  if (axis < Math.max(1, array.shape.length)) return moveAxis(array, axis);
  throw new RangeError(
    `analyze: expected an axis of ${basename(path)}, of shape (${array.shape.join(", ")}), as @axis in --targets, got ${axis}; axes count from 0`,
  );
}

function soleArray(path: string): DataArray {
  const { arrays, labels } = loadArrays(readBytes(path), { name: basename(path) });
  if (labels !== undefined) return labelArray(labels);
  const [array, ...others] = arrays.values();
  if (array === undefined || others.length > 0)
    throw new RangeError(
      `analyze: expected one array of targets in ${basename(path)}, got ${arrays.size}; save them in a file of their own`,
    );
  return array;
}
