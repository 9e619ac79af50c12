/**
 * @file H, G and Z of a layer at a step as bytes: float32, row after row. Only the part of a moments file that the
 * matrix needs is read. The most recently requested matrices are kept while their file is unchanged.
 */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import type { ByteSource } from "../formats/safetensors.ts";
import type { Matrix } from "../linalg/matrix.ts";
import { conventions } from "../moments/moments.ts";
import { type NamedMatrix, readNamedMatrix } from "../moments/namedMatrix.ts";
import { NotFoundError, QueryError } from "./notFound.ts";

export interface MatrixRequest {
  readonly layer: string;
  readonly side: string;
  readonly name: string;
  /** Default raw: E[h hᵀ], E[g gᵀ]. Z is WᵀW on side a, WWᵀ on side b, in every convention. */
  readonly convention?: string | undefined;
}

export interface MatrixBytes {
  readonly rows: number;
  readonly cols: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** chosen: most bytes of matrices that are kept, enough for 36 steps of a layer 768 wide. */
const MOST_BYTES = 256e6;

/** Reads matrices from moments files and keeps the most recently requested ones. */
export class Matrices {
  readonly #known = new Map<string, MatrixBytes>();
  readonly #most: number;
  #bytes = 0;

  /** @param most most bytes that are kept */
  constructor(most = MOST_BYTES) {
    this.#most = most;
  }

  /**
   * A matrix of one side of a layer (theory.md Eqs. 2, 3, 4, 8, 83). A file that was rewritten is read again.
   *
   * @param path file of moments
   * @throws NotFoundError if the moments hold no such matrix, QueryError if the request names none, Error in one line
   *   if the file is damaged
   */
  read(path: string, request: MatrixRequest): MatrixBytes {
    const which = checked(request);
    const descriptor = openSync(path, "r");
    try {
      const stamp = stampOf(descriptor);
      const { side, name, convention } = which;
      // Z is the same in every convention.
      const key = JSON.stringify([path, stamp, request.layer, side, name, name === "Z" ? "" : convention]);
      const known = this.#known.get(key);
      if (known !== undefined) {
        this.#known.delete(key);
        this.#known.set(key, known); // most recently used last
        return known;
      }
      const file = fileSource(descriptor, fstatSync(descriptor).size);
      const found = readFrom({ path, file }, request.layer, which);
      if (stampOf(descriptor) === stamp) this.#keep(key, found); // otherwise somebody wrote to it meanwhile
      return found;
    } finally {
      closeSync(descriptor);
    }
  }

  #keep(key: string, found: MatrixBytes): void {
    this.#known.set(key, found);
    this.#bytes += found.bytes.length;
    for (const [oldest, { bytes }] of this.#known) {
      if (this.#bytes <= this.#most) return;
      this.#known.delete(oldest);
      this.#bytes -= bytes.length;
    }
  }
}

/** Changes when a file is replaced or written to. */
function stampOf(descriptor: number): string {
  const { dev, ino, size, mtimeMs } = fstatSync(descriptor);
  return [dev, ino, size, mtimeMs].join();
}

function checked({ side, name, convention = "raw" }: MatrixRequest): NamedMatrix {
  if (side !== "a" && side !== "b") throw new QueryError(`expected side a or b, got ${quoted(side)}`);
  if (name !== "H" && name !== "G" && name !== "Z")
    throw new QueryError(`expected matrix H, G or Z, got ${quoted(name)}`);
  const known = conventions.find((one) => one === convention);
  if (known === undefined)
    throw new QueryError(`expected convention ${conventions.join(", ")}, got ${quoted(convention)}`);
  return { side, name, convention: known };
}

function readFrom(
  { path, file }: { readonly path: string; readonly file: ByteSource },
  layer: string,
  which: NamedMatrix,
): MatrixBytes {
  const { hasLayer, matrix } = attempt(path, () => readNamedMatrix(file, layer, which));
  if (!hasLayer) throw new NotFoundError(`expected a layer of the run, got ${quoted(layer)}`);
  if (matrix === undefined)
    throw new NotFoundError(`${which.name} of side ${which.side} of ${quoted(layer)} was not kept`);
  return { rows: matrix.rows, cols: matrix.cols, bytes: float32Bytes(matrix) };
}

function attempt<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    const reason = (error as Error).message;
    throw new Error(`lab: expected moments in ${path}, got a damaged file (${reason}); delete that file`, {
      cause: error,
    });
  }
}

/** The file as it was when it was opened, even if another has taken its name since. */
function fileSource(descriptor: number, size: number): ByteSource {
  return {
    size,
    read(begin, end) {
      const bytes = new Uint8Array(end - begin);
      for (let at = 0; at < bytes.length; ) {
        const read = readSync(descriptor, bytes, at, bytes.length - at, begin + at);
        if (read === 0) throw new RangeError(`expected ${size} bytes, got ${begin + at}; the file is cut short`);
        at += read;
      }
      return bytes;
    },
  };
}

const quoted = (text: string): string => JSON.stringify(text.slice(0, 100));

/** Float32 in little-endian order, that of every machine that runs a browser. */
function float32Bytes({ data }: Matrix): Uint8Array<ArrayBuffer> {
  const floats = Float32Array.from(data);
  return new Uint8Array(floats.buffer);
}
