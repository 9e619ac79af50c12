import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { drawTeacher, teacherInput, teacherOutput } from "../../src/data/teacher.ts";
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

  test("has the scales asked for, 1/sqrt(100) for w and u by default", () => {
    const { w, u } = drawTeacher(new Random(5), { dOut: 100 });
    const literal = drawTeacher(new Random(5), { dOut: 100, wScale: 1, uScale: 1 });
    // 10^4 draws: the variance has relative standard error sqrt(2) %; five of them
    for (const block of [w, u]) expect(Math.abs(variance(block.data) * 100 - 1)).toBeLessThan(0.07);
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

  test("has variance about one half with the default scales and can be predicted linearly only with them", () => {
    const x = inputs(7, 2000);
    const linearShare = (wScale: number): number => {
      const teacher = drawTeacher(new Random(7), { wScale });
      const y = teacherOutput(teacher, x);
      // For Gaussian x the best linear predictor of sin(w x + b) is exp(-|w|^2/2) cos(b) w x (Stein's lemma)
      const { w, b, u } = teacher;
      let residual = 0;
      const mean = y.reduce((sum, value) => sum + value, 0) / y.length;
      for (let n = 0; n < y.length; n++) {
        let linear = mean;
        for (let i = 0; i < 100; i++) {
          let wx = 0;
          let ww = 0;
          for (let j = 0; j < 100; j++) {
            wx += w.data[i * 100 + j]! * x[n * 100 + j]!;
            ww += w.data[i * 100 + j]! ** 2;
          }
          linear += u.data[i]! * Math.exp(-ww / 2) * Math.cos(b.data[i]!) * wx;
        }
        residual += (y[n]! - linear) ** 2 / y.length;
      }
      return 1 - residual / variance(y);
    };
    expect(variance(teacherOutput(drawTeacher(new Random(7), { dOut: 100 }), x))).toBeGreaterThan(0.3);
    expect(variance(teacherOutput(drawTeacher(new Random(7), { dOut: 100 }), x))).toBeLessThan(0.7);
    expect(linearShare(0.1)).toBeGreaterThan(0.2);
    expect(Math.abs(linearShare(1))).toBeLessThan(0.01);
  });

  test("refuses inputs that are not whole rows", () => {
    oneLineError(() => teacherOutput(drawTeacher(new Random(0)), new Float64Array(150)));
  });
});
