/**
 * @file Trajectories of trained networks and their fits by SciPy, from the folder of shared data (test/shared.ts).
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { LayerTrajectory } from "../../src/twopoint/trajectory.ts";
import { sharedPath } from "../shared.ts";

export interface ReferenceRun {
  name: string;
  seed: number;
  setting: { layer: number; X: number; Ystar: number };
  ybar0: number;
  fit: {
    eta_h: number;
    eta_y: number;
    cost: number;
    r2: Record<"H" | "Y" | "w", number>;
    eta_ybar: number;
    r2_loss: number;
  };
  final_distance: { measured: number; A_low: number; A_high: number; H_inf: number };
}

export const folder = sharedPath("reference/twopoint");

export const runs: ReferenceRun[] =
  folder === undefined ? [] : JSON.parse(readFileSync(join(folder, "results.json"), "utf8")).runs;

const numbersOf = (path: string): number[][] =>
  readFileSync(path, "utf8")
    .trim()
    .split("\n")
    .slice(1)
    .map((line) => line.split(",").map(Number));

/** The layer that the reference fitted. */
export function trajectoryOf({ name, seed, setting }: ReferenceRun): LayerTrajectory {
  const rows = numbersOf(join(folder!, `${name}-${seed}.csv`)).filter((row) => row[1] === setting.layer);
  const column = (at: number): number[] => rows.map((row) => row[at]!);
  return { layer: setting.layer, step: column(0), dh2: column(2), dy2: column(3), w: column(4) };
}

export function lossesOf({ name, seed }: ReferenceRun): { step: number[]; loss: number[] } {
  const rows = numbersOf(join(folder!, `${name}-${seed}-loss.csv`));
  return { step: rows.map((row) => row[0]!), loss: rows.map((row) => row[1]!) };
}
