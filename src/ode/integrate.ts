/**
 * @file Initial value problems y' = f(t, y), stiff ones too: the Rosenbrock method Rodas5P with adaptive steps
 * (`rodas5p.ts`). Step control after Hairer and Wanner, Solving Ordinary Differential Equations II, section IV.7, code
 * RODAS. For small systems with a dense Jacobian; no events but `until`, no mass matrix, no backward time.
 */
import { A, C, c, d, gamma, H, STAGES } from "./rodas5p.ts";
import { type Solution, Steps } from "./solution.ts";
import { factorize, solveFactored } from "./solveLinear.ts";

/** The right-hand side of an equation for n values. */
export interface OdeSystem {
  /** Writes f(t, y), (n), into out. */
  derivative(t: number, y: Float64Array, out: Float64Array): void;
  /**
   * Writes df_i/dy_j, (n, n) row-major, into out. Default: forward differences, n more calls of `derivative` a step.
   */
  jacobian?(t: number, y: Float64Array, out: Float64Array): void;
  /** Whether f is free of t, which saves a call of `derivative` a step. Default: false. */
  readonly autonomous?: boolean;
}

export interface IntegrateOptions {
  /** Allowed error of a step, relative to each value. */
  readonly rtol?: number;
  /** The same, absolute: one number, or (n) numbers. */
  readonly atol?: number | ArrayLike<number>;
  /** First step. Default: estimated from f. */
  readonly firstStep?: number;
  /** Most steps, including rejected ones. */
  readonly maxSteps?: number;
  /** Ends the solution at the first step after which this is true. */
  readonly until?: (t: number, y: Float64Array) => boolean;
}

/** chosen: between the 0.8 and 0.9 of RODAS, so that few steps are rejected at tight tolerances. */
const SAFETY = 0.87;
/** Bounds of the change of a step, as in RODAS (FAC1, FAC2). */
const [SHRINK, GROW] = [0.2, 6];
/** The embedded method has order 4, so errors go with the fifth power of the step. */
const EXPONENT = 1 / 5;

/**
 * Solves y' = f(t, y), y(from) = start.
 *
 * @param start   (n) values
 * @param span    [from, to], to > from
 * @returns the solution with its dense output; if it cannot continue, it ends early with the reason in `failure`
 * @throws RangeError where the start is not finite, the span not ascending, or a tolerance not positive
 *
 * float64. A step costs eight values of f, one Jacobian and one LU factorisation, O(n^3).
 */
export function integrate(
  system: OdeSystem,
  start: ArrayLike<number>,
  [from, to]: readonly [number, number],
  options: IntegrateOptions = {},
): Solution {
  const { rtol = 1e-8, maxSteps = 100_000, until } = options;
  const n = start.length;
  const atol = tolerances(options.atol ?? 1e-10, n);
  check(start, from, to, rtol, atol);
  const stepper = new Stepper(system, n, rtol, atol);
  const steps = new Steps(from, n);
  let y: Float64Array = Float64Array.from(start);
  let t = from;
  stepper.begin(t, y);
  let h = Math.min(options.firstStep ?? stepper.firstStep(y), to - from);
  let rejected = 0;
  let failure = Number.isFinite(h) ? undefined : `values that are not finite at t = ${t}`;
  let grow = GROW;
  while (t < to && failure === undefined) {
    if (steps.times.length - 1 + rejected >= maxSteps) {
      failure = `more than ${maxSteps} steps, at t = ${t}`;
      break;
    }
    const last = t + 1.01 * h >= to;
    if (last) h = to - t;
    const error = stepper.step(t, y, h);
    if (error <= 1) {
      t = last ? to : t + h;
      steps.push(t, [y, stepper.next, ...stepper.dense()]);
      y = Float64Array.from(stepper.next);
      if (until?.(t, y) === true) break;
      stepper.begin(t, y);
      h *= Math.min(grow, Math.max(SHRINK, SAFETY * error ** -EXPONENT));
      grow = GROW;
    } else {
      rejected++;
      const finite = Number.isFinite(error);
      h *= finite ? Math.max(SHRINK, SAFETY * error ** -EXPONENT) : 0.1;
      grow = 1; // no growth right after a rejection
      if (t + h <= t + 4 * Number.EPSILON * Math.abs(t) || h < Number.MIN_VALUE * 1e20)
        failure = `${finite ? "steps too small to continue" : "values that are not finite"} at t = ${t}`;
    }
  }
  const end = steps.times.at(-1)!;
  return {
    times: steps.times,
    end,
    last: y,
    ...(failure === undefined ? {} : { failure }),
    rejected,
    at: (time, out = new Float64Array(n)) => (time === end ? copied(y, out) : steps.at(time, out)),
  };
}

function copied(from: Float64Array, to: Float64Array): Float64Array {
  to.set(from);
  return to;
}

function tolerances(atol: number | ArrayLike<number>, n: number): Float64Array {
  const all = typeof atol === "number" ? new Float64Array(n).fill(atol) : Float64Array.from(atol);
  if (all.length !== n) throw new RangeError(`integrate: expected ${n} absolute tolerances, got ${all.length}`);
  return all;
}

function check(start: ArrayLike<number>, from: number, to: number, rtol: number, atol: Float64Array): void {
  const i = Array.from(start).findIndex((value) => !Number.isFinite(value));
  if (i >= 0)
    throw new RangeError(`integrate: expected a finite start, got ${start[i]} as value ${i}; check the start`);
  if (!(to > from && to - from < Number.POSITIVE_INFINITY))
    throw new RangeError(`integrate: expected an ascending span of time, got [${from}, ${to}]`);
  if (!(rtol > 0) || !atol.every((value) => value >= 0))
    throw new RangeError(
      `integrate: expected a positive rtol and no negative atol, got ${rtol} and ${atol.join(", ")}`,
    );
}

