/**
 * @file Sums over the samples of each class, from which neural collapse is measured (theory.md Eq. 66); batches merge
 * by addition.
 */
import { type Matrix, matrix } from "../linalg/matrix.ts";
import { addGram } from "../linalg/products.ts";
import type { Rows } from "./addRows.ts";

export interface ClassSums {
  classes: number;
  /** Dimension of a feature. */
  d: number;
  /** (classes) number of samples per class. */
  counts: Float64Array;
  /** (classes, d) sum h */
  sums: Float64Array;
  /** (classes) sum |h|^2 */
  squares: Float64Array;
  /** (d, d) sum h h^T over all samples. */
  hh: Float64Array;
}

export function emptyClassSums(classes: number, d: number): ClassSums {
  for (const count of [classes, d])
    if (!Number.isSafeInteger(count) || count < 1)
      throw new RangeError(`emptyClassSums: expected at least 1 class and 1 dimension, got ${classes} and ${d}`);
  return {
    classes,
    d,
    counts: new Float64Array(classes),
    sums: new Float64Array(classes * d),
    squares: new Float64Array(classes),
    hh: new Float64Array(d * d),
  };
}

/**
 * Adds samples to the sums of their classes   (theory.md Eq. 66).
 *
 * @param into     updated in place
 * @param features (n, d) row-major
 * @param labels   (n) integers from 0 to classes - 1
 * @throws RangeError if the lengths disagree, a label is out of range or a value is not finite; `into` is then
 *   unchanged
 */
export function addFeatures(into: ClassSums, features: Rows, labels: ArrayLike<number>): void {
  const { classes, d } = into;
  const n = labels.length;
  if (features.length !== n * d)
    throw new RangeError(
      `addFeatures: expected features of ${n} x ${d} for ${n} labels, got ${features.length} values`,
    );
  for (let i = 0; i < n; i++)
    if (!Number.isInteger(labels[i]) || labels[i]! < 0 || labels[i]! >= classes)
      throw new RangeError(`addFeatures: expected labels from 0 to ${classes - 1}, got ${labels[i]} in row ${i}`);
  const bad = features.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0)
    throw new RangeError(`addFeatures: expected finite features, got ${features[bad]} in row ${Math.floor(bad / d)}`);
  for (let i = 0; i < n; i++) {
    const c = labels[i]!;
    into.counts[c]!++;
    for (let j = 0; j < d; j++) {
      const value = features[i * d + j]!;
      into.sums[c * d + j]! += value;
      into.squares[c]! += value * value;
    }
  }
  addGram(into.hh, features instanceof Float64Array ? features : Float64Array.from(features), n, d);
}

/** Class statistics for neural collapse, over the classes that have samples. */
export interface ClassMeans {
  /** Indices of the classes with samples. */
  present: number[];
  n: number;
  /** (C, d) class means mu_c. */
  means: Matrix;
  /** (C, d) mu_c - mu_G with mu_G the mean of the class means, as in the literature (not the mean of the samples). */
  centred: Matrix;
  /** (d, d) S_w = (1/n) sum (h - mu_c)(h - mu_c)^T. */
  within: Matrix;
  /** (C) mean of |h - mu_c|^2 within the class. */
  variances: Float64Array;
}

/** Means, within-class covariance and variances (theory.md Eq. 66). Classes without samples are left out. */
export function classMeans({ classes, d, counts, sums, squares, hh }: ClassSums): ClassMeans {
  const present = Array.from({ length: classes }, (_, c) => c).filter((c) => counts[c]! > 0);
  const C = present.length;
  const n = counts.reduce((total, count) => total + count, 0);
  const means = matrix(C, d);
  const weighted = matrix(C, d);
  const overall = new Float64Array(d);
  present.forEach((c, k) => {
    for (let j = 0; j < d; j++) {
      const mean = sums[c * d + j]! / counts[c]!;
      means.data[k * d + j] = mean;
      weighted.data[k * d + j] = mean * Math.sqrt(counts[c]!);
      overall[j]! += mean / C;
    }
  });
  const between = new Float64Array(d * d);
  addGram(between, weighted.data, C, d);
  const centred = matrix(
    C,
    d,
    means.data.map((value, k) => value - overall[k % d]!),
  );
  const within = matrix(
    d,
    d,
    hh.map((value, k) => (value - between[k]!) / n),
  );
  const variances = Float64Array.from(present, (c, k) => {
    let norm = 0;
    for (let j = 0; j < d; j++) norm += means.data[k * d + j]! ** 2;
    return Math.max(0, squares[c]! / counts[c]! - norm);
  });
  return { present, n, means, centred, within, variances };
}
