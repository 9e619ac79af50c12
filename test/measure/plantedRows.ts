/**
 * @file Planted layers as samples: rows of h and g drawn by a law of `plantedLayers`, with a mean, a bias, heavy tails
 * and outliers, added row by row to groups as a probe has them. h_b = W h_a + b and g are drawn independently of h.
 */
import { type Matrix, matmul, matrix, transpose } from "../../src/linalg/matrix.ts";
import { type LayerSnapshot, layerSnapshot } from "../../src/measure/layerSnapshot.ts";
import type { PhaseName } from "../../src/measure/phase/phaseEvidence.ts";
import { addRows } from "../../src/moments/addRows.ts";
import { emptyLayer, type LayerMoments } from "../../src/moments/moments.ts";
import { Random } from "../../src/random/random.ts";
import { construct, mergeGroups, type PlantedOptions } from "./plantedLayers.ts";

/**
 * Gaussian rows; every coordinate of the law's own basis t(3) by itself; or Gaussian rows each times one t(3) factor.
 */
export const tails = ["gaussian", "elementwise", "elliptical"] as const;

export interface RowOptions extends Omit<PlantedOptions, "samples"> {
  samples: number;
  tails?: (typeof tails)[number];
  /** Share of E|h_a|^2 that is its mean's. Default 0. */
  mean?: number;
  /** Direction of the mean: random, or the leading right singular vector of W. Default random. */
  meanAlong?: "random" | "weights";
  bias?: boolean;
  /** Samples of each group, as shares. Default 16 of equal size. */
  groups?: readonly number[];
  /** Neurons without weights, activation and gradient, added to both sides. Default 0. */
  dead?: number;
  /** Factor of the first row of h and of g. Default 1. */
  outlier?: number;
}

export const equalGroups = (count: number): number[] => new Array<number>(count).fill(1);

/** Moments of each group of the rows. */
export function rowGroups(options: RowOptions): LayerMoments[] {
  const { samples, mean = 0, bias = false, groups = equalGroups(16), dead = 0, outlier = 1 } = options;
  const random = new Random(options.seed).split("planted");
  const { W, factorH, factorG } = construct(options, random);
  const draws = random.split("rows");
  const size = Math.sqrt(factorH.data.reduce((sum, value) => sum + value * value, 0));
  const centre = scaled(directionOf(options, W, draws), size * Math.sqrt(mean / (1 - mean)));
  const offset = scaled(normals(draws, W.rows), bias ? size : 0);
  const whole = groups.reduce((sum, share) => sum + share, 0);
  let [from, sum] = [0, 0];
  return groups.map((share, g) => {
    sum += share;
    const n = Math.round((samples * sum) / whole) - from;
    from += n;
    const ha = drawn(factorH, n, options.tails, draws);
    const gb = drawn(factorG, n, options.tails, draws);
    if (g === 0) for (const X of [ha, gb]) for (let i = 0; i < X.cols; i++) X.data[i]! *= outlier;
    addToRows(ha, centre);
    const hb = matmul(ha, transpose(W));
    addToRows(hb, offset);
    const layer = emptyLayer("planted", "linear", W.cols + dead, W.rows + dead, widened(W, dead, dead));
    addRows(layer, { ha: widened(ha, 0, dead).data, hb: widened(hb, 0, dead).data, gb: widened(gb, 0, dead).data });
    return layer;
  });
}

export async function snapshotOfRows(options: RowOptions): Promise<LayerSnapshot> {
  const groups = rowGroups(options);
  return await layerSnapshot(mergeGroups(groups), groups);
}

/**
 * The labels that a planted row may get. Rows that unrelated matrices of these spectra would be in as well are no
 * label: flat H_a on all of side a is Z_a there whatever W is. Row 9 asks only that G_b and H_a are flat on the range
 * of W, which chance gives nearly always.
 */
export function allowedLabels({ row, d, dOut = d, rank = Math.min(d, dOut) }: RowOptions): readonly PhaseName[] {
  if (row === "9") return rank === d && rank === dOut ? ["undecided"] : ["9", "undecided"];
  const [flatA, flatB] = [rank === d, rank === dOut];
  const byChance = row === "crh" ? flatA && flatB : row === "2" ? flatA : row === "3" && flatB;
  return byChance ? ["undecided"] : [row];
}

function directionOf({ meanAlong }: RowOptions, W: Matrix, random: Random): Float64Array {
  let v = normals(random, W.cols);
  if (meanAlong !== "weights") return v;
  for (let power = 0; power < 300; power++) v = scaled(matmul(transpose(W), matmul(W, matrix(W.cols, 1, v))).data, 1);
  return v;
}

function normals(random: Random, d: number): Float64Array {
  return Float64Array.from({ length: d }, () => random.normal());
}

/** v at the given length. */
function scaled(v: Float64Array, length: number): Float64Array {
  const norm = Math.hypot(...v);
  return v.map((value) => (value * length) / norm);
}

/** (n, d) rows F z of covariance F F^T times a constant. */
function drawn(F: Matrix, n: number, kind: RowOptions["tails"] = "gaussian", random: Random): Matrix {
  const Z = matrix(n, F.cols);
  for (let r = 0; r < n; r++) {
    const factor = kind === "elliptical" ? t3Factor(random) : 1;
    for (let k = 0; k < F.cols; k++)
      Z.data[r * F.cols + k] = random.normal() * (kind === "elementwise" ? t3Factor(random) : factor);
  }
  return matmul(Z, transpose(F));
}

/** A normal number times this has the t distribution with 3 degrees of freedom, at variance 1. */
function t3Factor(random: Random): number {
  return 1 / Math.hypot(random.normal(), random.normal(), random.normal());
}

function addToRows(X: Matrix, v: Float64Array): void {
  for (let k = 0; k < X.data.length; k++) X.data[k]! += v[k % X.cols]!;
}

/** X with so many rows and columns of zeros added. */
function widened(X: Matrix, rows: number, cols: number): Matrix {
  const out = matrix(X.rows + rows, X.cols + cols);
  for (let i = 0; i < X.rows; i++) out.data.set(X.data.subarray(i * X.cols, (i + 1) * X.cols), i * out.cols);
  return out;
}
