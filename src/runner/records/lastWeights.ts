/** @file Matrices of the last checkpoint of a run, for studies of the weights. */
import { decodeSafetensors } from "../../formats/safetensors.ts";
import { type Matrix, matrix } from "../../linalg/matrix.ts";
import type { RunFolder } from "../../runs/runFolder.ts";

const PREFIX = "parameters/";

/**
 * Parameters of two or more axes by name, with convolutions as (filters, rest); empty where no checkpoint is left.
 */
export function lastWeights(folder: RunFolder): Map<string, Matrix> {
  const last = folder.checkpoints()[0];
  if (last === undefined) return new Map();
  const { tensors } = decodeSafetensors(folder.readCheckpoint(last.step));
  return new Map(
    [...tensors]
      .filter(([name, { shape }]) => name.startsWith(PREFIX) && shape.length >= 2)
      .map(([name, { shape, data }]) => [
        name.slice(PREFIX.length),
        matrix(shape[0]!, data.length / shape[0]!, data as Float32Array),
      ]),
  );
}
