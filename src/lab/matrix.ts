/** @file H, G and Z of a layer at a step as bytes: float32, row-major. */
import type { Matrix } from "../linalg/matrix.ts";
import { type Convention, conventions, type Moments } from "../moments/moments.ts";
import { namedMatrix } from "../moments/namedMatrix.ts";
import { NotFoundError, QueryError } from "./notFound.ts";

export interface MatrixRequest {
  readonly layer: string;
  readonly side: string;
  readonly name: string;
  /** Default raw: E[h hᵀ], E[g gᵀ]. Z is WᵀW on side a, WWᵀ on side b, in every convention. */
  readonly convention?: string | undefined;
}

/**
 * A matrix of one side of a layer (theory.md Eqs. 2, 3, 4, 8, 83).
 *
 * @throws NotFoundError if the moments have no such matrix, QueryError for an invalid name
 */
export function matrixOf(moments: Moments, request: MatrixRequest): Matrix {
  const { layer: name, side, name: which, convention = "raw" } = request;
  if (side !== "a" && side !== "b") throw new QueryError(`expected side a or b, got ${quoted(side)}`);
  if (which !== "H" && which !== "G" && which !== "Z")
    throw new QueryError(`expected matrix H, G or Z, got ${quoted(which)}`);
  if (!(conventions as readonly string[]).includes(convention))
    throw new QueryError(`expected convention ${conventions.join(", ")}, got ${quoted(convention)}`);
  const layer = moments.layers.find((one) => one.name === name);
  if (layer === undefined) throw new NotFoundError(`expected a layer of the run, got ${quoted(name)}`);
  const found = namedMatrix(layer, { side, name: which, convention: convention as Convention });
  if (found === undefined) throw new NotFoundError(`${which} of side ${side} of ${quoted(name)} was not kept`);
  return found;
}

const quoted = (text: string): string => JSON.stringify(text.slice(0, 100));

/** Float32 in little-endian order, which all browsers use. */
export function float32Bytes({ data }: Matrix): Uint8Array<ArrayBuffer> {
  const floats = Float32Array.from(data);
  return new Uint8Array(floats.buffer);
}
