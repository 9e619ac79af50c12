/**
 * @file Everything that is measured of one layer, in the JSON form that runs, reports and the command line share
 * (docs/formats.md). It needs nothing but the layer's moments, so that layers can be measured side by side.
 */
import { ArrayPool } from "../linalg/arrayPool.ts";
import { type LayerMoments, mergeAllLayers } from "../moments/moments.ts";
import { decompose, type Resources } from "./decompositions.ts";
import { layerLaws } from "./laws/layerLaws.ts";
import { type LayerOptions, type LayerRecords, recordLayer } from "./layerMeasures.ts";
import { type LayerAlignment, measureDecomposed } from "./measureLayer.ts";
import type { HeadBaselines } from "./network/headBaselines.ts";

/** What `measureLayer` says, and each of `layerMeasures` that has something to say. */
export interface LayerSnapshot extends LayerAlignment, LayerRecords {
  /** What the RGA of an attention head is to be compared with (Eq. 78). */
  baselines?: HeadBaselines;
}

/**
 * All measures of one layer.
 *
 * @param total     its moments
 * @param groups    its moments over disjoint groups of the samples, two or more that are not empty; without them there
 *   is no noise, and the intervals of exponents know the scatter of directions alone
 * @param resources where large products and arrays come from
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
