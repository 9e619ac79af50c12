/**
 * @file What compares a layer with itself: between two steps of a run, and across runs with different weight decay (theory.md Eqs. 63, 64).
 */
import { combination } from "../linalg/combination.ts";
import { frobenius, type Matrix } from "../linalg/matrix.ts";
import { type LayerMoments, type Side, secondMoment } from "../moments/moments.ts";
import { student } from "./deming.ts";
import type { Answer, BothSides } from "./measured.ts";
import type { Convention } from "./relations.ts";

/**
 * Relative change |A' - A| / |A| of a second moment between two checkpoints   (theory.md Eq. 64).
 *
 * @param before, after (d, d), of the same samples: other samples add their noise
 * @returns 0 for a stationary matrix; null with status "zero-matrix" or "not-finite"
 */
export function relativeChange(before: Matrix, after: Matrix): Answer {
  const change = frobenius(
    combination([
      [1, after],
      [-1, before],
    ]),
  );
  const scale = frobenius(before);
  if (!Number.isFinite(change) || !Number.isFinite(scale)) return { value: null, status: "not-finite" };
  return scale === 0 ? { value: null, status: "zero-matrix" } : { value: change / scale };
}

/** Change of a layer's moments since the measurement at step `since`. */
export type LayerChange = Record<Convention, BothSides<Record<"H" | "G", Answer>>> & { since: number };

/** Change of H and G of both sides in all conventions   (theory.md Eq. 64). O(d^2) */
export function layerChange(before: LayerMoments, since: number, after: LayerMoments): LayerChange {
  const of = (side: Side, convention: Convention, which: "H" | "G"): Answer => {
    const [x, y] = [before, after].map((layer) => layer[side] && secondMoment(layer[side], which, convention, layer.n));
    return x && y ? relativeChange(x, y) : { value: null, status: "missing-moments" };
  };
  const both = (side: Side, convention: Convention) => ({ H: of(side, convention, "H"), G: of(side, convention, "G") });
  const within = (convention: Convention) => ({ a: after.a ? both("a", convention) : null, b: both("b", convention) });
  return { paper: within("paper"), covariance: within("covariance"), raw: within("raw"), since };
}

/** One run: its decay, and z_a z_b / |W|^2 of a layer. */
export interface DecayPoint {
  decay: number;
  noise: number;
}

/** The exponent of a power of the decay, over several runs. */
export interface DecayScaling {
  /** p; null for fewer than three different decays: any two points lie on a line, and nothing says how well. */
  value: number | null;
  /** 95 % interval from the scatter of the runs about the line; null where p is. */
  interval: [number, number] | null;
  /** Runs used, and how many decays they have between them. */
  runs: number;
  decays: number;
}

/** chosen: the fewest with a scatter about their line. */
export const leastDecays = 3;

/** 97.5 % points of Student's t for 1 to 4 degrees of freedom, for which its expansion does not serve. */
const fewRuns = [12.706, 4.303, 3.182, 2.776] as const;

/**
 * Exponent p of z_a z_b / |W|^2 ∝ gamma^p across runs, by least squares on logarithms   (theory.md Eq. 63); the theory says 2.
 *
 * @param points one for each run; those with a value that is not positive are left out
 *
 * The interval takes the distances of the runs from the line as independent and normal; it does not know whether there is a law.
 */
export function decayScaling(points: readonly DecayPoint[]): DecayScaling {
  const used = points.filter(({ decay, noise }) => decay > 0 && noise > 0 && Number.isFinite(noise));
  const logs = used.map(({ decay, noise }) => [Math.log(decay), Math.log(noise)] as const);
  const n = logs.length;
  const mean = (k: 0 | 1): number => logs.reduce((sum, pair) => sum + pair[k], 0) / n;
  const [x, y] = [mean(0), mean(1)];
  const xx = logs.reduce((sum, [u]) => sum + (u - x) ** 2, 0);
  const decays = new Set(used.map(({ decay }) => decay)).size;
  if (decays < leastDecays) return { value: null, interval: null, runs: n, decays };
  const value = logs.reduce((sum, [u, v]) => sum + (u - x) * (v - y), 0) / xx;
  const rest = logs.reduce((sum, [u, v]) => sum + (v - y - value * (u - x)) ** 2, 0);
  const half = (fewRuns[n - 3] ?? student(n - 2)) * Math.sqrt(rest / (n - 2) / xx);
  return { value, interval: [value - half, value + half], runs: n, decays };
}
