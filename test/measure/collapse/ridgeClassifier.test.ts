import { describe, expect, test } from "vitest";
import { type Matrix, matrix } from "../../../src/linalg/matrix.ts";
import { linearProbeAccuracy } from "../../../src/measure/collapse/ridgeClassifier.ts";
import { Random } from "../../../src/random/random.ts";

/** (n, d) of standard normal entries. */
function normals(n: number, d: number, random: Random): Matrix {
  return matrix(
    n,
    d,
    Float64Array.from({ length: n * d }, () => random.normal()),
  );
}

/** n samples of three classes around means of length `size` in `d` dimensions. */
function clouds(n: number, d: number, size: number, random: Random) {
  const features = normals(n, d, random);
  const classes = Array.from({ length: n }, (_, i) => i % 3);
  classes.forEach((c, i) => {
    features.data[i * d + c]! += size;
  });
  return { features, classes };
}

describe("linearProbeAccuracy", () => {
  test("classes far apart are told apart, classes without a difference are not", () => {
    const random = new Random(1);
    const accuracy = (size: number) =>
      linearProbeAccuracy(clouds(600, 8, size, random), clouds(3000, 8, size, random), 3);
    expect(accuracy(12)).toBe(1);
    expect(Math.abs(accuracy(0) - 1 / 3)).toBeLessThan(0.03);
  });

  test("of two Gaussians it has the accuracy of the best linear rule", () => {
    const random = new Random(2);
    const make = (n: number) => {
      const features = normals(n, 3, random);
      const classes = Array.from({ length: n }, (_, i) => i % 2);
      classes.forEach((c, i) => {
        features.data[i * 3]! += c === 1 ? 1 : -1;
      });
      return { features, classes };
    };
    // Phi(1) = 0.8413; standard error of 20,000 draws 0.0026.
    expect(Math.abs(linearProbeAccuracy(make(20_000), make(20_000), 2) - 0.8413)).toBeLessThan(0.008);
  });

  test("does not depend on where features lie or how large they are; a feature that never varies is harmless", () => {
    const random = new Random(3);
    const [train, test] = [clouds(90, 5, 1.5, random), clouds(300, 5, 1.5, random)];
    const moved = ({ features, classes }: typeof train) => {
      const wide = matrix(features.rows, 6);
      for (let i = 0; i < features.rows; i++) {
        for (let j = 0; j < 5; j++) wide.data[i * 6 + j] = 1e4 + 1e3 * features.data[i * 5 + j]!;
        wide.data[i * 6 + 5] = 7;
      }
      return { features: wide, classes };
    };
    expect(linearProbeAccuracy(moved(train), moved(test), 3)).toBeCloseTo(linearProbeAccuracy(train, test, 3), 2);
    const constant = { features: matrix(4, 2), classes: [0, 1, 1, 1] };
    expect(linearProbeAccuracy(constant, constant, 2)).toBe(0.75); // the most frequent class
  });

  test("refuses what does not fit", () => {
    const some = { features: matrix(2, 2), classes: [0, 1] };
    expect(() => linearProbeAccuracy({ ...some, classes: [0] }, some, 2)).toThrow(/expected classes for each row/);
    expect(() => linearProbeAccuracy(some, { features: matrix(2, 3), classes: [0, 1] }, 2)).toThrow(/2 x 3/);
  });
});
