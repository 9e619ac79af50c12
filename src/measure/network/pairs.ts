/**
 * @file Charges, noise balance and drift of every symmetric pair of neighbouring maps, in the JSON form that runs,
 * reports and the command line share (docs/formats.md; theory.md Eqs. 104 to 108, 122 to 124).
 */
import { eigvalsh } from "../../linalg/eigvalsh.ts";
import { frobenius, type Matrix, matrix, trace } from "../../linalg/matrix.ts";
import type { BrokenEdge, Edges, MapEdge, PairSymmetry } from "../../moments/edges.ts";
import type { LayerMoments, Moments } from "../../moments/moments.ts";
import { alignment } from "../alignment/alignment.ts";
import { alignmentNull } from "../alignment/alignmentNull.ts";
import { cosine } from "../alignment/cosine.ts";
import { jackknife } from "../alignment/jackknife.ts";
import { diagonalNull } from "./diagonalNull.ts";
import { type PairDrift, type PairStatus, type PairTraining, pairDrift } from "./pairDrift.ts";
import { type Noise, type PairHalf, pairHalf } from "./pairHalf.ts";

export type { PairDrift, PairStatus, PairTraining } from "./pairDrift.ts";

/** A symmetric pair of maps, `first` below `second`. */
export interface PairSnapshot {
  first: string;
  /** The map above, the keys where `first` gives the queries, or the normalization. */
  second: string;
  /** The operators in between, in words. */
  through: string;
  symmetry: PairSymmetry;
  /** For attention: the head, from 0. */
  head?: number;
  /** Number of shared values. */
  width: number;
  /**
   * Conserved by gradient flow. For rescaling and scale: one number per value (or per group of values normalized
   * together), the sum of its squared incoming weights, bias included, minus that of its outgoing ones. For rotation:
   * the eigenvalues of Q = U^T U - W W^T, descending. Null where the weights are not known.
   */
  charge: number[] | { frobenius: number; trace: number; eigenvalues: number[] } | null;
  /** |Q| / (|U^T U| + |W W^T|), Frobenius norms; for rescaling, of the diagonals. In [0, 1]. Null for scale. */
  imbalance: number | null;
  noiseBalance: NoiseBalance;
  drift: PairDrift;
  /** "ok", or why parts are missing. */
  status: "ok" | PairStatus;
}

/** How close A = E[G_U^T G_U] is to B = E[G_W G_W^T]   (Eqs. 107, 122); for rescaling, their diagonals. */
export interface NoiseBalance {
  /** Pearson's correlation of their entries. */
  alignment: number | null;
  /** Its standard error, from groups of the samples (Eq. 18). */
  alignmentError: number | null;
  cosine: number | null;
  /** tr A / tr B: noise of the map above over noise of the map below. */
  ratio: number | null;
  ratioError: number | null;
  /** |A - B| / (|A| + |B|): 0 in balance. */
  residual: number | null;
  /**
   * The value for unrelated matrices. For rotation the mean cosine (Eq. 13); for rescaling the correlation that 97.5 %
   * of permuted diagonals stay below (Eq. 123).
   */
  null: number | null;
  /** Number of examples. */
  n: number;
  status: "ok" | PairStatus;
}

export interface PairOptions {
  /** How the network is trained, for the drift. */
  readonly training?: PairTraining | undefined;
  /** An earlier measurement. */
  readonly previous?: Moments | undefined;
}

/** The results for all pairs. */
export interface PairsFound {
  pairs: PairSnapshot[];
  /** Neighbouring maps that share no symmetry, and the reason. */
  unpaired: BrokenEdge[];
}

/** The halves of all pairs, gathered as the layers of a network arrive. */
export class PairHalves {
  readonly edges: Edges;
  private readonly found = new Map<MapEdge, { first?: PairHalf; second?: PairHalf }>();

  constructor(edges: Edges) {
    this.edges = edges;
  }

