/**
 * @file Layers whose answer is known: random weights with H and G set so that one row of the table of phases holds
 * exactly, then disturbed by stated amounts. W = U diag(sqrt z) V^T of rank r; on its range H_a = V A V^T and G_b = U B
 * U^T with A and B powers of z (or spectra of their own where the row leaves them free), and H_b = W H_a W^T, G_a = W^T
 * G_b W follow.
 */
import { type Matrix, matmul, matrix, transpose } from "../../src/linalg/matrix.ts";
import { emptyLayer, type LayerMoments, mergeMoments, type SideMoments } from "../../src/moments/moments.ts";
import { Random } from "../../src/random/random.ts";
import { rotation } from "./matrices.ts";

/** Names of the rows: all six relations, one whole side, or one relation on each side; "none" has nothing in common. */
export const plantedRows = ["crh", "b", "f", "1", "2", "3", "4", "5", "6", "7", "8", "9"] as const;
export type PlantedRow = (typeof plantedRows)[number] | "none";

export interface PlantedOptions {
  row: PlantedRow;
  /** Dimension of both sides, of side a where `dOut` is given. */
  d: number;
  /** Dimension of side b. Default d. */
  dOut?: number;
  /** Rank of W. Default d. */
  rank?: number;
  /**
   * Relative disturbance of H and G about the law: cores are multiplied by exp(noise S) in a symmetric way, S with
   * normal diagonal entries and off-diagonal ones of spectral size 2. At 0.1 eigenvalues scatter by a tenth; at 3
   * little is left. Default 0.
   */
  noise?: number;
  /** The disturbance of G where it is another one. Default that of H. */
  noiseG?: number;
  seed: number;
  /** Samples per moment: H and G then are sample second moments of Gaussian rows. Without, they are exact. */
  samples?: number;
  /**
   * Size of the parts of H_a and G_b outside the range of W where the row leaves them free, relative to the core.
   * Default 0.3.
   */
  outside?: number;
  /** Decades that the eigenvalues of Z span (of the free spectra in rows where Z is flat). Default 2. */
  decades?: number;
}

/**
 * Exponents of Z on the range of W; "free" is a spectrum of its own. H_b has that of H_a plus 1, G_a that of G_b plus
 * 1.
 */
interface Row {
  flat: boolean;
  Ha: number | "free" | "equal";
  Gb: number | "free" | "equal";
  /** Whether H_a and G_b may reach outside the range of W. */
  outsideH: boolean;
  outsideG: boolean;
}

const row = (flat: boolean, Ha: Row["Ha"], Gb: Row["Gb"], outsideH: boolean, outsideG: boolean): Row => ({
  flat,
  Ha,
  Gb,
  outsideH,
  outsideG,
});

const rows: Record<(typeof plantedRows)[number], Row> = {
  crh: row(true, 0, 0, false, false),
  b: row(false, 1, 0, false, true),
  f: row(false, 0, 1, true, false),
  "1": row(true, "equal", "equal", false, false),
  "2": row(true, 0, "free", false, true),
  "3": row(true, "free", 0, true, false),
  "4": row(false, 0, -1, false, true),
  "5": row(false, 1, 2, false, false),
  "6": row(false, 2, 1, false, false),
  "7": row(false, -1, 0, true, false),
  "8": row(false, 1, 1, false, false),
  "9": row(false, 0, 0, true, true),
};

/** Exponents of H_a, G_a, H_b, G_b in Z where the row states all of them; null where Z is flat. */
export function plantedExponents(name: PlantedRow): { Ha: number; Ga: number; Hb: number; Gb: number } | null {
  if (name === "none") return null;
  const { flat, Ha, Gb } = rows[name];
  if (flat || typeof Ha !== "number" || typeof Gb !== "number") return null;
  return { Ha, Ga: Gb + 1, Hb: Ha + 1, Gb };
}

/** The layer of `options`, its sums merged over all samples. */
export function plantedLayer(options: PlantedOptions): LayerMoments {
  return plantedGroups(options, 1)[0]!;
}

/**
 * The same layer seen by disjoint groups of samples, about samples / count each; without `samples` all groups are exact
 * and equal. Second moments of Gaussian rows are drawn as such (Bartlett's decomposition of a Wishart matrix), at a
 * cost free of their number. Blocks of unit rows are those of rows of equal norm and mean zero: the paper convention is
 * the raw one, scaled. h and g are drawn independently of each other and the cross moments are zero.
 */
