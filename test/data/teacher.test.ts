import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  drawTeacher,
  TEACHER_SCALE,
  type Teacher,
  type TeacherOptions,
  teacherInput,
  teacherOutput,
} from "../../src/data/teacher.ts";
import { gram, matrix } from "../../src/linalg/matrix.ts";
import { Random } from "../../src/random/random.ts";
import { oneLineError } from "./cases.ts";

/** float64 sums of 100 products in another order. */
const SUM_TOLERANCE = 1e-12;

const inputs = (seed: number, n: number, dIn = 100): Float32Array => {
  const x = new Float32Array(n * dIn);
  new Random(seed).split("x").fillNormal(x);
  return x;
};
const variance = (values: ArrayLike<number>): number => {
  const all = Array.from(values);
  const mean = all.reduce((sum, value) => sum + value, 0) / all.length;
  return all.reduce((sum, value) => sum + (value - mean) ** 2, 0) / all.length;
};

describe("drawTeacher", () => {
  test("gives float32 blocks of the shapes of Eqs. 25 and 26", () => {
    const teacher = drawTeacher(new Random(1), { dIn: 7, dOut: 3, terms: 5, phi: 0.5 });
    expect([teacher.w.shape, teacher.b.shape, teacher.u.shape, teacher.mixing?.shape]).toEqual([
      [5, 7],
      [5],
      [3, 5],
      [7, 7],
    ]);
    expect([teacher.w.data.length, teacher.b.data.length, teacher.u.data.length]).toEqual([35, 5, 15]);
    expect(drawTeacher(new Random(1)).mixing).toBeUndefined();
  });

  test("is a function of the seed, and shares w, b and Z across dOut, phi and draws from the same generator", () => {
    const used = new Random(3);
    used.normal();
    const one = drawTeacher(new Random(3), { phi: 0 });
    const other = drawTeacher(used, { phi: 0.5, dOut: 100 });
    expect(other.w).toEqual(one.w);
    expect(other.b).toEqual(one.b);
    const Z = one.mixing!.data;
    expect(other.mixing!.data).toEqual(Z.map((z, i) => 0.5 * z + (i % 101 === 0 ? 0.5 : 0)));
    expect(drawTeacher(new Random(4)).w.data).not.toEqual(one.w.data);
  });

  test("has the scales asked for, by default the spread of nn.Linear's default for 100 inputs", () => {
    const { w, u } = drawTeacher(new Random(5), { dOut: 100 });
    expect(TEACHER_SCALE).toBeCloseTo(1 / Math.sqrt(3 * 100), 3); // the deviation of U(-1/sqrt(100), 1/sqrt(100))
    const literal = drawTeacher(new Random(5), { dOut: 100, wScale: 1, uScale: 1 });
    // 10^4 draws: the variance has relative standard error sqrt(2) %; five of them
    for (const block of [w, u]) expect(Math.abs(variance(block.data) / TEACHER_SCALE ** 2 - 1)).toBeLessThan(0.07);
    for (const block of [literal.w, literal.u]) expect(Math.abs(variance(block.data) - 1)).toBeLessThan(0.07);
    expect(drawTeacher(new Random(5), { bScale: 0 }).b.data.every((b) => b === 0)).toBe(true);
  });

  test("mixes with 0 and 1 of the asked density, or not at all at phi = 1", () => {
    const Z = drawTeacher(new Random(6), { phi: 0 }).mixing!.data;
    expect(Z.every((z) => z === 0 || z === 1)).toBe(true);
    expect(Math.abs(Z.reduce((sum, z) => sum + z, 0) / 10_000 - 0.8)).toBeLessThan(0.02); // five standard errors
    const identity = drawTeacher(new Random(6), { phi: 1 });
    const x = inputs(6, 2);
    expect(teacherInput(identity, x)).toEqual(Float64Array.from(x));
  });

  test("refuses extents, fractions and scales that mean nothing, in one line", () => {
    const wrong = [{ dIn: 0 }, { dOut: 1.5 }, { terms: -1 }, { phi: 1.1 }, { phi: Number.NaN }, { density: -0.1 }];
    for (const options of [...wrong, { wScale: Number.POSITIVE_INFINITY }, { uScale: -1 }])
      oneLineError(() => drawTeacher(new Random(0), options));
  });
});

