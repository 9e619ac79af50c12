/**
 * @file Neural collapse against its definitions in NumPy (collapseNumpy.json, written by collapseNumpy.py) and on
 * frames known exactly.
 */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { combination } from "../../../src/linalg/linearCombination.ts";
import { identity, type Matrix, matmul, matrix, transpose } from "../../../src/linalg/matrix.ts";
import { alignment } from "../../../src/measure/alignment/alignment.ts";
import { collapsePremises, nearestMeanDisagreement } from "../../../src/measure/collapse/collapsePremises.ts";
import { collapse, simplex } from "../../../src/measure/collapse/neuralCollapse.ts";
import { addFeatures, type ClassSums, classMeans, emptyClassSums } from "../../../src/moments/classSums.ts";
import { Random } from "../../../src/random/random.ts";
import { gaussian, rotation } from "../matrices.ts";

interface Case {
  C: number;
  d: number;
  features: number[];
  labels: number[];
  classifier: number[];
  predicted: number[];
  expected: object & { nc4: number };
}

const cases = JSON.parse(readFileSync(new URL("collapseNumpy.json", import.meta.url), "utf8")) as Case[];

/** Digits after the point to which two ways of computing the same agree. */
const DIGITS = 10;

function sumsOf(features: ArrayLike<number>, labels: readonly number[], classes: number, batches = 1): ClassSums {
  const d = features.length / labels.length;
  const sums = emptyClassSums(classes, d);
  const size = Math.ceil(labels.length / batches);
  for (let start = 0; start < labels.length; start += size) {
    const part = labels.slice(start, start + size);
    addFeatures(sums, Float64Array.from(features).slice(start * d, (start + part.length) * d), part);
  }
  return sums;
}

/** Every number of `found` to DIGITS, and nothing else in it. */
function expectNear(found: object, expected: object): void {
  for (const [key, value] of Object.entries(expected)) {
    const own = (found as Record<string, unknown>)[key];
    if (typeof value === "number") expect(own, key).toBeCloseTo(value, DIGITS);
    else expectNear(own as object, value as object);
  }
}

