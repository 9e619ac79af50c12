/** @file H, G or Z of one side of a layer, by name: of moments, or of a capture file that is not read as a whole. */
import type { ByteSource } from "../formats/safetensors.ts";
import { gram, type Matrix } from "../linalg/matrix.ts";
import { type Convention, type LayerMoments, type Side, secondMoment } from "./moments.ts";
import { type Block, decodeLayer } from "./momentsFile.ts";

export const matrixNames = ["H", "G", "Z"] as const;
export type MatrixName = (typeof matrixNames)[number];

/** A matrix of a layer; Z is the same in every convention. */
export interface NamedMatrix {
  readonly side: Side;
  readonly name: MatrixName;
  readonly convention: Convention;
}

/**
 * A matrix of one side of a layer (theory.md Eqs. 2, 3, 4, 8, 83); Z is WᵀW on side a, WWᵀ on side b, in every
 * convention.
 *
 * @returns undefined if the moments do not contain it
 */
export function namedMatrix(layer: LayerMoments, { side, name, convention }: NamedMatrix): Matrix | undefined {
  const sums = layer[side];
  if (sums === undefined) return undefined;
  if (name !== "Z") return secondMoment(sums, name, convention, layer.n);
  if (sums.z !== undefined) return { rows: sums.d, cols: sums.d, data: sums.z };
  return layer.W && gram(layer.W, side);
}

/**
 * A matrix of a layer of a capture file, of which only its sums are read: of a network with many wide layers a small
 * part.
 *
 * @returns `hasLayer` false where the file has no layer of this name; `matrix` undefined where it was not kept
 * @throws RangeError as `decodeMoments`, of what is read
 */
export function readNamedMatrix(
  file: ByteSource,
  layer: string,
  which: NamedMatrix,
): { readonly hasLayer: boolean; readonly matrix: Matrix | undefined } {
  const { side, name, convention } = which;
  const blocks = name === "Z" ? [] : blocksBehind(name, convention);
  const found = decodeLayer(file, layer, { side, blocks, hasWeights: name === "Z" });
  return { hasLayer: found !== undefined, matrix: found && namedMatrix(found, which) };
}

/** The sums that a second moment is made of (`sumsBehind`). */
function blocksBehind(name: "H" | "G", convention: Convention): readonly Block[] {
  if (convention === "paper") return name === "H" ? ["hnSum", "hnhn"] : ["gnSum", "gngn"];
  return name === "H" ? ["hSum", "hh"] : ["gSum", "gg"];
}
