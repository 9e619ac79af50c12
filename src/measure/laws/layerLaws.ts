/**
 * @file The common inputs of exponents, phase and other readings of laws, computed once for each layer: the groups of
 * samples with heavy ones scaled down, the live part of the singular system, and the alignments of both.
 */
import type { LayerMoments } from "../../moments/moments.ts";
import type { Decompositions } from "../decompositions.ts";
import { type LayerAlignment, measureDecomposed } from "../measureLayer.ts";
import { type LayerExponents, layerExponents } from "./exponent.ts";
import { type EvenedGroups, evenGroups } from "./heavyGroups.ts";
import { liveSubspace, type SingularSystem, truncateSystem } from "./liveSubspace.ts";

export interface LayerLaws {
  /** Groups and their sum, with heavy groups scaled down (theory.md Eq. 88). */
  readonly even: EvenedGroups;
  readonly exponents: LayerExponents;
  /** Relations of that sum. */
  readonly alignment: LayerAlignment["alignment"];
  /** The singular system of W; absent where W has none. */
  readonly singular?: SingularSystem;
}

/**
 * The laws of one layer   (theory.md Eqs. 33 to 37, 86, 88).
 *
 * @param measured the common measures, and their decompositions
 */
export function layerLaws(
  total: LayerMoments,
  groups: readonly LayerMoments[],
  { measured, decompositions }: { measured: LayerAlignment; decompositions: Decompositions },
): LayerLaws {
  const { singular } = decompositions;
  const even = evenGroups(groups, total);
  const live = singular ? truncateSystem(singular, liveSubspace(even.total, singular).rank) : null;
  const exponents = layerExponents(even.groups.length > 0 ? even.groups : [total], { live });
  const { alignment } =
    even.heavy === 0 ? measured : measureDecomposed(even.total, even.groups, { cost: "economy", decompositions });
  return { even, exponents, alignment, ...(singular && { singular }) };
}
