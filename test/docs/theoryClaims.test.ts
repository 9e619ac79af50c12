/** The numbers that docs/theory.md states, computed again. A number that changes here has to change there. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { frobenius, gram, identity, type Matrix, matmul, matrix, trace, transpose } from "../../src/linalg/matrix.ts";
import { alignment } from "../../src/measure/alignment/alignment.ts";
import { alignmentNull, type Size, sharedNullOf } from "../../src/measure/alignment/alignmentNull.ts";
import { correctedAlignment } from "../../src/measure/alignment/correctedAlignment.ts";
import { cosine } from "../../src/measure/alignment/cosine.ts";
import { entriesOf } from "../../src/measure/alignment/entrySums.ts";
import { jackknife } from "../../src/measure/alignment/jackknife.ts";
import { evenGroups } from "../../src/measure/laws/heavyGroups.ts";
import { participationRatio } from "../../src/measure/spectra/rank.ts";
import { addRows } from "../../src/moments/addRows.ts";
import { emptyLayer, type LayerMoments, mergeLayers, secondMoment } from "../../src/moments/moments.ts";
import { Random } from "../../src/random/random.ts";

const theory = readFileSync(new URL("../../docs/theory.md", import.meta.url), "utf8").replace(/\s+/g, " ");

function expectStated(words: string): void {
  expect(theory.includes(words), `docs/theory.md should state "${words}"`).toBe(true);
}

/** Rounding of float64 sums over some hundred rows. */
const EXACT = 1e-12;

/** The factors of random matrices are those of infinite width; at 50 to 120 they are met to a tenth. */
const LARGE_WIDTH = 0.12;

const normals = (random: Random, rows: number, cols: number): Matrix =>
  matrix(
    rows,
    cols,
    Float64Array.from({ length: rows * cols }, () => random.normal()),
  );
const scaled = (A: Matrix, c: number): Matrix =>
  matrix(
    A.rows,
    A.cols,
    A.data.map((value) => value * c),
  );
const plus = (A: Matrix, B: Matrix, c = 1): Matrix =>
  matrix(
    A.rows,
    A.cols,
    A.data.map((value, i) => value + c * B.data[i]!),
  );
/** (1/n) X^T X. */
const moment = (X: Matrix): Matrix => scaled(gram(X, "a"), 1 / X.rows);
const relu = (X: Matrix): Matrix =>
  matrix(
    X.rows,
    X.cols,
    X.data.map((value) => Math.max(0, value)),
  );
const rotate = (A: Matrix, Q: Matrix): Matrix => matmul(matmul(Q, A), transpose(Q));
const sumOf = (A: Matrix): number => A.data.reduce((sum, value) => sum + value, 0);
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const deviation = (values: readonly number[]): number =>
  Math.sqrt(values.reduce((sum, value) => sum + (value - mean(values)) ** 2, 0) / (values.length - 1));

/** A uniformly distributed rotation: Gram-Schmidt on Gaussian rows, twice for accuracy. */
function rotation(random: Random, d: number): Matrix {
  const Q = normals(random, d, d);
  for (let i = 0; i < d; i++) {
    const row = Q.data.subarray(i * d, (i + 1) * d);
    for (let pass = 0; pass < 2; pass++)
      for (let j = 0; j < i; j++) {
        const other = Q.data.subarray(j * d, (j + 1) * d);
        const inner = other.reduce((sum, value, k) => sum + value * row[k]!, 0);
        for (let k = 0; k < d; k++) row[k]! -= inner * other[k]!;
      }
    const norm = Math.hypot(...row);
    for (let k = 0; k < d; k++) row[k]! /= norm;
  }
  return Q;
}

/** Cosine and alignment of A with B turned by random rotations. */
function turned(A: Matrix, B: Matrix, times: number, random: Random): { cosines: number[]; alignments: number[] } {
  const all = Array.from({ length: times }, () => rotate(B, rotation(random, A.rows)));
  return {
    cosines: all.map((C) => cosine(A, C).value!),
    alignments: all.map((C) => alignment(A, C).value!),
  };
}

/** The approximate null of Pearson's correlation when B is rotated, below Eq. 13. */
function pearsonNull(A: Matrix, B: Matrix): number {
  const d = A.rows;
  const s = sumOf(A);
  const spread = frobenius(A) ** 2 - (s / d) ** 2;
  const rotated = frobenius(B) ** 2 * (1 - (participationRatio(B) + 2) / (d * (d + 2)));
  return ((trace(B) / d) * (trace(A) - s / d)) / Math.sqrt(spread * rotated);
}

