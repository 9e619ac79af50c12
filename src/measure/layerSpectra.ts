/**
 * @file The spectra of a layer in the form that snapshots hold: eigenvalues to six digits, all of a matrix up to 1,024 rows, the leading
 * 256 of a wider one unless the user asks for everything (theory.md Eqs. 29 to 32).
 */
import { eigvalsh } from "../linalg/eigvalsh.ts";
import { leadingEigenvalues, leadingEigenvaluesAsking } from "../linalg/leadingEigenvalues.ts";
import { type Matrix, matrix, maxAbs, transpose } from "../linalg/matrix.ts";
import type { Memory } from "../linalg/memory.ts";
import type { Asking } from "../linalg/products.ts";
import { mirrorLower } from "../linalg/tiles.ts";
import { type LayerMoments, type Side, secondMoment } from "../moments/moments.ts";
import type { BothSides, Cost } from "./measured.ts";
import type { Convention } from "./relations.ts";
import { type Spectrum, spectrum } from "./spectrum.ts";
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

/** Digits of an eigenvalue that float32 sums can have. */
const digits = 6;

/** What was computed of a wide layer beforehand. */
export interface Beforehand {
  /** Eigenvalues by `spectrumKey`. */
  readonly eigenvalues: ReadonlyMap<string, Float64Array>;
  /** Z of the sides. */
  readonly weights: Readonly<Partial<Record<Side, Matrix>>>;
}

export function spectrumKey(side: Side, convention: Convention, which: "H" | "G"): string {
  return `${convention}.${side}.${which}`;
}

/**
 * What takes most of the time of a wide layer at cost "standard", with products from whoever has a fast way to them: the leading
 * eigenvalues of the sides that are too wide for all of them, and Z (theory.md Eq. 4).
 */
export function* wideProducts(layer: LayerMoments, cost: Cost, memory: Memory): Asking<Beforehand> {
  const eigenvalues = new Map<string, Float64Array>();
  const weights: Partial<Record<Side, Matrix>> = {};
  if (cost !== "standard") return { eigenvalues, weights };
  for (const side of ["a", "b"] as const) {
    const sums = layer[side];
    if (sums === undefined || sums.sample || sums.d <= fullSpectrum) continue;
    if (layer.W) weights[side] = yield* weightGram(layer.W, side);
    const into = memory.square(sums.d);
    for (const convention of ["paper", "raw"] as const)
      for (const which of ["H", "G"] as const) {
        const A = secondMoment(sums, which, convention, layer.n, into);
        if (A !== undefined && hasEigenvalues(A))
          eigenvalues.set(spectrumKey(side, convention, which), yield* leadingEigenvaluesAsking(A, leadingCount));
      }
    memory.give([into.data]);
  }
  return { eigenvalues, weights };
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
 * The spectrum of one matrix, and its eigenvalues unrounded for others to use.
 *
 * @param A (d, d) symmetric positive semi-definite; undefined where it was not captured
 * @param n samples behind it, or "weights"
 * @param known its eigenvalues, where they were computed beforehand
 */
export function measureSpectrum(
  A: Matrix | undefined,
  n: number | "weights",
  cost: Cost,
  known?: Float64Array,
): { spectrum: SpectrumRecord; eigenvalues: Float64Array | undefined } {
  const eigenvalues = known ?? (A !== undefined && hasEigenvalues(A) ? eigenvaluesOf(A, cost) : undefined);
  const found = spectrum(A, n, eigenvalues);
  const values = found.values.map((value) => Number(value.toPrecision(digits)));
  const record: SpectrumRecord = { ...found, values, dimension: A?.rows ?? 0 };
  if (cost === "full" && found.status === undefined) record.tailExponent = tailExponent(found.values);
  return { spectrum: record, eigenvalues };
}

/** Whether the matrix is neither zero nor beyond float64. */
function hasEigenvalues(A: Matrix): boolean {
  const size = maxAbs(A.data);
  return size > 0 && Number.isFinite(size);
}

function eigenvaluesOf(A: Matrix, cost: Cost): Float64Array {
  return cost === "full" || A.rows <= fullSpectrum ? eigvalsh(A) : leadingEigenvalues(A, leadingCount);
}
