/**
 * @file Groups of samples that one or few rows dominate, given less weight when laws are read (theory.md Eq. 88).
 *
 * Under heavy tails a single row can dominate a second moment, as one direction that belongs to no law. Such a group
 * shows a variance far above that of the others. Scaling all sums of a group by one number preserves Eq. 6, and with it
 * every law. Alignments, ranks and spectra weight all samples equally; exponents and phases say how many groups were
 * scaled down.
 */
import { type LayerMoments, mergeLayers, type SideMoments, sideBlocks, sideNumbers } from "../../moments/moments.ts";

/** chosen: a group is scaled down where the variance of its rows exceeds this multiple of the median of all groups. */
export const heavyFrom = 2;

export interface EvenedGroups {
  groups: readonly LayerMoments[];
  total: LayerMoments;
  /** Number of groups scaled down. */
  heavy: number;
}

/**
 * The groups, with large variances scaled down to `heavyFrom` times the median   (theory.md Eq. 88).
 *
 * @param groups disjoint groups of the samples
 * @param total  their sum
 * @returns the same objects where no group is heavy, as in Gaussian samples; at least three groups are needed to tell
 */
export function evenGroups(groups: readonly LayerMoments[], total: LayerMoments): EvenedGroups {
  const weights = groups.map(() => 1);
  if (groups.length > 2)
    for (const sizeOf of [spreadOfH, spreadOfG]) {
      const sizes = groups.map(sizeOf);
      const middle = sizes.toSorted((x, y) => x - y)[sizes.length >> 1]!;
      sizes.forEach((size, i) => {
        if (size > heavyFrom * middle && middle > 0) weights[i] = Math.min(weights[i]!, (heavyFrom * middle) / size);
      });
    }
  const heavy = weights.filter((weight) => weight < 1).length;
  if (heavy === 0) return { groups, total, heavy };
  const evened = groups.map((group, i) => (weights[i]! < 1 ? scaleLayer(group, weights[i]!) : group));
  return { groups: evened, total: evened.reduce((x, y) => mergeLayers(x, y)), heavy };
}

/** Variance of the rows of one group. */
function spreadOfH({ a, b, n }: LayerMoments): number {
  const { h2, hSum } = a ?? b;
  return h2 / n - square(hSum, n);
}

function spreadOfG({ b, n }: LayerMoments): number {
  return b.g2 / n - square(b.gSum, n);
}

function square(sum: Float64Array | undefined, n: number): number {
  return sum?.reduce((total, value) => total + (value / n) ** 2, 0) ?? 0;
}

function scaleLayer(layer: LayerMoments, weight: number): LayerMoments {
  const { a, b, gbHa, n, ...rest } = layer;
  return {
    ...rest,
    n: n * weight,
    b: scaleSide(b, weight),
    ...(a && { a: scaleSide(a, weight) }),
    ...(gbHa && { gbHa: gbHa.map((value) => weight * value) }),
  };
}

function scaleSide(side: SideMoments, weight: number): SideMoments {
  const out: SideMoments = { ...side };
  for (const key of sideNumbers) out[key] = weight * side[key];
  for (const key of sideBlocks) if (side[key]) out[key] = side[key].map((value) => weight * value);
  return out;
}
