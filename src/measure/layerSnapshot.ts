/**
 * @file Everything that is measured of one layer, in the JSON form that runs, reports and the command line share
 * (docs/formats.md). It needs only the layer's moments, so that layers can be measured in parallel.
 */
import { ArrayPool } from "../linalg/arrayPool.ts";
import { type LayerMoments, mergeAllLayers } from "../moments/moments.ts";
import { decompose, type Resources } from "./decompositions.ts";
import { layerLaws } from "./laws/layerLaws.ts";
import { type LayerOptions, type LayerRecords, recordLayer } from "./layerMeasures.ts";
import { type LayerAlignment, measureDecomposed } from "./measureLayer.ts";
import type { HeadBaselines } from "./network/headBaselines.ts";

/** The result of `measureLayer`, and of each of `layerMeasures` that applies. */
export interface LayerSnapshot extends LayerAlignment, LayerRecords {
  /** The baselines for the RGA of an attention head (Eq. 78). */
  baselines?: HeadBaselines;
}

/**
 * All measures of one layer.
 *
 * @param total     its moments
 * @param groups    its moments over disjoint groups of the samples, two or more, none empty; without them there is no
 *   noise, and the intervals of exponents include the scatter of directions alone
 * @param resources source of large products and arrays
 *
 * O(d^3) for a side of d values; at cost "economy" O(d^2).
 */
export async function layerSnapshot(
  total: LayerMoments,
  groups: readonly LayerMoments[],
  options: LayerOptions = {},
  { multiply, pool = new ArrayPool() }: Resources = {},
): Promise<LayerSnapshot> {
  const { cost = "standard" } = options;
  const isSampled = total.a?.sample ?? total.b.sample;
  const isCubic = cost !== "economy" && !isSampled;
  const hasLaws = isCubic && (cost === "full" || options.exponents !== false);
  const used = groups.filter(({ n }) => n > 0);
  const counts = used.map(({ n }) => n);
  const decompositions = await decompose(total, { cost, laws: hasLaws, counts }, { multiply, pool });
  const measured = measureDecomposed(total, used, { cost, decompositions, pool });
  const halves = isCubic ? halvesOf(used) : undefined;
  const laws = hasLaws ? layerLaws(total, used, { measured, decompositions }) : undefined;
  const scene = { total, groups: used, options, measured, ...(halves && { halves }), ...(laws && { laws }) };
  return { ...measured, ...recordLayer(scene) };
}

function halvesOf(groups: readonly LayerMoments[]): readonly [LayerMoments, LayerMoments] | undefined {
  if (groups.length < 2) return undefined;
  const half = (rest: number) => mergeAllLayers(groups.filter((_, i) => i % 2 === rest));
  return [half(0), half(1)];
}
