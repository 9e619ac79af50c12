/** @file Alignments from a sample of coordinates against those of whole matrices (theory.md Eq. 77). */
import { describe, expect, test } from "vitest";
import { type Matrix, matrix } from "../../../src/linalg/matrix.ts";
import { symmetricEntriesOf } from "../../../src/measure/alignment/entrySums.ts";
import { relations, type SideAlignments } from "../../../src/measure/alignment/relations.ts";
import { addSamplingErrors } from "../../../src/measure/alignment/samplingError.ts";
import { Random } from "../../../src/random/random.ts";

const d = 120;
const k = 40;
const draws = 400;
const names = ["rga", "rwa", "gwa"] as const;

/** A + share B + a diagonal, of random factors of unequal scales. */
function planted(seed: number, diagonal: number): Record<"H" | "G" | "Z", Matrix> {
  const random = new Random(seed);
  const common = wishart(random, 20);
  const mixed = (share: number) => {
    const own = wishart(random, 60);
    const A = matrix(
      d,
      d,
      own.data.map((value, i) => value + share * common.data[i]!),
    );
    for (let i = 0; i < d; i++) A.data[i * d + i]! += diagonal * (1 + random.uniform());
    return A;
  };
  return { H: mixed(2), G: mixed(1), Z: mixed(0.5) };
}

function wishart(random: Random, rank: number): Matrix {
  const X = Float64Array.from({ length: d * rank }, (_, i) => random.normal() * (1 + (i % rank) / 4) + 0.2);
  const A = matrix(d, d);
  for (let i = 0; i < d; i++)
    for (let j = 0; j < d; j++)
      for (let r = 0; r < rank; r++) A.data[i * d + j]! += (X[i * rank + r]! * X[j * rank + r]!) / rank;
  return A;
}

function on(A: Matrix, at: ArrayLike<number>): Matrix {
  const part = matrix(at.length, at.length);
  for (let i = 0; i < at.length; i++)
    for (let j = 0; j < at.length; j++) part.data[i * at.length + j] = A.data[at[i]! * d + at[j]!]!;
  return part;
}

function aligned({ H, G, Z }: Record<"H" | "G" | "Z", Matrix>, of: number): SideAlignments {
  const pair = {
    H: { entries: symmetricEntriesOf(H, of), n: 1000 },
    G: { entries: symmetricEntriesOf(G, of), n: 1000 },
  };
  const weights = symmetricEntriesOf(Z, of);
  return addSamplingErrors(pair, weights, relations(pair, weights));
}

describe.each([
  ["of factors alone", 0],
  ["with a diagonal that outweighs the rest", 8],
])("alignments from 40 of 120 coordinates, matrices %s", (_, diagonal) => {
  const whole = planted(1, diagonal);
  const truth = aligned(whole, d);
  const random = new Random(2);
  const found = Array.from({ length: draws }, () => {
    const at = random.permutation(d).slice(0, k).sort();
    return aligned({ H: on(whole.H, at), G: on(whole.G, at), Z: on(whole.Z, at) }, d);
  });

  test.each(names)("%s is right on average, and its standard error is the spread over samples", (name) => {
    const values = found.map((side) => side[name].value!);
    const mean = average(values);
    const spread = Math.sqrt(average(values.map((value) => (value - mean) ** 2)));
    // The bias of a ratio of sums is of order 1 / k of its spread squared; the mean of 400 draws scatters by spread /
    // 20.
    expect(Math.abs(mean - truth[name].value!)).toBeLessThan(0.35 * spread);
    const stated = average(found.map((side) => side[name].samplingError!));
    expect(stated / spread).toBeGreaterThan(0.75);
    expect(stated / spread).toBeLessThan(1.35);
  });

  test.each(names)("%s of the cosine and the null likewise", (name) => {
    for (const key of ["cosine", "null"] as const) {
      const values = found.map((side) => side[name][key]!);
      const spread = Math.sqrt(average(values.map((value) => (value - average(values)) ** 2)));
      expect(Math.abs(average(values) - truth[name][key]!)).toBeLessThan(0.4 * spread);
    }
  });

  test("unweighted entries would be far off where the diagonal is strong", () => {
    const at = new Random(3).permutation(d).slice(0, k).sort();
    const part = { H: on(whole.H, at), G: on(whole.G, at), Z: on(whole.Z, at) };
    const naive = aligned(part, k);
    const weighted = aligned(part, d);
    const off = (side: SideAlignments) => Math.abs(side.gwa.cosine! - truth.gwa.cosine!);
    if (diagonal > 0) expect(off(naive)).toBeGreaterThan(2 * off(weighted));
  });
});

test("a whole matrix has no sampling error", () => {
  const side = aligned(planted(4, 1), d);
  expect(side.rga.samplingError).toBe(0);
});

test("without weights and without gradients the others have theirs", () => {
  const { H } = planted(5, 1);
  const at = new Random(6).permutation(d).slice(0, k).sort();
  const pair = {
    H: { entries: symmetricEntriesOf(on(H, at), d), n: 9 },
    G: { n: 0, status: "too-few-samples" as const },
  };
  const side = addSamplingErrors(pair, undefined, relations(pair, undefined));
  expect(side.rga).toMatchObject({ value: null, samplingError: null });
  expect(side.rwa).toMatchObject({ value: null, samplingError: null, status: "missing-moments" });
});

function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