export function plantedGroups(options: PlantedOptions, count: number): LayerMoments[] {
  const random = new Random(options.seed).split("planted");
  const { W, factorH, factorG } = construct(options, random);
  const draws = random.split("samples");
  return Array.from({ length: count }, () => {
    const n = options.samples === undefined ? 1_000_000 : Math.round(options.samples / count);
    const Ha = options.samples === undefined ? outer(factorH) : sampled(factorH, n, draws);
    const Gb = options.samples === undefined ? outer(factorG) : sampled(factorG, n, draws);
    return layerOf(W, Ha, Gb, n);
  });
}

/** Sum of groups, as a probe would have it. */
export function mergeGroups(groups: readonly LayerMoments[]): LayerMoments {
  return groups
    .map((layer) => ({ step: 0, objective: "none", source: "planted", layers: [layer] }))
    .reduce((x, y) => mergeMoments(x, y)).layers[0]!;
}

/** W and factors of the population moments, H_a = F F^T and G_b = F F^T. */
export function construct(options: PlantedOptions, random: Random): { W: Matrix; factorH: Matrix; factorG: Matrix } {
  const { d, dOut = d, rank = Math.min(d, dOut), noise = 0, noiseG = noise, outside = 0.3, decades = 2 } = options;
  const [U, V] = [rotation(random, dOut), rotation(random, d)];
  const spectrum = (): number[] => logUniform(random, rank, decades);
  const z = spectrum();
  if (options.row === "none") {
    const [P, Q] = [rotation(random, d), rotation(random, dOut)];
    const [h, g] = [spectrum(), spectrum()];
    return { W: product(U, roots(z), V), factorH: factor(P, h, rank), factorG: factor(Q, g, rank) };
  }
  const { flat, Ha, Gb, outsideH, outsideG } = rows[options.row];
  const weights = flat ? z.map(() => 1) : z;
  const shared = spectrum();
  const core = (p: Row["Ha"]): number[] =>
    p === "free" ? spectrum() : p === "equal" ? shared : weights.map((value) => value ** p);
  const build = (basis: Matrix, p: Row["Ha"], reach: boolean, size: number): Matrix =>
    withOutside(disturbed(factor(basis, core(p), rank), size, rank, random), basis, rank, reach ? outside : 0, random);
  return {
    W: product(U, roots(weights), V),
    factorH: build(V, Ha, outsideH, noise),
    factorG: build(U, Gb, outsideG, noiseG),
  };
}

const roots = (values: readonly number[]): number[] => values.map(Math.sqrt);

/** Numbers evenly spaced in the logarithm with some jitter, descending from about 1, over `decades` decades. */
function logUniform(random: Random, count: number, decades: number): number[] {
  const spacing = count > 1 ? decades / (count - 1) : 0;
  return Array.from({ length: count }, (_, i) => 10 ** (-spacing * (i + (random.uniform() - 0.5) / 2)));
}

/** sum_i s_i u_i v_i^T over the first columns of U and V. */
function product(U: Matrix, s: readonly number[], V: Matrix): Matrix {
  const [left, right] = [matrix(U.rows, s.length), matrix(s.length, V.rows)];
  for (let k = 0; k < s.length; k++) {
    for (let i = 0; i < U.rows; i++) left.data[i * s.length + k] = U.data[i * U.rows + k]! * s[k]!;
    for (let i = 0; i < V.rows; i++) right.data[k * V.rows + i] = V.data[i * V.rows + k]!;
  }
  return matmul(left, right);
}

/** (d, rank) factor of sum_i lambda_i q_i q_i^T. */
function factor(Q: Matrix, lambda: readonly number[], rank: number): Matrix {
  const d = Q.rows;
  const F = matrix(d, rank);
  for (let i = 0; i < d; i++)
    for (let k = 0; k < rank; k++) F.data[i * rank + k] = Q.data[i * d + k]! * Math.sqrt(lambda[k]!);
  return F;
}

