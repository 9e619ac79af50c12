/**
 * @file Noise balance of a deep linear network with label noise, and the stationary solution of SGD (docs/theory.md
 * Eqs. 116, 117).
 *
 * Maps W_1 .. W_D, listed from the input on: f(x) = W_D .. W_1 x, squared error at a global minimum, residual noise
 * independent of x. B_i = W_i .. W_1, C_i = W_D .. W_(i+1), B_0 = C_D = I.
 */
import { eigh } from "../linalg/eigh.ts";
import { frobenius, gram, type Matrix, matmul, matrix, trace, transpose } from "../linalg/matrix.ts";
import { checkPositive, checkSize, checkSymmetric } from "./checks.ts";

/** chosen: squared singular values below this share of the largest are rounding. */
const NOTHING = 1e-12;

export interface LabelNoise {
  /** (dIn, dIn) Sigma_x = E[x x^T]. */
  readonly inputMoment: Matrix;
  /** (dOut, dOut) Sigma_eps, covariance of the labels' noise. */
  readonly labelNoise: Matrix;
}

function checkChain(where: string, maps: readonly Matrix[], noise: LabelNoise): void {
  if (maps.length < 2) throw new RangeError(`${where}: expected at least two maps, got ${maps.length}`);
  for (let i = 1; i < maps.length; i++)
    if (maps[i]!.cols !== maps[i - 1]!.rows)
      throw new RangeError(
        `${where}: expected map ${i + 1} with ${maps[i - 1]!.rows} columns, got ${maps[i]!.cols}; ` +
          "list maps from the input on",
      );
  checkNoise(where, maps[0]!.cols, maps.at(-1)!.rows, noise);
}

function checkNoise(where: string, dIn: number, dOut: number, { inputMoment, labelNoise }: LabelNoise): void {
  checkSize(where, "inputMoment", inputMoment, dIn, dIn, "the first map takes the inputs");
  checkSize(where, "labelNoise", labelNoise, dOut, dOut, "the last map gives the outputs");
  checkSymmetric(where, "inputMoment", inputMoment);
  checkSymmetric(where, "labelNoise", labelNoise);
  checkPositive(where, "trace of inputMoment", trace(inputMoment), "it is E[x x^T]");
  checkPositive(where, "trace of labelNoise", trace(labelNoise), "without label noise nothing moves at a minimum");
}

const turned = (A: Matrix, S: Matrix): Matrix => matmul(matmul(A, S), transpose(A));

export interface LayerBalance {
  /** (d_i, d_i) tr(N_(i+1)) M_i. */
  readonly lower: Matrix;
  /** (d_i, d_i) tr(M_(i-1)) N_i. */
  readonly upper: Matrix;
  /** |lower - upper| / (|lower| + |upper|), Frobenius; 0 in balance, at most 1. */
  readonly residual: number;
}

/**
 * Both sides of the noise balance at the D - 1 hidden layers   (theory.md Eq. 116).
 *
 *     tr(N_(i+1)) M_i = tr(M_(i-1)) N_i,   M_i = B_i Sigma_x B_i^T,   N_i = C_i^T Sigma_eps C_i
 *
 * @param maps W_1 .. W_D from the input on, (d_i, d_(i-1)) each
 * @throws RangeError unless there are two maps or more that fit each other and the moments, which are symmetric, not 0
 */
export function deepLinearBalance(maps: readonly Matrix[], noise: LabelNoise): LayerBalance[] {
  checkChain("deepLinearBalance", maps, noise);
  const M = [noise.inputMoment];
  for (const W of maps) M.push(turned(W, M.at(-1)!));
  const N = [noise.labelNoise];
  for (const W of [...maps].reverse()) N.unshift(turned(transpose(W), N[0]!));
  return maps.slice(1).map((_, k) => {
    const i = k + 1;
    const lower = times(trace(N[i + 1]!), M[i]!);
    const upper = times(trace(M[i - 1]!), N[i]!);
    const difference = matrix(
      lower.rows,
      lower.cols,
      lower.data.map((value, j) => value - upper.data[j]!),
    );
    const size = frobenius(lower) + frobenius(upper);
    return { lower, upper, residual: size === 0 ? 0 : frobenius(difference) / size };
  });
}

function times(c: number, A: Matrix): Matrix {
  return matrix(
    A.rows,
    A.cols,
    A.data.map((value) => c * value),
  );
}

/**
 * Sizes of the maps that are equal at the fixed point   (theory.md Eq. 117).
 *
 *     |W_1 sqrt(Sigma_x / tr Sigma_x)|^2,   |W_i|^2 / r between,   |sqrt(Sigma_eps / tr Sigma_eps) W_D|^2
 *
 * @param maps W_1 .. W_D from the input on
 * @param rank r of the product W_D .. W_1
 * @returns (D) one size per map. Plain norms |W_i| are not equal, nor are the first two sizes without the traces
 * @throws RangeError as `deepLinearBalance`, and unless rank is an integer of at least 1
 */
