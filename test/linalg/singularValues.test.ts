/** @file Singular values, those far below the largest too. */
import { expect, test } from "vitest";
import { matmul, matrix } from "../../src/linalg/matrix.ts";
import { singularValues } from "../../src/linalg/singularValues.ts";

/** A rotation of the plane within d dimensions. */
function rotation(d: number, i: number, j: number, angle: number) {
  const R = matrix(d, d);
  for (let k = 0; k < d; k++) R.data[k * (d + 1)] = 1;
  R.data[i * d + i] = R.data[j * d + j] = Math.cos(angle);
  R.data[i * d + j] = -Math.sin(angle);
  R.data[j * d + i] = Math.sin(angle);
  return R;
}

test("values twelve decades below the largest are found, in wide and tall matrices", () => {
  const planted = [3, 1e-4, 2e-12];
  const D = matrix(3, 4, [3, 0, 0, 0, 0, 1e-4, 0, 0, 0, 0, 2e-12, 0]);
  const left = matmul(rotation(3, 0, 1, 0.7), rotation(3, 1, 2, -1.1));
  const right = matmul(rotation(4, 0, 2, 0.4), rotation(4, 1, 3, 2.1));
  const M = matmul(matmul(left, D), right);
  const turned = matrix(
    4,
    3,
    Array.from({ length: 12 }, (_, k) => M.data[(k % 3) * 4 + Math.floor(k / 3)]!),
  );
  for (const A of [M, turned]) {
    const found = singularValues(A);
    expect(found).toHaveLength(3);
    planted.forEach((value, i) => {
      expect(Math.abs(found[i]! - value)).toBeLessThan(4e-15); // a few eps of the largest
    });
  }
});

test("a matrix of zeros has zeros", () => {
  expect(Array.from(singularValues(matrix(2, 3)))).toEqual([0, 0]);
});