/** A layer over Gaussian inputs and gradients. */
function gaussianLayer(): LayerMoments {
  const random = new Random(6);
  const [n, dIn, dOut] = [200, 20, 15];
  const W = normals(random, dOut, dIn);
  const ha = normals(random, n, dIn);
  const layer = emptyLayer("layer", "linear", dIn, dOut, W);
  addRows(layer, { ha: ha.data, hb: matmul(ha, transpose(W)).data, gb: normals(random, n, dOut).data });
  return layer;
}

describe("Eq. 6", () => {
  const layer = gaussianLayer();
  const [W, n] = [layer.W!, layer.n];
  const sides = (convention: "paper" | "raw") => {
    const Ha = secondMoment(layer.a!, "H", convention, n)!;
    const Gb = secondMoment(layer.b, "G", convention, n)!;
    return [
      [matmul(matmul(W, Ha), transpose(W)), secondMoment(layer.b, "H", convention, n)!],
      [matmul(matmul(transpose(W), Gb), W), secondMoment(layer.a!, "G", convention, n)!],
    ] as const;
  };

  it("holds to rounding for plain second moments", () => {
    for (const [left, right] of sides("raw"))
      expect(frobenius(plus(left, right, -1)) / frobenius(right)).toBeLessThan(EXACT);
  });

  it("is broken by about a tenth once rows are normalized, at the best common scale", () => {
    for (const [left, right] of sides("paper")) {
      const distance = Math.sqrt(2 - 2 * cosine(left, right).value!);
      expect(distance).toBeGreaterThan(0.03);
      expect(distance).toBeLessThan(0.3);
    }
  });
});

describe("Eq. 11", () => {
  it("is blind to an offset, which the cosine sees", () => {
    const J = matrix(10, 10, new Float64Array(100).fill(1));
    expect(alignment(identity(10), plus(identity(10), J, -0.1)).value).toBeCloseTo(1, 12);
    expect(cosine(identity(10), plus(identity(10), J, -0.1)).value).toBeCloseTo(Math.sqrt(9 / 10), 12);
    const swap = matrix(2, 2, [0, 1, 1, 0]);
    expect(alignment(identity(2), swap).value).toBeCloseTo(-1, 12);
    expect(cosine(identity(2), swap).value).toBeCloseTo(0, 12);
  });

  it("depends on the basis, which the cosine does not", () => {
    const random = new Random(11);
    const A = moment(relu(matmul(normals(random, 200, 10), normals(random, 10, 20))));
    const B = matmul(A, A);
    const Q = rotation(random, 20);
    const [before, after] = [alignment(A, B).value!, alignment(rotate(A, Q), rotate(B, Q)).value!];
    expectStated(`alignment ${before.toFixed(2)} as they were and ${after.toFixed(2)} after`);
    expect(cosine(rotate(A, Q), rotate(B, Q)).value).toBeCloseTo(cosine(A, B).value!, 12);
    expectStated(`the cosine was ${cosine(A, B).value!.toFixed(2)} both times`);
  });
});

