/**
 * @file Neural collapse, NC1 to NC4, each with the variants that share its name in the literature (theory.md Eqs.
 * 66-71).
 *
 * Papyan, Han and Donoho (2020); Zhu et al. (2021, code validate_NC.py); Galanti et al. (2022) for the class-distance
 * normalised variance.
 */

import { eigh } from "../../linalg/eigh.ts";
import { combination } from "../../linalg/linearCombination.ts";
import { frobenius, identity, type Matrix, matmul, matrix, transpose } from "../../linalg/matrix.ts";
import { type ClassMeans, type ClassSums, classMeans } from "../../moments/classSums.ts";

export interface Collapse {
  /** Classes with samples, and samples. */
  classes: number;
  n: number;
  /** Number of classes with a single sample, which carry no information on the spread within classes. */
  singles?: number;
  /** The spread within classes of two samples or more; null where there is no such class. */
  nc1: {
    /** tr(S_w S_b^+)   (Eq. 67); `perClass` is divided by the number of classes. */
    trace: number | null;
    perClass: number | null;
    /** Class-distance normalised variance, mean over pairs   (Eq. 67). */
    cdnv: number | null;
  };
  nc2: {
    /** Centred class means: deviation from equal norms, from equal angles, and from the simplex   (Eq. 68). */
    means: Frame;
    /** Rows of the classifier. */
    classifier: Frame | null;
    /** Class means without centring: cosines of pairs, 0 for the orthogonal means of the paper's Theorem 3. */
    uncentred: { meanCosine: number | null; meanAbsoluteCosine: number | null };
  };
  nc3: {
    /** | W / |W| - M^T / |M| |^2   (Eq. 69). */
    selfDuality: number | null;
    /** | W M / |W M| - (I - J/C) / sqrt(C - 1) |   (Eq. 69). */
    product: number | null;
  } | null;
  /** Share of samples whose nearest class mean differs from the predicted class   (Eq. 70). */
  nc4: number | null;
  status?: "one-class" | "too-few-samples" | "not-finite";
}

export interface Frame {
  /** Standard deviation (of C - 1) of the norms over their mean. */
  equinorm: number | null;
  /** Mean over pairs of |cos + 1/(C - 1)|. */
  equiangular: number | null;
  /** Mean cosine of pairs: -1/(C - 1) for a simplex. */
  meanCosine: number | null;
  /** | K / |K| - (I - J/C) / sqrt(C - 1) | with K the Gram matrix of the vectors. */
  simplex: number | null;
}

/**
 * Neural collapse of features and, if given, their linear classifier   (theory.md Eqs. 66-70).
 *
 * @param sums       of the features of all samples, by class
 * @param classifier (classes, d) weights; rows of classes without samples are left out
 * @param nc4        result of `nearestMeanDisagreement`
 * @returns every number finite or null; status "one-class" where there are no pairs, "too-few-samples" where no class
 *   has two samples: every sample is then its class mean, and the spread within classes is unknown
 * @throws RangeError if the classifier has another shape
 *
 * O(d^2 C) beyond the sums: the pseudo-inverse is that of a (C, C) matrix.
 */
export function collapse(
  sums: ClassSums,
  { classifier, nc4 = null }: { classifier?: Matrix; nc4?: number | null } = {},
): Collapse {
  if (classifier && (classifier.rows !== sums.classes || classifier.cols !== sums.d))
    throw new RangeError(
      `collapse: expected a classifier of ${sums.classes} x ${sums.d}, got ${classifier.rows} x ${classifier.cols}; pass (classes, d)`,
    );
  const found = classMeans(sums);
  const C = found.present.length;
  const W = classifier && rowsOf(classifier, found.present);
  const enough = C > 1 && Number.isFinite(frobenius(found.within)) && Number.isFinite(frobenius(found.means));
  const spread = spreadClasses(sums);
  const singles = C - spread.classes.length;
  const result: Collapse = {
    classes: C,
    n: found.n,
    ...(singles > 0 && { singles }),
    nc1: enough && spread.n > 0 ? variability(found, spread) : { trace: null, perClass: null, cdnv: null },
    nc2: {
      means: enough ? frame(found.centred) : noFrame,
      classifier: W ? (enough ? frame(W) : noFrame) : null,
      uncentred: enough ? uncentred(found.means) : { meanCosine: null, meanAbsoluteCosine: null },
    },
    nc3: W ? (enough ? selfDuality(W, found.centred) : { selfDuality: null, product: null }) : null,
    nc4: nc4 !== null && Number.isFinite(nc4) && spread.n > 0 ? nc4 : null,
  };
  if (!enough) result.status = C > 1 ? "not-finite" : "one-class";
  else if (spread.n === 0) result.status = "too-few-samples";
  return result;
}

const noFrame: Frame = { equinorm: null, equiangular: null, meanCosine: null, simplex: null };

const orNull = (value: number): number | null => (Number.isFinite(value) ? value : null);

/**
 * chosen: eigenvalues of S_b below this share of the largest are zero (their rounding is 1e-16); at most C - 1 are
 * nonzero.
 */
const meansThreshold = 1e-12;

