import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { integrate, type OdeSystem } from "../../src/ode/integrate.ts";
import { A, C, c, d, gamma, H } from "../../src/ode/rodas5p.ts";

interface Reference {
  t: number[];
  y: number[][];
}
const references = JSON.parse(readFileSync(new URL("references.json", import.meta.url), "utf8")) as Record<
  "vanDerPol" | "robertson",
  Reference
>;

const vanDerPol: OdeSystem = {
  autonomous: true,
  derivative(_t, y, out) {
    out[0] = y[1]!;
    out[1] = ((1 - y[0]! ** 2) * y[1]! - y[0]!) / 1e-3;
  },
  jacobian(_t, y, out) {
    out.set([0, 1, (-2 * y[0]! * y[1]! - 1) / 1e-3, (1 - y[0]! ** 2) / 1e-3]);
  },
};

const robertson: OdeSystem = {
  autonomous: true,
  derivative(_t, y, out) {
    const [slow, fast] = [0.04 * y[0]! - 1e4 * y[1]! * y[2]!, 3e7 * y[1]! ** 2];
    out.set([-slow, slow - fast, fast]);
  },
  jacobian(_t, y, out) {
    const [b, e, f] = [1e4 * y[2]!, 1e4 * y[1]!, 6e7 * y[1]!];
    out.set([-0.04, b, e, 0.04, -b - f, -e, 0, f, 0]);
  },
};

/** y' = -(y - cos t) - sin t, y(0) = 1: y = cos t, which depends on time. */
const cosine: OdeSystem = {
  derivative(t, y, out) {
    out[0] = -(y[0]! - Math.cos(t)) - Math.sin(t);
  },
};

/** Nonlinear, coupled, smooth, not stiff. */
const coupled: OdeSystem = {
  autonomous: true,
  derivative(_t, y, out) {
    out[0] = -y[1]! + 0.3 * y[0]! * y[1]!;
    out[1] = y[0]! + 0.2 * y[0]! ** 2 - 0.1 * Math.sin(y[1]!);
  },
};

const coupledWithJacobian: OdeSystem = {
  ...coupled,
  jacobian(_t, y, out) {
    out.set([0.3 * y[1]!, -1 + 0.3 * y[0]!, 1 + 0.4 * y[0]!, -0.1 * Math.cos(y[1]!)]);
  },
};

/** Without step control: all steps of h. */
function fixedSteps(system: OdeSystem, start: number[], end: number, n: number) {
  let y = start;
  let middle = start;
  for (let i = 0; i < n; i++) {
    const span = [(i * end) / n, ((i + 1) * end) / n] as const;
    const solution = integrate(system, y, span, { rtol: 1e3, atol: 1e3, firstStep: end });
    expect(solution.times.length).toBe(2);
    if (i === Math.floor(n / 2)) middle = [...solution.at(span[0] + 0.4 * (span[1] - span[0]))];
    y = [...solution.last];
  }
  return { last: y, middle };
}

const distance = (x: ArrayLike<number>, y: ArrayLike<number>): number =>
  Math.max(...Array.from(x, (value, i) => Math.abs(value - y[i]!)));

/** Power of the step with which the error falls, between n and 2n steps. */
const order = (errors: readonly [number, number]): number => Math.log2(errors[0] / errors[1]);

describe("the coefficients of Rodas5P", () => {
  it("are those of a method of order 5 for linear equations, and of its dense output of order 4", () => {
    // y' = y, h = 1: stages and result are polynomials in h whose terms must be those of exp(h)
    const h = 1e-2;
    const k: number[] = [];
    for (let i = 0; i < 8; i++) {
      const u = 1 + A[i]!.reduce((sum, a, j) => sum + a * k[j]!, 0);
      k.push((u + C[i]!.reduce((sum, g, j) => sum + g * k[j]!, 0) / h) / (1 / (h * gamma) - 1));
    }
    const next = 1 + A[7]!.reduce((sum, a, j) => sum + a * k[j]!, 0) + k[7]!;
    expect(Math.abs(next - Math.exp(h))).toBeLessThan(0.01 * h ** 5);
    const e = H.map((row) => row.reduce((sum, value, i) => sum + value * k[i]!, 0));
    for (const s of [0.2, 0.5, 0.9]) {
      const dense = 1 - s + s * (next + (1 - s) * (e[0]! + s * (e[1]! + s * e[2]!)));
      expect(Math.abs(dense - Math.exp(s * h))).toBeLessThan(0.05 * h ** 5);
    }
  });

  it("have the abscissae that are published", () => {
    const published = [0, 0.6358126895828704, 0.4095798393397535, 0.9769306725060716, 0.4288403609558664, 1, 1, 1];
    expect(distance(c, published)).toBeLessThan(1e-12);
    expect(d[0]).toBe(gamma);
  });
});