describe("Eq. 13", () => {
  const d = 30;

  it("is the mean cosine under random rotations, with the spread that the text derives", () => {
    const random = new Random(13);
    const [A, B] = [moment(normals(random, 6, d)), moment(normals(random, 6, d))];
    const { cosines, alignments } = turned(A, B, 400, random);
    const [p, q] = [participationRatio(A) / d, participationRatio(B) / d];
    const spread = Math.sqrt((2 * (1 - p) * (1 - q)) / ((d - 1) * (d + 2)));
    const expected = alignmentNull(A, B).value!;
    expect(Math.abs(mean(cosines) - expected)).toBeLessThan((4 * spread) / Math.sqrt(400));
    expect(deviation(cosines) / spread).toBeGreaterThan(0.85);
    expect(deviation(cosines) / spread).toBeLessThan(1.15);
    expect(Math.abs(mean(alignments) - pearsonNull(A, B))).toBeLessThan(0.01);
    expectStated(
      `mean ${mean(cosines).toFixed(3)} and sd ${deviation(cosines).toFixed(3)}; formulas ${expected.toFixed(3)} and ${spread.toFixed(3)}`,
    );
  });

  it("is k / d for projectors of rank k, and 1 for those on the same neurons, all others being dead", () => {
    const P = matrix(
      d,
      d,
      identity(d).data.map((value, i) => (i < 5 * d ? value : 0)),
    );
    const [A, B] = [1, 2].map((seed) => rotate(P, rotation(new Random(seed), d)));
    expect(alignmentNull(A!, B!).value).toBeCloseTo(5 / d, 12);
    expect(alignmentNull(P, P).value).toBeCloseTo(1, 12);
  });

  it("is the chance level of the alignment for centred rows, and too low behind a ReLU without centring", () => {
    const random = new Random(14);
    const h = relu(matmul(normals(random, 400, 20), normals(random, 20, d)));
    const layer = emptyLayer("layer", "linear", d, d, identity(d));
    addRows(layer, { ha: h.data, hb: h.data, gb: h.data });
    const other = moment(normals(random, 40, d));
    const found = (["paper", "raw"] as const).map((convention) => {
      const A = secondMoment(layer.b, "H", convention, layer.n)!;
      const { alignments, cosines } = turned(A, other, 300, random);
      expect(Math.abs(mean(alignments) - pearsonNull(A, other))).toBeLessThan(0.01);
      expect(Math.abs(mean(cosines) - alignmentNull(A, other).value!)).toBeLessThan(0.01);
      return { alignment: mean(alignments), null: alignmentNull(A, other).value! };
    });
    expect(Math.abs(found[0]!.alignment - found[0]!.null)).toBeLessThan(0.02);
    expect(found[1]!.alignment - found[1]!.null).toBeGreaterThan(0.08);
    for (const { alignment: x, null: y } of found) expectStated(`${x.toFixed(3)} where Eq. 13 says ${y.toFixed(3)}`);
  });

  it("is exceeded by the factors of the text where two matrices share a random W, and Eq. 84 says by how much", () => {
    const random = new Random(15);
    for (const [dIn, dOut] of [
      [100, 100],
      [100, 50],
      [60, 120],
    ] as const) {
      const W = normals(random, dOut, dIn);
      const Ha = moment(normals(random, 30, dIn));
      const Gb = moment(normals(random, 30, dOut));
      const Hb = matmul(matmul(W, Ha), transpose(W));
      const Ga = matmul(matmul(transpose(W), Gb), W);
      const [Za, Zb] = [gram(W, "a"), gram(W, "b")];
      const ratio = (A: Matrix, Z: Matrix): number => cosine(A, Z).value! / alignmentNull(A, Z).value!;
      expect(Math.abs(ratio(Hb, Zb) / (1 + dOut / dIn) - 1)).toBeLessThan(LARGE_WIDTH);
      expect(Math.abs(ratio(Ga, Za) / (1 + dIn / dOut) - 1)).toBeLessThan(LARGE_WIDTH);
      const shared = sharedNullOf(sizeOf(Ha), sizeOf(Za)).value!;
      expect(Math.abs(shared / cosine(Hb, Zb).value! - 1)).toBeLessThan(LARGE_WIDTH);
      expect(Math.abs(sharedNullOf(sizeOf(Gb), sizeOf(Zb)).value! / cosine(Ga, Za).value! - 1)).toBeLessThan(
        LARGE_WIDTH,
      );
    }
    const w = normals(random, 1, 50);
    const Ga = matmul(transpose(w), w);
    expect(cosine(Ga, gram(w, "a")).value).toBeCloseTo(1, 12);
    expect(sharedNullOf({ d: 1, trace: 3, norm: 3 }, sizeOf(gram(w, "b"))).value).toBe(1);
  });
});

const sizeOf = (A: Matrix): Size => ({ d: A.rows, trace: trace(A), norm: frobenius(A) });

