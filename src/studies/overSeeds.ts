/** @file A number over seeds: its mean, and how well the seeds determine it. */
import { student } from "../measure/laws/deming.ts";

export interface OverSeeds {
  /** Null if there is no number. */
  readonly mean: number | null;
  /** 95 % interval of the mean by Student's t; null for fewer than three numbers. */
  readonly interval: readonly [number, number] | null;
  readonly count: number;
}

/**
 * 97.5 % points of Student's t for 1 to 4 degrees of freedom, where the expansion in `student` is not accurate enough.
 */
const FEW = [12.706, 4.303, 3.182, 2.776];

/** @param values values that are null or not finite are left out */
export function overSeeds(values: readonly (number | null | undefined)[]): OverSeeds {
  const own = values.filter((value): value is number => typeof value === "number" && Number.isFinite(value));
  const n = own.length;
  if (n === 0) return { mean: null, interval: null, count: 0 };
  const mean = own.reduce((sum, value) => sum + value, 0) / n;
  if (n < 3) return { mean, interval: null, count: n };
  const variance = own.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1);
  const half = (FEW[n - 2] ?? student(n - 1)) * Math.sqrt(variance / n);
  return { mean, interval: [mean - half, mean + half], count: n };
}