describe("neural collapse", () => {
  it.each(cases)(
    "agrees with NumPy: $C classes in $d dimensions",
    ({ C, d, features, labels, classifier, predicted, expected }) => {
      const sums = sumsOf(features, labels, C, 3);
      const nc4 = nearestMeanDisagreement(sums, features, predicted);
      expectNear(collapse(sums, { classifier: matrix(C, d, classifier), nc4 }), expected);
    },
  );

  const random = new Random(1);
  const [C, d] = [10, 16];
  const Q = rotation(random, d);
  const orthogonal = matrix(C, d, Q.data.slice(0, C * d));
  const repeat = (means: Matrix, times: number): { features: Float64Array; labels: number[] } => ({
    features: Float64Array.from({ length: times * C * d }, (_, k) => means.data[k % (C * d)]!),
    labels: Array.from({ length: times * C }, (_, i) => i % C),
  });

  it("finds nothing left in collapsed features: a centred orthonormal frame is a simplex", () => {
    const { features, labels } = repeat(orthogonal, 5);
    const M = combination([
      [1, orthogonal],
      [-1, matmul(matrix(C, C, new Float64Array(C * C).fill(1 / C)), orthogonal)],
    ]);
    const found = collapse(sumsOf(features, labels, C), { classifier: combination([[3, M]]) });
    expect(found.nc1.trace).toBeCloseTo(0, 12);
    expect(found.nc1.cdnv).toBeCloseTo(0, 12);
    expect(found.nc2.uncentred.meanAbsoluteCosine).toBeCloseTo(0, 12);
    expect(found.nc2.means.meanCosine).toBeCloseTo(-1 / (C - 1), 12);
    for (const value of [found.nc2.means.equinorm, found.nc2.means.equiangular, found.nc2.means.simplex])
      expect(value).toBeCloseTo(0, 7);
    expect(found.nc3!.selfDuality).toBeCloseTo(0, 12);
    expect(found.nc3!.product).toBeCloseTo(0, 7);
  });

  it("does not change when samples come in other batches, rotated or scaled", () => {
    const { C, d, features, labels } = cases[0]!;
    const one = collapse(sumsOf(features, labels, C));
    expectNear(collapse(sumsOf(features, labels, C, 7)), { nc1: one.nc1, nc2: { means: one.nc2.means } });
    const turned = matmul(matrix(labels.length, d, features), combination([[5, rotation(random, d)]]));
    expectNear(collapse(sumsOf(turned.data, labels, C)), { nc1: one.nc1, nc2: { means: one.nc2.means } });
  });

  it("leaves out classes without samples", () => {
    const { C, d, features, labels, classifier } = cases[0]!;
    const rows = [...classifier, ...Array(d).fill(7)];
    const more = collapse(sumsOf(features, labels, C + 1), { classifier: matrix(C + 1, d, rows) });
    expect(more).toEqual(collapse(sumsOf(features, labels, C), { classifier: matrix(C, d, classifier) }));
  });

  it("takes means on a line for one direction, however many classes there are", () => {
    // Variance across the line does not count; along it S_w = 1/4 and S_b = 2/3.
    const labels = [0, 0, 1, 1, 2, 2];
    const features = labels.flatMap((c, i) => [c, c, i % 2 ? 0.5 : -0.5]);
    const found = collapse(sumsOf(features, labels, 3));
    expect(found.nc1.trace).toBeCloseTo(0, 12);
    const along = collapse(
      sumsOf(
        labels.flatMap((c, i) => [c + (i % 2 ? 0.5 : -0.5), 0]),
        labels,
        3,
      ),
    );
    expect(along.nc1.trace).toBeCloseTo(0.25 / (2 / 3), 12);
  });

  it("has no answer for one class, and numbers or nulls always", () => {
    const one = collapse(sumsOf([1, 2, 3, 4], [0, 0], 3), { classifier: matrix(3, 2) });
    expect(one.status).toBe("one-class");
    expect(one.nc1.trace).toBeNull();
    const same = collapse(sumsOf([1, 1, 1, 1], [0, 1], 2), { classifier: matrix(2, 2) });
    expect(JSON.stringify(same)).not.toContain("NaN");
    expect(same.status).toBe("too-few-samples");
    expect(same.nc1).toEqual({ trace: null, perClass: null, cdnv: null });
    expect(same.nc3).toEqual({ selfDuality: null, product: null });
  });

  it("knows nothing of the spread within classes of one sample each", () => {
    const features = gaussian(random, C, d).data;
    const labels = Array.from({ length: C }, (_, i) => i);
    const found = collapse(sumsOf(features, labels, C), { classifier: orthogonal, nc4: 0 });
    expect(found).toMatchObject({ status: "too-few-samples", singles: C, nc4: null });
    expect(found.nc1).toEqual({ trace: null, perClass: null, cdnv: null });
    expect(found.nc2.means.equinorm).toBeGreaterThan(0);
    expect(found.nc3!.selfDuality).toBeGreaterThan(0);
    expect(collapsePremises(sumsOf(features, labels, C), identity(d)).withinShare).toBeNull();
  });

  it("leaves classes of one sample out of the spread within classes, not out of the means", () => {
    // Along the line S_w = 1/4 in the first two classes, the means 0, 1, 2 have S_b = 2/3.
    const labels = [0, 0, 1, 1, 2];
    const features = [-0.5, 0.5, 0.5, 1.5, 2];
    const found = collapse(sumsOf(features, labels, 3));
    expect(found.singles).toBe(1);
    expect(found.status).toBeUndefined();
    expect(found.nc1.trace).toBeCloseTo(0.25 / (2 / 3), 12);
    expect(found.nc1.cdnv).toBeCloseTo(0.25, 12);
    const two = collapse(sumsOf([-0.5, 0.5, 1], [0, 0, 1], 2));
    expect(two.nc1.trace).toBeCloseTo(1, 12); // S_b = 1/4
    expect(two.nc1.cdnv).toBeNull();
    const { withinShare } = collapsePremises(sumsOf(features, labels, 3), identity(1));
    const between = (2 * 0.8 ** 2 + 2 * 0.2 ** 2 + 1.2 ** 2) / 5; // means 0, 0, 1, 1, 2 about 0.8
    expect(withinShare).toBeCloseTo(0.25 / (0.25 + between), 12);
  });

  it("shows 1 - C/n of the covariance within classes, as Eq. 67 has it", () => {
    const [classes, n, repeats] = [20, 40, 50]; // two samples a class
    let sum = 0;
    for (let r = 0; r < repeats; r++) {
      const { data } = gaussian(random, n, 3);
      sum += classMeans(
        sumsOf(
          data,
          Array.from({ length: n }, (_, i) => i % classes),
          classes,
        ),
      ).within.data[0]!;
    }
    expect(sum / repeats).toBeGreaterThan(0.45);
    expect(sum / repeats).toBeLessThan(0.55);
  });

  it("refuses labels and shapes that do not fit", () => {
    const sums = emptyClassSums(3, 2);
    expect(() => addFeatures(sums, new Float64Array(4), [0, 3])).toThrow("expected labels from 0 to 2, got 3 in row 1");
    expect(() => addFeatures(sums, new Float64Array(5), [0, 1])).toThrow("expected features of 2 x 2 for 2 labels");
    expect(() => addFeatures(sums, Float64Array.of(1, Number.NaN), [0])).toThrow("finite features, got NaN in row 0");
    expect(() => collapse(sums, { classifier: matrix(2, 3) })).toThrow("expected a classifier of 3 x 2");
    expect(sums.counts.every((count) => count === 0)).toBe(true);
  });
});

