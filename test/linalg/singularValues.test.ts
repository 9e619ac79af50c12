import { expect, it } from "vitest";
import { matmul, matrix, transpose } from "../../src/linalg/matrix.ts";
import { singularValues } from "../../src/linalg/singularValues.ts";

/** A rotation by an angle, in the first two of three axes. */
const turn = (angle: number) =>
  matrix(3, 3, [Math.cos(angle), -Math.sin(angle), 0, Math.sin(angle), Math.cos(angle), 0, 0, 0, 1]);

it("singularValues finds planted ones, wide or tall", () => {
  const planted = matrix(3, 4, [2, 0, 0, 0, 0, 0.5, 0, 0, 0, 0, 1e-3, 0]);
  const A = matmul(turn(0.7), planted);
  for (const given of [A, transpose(A)]) {
    const found = singularValues(given);
    expect(found).toHaveLength(3);
    for (const [i, value] of [2, 0.5, 1e-3].entries()) expect(found[i]).toBeCloseTo(value, 9);
  }
});
