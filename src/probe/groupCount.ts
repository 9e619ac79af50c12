/** @file The number of sample groups that a measurement sums separately, for the errors of its results. */
import type { LayerOutline } from "../moments/accumulate/layerOutline.ts";

/** chosen: 16 groups give a standard error to a fifth; more take memory and add little. */
export const MOST_GROUPS = 16;

/**
 * chosen: memory of all groups together, 16 of a ResNet-20. A network whose sums take more than half of it has two
 * groups.
 */
const GROUP_BYTES = 2 ** 31;

/**
 * chosen: where measurements are many, groups that take more memory than this are 8: enough for the intervals of
 * exponents, and a standard error to a quarter. Groups cost time in proportion to their sums.
 */
export const CHEAP_BYTES = 2 ** 28;
export const FEW_GROUPS = 8;

/**
 * Number of groups of batches, by the memory of one group's sums.
 *
 * @param fewGroups as in ProbeOptions
 */
export function groupCount(layers: readonly Pick<LayerOutline, "bytes">[], fewGroups = false): number {
  const bytes = layers.reduce((sum, layer) => sum + layer.bytes, 0);
  const count = Math.max(2, Math.min(MOST_GROUPS, Math.floor(GROUP_BYTES / Math.max(1, bytes))));
  return fewGroups && count * bytes > CHEAP_BYTES ? Math.min(FEW_GROUPS, count) : count;
}