  /**
   * @param layers over all samples, some or all of the network's @param groups the same over disjoint groups of the
   *   samples
   */
  add(layers: readonly HalfSums[], groups: readonly (readonly Pick<LayerMoments, "noise">[])[]): this {
    const at = new Map(layers.map(({ name }, i) => [name, i]));
    for (const edge of this.edges.pairs) {
      const half = (name: string, end = edge.secondEnd) => {
        const i = at.get(name);
        if (i === undefined || end === undefined) return undefined;
        return pairHalf(
          edge,
          end,
          layers[i]!,
          groups.map((group) => group[i]!),
        );
      };
      const [first, second] = [half(edge.first, edge.firstEnd), half(edge.second)];
      this.found.set(edge, { ...this.found.get(edge), ...(first && { first }), ...(second && { second }) });
    }
    return this;
  }

  of(edge: MapEdge): { readonly first?: PairHalf; readonly second?: PairHalf } {
    return this.found.get(edge) ?? {};
  }
}

/** The sums of a layer that a pair needs. */
export type HalfSums = Pick<LayerMoments, "name" | "W" | "bias" | "noise" | "gbHa"> & {
  readonly b: { readonly gSum?: Float64Array };
};

/** All pairs of a network; undefined where pairs were not looked for. */
export function pairsOf(total: Moments, groups: readonly Moments[], options: PairOptions = {}): PairsFound | undefined {
  if (total.edges === undefined) return undefined;
  const halves = new PairHalves(total.edges).add(
    total.layers,
    groups.map(({ layers }) => layers),
  );
  return pairsFrom(halves, total.step, options);
}

/** The pairs whose halves were gathered. @param step of the measurement */
export function pairsFrom(halves: PairHalves, step: number, { training, previous }: PairOptions = {}): PairsFound {
  const before = previous && new PairHalves(halves.edges).add(previous.layers, []);
  const pairs = halves.edges.pairs.map((edge) => {
    const now = halves.of(edge);
    const then = before && { ...before.of(edge), step: previous!.step };
    return pairSnapshot(edge, now, { step, training, then });
  });
  return { pairs, unpaired: [...halves.edges.broken] };
}

interface Halves {
  readonly first?: PairHalf;
  readonly second?: PairHalf;
}

function pairSnapshot(
  edge: MapEdge,
  { first, second }: Halves,
  {
    step,
    training,
    then,
  }: { step: number; training: PairTraining | undefined; then: (Halves & { step: number }) | undefined },
): PairSnapshot {
  const { symmetry, through, head, width } = edge;
  const named = {
    ...{ first: edge.first, second: edge.second, through, symmetry },
    ...(head !== undefined && { head }),
    width,
  };
  const missing = first === undefined || (second === undefined && symmetry !== "scale");
  const charge = missing ? undefined : chargeMatrix(edge, first!, second);
  if (charge === undefined || !allFinite(charge)) {
    const status = missing ? "missing-moments" : "not-finite";
    return {
      ...named,
      charge: null,
      imbalance: null,
      noiseBalance: noBalance(status),
      drift: pairDrift({ status }),
      status,
    };
  }
  const noiseBalance = symmetry === "scale" ? noBalance("one-sided") : balanceOf(symmetry, first!, second!);
  const earlier =
    then?.first && (then.second || symmetry === "scale")
      ? {
          charge: chargeMatrix(edge, then.first, then.second),
          step: then.step,
          halves: halvesOf(then.first, then.second),
        }
      : undefined;
  return {
    ...named,
    charge: symmetry === "rotation" ? rotationCharge(charge) : Array.from(charge.data),
    imbalance: second === undefined ? null : relative(second.weights, first!.weights),
    noiseBalance,
    drift: pairDrift({ symmetry, charge, step, halves: halvesOf(first!, second), training, earlier }),
    status: noiseBalance.status === "ok" || symmetry === "scale" ? "ok" : noiseBalance.status,
  };
}

const halvesOf = (first: PairHalf, second: PairHalf | undefined) => ({ first, ...(second && { second }) });

function allFinite({ data }: Matrix): boolean {
  return data.every(Number.isFinite);
}

