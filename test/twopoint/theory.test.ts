import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { conservedQuantity } from "../../src/twopoint/conserved.ts";
import {
  type TwoPointConstants,
  type TwoPointState,
  twoPointEquations,
  twoPointSystems,
} from "../../src/twopoint/equations.ts";
import { solveTwoPoint, twoPointTheory } from "../../src/twopoint/theory.ts";

interface Solution {
  name: string;
  constants: TwoPointConstants;
  start: TwoPointState;
  t: number[];
  dh2: number[];
  dy2: number[];
  w: number[];
}
const solutions = JSON.parse(readFileSync(new URL("solutions.json", import.meta.url), "utf8")) as Solution[];

/** What is promised, of the largest value of each variable; what is met is 1e-10. */
const AGREEMENT = 1e-7;
const EXACT = 1e-8;

const largest = (values: ArrayLike<number>): number => Math.max(...Array.from(values, Math.abs));

describe.each(solutions)("the theory, $name", ({ constants, start, t, ...reference }) => {
  const found = twoPointTheory(constants, start, t);

  it("agrees with SciPy's Radau", () => {
    for (const name of ["dh2", "dy2", "w"] as const) {
      const off = largest(found[name].map((value, i) => value - reference[name][i]!));
      expect(off / largest(reference[name])).toBeLessThan(AGREEMENT);
    }
  });

  it("conserves H/X - (etaH/etaY) Y/H", () => {
    const all = Array.from(t, (_, i) => conservedQuantity(constants, { dh2: found.dh2[i]!, dy2: found.dy2[i]! }));
    const size = largest(found.dh2) / constants.dx2;
    expect(largest(all.map((value) => value - all[0]!)) / size).toBeLessThan(EXACT);
  });

  it("keeps |Y - w| within sqrt(Y Y*), and at it where it began there", () => {
    const { dy2: target } = constants;
    const gap = Array.from(t, (_, i) => (found.dy2[i]! - found.w[i]!) ** 2 - found.dy2[i]! * target);
    expect(Math.max(...gap) / target ** 2).toBeLessThan(EXACT);
    if (Math.abs(gap[0]!) < 1e-18) expect(largest(gap) / target ** 2).toBeLessThan(EXACT);
  });
});

