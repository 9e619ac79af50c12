/**
 * @file The neural feature ansatz: whether W^T W is the average gradient outer product of the network, and its
 * equivariant form in gradients of the loss (theory.md Eqs. 72-74). Whether the ansatz "holds" depends on three
 * choices; all variants are computed.
 *
 * Radhakrishnan et al.: the first version compares cosines with exponent 1 (arXiv 2212.13881), the published one
 * (Science 2024) Pearson's correlation with exponent 1/2; the code of both subtracts the initial weights.
 */
import { combination } from "../../linalg/linearCombination.ts";
import { gram, type Matrix, matrix } from "../../linalg/matrix.ts";
import { addGram } from "../../linalg/products.ts";
import { symmetricPower } from "../../linalg/symmetricPower.ts";
import { alignment } from "../alignment/alignment.ts";
import { cosine } from "../alignment/cosine.ts";

/** Two comparisons of one pair of matrices; null where one of them is zero, constant or not finite. */
export interface Comparison {
  cosine: number | null;
  pearson: number | null;
}

export interface AnsatzForms {
  /** W^T W with AGOP. */
  one: Comparison;
  /** W^T W with the square root of AGOP. */
  half: Comparison;
}

export interface Ansatz {
  weights: AnsatzForms;
  /** The same for W - W_0; null where the initial weights are not known. */
  change: AnsatzForms | null;
  /** Equivariant form: backward W^T W with G_a, forward W W^T with G_b. */
  equivariant: { backward: Comparison; forward: Comparison } | null;
}

/**
 * Average gradient outer product (1/n) sum J^T J of one layer's input   (theory.md Eq. 72).
 *
 * @param jacobians (n, K, d): derivative of output k with respect to input j of the layer, for each sample
 * @param n         samples
 * @param d         dimension of the layer's input
 * @param centred   subtract the mean Jacobian over samples first
 * @returns (d, d), summed over outputs
 * @throws RangeError if the values are not n K d for a whole K
 */
export function averageGradientOuterProduct(
  jacobians: Float32Array | Float64Array,
  n: number,
  d: number,
  centred = false,
): Matrix {
  const K = jacobians.length / n / d;
  if (!Number.isInteger(K) || K < 1)
    throw new RangeError(
      `averageGradientOuterProduct: expected ${n} Jacobians of (K, ${d}), got ${jacobians.length} values; pass (n, K, d)`,
    );
  const rows = Float64Array.from(jacobians);
  if (centred) {
    const mean = new Float64Array(K * d);
    rows.forEach((value, k) => {
      mean[k % (K * d)]! += value / n;
    });
    rows.forEach((_, k) => {
      rows[k]! -= mean[k % (K * d)]!;
    });
  }
  const sum = new Float64Array(d * d);
  addGram(sum, rows, n * K, d);
  return matrix(
    d,
    d,
    sum.map((value) => value / n),
  );
}

/**
 * Every form of the ansatz for one layer   (theory.md Eqs. 73, 74).
 *
 * @param W       (dOut, dIn)
 * @param agop    (dIn, dIn)
 * @param initial weights at initialisation, of the same shape
 * @param G       second moments of the gradients of the loss on both sides
 *
 * O(d^3) for the square root. Scale cancels, so W^T W need not be divided by dOut.
 */
export function featureAnsatz(
  W: Matrix,
  agop: Matrix,
  { initial, G }: { initial?: Matrix; G?: { a: Matrix; b: Matrix } } = {},
): Ansatz {
  const root = agop.data.every(Number.isFinite) ? symmetricPower(agop, 1 / 2) : agop;
  const forms = (V: Matrix): AnsatzForms => {
    const Z = gram(V, "a");
    return { one: compare(Z, agop), half: compare(Z, root) };
  };
  const difference =
    initial &&
    combination([
      [1, W],
      [-1, initial],
    ]);
  return {
    weights: forms(W),
    change: difference ? forms(difference) : null,
    equivariant: G ? { backward: compare(gram(W, "a"), G.a), forward: compare(gram(W, "b"), G.b) } : null,
  };
}

function compare(A: Matrix, B: Matrix): Comparison {
  return { cosine: cosine(A, B).value, pearson: alignment(A, B).value };
}
