/**
 * @file Decompositions of one layer that are made before any measure: Z of both sides, and eigenvalues. Only these
 * products are large enough to pay for an engine, which answers asynchronously. Every later measure is a pure,
 * synchronous function of moments and decompositions.
 */
import { ArrayPool } from "../linalg/arrayPool.ts";
import { gramBy } from "../linalg/blockGram.ts";
import { eigh } from "../linalg/eigh.ts";
import { eigvalsh } from "../linalg/eigvalsh.ts";
import { leadingEigenvalues } from "../linalg/leadingEigenvalues.ts";
import { gram, type Matrix, matrix, maxAbs } from "../linalg/matrix.ts";
import { type Multiply, multiplyHere } from "../linalg/products.ts";
import { type Convention, conventions, type LayerMoments, type Side } from "../moments/moments.ts";
import { mapWeights } from "./alignment/mapWeights.ts";
import { momentOf } from "./alignment/relations.ts";
import { type RowSide, rowRelations } from "./alignment/relationsFromRows.ts";
import { type WeightSums, weightSums } from "./alignment/weightSums.ts";
import { type SingularSystem, singularSystem, smallerSide } from "./laws/liveSubspace.ts";
import type { Cost } from "./measured.ts";
import { eigenvaluesWanted } from "./spectra/layerSpectra.ts";

/** Eigenvalues of H and G, descending; absent where the matrix has none. */
export type SideEigenvalues = Partial<Record<"H" | "G", Float64Array>>;

export interface Decompositions {
  /** Z on each side, of the sampled coordinates if there are any; absent without weights, and where rows are kept. */
  readonly Z: Partial<Record<Side, Matrix>>;
  /**
   * Where rows are kept, their relations replace all else; their products of all pairs of rows pay for an engine too.
   */
  readonly ofRows?: RowRelations;
  /** Present where spectra are measured. */
  readonly spectral?: {
    readonly moments: Record<Convention, Partial<Record<Side, SideEigenvalues>>>;
    /** The smaller of Z_a and Z_b, and its eigenvalues. */
    readonly weights?: Matrix;
    readonly ofWeights?: Float64Array;
  };
  /** Singular system of W on its range; present where laws are measured and W has one. */
  readonly singular?: SingularSystem;
}

/** The relations of both sides of a layer whose rows are kept, and the sums of Z in them. */
export interface RowRelations {
  readonly on: Record<Side, Record<Convention, RowSide>>;
  readonly Z: Record<Side, WeightSums>;
}

/** Source of large products and large arrays. Default: this project's products, new arrays. */
export interface Resources {
  readonly multiply?: Multiply | undefined;
  readonly pool?: ArrayPool | undefined;
}

export interface DecompositionOptions {
  readonly cost: Cost;
  /** Whether laws are measured. */
  readonly laws?: boolean;
  /** Samples of each group of the layer, where there are groups. */
  readonly counts?: readonly number[];
}

/**
 * All decompositions that the measures of a layer share.
 *
 * @param layer its moments
 *
 * O(d^3) for a side of d values; at cost "economy" Z alone.
 */
export async function decompose(
  layer: LayerMoments,
  { cost, laws = false, counts = [] }: DecompositionOptions,
  { multiply = multiplyHere, pool = new ArrayPool() }: Resources = {},
): Promise<Decompositions> {
  const { a, b, W } = layer;
  if (layer.rows !== undefined) return { Z: {}, ofRows: await relateRows(layer, counts, multiply) };
  const Z: Partial<Record<Side, Matrix>> = {};
  for (const side of ["a", "b"] as const) {
    const sums = layer[side];
    if (sums?.z) Z[side] = matrix(sums.d, sums.d, sums.z);
    else if (sums && W) Z[side] = await gramBy(multiply, W, side);
  }
  if (cost === "economy" || a?.sample || b.sample) return { Z };
  const eigenvalues = async (A: Matrix | undefined, convention?: Convention): Promise<Float64Array | undefined> => {
    if (!A || !isDecomposable(A)) return undefined;
    const count = eigenvaluesWanted(A.rows, cost, convention);
    return count === A.rows ? eigvalsh(A) : await leadingEigenvalues(A, count, multiply);
  };
  const ofSide = async (side: Side, convention: Convention): Promise<SideEigenvalues> => {
    const found: SideEigenvalues = {};
    const into = pool.square(layer[side]!.d);
    for (const which of ["H", "G"] as const) {
      const values = await eigenvalues(momentOf(layer[side]!, which, convention, layer.n, { into }).A, convention);
      if (values) found[which] = values;
    }
    pool.release([into.data]);
    return found;
  };
  const moments: Record<Convention, Partial<Record<Side, SideEigenvalues>>> = { paper: {}, covariance: {}, raw: {} };
  for (const convention of conventions)
    for (const side of ["a", "b"] as const) if (layer[side]) moments[convention][side] = await ofSide(side, convention);
  if (!W) return { Z, spectral: { moments } };
  const weights = Z[smallerSide(W)] ?? gram(W, smallerSide(W));
  const eigen = laws && isDecomposable(weights) ? eigh(weights) : undefined;
  const ofWeights = eigen ? takeWanted(eigen.values, cost) : await eigenvalues(weights);
  return {
    Z,
    spectral: { moments, weights, ...(ofWeights && { ofWeights }) },
    ...(eigen && { singular: singularSystem(W, eigen) }),
  };
}

async function relateRows(layer: LayerMoments, counts: readonly number[], multiply: Multiply): Promise<RowRelations> {
  const weights = mapWeights(layer.W!);
  const Z = await weightSums(multiply, weights);
  return { on: await rowRelations(multiply, layer, weights, Z, counts), Z };
}

/** As many of all eigenvalues as a snapshot holds. */
function takeWanted(values: Float64Array, cost: Cost): Float64Array {
  return values.slice(0, eigenvaluesWanted(values.length, cost));
}

/** Whether the matrix is neither zero nor beyond float64. */
function isDecomposable(A: Matrix): boolean {
  const size = maxAbs(A.data);
  return size > 0 && Number.isFinite(size);
}
