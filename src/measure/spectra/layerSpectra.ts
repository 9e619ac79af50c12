/**
 * @file The spectra of a layer in the form that snapshots hold: eigenvalues to six digits, all of a matrix up to 1,024 rows, the leading
 * 256 of a wider one (16 of its plain second moments) unless the user asks for everything (theory.md Eqs. 29 to 32).
 */
import { eigvalsh } from "../../linalg/eigvalsh.ts";
import { leadingEigenvaluesAsking } from "../../linalg/leadingEigenvalues.ts";
import { gram, type Matrix, matrix, maxAbs, transpose } from "../../linalg/matrix.ts";
import type { Asking } from "../../linalg/products.ts";
import { mirrorLower } from "../../linalg/tiles.ts";
import type { Side } from "../../moments/moments.ts";
import type { Convention } from "../alignment/relations.ts";
import type { BothSides, Cost } from "../measured.ts";
import { roundingFloor, type Spectrum, spectrum } from "./spectrum.ts";
import { type TailExponent, tailExponent } from "./tailExponent.ts";

export interface SpectrumRecord extends Spectrum {
  /** Rows of the matrix; `values` may be fewer. */
  dimension: number;
  /** Power law of the density of the largest eigenvalues (Eqs. 31, 32); at cost "full" alone. */
  tailExponent?: TailExponent;
}

export interface SideSpectraRecord {
  H: SpectrumRecord;
  G: SpectrumRecord;
}

/** `weights` is the spectrum of the smaller of W^T W and W W^T, whose positive eigenvalues are the same. */
export type LayerSpectra = Record<Convention, BothSides<SideSpectraRecord>> & { weights: SpectrumRecord };

/** chosen: rows up to which all eigenvalues are computed at cost "standard", and how many of a wider matrix. */
export const fullSpectrum = 1024;
const leadingCount = 256;
/** chosen: of plain second moments of wide layers, which no law is read from, as many as tell how steep they begin. */
const rawCount = 16;

/** Digits of an eigenvalue that float32 sums can have. */
const digits = 6;

/** chosen: multiplications that take some ten milliseconds here, in which the engine is asked and has answered. */
const WORTH_ASKING = 1e8;

/**
 * Z of one side (theory.md Eq. 4), of a large map with products from whoever has a fast way to them.
 *
 * @param W (dOut, dIn)
 */
export function* weightMoment(W: Matrix, side: Side): Asking<Matrix> {
  const [n, d] = side === "a" ? [W.rows, W.cols] : [W.cols, W.rows];
  return n * d * d < WORTH_ASKING ? gram(W, side) : yield* weightGram(W, side);
}

/** chosen: columns multiplied at a time, which the engine does as fast as with more of them. */
const gramColumns = 512;

/** As `gram`, by blocks of the lower triangle. */
function* weightGram(W: Matrix, side: Side): Asking<Matrix> {
  const whole = side === "a" ? W : transpose(W);
  const { rows: n, cols: d } = whole;
  const Z = matrix(d, d);
  const blocks = Array.from({ length: Math.ceil(d / gramColumns) }, (_, i) =>
    columns(whole, i * gramColumns, gramColumns),
  );
  for (const [i, { data: X, cols: dx }] of blocks.entries())
    for (const [j, { data: Y, cols: dy }] of blocks.slice(0, i + 1).entries()) {
      const found = yield { X, Y, n, dx, dy };
      for (let row = 0; row < dx; row++)
        Z.data.set(found.subarray(row * dy, (row + 1) * dy), (i * gramColumns + row) * d + j * gramColumns);
    }
  mirrorLower(Z.data, d);
  return Z;
}

/** `count` columns from `first` on, or as many as there are. */
function columns({ data, rows, cols }: Matrix, first: number, count: number): Matrix {
  const width = Math.min(count, cols - first);
  const some = matrix(rows, width);
  for (let i = 0; i < rows; i++) some.data.set(data.subarray(i * cols + first, i * cols + first + width), i * width);
  return some;
}

/**
 * The spectrum of one matrix, and its eigenvalues unrounded for others to use. The leading eigenvalues of a wide matrix take products from
 * whoever has a fast way to them.
 *
 * @param A (d, d) symmetric positive semi-definite; undefined where it was not captured
 * @param n samples behind it, or "weights"
 * @param convention of a second moment
 */
export function* measureSpectrum(
  A: Matrix | undefined,
  n: number | "weights",
  cost: Cost,
  convention?: Convention,
): Asking<{ spectrum: SpectrumRecord; eigenvalues: Float64Array | undefined }> {
  let eigenvalues: Float64Array | undefined;
  if (A !== undefined && hasEigenvalues(A))
    eigenvalues =
      cost === "full" || A.rows <= fullSpectrum
        ? eigvalsh(A)
        : yield* leadingEigenvaluesAsking(A, convention === "raw" ? rawCount : leadingCount);
  const found = spectrum(A, n, eigenvalues);
  const values = found.values.map((value) => Number(value.toPrecision(digits)));
  const record: SpectrumRecord = { ...found, values, dimension: A?.rows ?? 0 };
  if (cost === "full" && found.status === undefined) record.tailExponent = tailOf(found);
  return { spectrum: record, eigenvalues };
}

/**
 * The tail of what stands above the floor: rounding, of which float32 leaves as much in every eigenvalue, is not
 * counted as values.
 */
function tailOf({ values, floor }: Spectrum): TailExponent {
  return tailExponent(values, { floor: floor ?? 0, resolution: roundingFloor * Math.max(0, values[0] ?? 0) });
}

/** Whether the matrix is neither zero nor beyond float64. */
function hasEigenvalues(A: Matrix): boolean {
  const size = maxAbs(A.data);
  return size > 0 && Number.isFinite(size);
}
