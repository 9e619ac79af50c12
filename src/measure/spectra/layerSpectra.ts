/**
 * @file The spectra of a layer in the form that snapshots hold: eigenvalues to six digits, all of a matrix up to 1,024
 * rows, the leading 256 of a wider one (16 of its plain second moments) unless the user asks for everything (theory.md
 * Eqs. 29 to 32).
 */
import type { Matrix } from "../../linalg/matrix.ts";
import type { Convention } from "../alignment/relations.ts";
import type { BothSides, Cost } from "../measured.ts";
import { roundingFloor, type Spectrum, spectrum } from "./spectrum.ts";
import { type TailExponent, tailExponent } from "./tailExponent.ts";

export interface SpectrumRecord extends Spectrum {
  /** Rows of the matrix; `values` may be fewer. */
  dimension: number;
  /** Power law of the density of the largest eigenvalues (Eqs. 31, 32); at cost "full" only. */
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
/**
 * chosen: number of eigenvalues for plain second moments of wide layers; enough to see how steep they begin. No law is
 * read from them.
 */
const rawCount = 16;

/** Significant digits of an eigenvalue from float32 sums. */
const digits = 6;

/** How many eigenvalues of a matrix of `d` rows a snapshot holds. */
export function eigenvaluesWanted(d: number, cost: Cost, convention?: Convention): number {
  return cost === "full" || d <= fullSpectrum ? d : convention === "raw" ? rawCount : leadingCount;
}

/**
 * The spectrum of one matrix.
 *
 * @param A (d, d) symmetric positive semi-definite; undefined where it was not captured
 * @param n number of samples, or "weights"
 * @param eigenvalues of A, descending, as many as are wanted; undefined where A has none
 */
export function spectrumRecord(
  A: Matrix | undefined,
  n: number | "weights",
  cost: Cost,
  eigenvalues: Float64Array | undefined,
): SpectrumRecord {
  const found = spectrum(A, n, eigenvalues);
  const values = found.values.map((value) => Number(value.toPrecision(digits)));
  const record: SpectrumRecord = { ...found, values, dimension: A?.rows ?? 0 };
  if (cost === "full" && found.status === undefined) record.tailExponent = tailOf(found);
  return record;
}

/**
 * The tail of the eigenvalues above the floor. Float32 leaves rounding of one size in every eigenvalue; those below it
 * are not values.
 */
function tailOf({ values, floor }: Spectrum): TailExponent {
  return tailExponent(values, { floor: floor ?? 0, resolution: roundingFloor * Math.max(0, values[0] ?? 0) });
}
