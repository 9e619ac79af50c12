/**
 * @file The measures that every layer has: its six alignments in all conventions, the measures of its matrices
 * (`matrixMeasures`), and mean ratios.
 */
import { ArrayPool } from "../linalg/arrayPool.ts";
import type { Convention, LayerKind, LayerMoments, Side, SideMoments } from "../moments/moments.ts";
import { type Size, sharedNullOf, sizeOf } from "./alignment/alignmentNull.ts";
import { type Entries, symmetricEntriesOf } from "./alignment/entrySums.ts";
import {
  type AlignmentValue,
  addStandardErrors,
  relations,
  relationValues,
  type SideAlignments,
  sideMatrices,
  spreadsOf,
} from "./alignment/relations.ts";
import { addSamplingErrors } from "./alignment/samplingError.ts";
import { type Decompositions, decompose, type Resources, type RowRelations } from "./decompositions.ts";
import {
  addErrors,
  type MatrixRecords,
  measureSide,
  recordMatrices,
  type SideScene,
  type SideValues,
  sideNumbers,
} from "./matrixMeasures.ts";
import { type BothSides, type Cost, leastSamples, type Measured } from "./measured.ts";
import { roomForPairs } from "./neurons/plasticity.ts";
import { meanRatio } from "./spectra/meanRatio.ts";
import { unranked } from "./spectra/rank.ts";

/**
 * Why a layer is dead: no sample has a gradient, no sample an activation, or all samples have the same activation. Its
 * relations are no findings, and medians leave it out.
 */
export type DeadReason = "no-gradient" | "no-activation" | "constant-activation";

/** What is measured of every layer. */
export interface LayerAlignment extends MatrixRecords {
  name: string;
  kind: LayerKind;
  dIn: number;
  dOut: number;
  samples: number;
  alignment: Record<Convention, BothSides<SideAlignments>>;
  /**
   * Number of sample groups used for noise and corrected values; 0 without groups. Absent in records of earlier
   * versions.
   */
  groups?: number;
  /** Why the layer learns nothing; absent where it is alive. */
  dead?: readonly DeadReason[];
  meanRatio: BothSides<{ h: Measured; g: Measured }>;
  /** Samples with a zero gradient, left out of the paper convention. */
  droppedRows: { a: number; b: number };
  /** Samples with zero activation, left out of the paper convention. */
  droppedActivationRows: { a: number; b: number };
  /**
   * Coordinates measured of each side, where not all were (Eq. 77): alignments are estimates with a sampling error,
   * ranks have none.
   */
  sampled?: BothSides<{ coordinates: number; of: number }>;
}

/**
 * Alignments, ranks and mean ratios of one layer in all conventions.
 *
 * @param total     its moments
 * @param groups    moments of disjoint groups of the samples, for standard errors and bias (theory.md Eq. 18); fewer
 *   than two give none
 * @param cost      "economy" leaves the ranks out (status "not-measured")
 * @param resources where large products and arrays come from
 *
 * O(d^3) for the ranks of a side of d values, O(groups d^2) for the rest.
 */
export async function measureLayer(
  total: LayerMoments,
  groups: readonly LayerMoments[] = [],
  cost: Cost = "standard",
  resources: Resources = {},
): Promise<LayerAlignment> {
  const decompositions = await decompose(total, { cost, counts: groups.map(({ n }) => n) }, resources);
  return measureDecomposed(total, groups, { cost, decompositions, pool: resources.pool });
}

export interface DecomposedOptions {
  readonly cost: Cost;
  readonly decompositions: Decompositions;
  readonly pool?: ArrayPool | undefined;
}