describe("twoPointTheory", () => {
  const constants = { dx2: 1.3, dy2: 0.7, etaH: 0.02, etaY: 0.05 };
  const start = { dh2: 0.1, dy2: 0.02, w: -0.05 };

  it("takes no more steps for a plateau of 1e5 steps than for what happens after it", () => {
    const { constants: slow, start: small } = solutions.find(({ name }) => name === "long plateau")!;
    expect(solveTwoPoint(slow, small, [0, 1e5], { rtol: 1e-10 }).times.length).toBeLessThan(1500);
    const forever = solveTwoPoint(slow, small, [0, 1e9], { rtol: 1e-10 });
    expect(forever.times.length).toBeLessThan(1600);
    expect(forever.last[1]).toBeCloseTo(slow.dy2, 9);
  });

  it("depends on time through etaY t alone, at a given ratio of the rates", () => {
    const fast = { ...constants, etaH: 10 * constants.etaH, etaY: 10 * constants.etaY };
    const [slowly, quickly] = [twoPointTheory(constants, start, [0, 50]), twoPointTheory(fast, start, [0, 5])];
    expect(quickly.w[1]! / slowly.w[1]!).toBeCloseTo(1, 8);
  });

  it("starts at the first of the times", () => {
    const later = twoPointTheory(constants, start, [1000, 1050]);
    expect(later.dh2[1]! / twoPointTheory(constants, start, [0, 50]).dh2[1]!).toBeCloseTo(1, 9);
    expect([later.dh2[0], later.dy2[0], later.w[0]]).toEqual([0.1, 0.02, -0.05]);
    expect(twoPointTheory(constants, start, [3]).w).toEqual(Float64Array.of(-0.05));
  });

  it("stays where Y = Y* and w = 0, and nowhere else: outputs that begin alike learn", () => {
    const resting = twoPointTheory(constants, { dh2: 0.1, dy2: 0.7, w: 0 }, [0, 1e4]);
    expect([resting.dh2[1], resting.dy2[1], resting.w[1]]).toEqual([0.1, 0.7, 0]);
    const alike = twoPointTheory(constants, { dh2: 0.1, dy2: 0, w: 0 }, [0, 1e4]);
    expect(alike.dy2[1]).toBeCloseTo(0.7, 9);
  });

  it("brings representations together in finite time where A_high is negative and the output has to turn", () => {
    const against = (y0: number) => ({ dh2: 0.03, dy2: y0, w: y0 + Math.sqrt(y0 * 0.7) });
    const threshold = (0.03 ** 2 * 0.05) / (0.02 * 1.3);
    expect(() => twoPointTheory(constants, against(1.1 * threshold), [0, 1e4])).toThrow(
      /^twoPointTheory: expected a solution to t = 10000, got (steps too small|values that are not finite).* at t = /,
    );
    expect(twoPointTheory(constants, against(0.9 * threshold), [0, 1e4]).dy2[1]).toBeCloseTo(0.7, 8);
  });

  it.each(twoPointSystems)("has the Jacobian of its equations, system %s", (system) => {
    const equations = twoPointEquations(constants, system);
    const z = Float64Array.of(0.3, 0.2, -0.11);
    const J = new Float64Array(9);
    equations.jacobian!(0, z, J);
    const at = (j: number, delta: number): Float64Array => {
      const out = new Float64Array(3);
      equations.derivative(
        0,
        z.map((value, k) => value + (k === j ? delta : 0)),
        out,
      );
      return out;
    };
    for (let j = 0; j < 3; j++) {
      const [up, down] = [at(j, 1e-6), at(j, -1e-6)];
      for (let i = 0; i < 3; i++) expect(J[3 * i + j]!).toBeCloseTo((up[i]! - down[i]!) / 2e-6, 8);
    }
  });

  it("has four altered systems, each of which breaks one equation", () => {
    const speed = (system: (typeof twoPointSystems)[number]): number[] => {
      const out = new Float64Array(3);
      twoPointEquations(constants, system).derivative(0, Float64Array.of(0.3, 0.2, -0.11), out);
      return [...out];
    };
    const [H, Y, w] = speed("theory") as [number, number, number];
    const a = constants.etaH * constants.dx2;
    expect(speed("dy2-doubled")).toEqual([H, 2 * Y, w]);
    expect(speed("dh2-doubled")).toEqual([2 * H, Y, w]);
    const flipped = speed("w-sign-flipped");
    expect(flipped.slice(0, 2)).toEqual([H, Y]);
    expect(flipped[2]! - w).toBeCloseTo((a * (0.2 - 0.11) * -0.11) / 0.3, 12);
    const without = speed("dy2-without-etaH");
    expect([without[0], without[2]]).toEqual([H, w]);
    expect(without[1]).toBeCloseTo(0.11 * constants.etaY * 0.3, 15);
  });

  it("refuses what has no solution, in one line", () => {
    const refused = (changed: Partial<TwoPointConstants>, begins: Partial<TwoPointState> = {}, times = [0, 1]) => {
      expect(() => twoPointTheory({ ...constants, ...changed }, { ...start, ...begins }, times)).toThrow(RangeError);
      try {
        twoPointTheory({ ...constants, ...changed }, { ...start, ...begins }, times);
      } catch (error) {
        return (error as Error).message;
      }
      return "";
    };
    expect(refused({ dx2: 0 })).toMatch(/^twoPointTheory: expected dx2 above 0, got 0; it is the squared distance/);
    expect(refused({ etaH: Number.NaN })).toMatch(/^twoPointTheory: expected etaH above 0, got NaN; /);
    expect(refused({}, { dh2: 0 })).toMatch(/expected a start with dh2 above 0, got 0; the theory divides by/);
    expect(refused({}, { dy2: -1 })).toMatch(/expected a start with dy2 of at least 0, got -1; /);
    expect(refused({}, { w: Number.POSITIVE_INFINITY })).toMatch(/expected a start with a finite w, got Infinity; /);
    expect(refused({}, {}, [0, 2, 1])).toMatch(/expected ascending times, got 1 after 2; sort them/);
    expect(refused({}, {}, [])).toMatch(/expected times, got none/);
  });
});