describe("integrate", () => {
  it.each([
    ["with a Jacobian", coupledWithJacobian],
    ["with differences", coupled],
  ])("has order 5, and 4 between steps, %s", (_, system) => {
    const exact = integrate(coupledWithJacobian, [1, 0.5], [0, 3], { rtol: 1e-13, atol: 1e-15 });
    const errors = [16, 32].map((n) => {
      const { last, middle } = fixedSteps(system, [1, 0.5], 3, n);
      const at = (3 * (Math.floor(n / 2) + 0.4)) / n;
      return { last: distance(last, exact.last), middle: distance(middle, exact.at(at)) };
    });
    expect(order([errors[0]!.last, errors[1]!.last])).toBeGreaterThan(4.6);
    expect(order([errors[0]!.middle, errors[1]!.middle])).toBeGreaterThan(3.8);
  });

  it("has order 5 where the right-hand side depends on time", () => {
    const errors = [8, 16].map((n) => Math.abs(fixedSteps(cosine, [1], 3, n).last[0]! - Math.cos(3)));
    expect(order([errors[0]!, errors[1]!])).toBeGreaterThan(4.5);
  });

  it.each([
    ["van der Pol's oscillator at 1e-3", vanDerPol, references.vanDerPol, [2, 0], 1e-12],
    ["Robertson's reactions to t = 1e8", robertson, references.robertson, [1, 0, 0], 1e-16],
  ] as const)("agrees with SciPy's Radau on %s", (_, system, { t, y }, start, atol) => {
    const solution = integrate(system, start, [0, t.at(-1)!], { rtol: 1e-9, atol });
    expect(solution.failure).toBeUndefined();
    const sizes = start.map((_value, j) => Math.max(...y.map((row) => Math.abs(row[j]!))));
    t.forEach((time, i) => {
      const off = Array.from(solution.at(time), (value, j) => Math.abs(value - y[i]![j]!) / sizes[j]!);
      // the oscillator's jumps turn an error in time into one of the speed, which is a thousand times as large
      expect(Math.max(...off)).toBeLessThan(2e-7);
    });
    expect(solution.times.length).toBeLessThan(3000);
  });

  it("takes steps by stability of the equation, not of the method: a fast decay costs no more steps", () => {
    const decay = (rate: number): OdeSystem => ({
      derivative: (t, y, out) => {
        out[0] = -rate * (y[0]! - Math.cos(t));
      },
    });
    const steps = [1e2, 1e9].map((rate) => integrate(decay(rate), [1], [0, 10], { rtol: 1e-6 }).times.length);
    expect(steps[1]).toBeLessThan(2 * steps[0]!);
  });

  it("allows the error that it is told", () => {
    const errors = [1e-5, 1e-8, 1e-11].map((rtol) => {
      const { last } = integrate(coupledWithJacobian, [1, 0.5], [0, 10], { rtol, atol: rtol * 1e-3 });
      return distance(last, integrate(coupledWithJacobian, [1, 0.5], [0, 10], { rtol: 1e-13, atol: 1e-15 }).last);
    });
    for (const [i, rtol] of [1e-5, 1e-8, 1e-11].entries()) expect(errors[i]).toBeLessThan(20 * rtol);
  });

  it("ends where until says, and keeps to the last time exactly", () => {
    const stopped = integrate(coupled, [1, 0.5], [0, 10], { until: (t) => t > 3 });
    expect(stopped.end).toBeGreaterThan(3);
    expect(stopped.end).toBeLessThan(10);
    expect(stopped.failure).toBeUndefined();
    expect(integrate(coupled, [1, 0.5], [0.1, 0.7]).end).toBe(0.7);
  });

  it("gives the same values in any order of times", () => {
    const solution = integrate(coupled, [1, 0.5], [0, 10]);
    const times = [0, 9.7, 0.1, 4, 4.01, 3.99, 10, 2];
    const found = times.map((t) => solution.at(t)[0]);
    const sorted = [...times].sort((x, y) => x - y);
    for (const t of sorted) expect(solution.at(t)[0]).toBe(found[times.indexOf(t)]);
  });

  it("says where it cannot go on", () => {
    const square: OdeSystem = {
      autonomous: true,
      derivative: (_t, y, out) => {
        out[0] = y[0]! ** 2;
      },
    };
    const blown = integrate(square, [1], [0, 2]);
    expect(blown.failure).toMatch(/^(steps too small to continue|values that are not finite) at t = (1|0\.99999)/);
    expect(blown.end).toBeCloseTo(1, 6);
    const root: OdeSystem = {
      derivative: (_t, y, out) => {
        out[0] = -1 / Math.sqrt(y[0]!);
      },
    };
    expect(integrate(root, [1], [0, 2]).failure).toMatch(/ at t = 0\.66/);
    expect(integrate(root, [-1], [0, 2]).failure).toBe("values that are not finite at t = 0");
    expect(integrate(vanDerPol, [2, 0], [0, 2], { maxSteps: 10 }).failure).toMatch(/^more than 10 steps, at t = /);
  });

  it("refuses what is no problem", () => {
    expect(() => integrate(coupled, [1, Number.NaN], [0, 1])).toThrow(
      "integrate: expected a finite start, got NaN as value 1; check the start",
    );
    expect(() => integrate(coupled, [1, 0], [1, 1])).toThrow("expected an ascending span of time, got [1, 1]");
    expect(() => integrate(coupled, [1, 0], [0, 1], { rtol: 0 })).toThrow("expected a positive rtol");
    expect(() => integrate(coupled, [1, 0], [0, 1], { atol: [1] })).toThrow("expected 2 absolute tolerances, got 1");
    expect(() => integrate(coupled, [1, 0], [0, 1]).at(1.1)).toThrow("expected a time in [0, 1], got 1.1");
  });
});