/** Classes of two samples or more, and their samples: only these show a spread. */
export interface SpreadClasses {
  classes: number[];
  n: number;
}

/** Which classes show a spread: the mean of a single sample is the sample itself. */
export function spreadClasses({ counts }: ClassSums): SpreadClasses {
  const classes = Array.from(counts.keys()).filter((c) => counts[c]! >= 2);
  return { classes, n: classes.reduce((total, c) => total + counts[c]!, 0) };
}

/**
 * tr(S_w S_b^+), S_b = (1/C) M M^T with M = [mu_c - mu_G]: with M^T M = V L V^T the pseudo-inverse is C sum M v v^T M^T
 * / l^2, over the at most C - 1 eigenvalues that are not zero. S_w is the mean over the samples of `spread`; the others
 * add nothing to `within`.
 */
function variability(
  { centred, within, means, variances, present, n }: ClassMeans,
  spread: SpreadClasses,
): Collapse["nc1"] {
  const C = centred.rows;
  const { values, vectors } = eigh(matmul(centred, transpose(centred)));
  const directions = matmul(transpose(vectors), centred); // (C, d): row k is (M v_k)^T
  const projected = matmul(directions, within);
  let sum = 0;
  for (let k = 0; k < C - 1; k++) {
    const value = values[k]!;
    if (value <= meansThreshold * values[0]! || value <= 0) break;
    let along = 0;
    for (let j = 0; j < centred.cols; j++)
      along += directions.data[k * centred.cols + j]! * projected.data[k * centred.cols + j]!;
    sum += (C * along) / value / value;
  }
  const total = values[0]! > 0 ? orNull((sum * n) / spread.n) : null;
  const several = spread.classes.map((c) => present.indexOf(c));
  return { trace: total, perClass: total === null ? null : total / C, cdnv: cdnv(means, variances, several) };
}

/** Mean over pairs of the rows `several` of (Var_c + Var_c') / (2 |mu_c - mu_c'|^2); null without a pair. */
function cdnv({ cols: d, data }: Matrix, variances: Float64Array, several: readonly number[]): number | null {
  const ratios = several.flatMap((c, k) =>
    several.slice(0, k).map((e) => {
      let distance = 0;
      for (let j = 0; j < d; j++) distance += (data[c * d + j]! - data[e * d + j]!) ** 2;
      return (variances[c]! + variances[e]!) / 2 / distance;
    }),
  );
  return orNull(average(ratios));
}

/** How close the rows are to the vertices of a simplex. */
function frame(X: Matrix): Frame {
  const C = X.rows;
  const K = matmul(X, transpose(X));
  const norms = Array.from({ length: C }, (_, c) => Math.sqrt(K.data[c * C + c]!));
  const mean = norms.reduce((sum, value) => sum + value, 0) / C;
  const deviation = Math.sqrt(norms.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (C - 1));
  const cosines = pairs(K, norms);
  return {
    equinorm: orNull(deviation / mean),
    equiangular: orNull(average(cosines.map((value) => Math.abs(value + 1 / (C - 1))))),
    meanCosine: orNull(average(cosines)),
    simplex: simplexDistance(K),
  };
}

function uncentred(means: Matrix): Collapse["nc2"]["uncentred"] {
  const K = matmul(means, transpose(means));
  const cosines = pairs(
    K,
    Array.from({ length: K.rows }, (_, c) => Math.sqrt(K.data[c * K.rows + c]!)),
  );
  return {
    meanCosine: orNull(average(cosines)),
    meanAbsoluteCosine: orNull(average(cosines.map(Math.abs))),
  };
}

/** Cosines of all pairs of rows from their Gram matrix. */
function pairs(K: Matrix, norms: readonly number[]): number[] {
  const C = K.rows;
  return norms.flatMap((norm, c) => norms.slice(0, c).map((other, e) => K.data[c * C + e]! / norm / other));
}

const average = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** I - J/C: the Gram matrix of a simplex, of norm sqrt(C - 1). */
export function simplex(C: number): Matrix {
  const J = matrix(C, C, new Float64Array(C * C).fill(1 / C));
  return combination([
    [1, identity(C)],
    [-1, J],
  ]);
}

function simplexDistance(K: Matrix): number | null {
  const difference = combination([
    [1 / frobenius(K), K],
    [-1 / Math.sqrt(K.rows - 1), simplex(K.rows)],
  ]);
  return orNull(frobenius(difference));
}

/** @param W (C, d) classifier @param M (C, d) centred means */
function selfDuality(W: Matrix, M: Matrix): NonNullable<Collapse["nc3"]> {
  const difference = combination([
    [1 / frobenius(W), W],
    [-1 / frobenius(M), M],
  ]);
  return { selfDuality: orNull(frobenius(difference) ** 2), product: simplexDistance(matmul(W, transpose(M))) };
}

function rowsOf(A: Matrix, rows: readonly number[]): Matrix {
  const chosen = matrix(rows.length, A.cols);
  rows.forEach((row, k) => {
    chosen.data.set(A.data.subarray(row * A.cols, (row + 1) * A.cols), k * A.cols);
  });
  return chosen;
}