describe("teacherOutput", () => {
  test("agrees with Eqs. 25 and 26 written as sums over neurons", () => {
    const extent = fc.integer({ min: 1, max: 6 });
    fc.assert(
      fc.property(
        extent,
        extent,
        extent,
        fc.integer(),
        fc.option(fc.double({ min: 0, max: 1, noNaN: true })),
        (dIn, dOut, terms, seed, phi) => {
          const teacher = drawTeacher(new Random(seed), { dIn, dOut, terms, ...(phi === null ? {} : { phi }) });
          const xPrime = inputs(seed, 3, dIn);
          const y = teacherOutput(teacher, xPrime);
          expect(y.length).toBe(3 * dOut);
          for (let n = 0; n < 3; n++)
            for (let k = 0; k < dOut; k++) {
              let expected = 0;
              for (let i = 0; i < terms; i++) {
                let argument = teacher.b.data[i]!;
                for (let j = 0; j < dIn; j++)
                  for (let l = 0; l < dIn; l++) {
                    const M = teacher.mixing?.data[j * dIn + l] ?? (j === l ? 1 : 0);
                    argument += teacher.w.data[i * dIn + j]! * M * xPrime[n * dIn + l]!;
                  }
                expected += teacher.u.data[k * terms + i]! * Math.sin(argument);
              }
              expect(Math.abs(y[n * dOut + k]! - expected)).toBeLessThan(SUM_TOLERANCE);
            }
        },
      ),
    );
  });

  /** Variance of one output over Gaussian x, and what the best linear predictor explains of it. */
  function variances({ w, b, u }: Teacher): { all: number; linear: number } {
    // z_i = w_i x is Gaussian, so E sin(z_i + b_i) sin(z_j + b_j) is known, and the best linear predictor of sin(z + b)
    // is exp(-|w|^2/2) cos(b) z (Stein's lemma)
    const Z = gram(matrix(100, 100, Float64Array.from(w.data)), "b");
    let [all, linear] = [0, 0];
    for (let i = 0; i < 100; i++)
      for (let j = 0; j < 100; j++) {
        const [ii, ij, jj] = [Z.data[i * 101]!, Z.data[i * 100 + j]!, Z.data[j * 101]!];
        const [s, t, weight] = [b.data[i]!, b.data[j]!, u.data[i]! * u.data[j]! * Math.exp(-(ii + jj) / 2)];
        const product = (Math.exp(ij) * Math.cos(s - t) - Math.exp(-ij) * Math.cos(s + t)) / 2;
        all += weight * (product - Math.sin(s) * Math.sin(t));
        linear += weight * Math.cos(s) * Math.cos(t) * ij;
      }
    return { all, linear };
  }

  /** The linear share of the target's variance: the mean of eight teachers of one output. */
  function linearShare(options: TeacherOptions): number {
    const shares = Array.from({ length: 8 }, (_, seed) => {
      const { all, linear } = variances(drawTeacher(new Random(seed), options));
      return linear / all;
    });
    return shares.reduce((sum, share) => sum + share, 0) / shares.length;
  }

  test("has the variance that the formulas of the linear share give", () => {
    const teacher = drawTeacher(new Random(7), { wScale: 0.1, bScale: 1, uScale: 0.1 });
    const sampled = variance(teacherOutput(teacher, inputs(7, 2000)));
    // five standard errors of a variance over 2000
    expect(Math.abs(sampled / variances(teacher).all - 1)).toBeLessThan(0.16);
  });

  test("is nearly linear by default, 98 % of its variance; 63 % with arguments of unit variance; nothing of N(0, 1)", () => {
    expect(linearShare({})).toBeCloseTo(0.98, 2);
    expect(Math.abs(linearShare({ wScale: 0.1, bScale: 1, uScale: 0.1 }) - 0.63)).toBeLessThan(0.02); // eight draws
    expect(Math.abs(linearShare({ wScale: 1, bScale: 1, uScale: 1 }))).toBeLessThan(1e-9);
  });

  test("has the variance that docs/theory.md states: 0.08 by default, about one half of unit arguments, 50 of N(0, 1)", () => {
    const x = inputs(7, 2000);
    const spread = (options: TeacherOptions) =>
      variance(teacherOutput(drawTeacher(new Random(7), { dOut: 100, ...options }), x));
    expect(spread({})).toBeCloseTo(0.08, 2);
    expect(Math.abs(spread({ wScale: 0.1, bScale: 1, uScale: 0.1 }) - 0.5)).toBeLessThan(0.2);
    expect(Math.abs(spread({ wScale: 1, bScale: 1, uScale: 1 }) / 50 - 1)).toBeLessThan(0.1);
  });

  test("refuses inputs that are not whole rows", () => {
    oneLineError(() => teacherOutput(drawTeacher(new Random(0)), new Float64Array(150)));
  });
});
