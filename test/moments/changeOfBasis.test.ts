/** @file Sums in another basis, whose products are in float32, keep sums of squares on the diagonal. */
import { expect, test } from "vitest";
import { matmul, matrix, transpose } from "../../src/linalg/matrix.ts";
import { changeBasis, type SumProducts } from "../../src/moments/accumulate/changeOfBasis.ts";
import { addCentred, emptyRowSums } from "../../src/moments/accumulate/rowSums.ts";

/** Products whose rounding takes 1e-7 away from every entry of X^T S X. */
const rounding: SumProducts = {
  async congruent(S, X) {
    const { data } = matmul(matmul(transpose(X), S), X);
    return { lower: Float32Array.from(data, (value) => value - 1e-7), scale: 2 };
  },
  product: async (A, B) => Float64Array.from(matmul(A, B).data),
};

test("a direction that rows do not reach has a sum of squares of 0, not one that is rounded below", async () => {
  const from = emptyRowSums(2);
  // rows y = (1, 1), (-1, -1): their mean is 0
  const gram = Float32Array.from([2, 2, 2, 2]);
  addCentred(from, { mean: new Float32Array(2), gram, rest: new Float32Array(2), n: 2, scale: 1 });
  const X = matrix(2, 2, Float64Array.from([1, 1, 1, -1])); // y X = (2, 0), (-2, 0)
  const into = { sum: new Float64Array(2), gram: new Float64Array(4) };
  await changeBasis(into, from, X, 2, rounding);
  expect(into.gram[0]).toBeCloseTo(2 * 8, 5);
  expect(into.gram[2]).toBeCloseTo(0, 5);
  expect(into.gram[3]).toBe(0);
});
