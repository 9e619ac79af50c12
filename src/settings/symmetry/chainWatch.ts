/** @file Watched quantities of a deep linear network: norms and condition numbers of its maps, and the product. */
import { frobenius, type Matrix, matmul } from "../../linalg/matrix.ts";
import { singularValues } from "../../linalg/singularValues.ts";
import { deepLinearSizes } from "../../symmetry/deepLinear.ts";
import type { GaussianTask } from "../../symmetry/gaussianNoise.ts";
import { sumOf } from "../../symmetry/noiseBalance.ts";
import type { Watch, WatchedGroup } from "../../train/watch.ts";
import { mapsOf } from "./chain.ts";

/**
 * chosen: a mode whose singular value is below a tenth of the largest counts as lost; those of the tasks here differ by
 * less.
 */
const LOST = 0.1;

export const sizeName = (k: number): string => `size${k + 1}`;
export const squareName = (k: number): string => `norm²${k + 1}`;
const conditionName = (k: number): string => `cond${k + 1}`;

/**
 * @param task the task, if known; normalised sizes and the error are then watched too
 * @param depth number of maps
 */
export function chainWatch(depth: number, task?: GaussianTask): Watch {
  return {
    groups: groupsOf(depth, task),
    of(values) {
      const maps = mapsOf(values);
      const product = maps.slice(1).reduce((below, W) => matmul(W, below), maps[0]!);
      const s = singularValues(product);
      const rank = s.filter((value) => value > LOST * s[0]!).length;
      const found: Record<string, number> = { rank };
      maps.forEach((W, k) => {
        found[squareName(k)] = frobenius(W) ** 2;
        found[conditionName(k)] = condition(W);
      });
      if (task === undefined) return found;
      if (rank > 0)
        deepLinearSizes(maps, task, rank).forEach((size, k) => {
          found[sizeName(k)] = size;
        });
      return { ...found, error: frobenius(sumOf([1, product], [-1, task.V])) };
    },
  };
}

/** The quantities by figure, with their meanings. */
function groupsOf(depth: number, task: GaussianTask | undefined): WatchedGroup[] {
  const all = Array.from({ length: depth }, (_, k) => k);
  const named = (name: (k: number) => string, meaning: (k: number) => string) =>
    Object.fromEntries(all.map((k) => [name(k), meaning(k)]));
  return [
    ...(task === undefined
      ? []
      : [
          {
            title: "Sizes by the norms of the theory",
            axis: "size",
            quantities: named(sizeName, (k) =>
              k === 0
                ? "|W₁ √(Σx / tr Σx)|²"
                : k === depth - 1
                  ? `|√(Σε / tr Σε) W${k + 1}|²`
                  : `|W${k + 1}|² over the rank of the product`,
            ),
          },
        ]),
    { title: "Plain squared norms", axis: "|W|²", quantities: named(squareName, (k) => `|W${k + 1}|²`) },
    {
      title: "Condition of the maps",
      axis: "largest over smallest singular value",
      log: true,
      quantities: named(conditionName, (k) => `of W${k + 1}`),
    },
    {
      title: "Rank of the product",
      axis: "rank",
      quantities: { rank: "singular values of the product above a tenth of the largest" },
    },
    ...(task === undefined
      ? []
      : [
          {
            title: "Distance of the product from the teacher",
            axis: "|product − V|",
            quantities: { error: "Frobenius" },
          },
        ]),
  ];
}

function condition(W: Matrix): number {
  const s = singularValues(W);
  return s[0]! / s.at(-1)!;
}