/**
 * Incoming minus outgoing squares, value by value; for rotation Q = U^T U - W W^T; for scale the squares of values
 * normalized together.
 */
function chargeMatrix({ symmetry, together = 1 }: MapEdge, first: PairHalf, second: PairHalf | undefined): Matrix {
  const below = first.weights;
  if (second === undefined || symmetry === "scale") {
    const groups = below.data.length / together;
    const sum = (g: number) => below.data.subarray(g * together, (g + 1) * together).reduce((x, y) => x + y, 0);
    return matrix(
      groups,
      1,
      Float64Array.from({ length: groups }, (_, g) => sum(g)),
    );
  }
  const sign = symmetry === "rotation" ? -1 : 1;
  return matrix(
    below.rows,
    below.cols,
    below.data.map((value, k) => sign * (value - second.weights.data[k]!)),
  );
}

function rotationCharge(Q: Matrix): { frobenius: number; trace: number; eigenvalues: number[] } {
  return { frobenius: frobenius(Q), trace: trace(Q), eigenvalues: Array.from(eigvalsh(Q)) };
}

/** |A - B| / (|A| + |B|); 0 where both are zero. */
function relative(A: Matrix, B: Matrix): number {
  const size = frobenius(A) + frobenius(B);
  return size === 0
    ? 0
    : frobenius(
        matrix(
          A.rows,
          A.cols,
          A.data.map((value, k) => value - B.data[k]!),
        ),
      ) / size;
}

function noBalance(status: PairStatus): NoiseBalance {
  const none = { alignment: null, alignmentError: null, cosine: null, ratio: null, ratioError: null, residual: null };
  return { ...none, null: null, n: 0, status };
}

/** A of the upper map (of attention scores: the keys), B of the lower. */
function balanceOf(symmetry: PairSymmetry, below: PairHalf, above: PairHalf): NoiseBalance {
  if (!below.noise || !above.noise) return noBalance("not-measured");
  const [A, B] = [above.noise.moment, below.noise.moment];
  const n = Math.min(above.noise.examples, below.noise.examples);
  const sum = (M: Matrix) => (symmetry === "rotation" ? trace(M) : M.data.reduce((x, y) => x + y, 0));
  if (!allFinite(A) || !allFinite(B) || !Number.isFinite(sum(A) + sum(B))) return { ...noBalance("not-finite"), n };
  if (A.data.every((value) => value === 0) && B.data.every((value) => value === 0)) return { ...noBalance("dead"), n };
  const found = alignment(A, B);
  const ratioOf = (x: Matrix, y: Matrix) => {
    const found = sum(y) > 0 ? sum(x) / sum(y) : null;
    return Number.isFinite(found) ? found : null;
  };
  const groups =
    above.groups.length === below.groups.length ? below.groups.map((b, i) => [above.groups[i]!, b] as const) : [];
  const counts = groups.map(([a]) => a.examples);
  const without = (of: (x: Matrix, y: Matrix) => number | null) =>
    groups.map(([a, b]) => (n > a.examples ? of(leftOut(above.noise!, a), leftOut(below.noise!, b)) : null));
  const ratio = ratioOf(A, B);
  const error = (value: number | null, of: (x: Matrix, y: Matrix) => number | null) =>
    jackknife(value, without(of), counts)?.error ?? null;
  return {
    alignment: found.value,
    alignmentError: error(found.value, (x, y) => alignment(x, y).value),
    cosine: cosine(A, B).value,
    ratio,
    ratioError: error(ratio, ratioOf),
    residual: relative(A, B),
    null: symmetry === "rotation" ? alignmentNull(A, B).value : diagonalNull(A.data, B.data),
    n,
    status: found.status ?? "ok",
  };
}

/** The moment without one group's examples. */
function leftOut(all: Noise, group: Noise): Matrix {
  const n = all.examples - group.examples;
  const { rows, cols, data } = all.moment;
  return matrix(
    rows,
    cols,
    data.map((value, k) => (value * all.examples - group.moment.data[k]! * group.examples) / n),
  );
}
