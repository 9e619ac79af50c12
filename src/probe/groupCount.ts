/** @file Into how many groups of samples the sums of a measurement are divided, for the errors of what is measured. */
import type { LayerOutline } from "../moments/accumulate/layerOutline.ts";

/** chosen: 16 groups give a standard error to a fifth; more take memory and tell little more. */
export const MOST_GROUPS = 16;

/**
 * chosen: memory of all groups together, 16 of a ResNet-20; a network whose sums take more than half of it has two
 * groups.
 */
const GROUP_BYTES = 2 ** 31;

/**
 * chosen: of measurements that are many, groups above so much memory are 8: enough for the intervals of exponents, and
 * a standard error to a quarter. What groups cost is time in proportion to their sums.
 */
export const CHEAP_BYTES = 2 ** 28;
export const FEW_GROUPS = 8;

/**
 * How many groups of batches the samples are divided into, by the memory of the sums of one group.
 *
 * @param fewGroups as in ProbeOptions
 */
export function groupCount(layers: readonly Pick<LayerOutline, "bytes">[], fewGroups = false): number {
  const bytes = layers.reduce((sum, layer) => sum + layer.bytes, 0);
  const count = Math.max(2, Math.min(MOST_GROUPS, Math.floor(GROUP_BYTES / Math.max(1, bytes))));
  return fewGroups && count * bytes > CHEAP_BYTES ? Math.min(FEW_GROUPS, count) : count;
}
