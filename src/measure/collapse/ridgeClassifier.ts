/**
 * @file A linear classifier by ridge regression on one-hot labels: how linearly separable the classes are in a
 * representation. The solution is unique; there is no learning rate or number of epochs to choose.
 */
import { eigh } from "../../linalg/eigh.ts";
import { gram, type Matrix, matmul, matrix, trace, transpose } from "../../linalg/matrix.ts";

/** chosen: penalty relative to the mean variance of the features. */
const PENALTY = 1e-3;

/** Features (n, d) by rows with their classes (n). */
export interface LabelledFeatures {
  readonly features: Matrix;
  readonly classes: ArrayLike<number>;
}

/**
 * Share of test samples whose class a linear map of the features predicts. The map is fitted on the training samples: W
 * = argmin sum |W (h - m) - (e_y - p)|^2 + n PENALTY (tr S / d) |W|^2, S the covariance of the features, m and p the
 * means (theory.md Eq. 79).
 *
 * @param count number of classes
 * @returns accuracy in [0, 1]; NaN without test samples
 * @throws RangeError where numbers of samples or features do not fit
 *
 * O(n d^2 + d^3).
 */
export function linearProbeAccuracy(train: LabelledFeatures, test: LabelledFeatures, count: number): number {
  const { features: X, classes } = train;
  const [n, d] = [X.rows, X.cols];
  if (n === 0 || classes.length !== n || test.classes.length !== test.features.rows || test.features.cols !== d)
    throw new RangeError(
      `linearProbeAccuracy: expected classes for each row and equal widths, got ${n} x ${d} with ${classes.length} classes and ` +
        `${test.features.rows} x ${test.features.cols} with ${test.classes.length}`,
    );
  const mean = means(X);
  const centred = matrix(
    n,
    d,
    X.data.map((value, k) => value - mean[k % d]!),
  );
  const shares = new Float64Array(count);
  for (let i = 0; i < n; i++) shares[classes[i]!]! += 1 / n;
  const Y = matrix(n, count);
  for (let i = 0; i < n; i++)
    for (let c = 0; c < count; c++) Y.data[i * count + c] = (c === classes[i] ? 1 : 0) - shares[c]!;
  const S = gram(centred, "a");
  const { values, vectors } = eigh(S);
  const penalty = (PENALTY * trace(S)) / d || 1; // features that do not vary carry no information
  const rotated = matmul(transpose(vectors), matmul(transpose(centred), Y));
  const scaled = matrix(
    d,
    count,
    rotated.data.map((value, k) => value / (Math.max(0, values[Math.floor(k / count)]!) + penalty)),
  );
  const scores = matmul(test.features, matmul(vectors, scaled));
  const shift = matmul(matrix(1, d, mean), matmul(vectors, scaled)).data.map((value, c) => shares[c]! - value);
  let right = 0;
  for (let i = 0; i < scores.rows; i++) {
    let best = 0;
    const score = (c: number) => scores.data[i * count + c]! + shift[c]!;
    for (let c = 1; c < count; c++) if (score(c) > score(best)) best = c;
    if (best === test.classes[i]) right++;
  }
  return right / scores.rows;
}

function means({ data, rows, cols }: Matrix): Float64Array {
  const sum = new Float64Array(cols);
  for (let i = 0; i < rows; i++) for (let j = 0; j < cols; j++) sum[j]! += data[i * cols + j]! / rows;
  return sum;
}
