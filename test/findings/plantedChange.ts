/** @file Runs made by hand whose representation follows a known course: what was measured of it, and nothing else. */
import { type Matrix, matrix } from "../../src/linalg/matrix.ts";
import type { Snapshot } from "../../src/measure/snapshot.ts";
import { halvings } from "../../src/measure/training/halvings.ts";
import { type LayerChange, relativeChange } from "../../src/measure/training/relativeChange.ts";
import { Random } from "../../src/random/random.ts";
import { logSpaced } from "../../src/train/milestones.ts";
import { plantedSnapshot } from "../figures/planted.ts";

export const steps = 100_000;
const d = 6;

/** The representation at each step of a list. */
export type Course = (measured: readonly number[]) => Matrix[];

function gaussian(random: Random, scale = 1): Matrix {
  return { rows: d, cols: d, data: matrix(d, d).data.map(() => scale * random.normal()) };
}

function sum(A: Matrix, B: Matrix, weight = 1): Matrix {
  return { ...A, data: A.data.map((value, i) => value + weight * B.data[i]!) };
}

/** A + c log(2 + t) B; without A where `base` is 0. */
export function logDrift(base: number, slope: number): Course {
  return (measured) => {
    const random = new Random(1);
    const [A, B] = [gaussian(random, base), gaussian(random, slope)];
    return measured.map((step) => sum(A, B, Math.log(2 + step)));
  };
}

/** A and a sum of independent steps. */
export function randomWalk(base: number, scale: number): Course {
  return (measured) => {
    const random = new Random(2);
    let A = gaussian(random, base);
    let before = 0;
    return measured.map((step) => {
      A = sum(A, gaussian(random, scale), Math.sqrt(step - before));
      before = step;
      return A;
    });
  };
}

/** From A to B within some hundreds of steps, then about B with independent fluctuations of a share of it. */
export function converged(fluctuation: number): Course {
  return (measured) => {
    const random = new Random(3);
    const [A, B] = [gaussian(random), gaussian(random)];
    return measured.map((step) => sum(sum(B, A, 1 / (1 + (step / 200) ** 2)), gaussian(random), fluctuation));
  };
}

/** @param direct whether both ends of factors of two were compared; else each measurement with the one before alone */
export function measuredCourse(
  course: Course,
  { direct = true, measured = logSpaced(steps, 30) }: { direct?: boolean; measured?: readonly number[] } = {},
): Snapshot[] {
  const matrices = course(measured);
  const halves = halvings(measured);
  const change = (i: number, j: number): LayerChange => {
    const H = relativeChange(matrices[j]!, matrices[i]!);
    const side = { H, G: H };
    const sides = { a: side, b: side };
    return { paper: sides, covariance: sides, raw: sides, since: measured[j]! };
  };
  return measured.map((step, i) => {
    const snapshot = { ...plantedSnapshot(step, ["x", "y", "z"], d), loss: { mean: 1 } };
    const half = halves.get(step);
    for (const layer of snapshot.layers) {
      if (i > 0) layer.change = change(i, i - 1);
      if (direct && half !== undefined) layer.changeSinceHalf = change(i, measured.indexOf(half));
    }
    return snapshot;
  });
}