/** Measures a layer that is already decomposed. */
export function measureDecomposed(
  total: LayerMoments,
  groups: readonly LayerMoments[],
  { cost, decompositions, pool = new ArrayPool() }: DecomposedOptions,
): LayerAlignment {
  const { dIn, dOut, n, a, b } = total;
  if (total.rows !== undefined) return measureRows(total, groups, decompositions.ofRows!);
  const isSampled = Boolean(a?.sample ?? b.sample);
  const reason = isSampled ? "sampled-coordinates" : cost === "economy" ? "not-measured" : undefined;
  const { spectral } = decompositions;
  const measure = (key: Side) => alignSide(key, total, groups, { cost, decompositions, unranked: reason, pool });
  const [onA, onB] = [a && measure("a"), measure("b")];
  const Z = { a: onA?.Z, b: onB.Z };
  const each = <Value>(value: (convention: Convention) => Value) =>
    ({ paper: value("paper"), covariance: value("covariance"), raw: value("raw") }) satisfies Record<Convention, Value>;
  return {
    ...describeLayer(total, groups),
    alignment: each((convention) => shareNulls(onA?.within[convention], onB.within[convention], Z)),
    ...recordMatrices(
      each((convention) => ({ a: onA?.within[convention].values ?? null, b: onB.within[convention].values })),
      {
        Z: spectral?.weights,
        dimension: Math.min(dIn, dOut),
        cost,
        eigenvalues: spectral?.ofWeights,
        unranked: reason,
      },
    ),
    meanRatio: { a: a ? measureMeanRatios(a, n) : null, b: measureMeanRatios(b, n) },
    droppedRows: { a: a ? n - a.keptG : 0, b: n - b.keptG },
    droppedActivationRows: { a: a ? n - a.keptH : 0, b: n - b.keptH },
    ...(isSampled ? { sampled: { a: a ? countSampled(a) : null, b: countSampled(b) } } : {}),
  };
}

/** The entries that do not depend on how the layer is measured. */
function describeLayer(total: LayerMoments, groups: readonly LayerMoments[]) {
  const { name, kind, dIn, dOut, n } = total;
  const dead = findDeadReasons(total);
  return {
    ...{ name, kind, dIn, dOut, samples: n, groups: groups.length < 2 ? 0 : groups.length },
    ...(dead.length > 0 && { dead }),
  };
}

/** The same from rows instead of sums: alignments and mean ratios, no ranks. */
function measureRows(total: LayerMoments, groups: readonly LayerMoments[], relations: RowRelations): LayerAlignment {
  const { dIn, dOut, n } = total;
  const [a, b] = [total.a!, total.b];
  const { on, Z } = relations;
  const of = (convention: Convention) => shareNullsOfSizes(on.a[convention], on.b[convention], Z);
  const none = (d: number, count: number) => unranked(d, count, "not-measured");
  const ranks = (convention: Convention) => {
    const side = ({ d, keptH, keptG }: SideMoments) =>
      convention === "paper" ? { H: none(d, keptH), G: none(d, keptG) } : { H: none(d, n), G: none(d, n) };
    return { a: side(a), b: side(b) };
  };
  return {
    ...describeLayer(total, groups),
    alignment: { paper: of("paper"), covariance: of("covariance"), raw: of("raw") },
    ranks: {
      paper: ranks("paper"),
      covariance: ranks("covariance"),
      raw: ranks("raw"),
      weights: none(Math.min(dIn, dOut), 0),
    },
    meanRatio: { a: measureMeanRatios(a, n), b: measureMeanRatios(b, n) },
    droppedRows: { a: n - a.keptG, b: n - b.keptG },
    droppedActivationRows: { a: n - a.keptH, b: n - b.keptH },
  };
}

function countSampled({ d, sample }: SideMoments): { coordinates: number; of: number } {
  return { coordinates: d, of: sample?.of ?? d };
}

/** The results of one side in one convention. */
interface SideFound {
  alignment: SideAlignments;
  values: SideValues;
  /** For the nulls of the other side. */
  sizes: { H: Size | undefined; G: Size | undefined };
}