describe("Eq. 84", () => {
  it("is what turned H_a show through a Gaussian W, to a few hundredths", () => {
    const random = new Random(84);
    const lines = (
      [
        [40, 40, 1],
        [60, 20, 1.5],
        [20, 60, 2],
      ] as const
    ).map(([dIn, dOut, decades]) => {
      const values = Float64Array.from({ length: dIn }, (_, i) => 10 ** ((-decades * i) / dIn));
      const diagonal = matrix(dIn, dIn);
      for (let i = 0; i < dIn; i++) diagonal.data[i * (dIn + 1)] = values[i]!;
      const draws = Array.from({ length: 60 }, () => {
        const W = normals(random, dOut, dIn);
        const Hb = matmul(matmul(W, rotate(diagonal, rotation(random, dIn))), transpose(W));
        return {
          seen: cosine(Hb, gram(W, "b")).value!,
          said: sharedNullOf(sizeOf(diagonal), sizeOf(gram(W, "a"))).value!,
          plain: alignmentNull(Hb, gram(W, "b")).value!,
        };
      });
      const of = (key: "seen" | "said" | "plain"): number => mean(draws.map((draw) => draw[key]));
      expect(Math.abs(of("said") - of("seen"))).toBeLessThan(0.03);
      expect(of("seen") - of("plain")).toBeGreaterThan(0.05);
      return `${of("seen").toFixed(2)} for ${of("said").toFixed(2)} at ${dIn} to ${dOut} (by Eq. 13 ${of("plain").toFixed(2)})`;
    });
    expectStated(lines.join(", "));
  });

  it("is sqrt(PR(H)/PR(Z)) where that is small", () => {
    const random = new Random(85);
    const W = normals(random, 200, 200);
    const Ha = moment(normals(random, 3, 200));
    const small = Math.sqrt(participationRatio(Ha) / participationRatio(gram(W, "a")));
    expect(Math.abs(sharedNullOf(sizeOf(Ha), sizeOf(gram(W, "a"))).value! / small - 1)).toBeLessThan(0.05);
  });
});

describe("Eq. 18", () => {
  it("leaves -2 e/n^2 of c/n + e/n^2 from halves and -1.07 e/n^2 from 16 groups", () => {
    const [n, c, e] = [160, 3, 7];
    const biased = (count: number) => c / count + e / count ** 2;
    const left = (m: number) =>
      jackknife(biased(n), Array(m).fill(biased(n - n / m)), Array(m).fill(n / m))!.corrected / (e / n ** 2);
    expect(left(2)).toBeCloseTo(-2, 9);
    expect(left(16)).toBeCloseTo(-16 / 15, 9);
  });

  it("takes the bias out of an alignment of few samples and is its error, halves less well", () => {
    const random = new Random(18);
    const [d, m, each, draws] = [20, 16, 4, 300];
    const root = Float64Array.from({ length: d }, (_, i) => 10 ** (-i / d / 2));
    const power = (p: number) => {
      const A = matrix(d, d);
      for (let i = 0; i < d; i++) A.data[i * (d + 1)] = root[i]! ** (2 * p);
      return A;
    };
    const truth = alignment(power(1), power(2)).value!;
    const spreadRatio = (A: Matrix, B: Matrix) => Math.sqrt(entriesOf(A).squares / entriesOf(B).squares);
    const sums = (p: number) =>
      Array.from({ length: m }, () => {
        const X = normals(random, each, d);
        for (let k = 0; k < X.data.length; k++) X.data[k]! *= root[k % d]! ** p;
        return gram(X, "a");
      });
    const total = (some: readonly Matrix[]) => some.reduce((x, y) => plus(x, y));
    const found = Array.from({ length: draws }, () => {
      const [H, G] = [sums(1), sums(2)];
      const value = alignment(total(H), total(G)).value!;
      const without = (parts: number) => {
        const counts = Array<number>(parts).fill((m * each) / parts);
        const left = Array.from({ length: parts }, (_, i) => {
          const rest = (all: readonly Matrix[]) => total(all.filter((__, j) => j % parts !== i));
          const [A, B] = [rest(H), rest(G)];
          const larger = parts / (parts - 1); // of sums over fewer samples
          return {
            value: alignment(A, B).value!,
            norms: [larger * spreadRatio(A, total(H)), larger * spreadRatio(B, total(G))] as const,
          };
        });
        const ofValues = jackknife(
          value,
          left.map((one) => one.value),
          counts,
        )!;
        return { error: ofValues.error, ofValues, corrected: correctedAlignment(value, left, counts)! };
      };
      return { value, groups: without(m), halves: without(2) };
    });
    const bias = (values: readonly number[]) => (mean(values) - truth).toFixed(3);
    const biases = [
      bias(found.map(({ value }) => value)),
      bias(found.map(({ halves }) => halves.corrected)),
      bias(found.map(({ groups }) => groups.corrected)),
    ];
    expect(Math.abs(Number(biases[2]))).toBeLessThan(Math.abs(Number(biases[0])) / 3);
    expectStated(
      `of a true ${truth.toFixed(2)} the value is off by ${biases[0]}, corrected from halves by ${biases[1]}, from 16 groups by ${biases[2]}`,
    );
    const alone = (key: "groups" | "halves") => bias(found.map((one) => one[key].ofValues.corrected));
    expectStated(`J[x] alone is off by ${alone("halves")} and ${alone("groups")}`);
    const spread = deviation(found.map(({ value }) => value));
    const ratios = (key: "groups" | "halves") => found.map((one) => one[key].error / spread).sort((x, y) => x - y);
    const range = (values: readonly number[]) =>
      [0.02, 0.98].map((share) => values[Math.floor(share * draws)]!.toFixed(1)).join(" to ");
    expectStated(
      `${range(ratios("groups"))} times the spread of the values in 96 % of them, of halves ${range(ratios("halves"))} times`,
    );
    const held = found.filter(({ groups }) => Math.abs(groups.corrected - truth) <= 2.13 * groups.error).length;
    expectStated(`holds the truth in ${Math.round((100 * held) / draws)} % of them`);
    expect(held / draws).toBeGreaterThan(0.9);
  });
});

