/**
 * @file Sums and weights whose products leave float64, as captures of strangers hold them: each measure answers with a
 * status, and what does not depend on the huge numbers is measured as ever.
 */
import { describe, expect, test } from "vitest";
import { matrix } from "../../src/linalg/matrix.ts";
import { layerExponents } from "../../src/measure/laws/exponent.ts";
import { type LayerSnapshot, type Snapshot, snapshot } from "../../src/measure/snapshot.ts";
import type { Edges } from "../../src/moments/edges.ts";
import { emptyLayer, type LayerMoments, type Moments, mergeMoments } from "../../src/moments/moments.ts";
import { Random } from "../../src/random/random.ts";
import { layerCase, layerOf, momentsOf } from "../moments/cases.ts";

/** Paths of the numbers that JSON could not hold. */
function notFinite(value: unknown, path = ""): string[] {
  if (typeof value === "number") return Number.isFinite(value) ? [] : [`${path} ${value}`];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => notFinite(inner, `${path}.${key}`));
}

describe("weights whose squares overflow", () => {
  const ofScale = async (scale: number): Promise<LayerSnapshot> => {
    const { W, rows } = layerCase(3, 80, 6, 4);
    const layer = layerOf({
      W: matrix(
        W.rows,
        W.cols,
        W.data.map((value) => scale * value),
      ),
      rows,
    });
    return (await snapshot(momentsOf([layer]), { cost: "full" })).layers[0]!;
  };

  test("have no laws, by a status, and no phase; relations of H and G stay", async () => {
    const [plain, huge] = [await ofScale(1), await ofScale(1e160)];
    expect(huge.alignment.covariance.b.rga).toEqual(plain.alignment.covariance.b.rga);
    expect(huge.ranks!.paper.b).toEqual(plain.ranks!.paper.b);
    expect(huge.alignment.covariance.b.gwa).toMatchObject({ value: null, status: "not-finite" });
    expect(huge.exponents!.covariance.a!.hz).toMatchObject({ value: null, status: "not-finite" });
    expect(huge.phase).toBeNull();
    expect(plain.phase).not.toBeNull();
  });

  test("are measured as ever where the squares fit", async () => {
    const [plain, large] = [await ofScale(1), await ofScale(2 ** 400)];
    const { commutator, unshared, status } = plain.exponents!.covariance.a!.hz;
    const found = large.exponents!.covariance.a!.hz;
    expect(commutator!).toBeGreaterThan(0.1);
    expect(found.commutator!).toBeCloseTo(commutator!, 10);
    expect(found.unshared!).toBeCloseTo(unshared!, 10);
    expect(found.status).toBe(status);
    expect(large.phase!.label).toBe(plain.phase!.label);
    const [onB, before] = [large.exponents!.raw.b.hz.unshared!, plain.exponents!.raw.b.hz.unshared!];
    expect(before).toBeGreaterThan(0.1);
    expect(onB).toBeCloseTo(before, 10);
  });
});

test("half samples that overflow in the basis of the weights, where all together do not, have no laws, by a status", () => {
  const whole = layerCase(5, 81, 16, 12);
  const groups = [layerOf(whole, 0, 1), layerOf(whole, 1, 81)];
  groups.forEach(({ a }, g) => {
    for (let k = 0; k < 16 * 16; k++) if (k % 17 !== 0) a!.hh![k] = g === 0 ? 1.7e308 : -1.7e308;
  });
  const { raw } = layerExponents(groups);
  expect(raw.a!.hz).toMatchObject({ value: null, status: "not-finite" });
  expect(raw.a!.gz.status).not.toBe("not-finite");
});