describe("the premises of collapse", () => {
  it("measure how much outputs vary within classes", () => {
    const exact = sumsOf([1, 0, 1, 0, 0, 1], [0, 0, 1], 2);
    expect(collapsePremises(exact, identity(2)).withinShare).toBeCloseTo(0, 12);
    const none = sumsOf([1, 0, 0, 1, 1, 0, 0, 1], [0, 0, 1, 1], 2);
    expect(collapsePremises(none, identity(2)).withinShare).toBeCloseTo(1, 12);
  });

  it("see what alignment hides: gradients of a cross-entropy have no part along ones", () => {
    // p - y of random logits: rows add up to zero.
    const random = new Random(2);
    const [n, K] = [4000, 10];
    const G = matrix(n, K);
    for (let i = 0; i < n; i++) {
      const logits = Array.from({ length: K }, () => Math.exp(random.normal() * 0.1));
      const total = logits.reduce((x, y) => x + y, 0);
      logits.forEach((value, k) => {
        G.data[i * K + k] = value / total - (k === i % K ? 1 : 0);
      });
    }
    const Gf = combination([[1 / n, matmul(transpose(G), G)]]);
    const { lossCovariance } = collapsePremises(sumsOf(new Float64Array(2 * K).fill(1), [0, 1], 2), Gf);
    expect(alignment(Gf, identity(K)).value).toBeGreaterThan(0.9998);
    expect(lossCovariance.identity).toBeCloseTo(Math.sqrt(1 - 1 / K), 3);
    expect(lossCovariance.simplex).toBeGreaterThan(0.999);
    expect(alignment(simplex(K), identity(K)).value).toBeCloseTo(1, 12);
  });

  it("are about any features", () => {
    const found = collapsePremises(
      sumsOf(
        gaussian(new Random(3), 40, 3).data,
        Array.from({ length: 40 }, (_, i) => i % 4),
        4,
      ),
      identity(3),
    );
    expect(found.withinShare).toBeGreaterThan(0.7);
    expect(found.lossCovariance.identity).toBeCloseTo(1, 12);
  });
});