export function deepLinearSizes(maps: readonly Matrix[], noise: LabelNoise, rank: number): Float64Array {
  checkChain("deepLinearSizes", maps, noise);
  if (!Number.isInteger(rank) || rank < 1)
    throw new RangeError(
      `deepLinearSizes: expected a whole rank of at least 1, got ${rank}; it is that of the product`,
    );
  const { inputMoment, labelNoise } = noise;
  return Float64Array.from(maps, (W, k) => {
    if (k === 0) return trace(turned(W, inputMoment)) / trace(inputMoment);
    if (k === maps.length - 1) return trace(turned(transpose(W), labelNoise)) / trace(labelNoise);
    return frobenius(W) ** 2 / rank;
  });
}

/**
 * Maps with a given product that are in noise balance   (theory.md Eq. 117).
 *
 * With sqrt(Sigma_eps) V sqrt(Sigma_x) = P diag(s) Q^T: W_1 = c_1 S Q^T Sigma_x^(-1/2), W_i = kappa I between, W_D =
 * c_D Sigma_eps^(-1/2) P S with S = sqrt(diag(s)), widths equal to the rank.
 *
 * @param V (dOut, dIn) the product, not 0; singular values below 1e-6 of the largest count as 0
 * @param depth D, at least 2
 * @returns W_1 .. W_D; rotations of hidden layers give the other solutions
 * @throws RangeError unless moments are positive definite and fit V, V is not 0, and depth is an integer >= 2
 */
export function balancedDeepLinear(V: Matrix, noise: LabelNoise, depth: number): Matrix[] {
  const { inputMoment, labelNoise } = noise;
  checkNoise("balancedDeepLinear", V.cols, V.rows, noise);
  if (!Number.isInteger(depth) || depth < 2)
    throw new RangeError(`balancedDeepLinear: expected a whole depth of at least 2, got ${depth}; it counts maps`);
  const X = symmetricPower("inputMoment", inputMoment, 0.5);
  const E = symmetricPower("labelNoise", labelNoise, 0.5);
  const inner = matmul(matmul(E, V), X);
  const { values, vectors: Q } = eigh(gram(inner, "a"));
  if (!(values[0]! > 0)) throw new RangeError("balancedDeepLinear: expected a product that is not 0");
  const rank = values.filter((value) => value > NOTHING * values[0]!).length;
  return assemble(inner, Q, rank, { X, E, depth, traces: [trace(inputMoment), trace(labelNoise)] });
}

interface Assembly {
  readonly X: Matrix;
  readonly E: Matrix;
  readonly depth: number;
  readonly traces: readonly [number, number];
}

function assemble(inner: Matrix, Q: Matrix, r: number, { X, E, depth, traces }: Assembly): Matrix[] {
  const right = matrix(r, Q.rows); // S Q^T
  const left = matmul(inner, leading(Q, r)); // P diag(s)
  let sum = 0;
  for (let k = 0; k < r; k++) {
    let square = 0;
    for (let i = 0; i < left.rows; i++) square += left.data[i * r + k]! ** 2;
    const root = square ** 0.25; // sqrt(s_k)
    sum += root * root;
    for (let i = 0; i < left.rows; i++) left.data[i * r + k]! /= root;
    for (let j = 0; j < Q.rows; j++) right.data[k * Q.rows + j] = root * Q.data[j * Q.cols + k]!;
  }
  // sizes: kappa^2 = c_1^2 sum s / tr Sigma_x = c_D^2 sum s / tr Sigma_eps, and c_1 c_D kappa^(D - 2) = 1
  const kappa = (sum / Math.sqrt(traces[0] * traces[1])) ** (1 / depth);
  const middle = matrix(r, r);
  for (let k = 0; k < r; k++) middle.data[k * r + k] = kappa;
  const first = times(kappa * Math.sqrt(traces[0] / sum), matmul(right, inverseOf("inputMoment", X)));
  const last = times(kappa * Math.sqrt(traces[1] / sum), matmul(inverseOf("labelNoise", E), left));
  return [first, ...Array.from({ length: depth - 2 }, () => middle), last];
}

function leading(Q: Matrix, r: number): Matrix {
  const first = matrix(Q.rows, r);
  for (let i = 0; i < Q.rows; i++) for (let k = 0; k < r; k++) first.data[i * r + k] = Q.data[i * Q.cols + k]!;
  return first;
}

const inverseOf = (name: string, root: Matrix): Matrix => symmetricPower(name, root, -1);

function symmetricPower(name: string, A: Matrix, power: number): Matrix {
  const { values, vectors } = eigh(A);
  const scaled = matrix(A.rows, A.cols, vectors.data.slice());
  for (let j = 0; j < A.cols; j++) {
    checkPositive("balancedDeepLinear", `eigenvalues of ${name}`, values[j]!, "leave out directions without variance");
    for (let i = 0; i < A.rows; i++) scaled.data[i * A.cols + j]! *= values[j]! ** power;
  }
  return matmul(scaled, transpose(vectors));
}