describe("sums of any size", () => {
  const sizes = [1, 1e-170, 1e-100, 1e60, 1e77, 1e100, 1e150, 1e154, 3e154, 1e200, 1e306];
  const [n, classes, width] = [30, 3, 5];

  /** Two maps that share neurons, with all sums; each kind of number is of a size of its own. */
  function drawn(random: Random, groups: number): Moments[] {
    const size = () => (random.below(3) > 0 ? 1 : sizes[random.below(sizes.length)]!);
    const values = (count: number, scale: number) =>
      Float64Array.from({ length: count }, () => scale * random.normal());
    /** (d, d) sum of squares, at times with one entry of another size. */
    const gram = (d: number, scale: number): Float64Array => {
      const X = values(n * d, 1);
      const sum = new Float64Array(d * d);
      for (let k = 0; k < d * d; k++)
        for (let i = 0; i < n; i++) sum[k]! += X[i * d + Math.floor(k / d)]! * X[i * d + (k % d)]! * scale;
      if (random.below(4) === 0) {
        const [i, j, other] = [random.below(d), random.below(d), size()];
        sum[i * d + j] = other;
        sum[j * d + i] = other;
      }
      return sum;
    };
    const edges: Edges = {
      pairs: [
        {
          ...{ first: "low", second: "up", through: "nothing", width },
          symmetry: random.below(2) === 0 ? "rotation" : "rescaling",
          firstEnd: { side: "b", from: 0, outer: 1, inner: 1 },
          secondEnd: { side: "a", from: 0, outer: 1, inner: 1 },
        },
      ],
      broken: [],
    };
    const ends = [
      { name: "low", dIn: 4, dOut: width, side: "b" as const },
      { name: "up", dIn: width, dOut: classes, side: "a" as const },
    ].map((end) => ({ ...end, W: matrix(end.dOut, end.dIn, values(end.dOut * end.dIn, size())) }));
    const layer = ({ name, dIn, dOut, side, W }: (typeof ends)[number]): LayerMoments => {
      const { a, b, ...found } = emptyLayer(name, "linear", dIn, dOut, W);
      const of = (d: number, empty: typeof b): typeof b => ({
        ...empty,
        ...{ keptH: n, keptG: n, h2: n * size(), h4: n * size(), g2: n * size(), g4: n * size() },
        ...{ hSum: values(d, size()), gSum: values(d, size()), hnSum: values(d, 1), gnSum: values(d, 1) },
        ...{ hh: gram(d, size()), gg: gram(d, size()), hnhn: gram(d, 1), gngn: gram(d, 1), gh: values(d * d, size()) },
      });
      const sums = (d: number) => ({
        sums: values(classes * d, size()),
        squares: values(classes, size()).map(Math.abs),
      });
      const counts = new Float64Array(classes).fill(n / classes);
      const blocks = { width, outer: 1, inner: 1, sum: gram(width, size()) };
      return {
        ...{ ...found, n, a: of(dIn, a!), b: of(dOut, b), gbHa: values(dIn * dOut, size()) },
        ...(dOut === classes && { labelled: { classes, counts, a: sums(dIn), b: sums(dOut) } }),
        outputGradients: { sum: gram(dOut, size()), exact: true },
        noise: { examples: n, losses: 1, [side]: blocks },
      };
    };
    return Array.from({ length: groups }, () => ({ ...momentsOf(ends.map(layer)), edges }));
  }

  test("never end a measurement, and give finite numbers or none", async () => {
    let measured = 0;
    for (let seed = 0; seed < 40; seed++) {
      const random = new Random(seed);
      const groups = drawn(random, seed % 2 === 0 ? 1 : 4);
      const total = groups.reduce(mergeMoments);
      const earlier = { ...groups[0]!, step: 1 };
      const found: Snapshot = await snapshot(total, {
        ...{ cost: "full", previous: earlier, half: earlier, initialWeights: new Map([["up", total.layers[1]!.W!]]) },
        ...{ nearestMean: { layer: "up", disagreement: 0.1 }, training: { lr: 0.1, decay: 0.01, batch: 10 } },
        ...(groups.length > 1 && { groups }),
      });
      expect([seed, notFinite(found)]).toEqual([seed, []]);
      measured += found.layers.filter(({ alignment }) => alignment.paper.b.rga.value !== null).length;
    }
    expect(measured).toBeGreaterThan(40);
  });
});