describe("Eq. 88", () => {
  const [d, n, each, times] = [24, 16, 250, 20];
  /** Groups of rows of unit covariance: Gaussian, or each divided by sqrt(chi^2_3): t with three degrees of freedom. */
  const groups = (random: Random, heavy: boolean): LayerMoments[] =>
    Array.from({ length: n }, () => {
      const rows = normals(random, each, d);
      if (heavy)
        for (let i = 0; i < each; i++) {
          const size = Math.hypot(random.normal(), random.normal(), random.normal());
          for (let k = 0; k < d; k++) rows.data[i * d + k]! /= size;
        }
      const layer = emptyLayer("layer", "linear", d, d, identity(d));
      addRows(layer, { ha: rows.data, hb: rows.data, gb: normals(random, each, d).data });
      return layer;
    });

  it("counts no group of Gaussian rows less, and evens those of heavy tails", () => {
    const random = new Random(88);
    const merged = (some: readonly LayerMoments[]) => some.reduce((x, y) => mergeLayers(x, y));
    const flatness = (layer: LayerMoments) =>
      cosine(secondMoment(layer.a!, "H", "covariance", layer.n)!, identity(d)).value!;
    const cases = Array.from({ length: times }, () => {
      const [gaussian, heavy] = [groups(random, false), groups(random, true)];
      expect(evenGroups(gaussian, merged(gaussian)).heavy).toBe(0);
      const total = merged(heavy);
      const even = evenGroups(heavy, total);
      return { heavy: even.heavy, before: flatness(total), after: flatness(even.total) };
    });
    const evened = cases.filter(({ heavy }) => heavy > 0);
    const of = (key: "before" | "after") => mean(evened.map((one) => one[key])).toFixed(2);
    expect(Number(of("after"))).toBeGreaterThan(Number(of("before")));
    expectStated(
      `of ${times} layers ${evened.length} have such a group, and the cosine of H with the true one is ${of("after")} instead of ${of("before")}`,
    );
  });
});

describe("the argument for H_b ∝ Z_b", () => {
  it("holds to rounding for one step on each sample, whatever its gradient", () => {
    const random = new Random(16);
    const [n, dIn, dOut, lr, gamma] = [50, 8, 6, 0.1, 0.05];
    const W = normals(random, dOut, dIn);
    const zb = 3;
    let [Hb, newHb, newZ] = [matrix(dOut, dOut), matrix(dOut, dOut), matrix(dOut, dOut)];
    for (let i = 0; i < n; i++) {
      const free = normals(random, dIn, 1);
      const ha = scaled(free, Math.sqrt(zb) / frobenius(free));
      const gb = normals(random, dOut, 1);
      const next = plus(scaled(W, 1 - lr * gamma), matmul(gb, transpose(ha)), -lr);
      Hb = plus(Hb, gram(matmul(W, ha), "b"), 1 / n);
      newHb = plus(newHb, gram(matmul(next, ha), "b"), 1 / n);
      newZ = plus(newZ, gram(next, "b"), 1 / n);
    }
    const left = plus(newHb, newZ, -zb);
    const right = scaled(plus(Hb, gram(W, "b"), -zb), (1 - lr * gamma) ** 2);
    expect(frobenius(plus(left, right, -1)) / frobenius(right)).toBeLessThan(EXACT);
  });
});