/** F exp(noise S / 2), by squaring a short Taylor series. */
function disturbed(F: Matrix, noise: number, rank: number, random: Random): Matrix {
  if (noise === 0) return F;
  const squarings = Math.max(0, Math.ceil(Math.log2(noise * 8)));
  const unit = noise / 2 / 2 ** squarings;
  const S = matrix(rank, rank);
  for (let i = 0; i < rank; i++)
    for (let j = 0; j <= i; j++) {
      const value = i === j ? random.normal() : random.normal() / Math.sqrt(rank);
      S.data[i * rank + j] = S.data[j * rank + i] = unit * value;
    }
  let E = matrix(rank, rank);
  for (let i = 0; i < rank; i++) E.data[i * rank + i] = 1;
  for (let term = 12; term > 0; term--) {
    E = matmul(S, E);
    for (let k = 0; k < E.data.length; k++) E.data[k]! /= term;
    for (let i = 0; i < rank; i++) E.data[i * rank + i]! += 1;
  }
  for (let k = 0; k < squarings; k++) E = matmul(E, E);
  return matmul(F, E);
}

/** L + X with random X in the complement of the range: the core stays as it is, cross and outside blocks are random. */
function withOutside(L: Matrix, basis: Matrix, rank: number, size: number, random: Random): Matrix {
  const d = basis.rows;
  if (size === 0 || rank === d) return L;
  const mean = Math.sqrt(L.data.reduce((sum, value) => sum + value * value, 0) / rank / d);
  const X = matrix(d - rank, rank);
  for (let k = 0; k < X.data.length; k++) X.data[k] = size * mean * random.normal();
  const complement = matrix(d, d - rank);
  for (let i = 0; i < d; i++)
    for (let k = rank; k < d; k++) complement.data[i * (d - rank) + k - rank] = basis.data[i * d + k]!;
  const added = matmul(complement, X);
  return matrix(
    d,
    rank,
    L.data.map((value, k) => value + added.data[k]!),
  );
}

function outer(F: Matrix): Matrix {
  return symmetric(matmul(F, transpose(F)));
}

/** (1/n) F Y^T Y F^T for an (n, k) matrix Y of normal numbers, without drawing all of it where n > k. */
function sampled(F: Matrix, n: number, random: Random): Matrix {
  const k = F.cols;
  const T = matrix(k, Math.min(n, k));
  const cols = T.cols;
  for (let i = 0; i < k; i++)
    for (let j = 0; j < cols; j++)
      T.data[i * cols + j] =
        n < k ? random.normal() : j < i ? random.normal() : j === i ? Math.sqrt(chiSquare(n - i, random)) : 0;
  const half = matmul(F, T);
  const H = outer(half);
  for (let i = 0; i < H.data.length; i++) H.data[i]! /= n;
  return H;
}

/** Chi-square with k degrees of freedom: Marsaglia and Tsang's gamma, twice. */
function chiSquare(k: number, random: Random): number {
  if (k === 1) return random.normal() ** 2;
  const a = k / 2 - 1 / 3;
  const c = 1 / Math.sqrt(9 * a);
  for (;;) {
    const x = random.normal();
    const v = (1 + c * x) ** 3;
    if (v > 0 && Math.log(1 - random.uniform()) < x * x * 0.5 + a - a * v + a * Math.log(v)) return 2 * a * v;
  }
}

function symmetric(A: Matrix): Matrix {
  const d = A.rows;
  for (let i = 0; i < d; i++)
    for (let j = 0; j < i; j++) A.data[i * d + j] = A.data[j * d + i] = (A.data[i * d + j]! + A.data[j * d + i]!) / 2;
  return A;
}

function layerOf(W: Matrix, Ha: Matrix, Gb: Matrix, n: number): LayerMoments {
  const layer = emptyLayer("planted", "linear", W.cols, W.rows, W);
  const Hb = symmetric(matmul(matmul(W, Ha), transpose(W)));
  const Ga = symmetric(matmul(matmul(transpose(W), Gb), W));
  layer.n = n;
  fill(layer.a!, Ha, Ga, n);
  fill(layer.b, Hb, Gb, n);
  return layer;
}

function fill(side: SideMoments, H: Matrix, G: Matrix, n: number): void {
  const total = (A: Matrix): number => A.data.reduce((sum, value, k) => sum + (k % (A.rows + 1) === 0 ? value : 0), 0);
  const [h, g] = [total(H), total(G)];
  side.keptH = side.keptG = n;
  side.h2 = n * h;
  side.h4 = n * h * h;
  side.g2 = n * g;
  side.g4 = n * g * g;
  side.hh = H.data.map((value) => n * value);
  side.gg = G.data.map((value) => n * value);
  side.hnhn = H.data.map((value) => (n * value) / h);
  side.gngn = G.data.map((value) => (n * value) / g);
}