/** One step of the method, with the memory that it needs. */
class Stepper {
  /** (n) state after the last step. */
  readonly next: Float64Array;
  readonly #system: OdeSystem;
  readonly #n: number;
  readonly #rtol: number;
  readonly #atol: Float64Array;
  readonly #k: Float64Array[];
  readonly #dense: Float64Array[];
  readonly #f0: Float64Array;
  readonly #J: Float64Array;
  readonly #ft: Float64Array;
  readonly #M: Float64Array;
  readonly #pivot: Int32Array;
  readonly #u: Float64Array;
  readonly #f: Float64Array;

  constructor(system: OdeSystem, n: number, rtol: number, atol: Float64Array) {
    const vector = () => new Float64Array(n);
    this.#system = system;
    this.#n = n;
    this.#rtol = rtol;
    this.#atol = atol;
    this.next = vector();
    this.#k = Array.from({ length: STAGES }, vector);
    this.#dense = H.map(vector);
    [this.#f0, this.#ft, this.#u, this.#f] = [vector(), vector(), vector(), vector()];
    this.#J = new Float64Array(n * n);
    this.#M = new Float64Array(n * n);
    this.#pivot = new Int32Array(n);
  }

  /** Derivatives at the start of a step, shared by all attempts at it. */
  begin(t: number, y: Float64Array): void {
    const system = this.#system;
    system.derivative(t, y, this.#f0);
    if (system.jacobian === undefined) this.#differences(t, y);
    else system.jacobian(t, y, this.#J);
    if (system.autonomous === true) return;
    const delta = Math.sqrt(Number.EPSILON) * Math.max(1e-5, Math.abs(t)); // as in RODAS
    system.derivative(t + delta, y, this.#ft);
    for (let i = 0; i < this.#n; i++) this.#ft[i] = (this.#ft[i]! - this.#f0[i]!) / delta;
  }

  /** Jacobian by forward differences; steps as in RODAS. */
  #differences(t: number, y: Float64Array): void {
    const n = this.#n;
    for (let j = 0; j < n; j++) {
      const kept = y[j]!;
      const delta = Math.sqrt(Number.EPSILON * Math.max(1e-5, Math.abs(kept)));
      y[j] = kept + delta;
      this.#system.derivative(t, y, this.#f);
      y[j] = kept;
      for (let i = 0; i < n; i++) this.#J[i * n + j] = (this.#f[i]! - this.#f0[i]!) / delta;
    }
  }

  /**
   * chosen: a hundredth of the time in which a value would change by its own size or its absolute tolerance (the first
   * estimate of HINIT).
   */
  firstStep(y: Float64Array): number {
    let [sizes, speeds] = [0, 0];
    for (let i = 0; i < this.#n; i++) {
      const scale = this.#atol[i]! + this.#rtol * Math.abs(y[i]!) || Number.MIN_VALUE;
      sizes = Math.max(sizes, Math.abs(y[i]!) / scale);
      speeds = Math.max(speeds, Math.abs(this.#f0[i]!) / scale);
    }
    return speeds < 1e-10 || sizes < 1e-10 ? 1e-6 : (0.01 * sizes) / speeds;
  }

  /**
   * Tries a step of h from y.
   *
   * @returns largest error of a value divided by its tolerance; infinite if the step cannot be taken
   */
  step(t: number, y: Float64Array, h: number): number {
    const [n, k, u, f] = [this.#n, this.#k, this.#u, this.#f];
    for (let i = 0; i < n * n; i++) this.#M[i] = -this.#J[i]!;
    for (let i = 0; i < n; i++) this.#M[i * (n + 1)]! += 1 / (h * gamma);
    if (!factorize(this.#M, this.#pivot)) return Number.POSITIVE_INFINITY;
    for (let s = 0; s < STAGES; s++) {
      const [a, g, out] = [A[s]!, C[s]!, k[s]!];
      let now: Float64Array = this.#f0;
      if (s > 0) {
        u.set(y);
        for (let j = 0; j < s; j++) for (let i = 0; i < n; i++) u[i]! += a[j]! * k[j]![i]!;
        this.#system.derivative(t + c[s]! * h, u, f);
        now = f;
      }
      for (let i = 0; i < n; i++) out[i] = now[i]! + h * d[s]! * this.#ft[i]!;
      for (let j = 0; j < s; j++) for (let i = 0; i < n; i++) out[i]! += (g[j]! / h) * k[j]![i]!;
      solveFactored(this.#M, this.#pivot, out);
    }
    return this.#finish(y);
  }

  /** y' = u + k_8, where u is the state of the last stage; and the error k_8 over its tolerance. */
  #finish(y: Float64Array): number {
    const last = this.#k[STAGES - 1]!;
    let worst = 0;
    for (let i = 0; i < this.#n; i++) {
      const value = this.#u[i]! + last[i]!;
      this.next[i] = value;
      const scale = this.#atol[i]! + this.#rtol * Math.max(Math.abs(y[i]!), Math.abs(value));
      const error = last[i] === 0 ? 0 : Math.abs(last[i]!) / scale;
      if (!Number.isFinite(error)) return Number.POSITIVE_INFINITY;
      worst = Math.max(worst, error);
    }
    return worst;
  }

  /** e_1 to e_3 of the step that was tried last. */
  dense(): readonly Float64Array[] {
    H.forEach((row, m) => {
      const out = this.#dense[m]!.fill(0);
      for (let s = 0; s < STAGES; s++) for (let i = 0; i < this.#n; i++) out[i]! += row[s]! * this.#k[s]![i]!;
    });
    return this.#dense;
  }
}
