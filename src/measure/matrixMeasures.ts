/**
 * @file The measures of the matrices of one side in one convention, one line each. The key of a line is the key in the
 * JSON of a snapshot. A new measure of H, G and Z adds its file, and its line here (CONTRIBUTING.md).
 */
import type { Matrix } from "../linalg/matrix.ts";
import { type Convention, conventions } from "../moments/moments.ts";
import type { SideMatrix, SidePair } from "./alignment/relations.ts";
import type { SideEigenvalues } from "./decompositions.ts";
import { type BothSides, type Cost, costs, type Status } from "./measured.ts";
import { addShareErrors, diagonalShares, neuronBasis } from "./neurons/neuronBasis.ts";
import { type Points, plasticity } from "./neurons/plasticity.ts";
import { spectrumRecord } from "./spectra/layerSpectra.ts";
import { type RankValue, rank, unranked } from "./spectra/rank.ts";

/** H and G of one side in one convention, and what was already computed of them. */
export interface SideScene extends SidePair {
  /** Values of a row. */
  readonly d: number;
  readonly cost: Cost;
  readonly eigenvalues: SideEigenvalues;
  /** Why there are no eigenvalues; absent where they were computed. */
  readonly unranked?: Status | undefined;
  /** Memory for a value of each pair of neurons, of H and of G; absent where no pairs are looked at. */
  readonly room?: Points | undefined;
}

/** Z on the side where it is smaller. */
export interface WeightScene {
  readonly Z: Matrix | undefined;
  readonly dimension: number;
  readonly cost: Cost;
  readonly eigenvalues: Float64Array | undefined;
  readonly unranked?: Status | undefined;
}

/** One measure. `Weights` is its result for Z, under the key `weights` next to the conventions. */
export interface MatrixMeasure<Value, Weights = never> {
  /**
   * The lowest cost at which it is measured. Beyond "economy" it needs the whole matrix and is not measured on sampled
   * coordinates.
   */
  readonly cost: Cost;
  compute(side: SideScene): Value;
  computeWeights?(weights: WeightScene): Weights;
  /** The standard error of the value, from the matrices with each group of samples left out in turn (Eq. 18). */
  readonly error?: ErrorOf<Value>;
}

/** How a measure obtains its error. */
interface ErrorOf<Value> {
  /** The numbers of H and G that have an error, in O(d) or little more, because they are taken for every group. */
  numbers(pair: SidePair): readonly (number | null)[];
  add(value: Value, without: WithoutGroups): Value;
}

/** The numbers of a measure with each group left out in turn, and the samples in each group. */
export interface WithoutGroups {
  readonly numbers: readonly (readonly (number | null)[])[];
  readonly counts: readonly number[];
}

/** Lets the compiler infer and check what a measure returns. */
function define<Value, Weights = never>(measure: MatrixMeasure<Value, Weights>): MatrixMeasure<Value, Weights> {
  return measure;
}

export interface SideRanks {
  H: RankValue;
  G: RankValue;
}

/** In the order of the JSON. */
export const matrixMeasures = {
  /** Ranks of H and G (Eqs. 14 to 16); `weights` is that of Z, whose nonzero eigenvalues are the same on both sides. */
  ranks: define({ cost: "economy", compute: sideRanks, computeWeights: weightRanks }),
  /** Expressivity against plasticity of neurons (Eq. 75). */
  plasticity: define({
    cost: "standard",
    compute: ({ H, G, room }) => (H.entries && G.entries ? plasticity(H.entries.A, G.entries.A, room) : null),
  }),
  /** Eigenvalues of H, G and Z (Eqs. 29 to 32). */
  spectra: define({
    cost: "standard",
    compute: ({ H, G, cost, eigenvalues }) => ({
      H: spectrumRecord(H.entries?.A, H.n, cost, eigenvalues.H),
      G: spectrumRecord(G.entries?.A, G.n, cost, eigenvalues.G),
    }),
    computeWeights: ({ Z, cost, eigenvalues }) => spectrumRecord(Z, "weights", cost, eigenvalues),
  }),
  /** How close H and G are to diagonal in the basis of the neurons (Eq. 126). */
  neuronBasis: define({
    cost: "standard",
    compute: neuronBasis,
    error: { numbers: diagonalShares, add: addShareErrors },
  }),
};