/** One side in all conventions. H and G of all samples, and without each group, use the same memory in turn. */
function alignSide(
  key: Side,
  { n, ...layer }: LayerMoments,
  groups: readonly LayerMoments[],
  {
    cost,
    decompositions,
    unranked: reason,
    pool,
  }: Required<DecomposedOptions> & { pool: ArrayPool } & Pick<SideScene, "unranked">,
): { Z: Entries | undefined; within: Record<Convention, SideFound> } {
  const side = layer[key]!;
  const A = decompositions.Z[key];
  const Z = A && symmetricEntriesOf(A, side.sample?.of);
  const into = { H: pool.square(side.d), G: pool.square(side.d) };
  const room = reason === undefined ? roomForPairs(side.d, pool) : undefined;
  const within = (convention: Convention): SideFound => {
    const whole = sideMatrices(side, convention, n, into);
    const { H, G } = whole;
    const measured = relations(whole, Z);
    const alignment = side.sample ? addSamplingErrors(whole, Z, measured) : measured;
    const eigenvalues = decompositions.spectral?.moments[convention][key] ?? {};
    const values = measureSide({ H, G, d: side.d, cost, eigenvalues, unranked: reason, room });
    const sizes = { H: H.entries && sizeOf(H.entries), G: G.entries && sizeOf(G.entries) };
    const spreads = spreadsOf(whole, Z);
    const known = groups.length > 1 && groups.every((group) => group[key]);
    if (!known) return { alignment, values, sizes };
    const leftOut = groups.map((group) => {
      const left = sideMatrices(side, convention, n, into, { side: group[key]!, n: group.n });
      return { of: relationValues(left, Z), spreads: spreadsOf(left, Z), numbers: sideNumbers(left, values) };
    });
    const counts = groups.map((group) => group.n);
    const numbers = leftOut.map((one) => one.numbers);
    return {
      alignment: addStandardErrors(alignment, spreads, { values: leftOut, counts }),
      values: addErrors(values, numbers, counts),
      sizes,
    };
  };
  const found = { paper: within("paper"), covariance: within("covariance"), raw: within("raw") };
  pool.release([into.H.data, into.G.data, ...(room ? [room.h, room.g] : [])]);
  return { Z, within: found };
}

type Sizes = Pick<SideFound, "alignment" | "sizes">;

/** The alignments of both sides, with the nulls of the two relations that share W (theory.md Eq. 84). */
function shareNulls(
  a: Sizes | undefined,
  b: Sizes,
  Z: { a: Entries | undefined; b: Entries | undefined },
): BothSides<SideAlignments> {
  return shareNullsOfSizes(a, b, { a: Z.a && sizeOf(Z.a), b: Z.b && sizeOf(Z.b) });
}

/** The same from entry sums. */
function shareNullsOfSizes(
  a: Sizes | undefined,
  b: Sizes,
  Z: { a: Size | undefined; b: Size | undefined },
): BothSides<SideAlignments> {
  if (!a) return { a: null, b: b.alignment };
  const shared = (value: AlignmentValue, source: Size | undefined, weights: Size | undefined): AlignmentValue =>
    value.null === null || !source || !weights ? value : { ...value, null: sharedNullOf(source, weights).value };
  return {
    a: { ...a.alignment, gwa: shared(a.alignment.gwa, b.sizes.G, Z.b) },
    b: { ...b.alignment, rwa: shared(b.alignment.rwa, a.sizes.H, Z.a) },
  };
}

/** Share of its mean square below which the variance of an activation is rounding: all samples have the same. */
const constantShare = 1e-12;

/** Why the layer is dead, as far as its sums show. */
function findDeadReasons({ n, a, b }: LayerMoments): DeadReason[] {
  if (n < leastSamples) return [];
  const reasons: DeadReason[] = [];
  if (b.g2 === 0 || (a && a.g2 === 0)) reasons.push("no-gradient");
  const input = a ?? b;
  if (input.h2 === 0 || b.h2 === 0) reasons.push("no-activation");
  else if (isConstant(input, n)) reasons.push("constant-activation");
  return reasons;
}

function isConstant({ hSum, h2, sample }: SideMoments, n: number): boolean {
  if (!hSum || sample) return false;
  const mean = hSum.reduce((sum, value) => sum + (value / n) ** 2, 0);
  return h2 / n - mean <= constantShare * (h2 / n);
}

function measureMeanRatios(side: SideMoments, n: number): { h: Measured; g: Measured } {
  const share = side.sample ? side.d / side.sample.of : 1;
  return { h: meanRatio(side.hSum, side.h2, n, share), g: meanRatio(side.gSum, side.g2, n, share) };
}