function sideRanks({ H, G, d, eigenvalues, unranked: reason }: SideScene): SideRanks {
  const of = ({ entries, n }: SideMatrix, values: Float64Array | undefined): RankValue =>
    reason === undefined ? rank(entries?.A, d, n, values) : unranked(d, n, reason);
  return { H: of(H, eigenvalues.H), G: of(G, eigenvalues.G) };
}

function weightRanks({ Z, dimension, eigenvalues, unranked: reason }: WeightScene): RankValue {
  return reason === undefined ? rank(Z, dimension, "weights", eigenvalues) : unranked(dimension, 0, reason);
}

type Measures = typeof matrixMeasures;
type ValueOf<M> = M extends MatrixMeasure<infer Value, infer _> ? Value : never;
type WeightsOf<M> = M extends MatrixMeasure<infer _, infer Weights> ? Weights : never;

/** A snapshot's entry of one measure: each side in each convention, and Z where the measure covers it. */
type RecordOf<M> = Record<Convention, BothSides<ValueOf<M>>> &
  ([WeightsOf<M>] extends [never] ? unknown : { weights: WeightsOf<M> });

type Records = { -readonly [Key in keyof Measures]: RecordOf<Measures[Key]> };

/** A snapshot's entries of all measures of matrices. */
export type MatrixRecords = Pick<Records, "ranks"> & Partial<Records>;

/** The measures of one side in one convention by their keys. */
export type SideValues = { [Key in keyof Measures]?: ValueOf<Measures[Key]> };

/** Whether a measure is taken at a cost, of a layer whose eigenvalues may be missing. */
function isTaken(
  measure: { readonly cost: Cost },
  { cost, unranked: reason }: Pick<SideScene, "cost" | "unranked">,
): boolean {
  return measure.cost === "economy" || (reason === undefined && costs.indexOf(cost) >= costs.indexOf(measure.cost));
}

/** All measures of one side in one convention. */
export function measureSide(side: SideScene): SideValues {
  const taken = Object.entries(matrixMeasures).filter(([, measure]) => isTaken(measure, side));
  return Object.fromEntries(taken.map(([key, measure]) => [key, measure.compute(side)]));
}

/** The numbers of all measures that have an error, by key. */
export type SideNumbers = Readonly<Record<string, readonly (number | null)[]>>;

export function sideNumbers(pair: SidePair, measured: SideValues): SideNumbers {
  const withErrors = Object.entries<MatrixMeasure<unknown, unknown>>(matrixMeasures).filter(([key]) => key in measured);
  return Object.fromEntries(withErrors.flatMap(([key, { error }]) => (error ? [[key, error.numbers(pair)]] : [])));
}

/** The measures of one side with their errors. @param numbers with each group left out in turn */
export function addErrors(
  measured: SideValues,
  numbers: readonly SideNumbers[],
  counts: readonly number[],
): SideValues {
  const values = Object.entries(measured).map(([key, value]) => {
    const { error }: MatrixMeasure<unknown, unknown> = matrixMeasures[key as keyof Measures];
    return [key, error ? error.add(value, { numbers: numbers.map((of) => of[key]!), counts }) : value];
  });
  return Object.fromEntries(values);
}

/** The records of a layer from what was measured of its sides. @param sides without an input a is null everywhere */
export function recordMatrices(sides: Record<Convention, BothSides<SideValues>>, weights: WeightScene): MatrixRecords {
  const records = Object.entries<MatrixMeasure<unknown, unknown>>(matrixMeasures)
    .filter(([, measure]) => isTaken(measure, weights))
    .map(([name, { computeWeights }]) => {
      const key = name as keyof Measures;
      const ofSides = conventions.map((convention) => {
        const { a, b } = sides[convention];
        return [convention, { a: a ? a[key] : null, b: b[key] }];
      });
      return [key, { ...Object.fromEntries(ofSides), ...(computeWeights && { weights: computeWeights(weights) }) }];
    });
  return Object.fromEntries(records) as MatrixRecords;
}
