/**
 * @file Neural collapse of a classifier's features, from the class sums of its last map (theory.md Eqs. 66 to 71), with
 * sampling noise for the most used numbers.
 */
import type { ClassSums } from "../../moments/classSums.ts";
import { type LayerMoments, secondMoment } from "../../moments/moments.ts";
import { splitHalf } from "../alignment/splitHalf.ts";
import { type CollapsePremises, collapsePremises } from "./collapsePremises.ts";
import { type Collapse, collapse } from "./neuralCollapse.ts";

export interface LayerCollapse extends Omit<Collapse, "status"> {
  /** Premises of the paper's Theorem 3; null where the gradients were not captured. */
  premises: CollapsePremises | null;
  /** Half the difference of two half samples (Eq. 18); null without halves, and where a half lacks a class. */
  noise: Record<"trace" | "cdnv" | "equiangular" | "selfDuality", number | null>;
  status?: Collapse["status"] | "unlabelled-samples";
}

/**
 * @param nearestMean disagreement with the nearest class mean (Eq. 70)
 * @returns undefined where the layer has no sums by class
 * @throws RangeError naming the layer if its classes are not as many as its outputs
 */
export function layerCollapse(
  layer: LayerMoments,
  halves: readonly [LayerMoments, LayerMoments] | undefined,
  nearestMean: number | null,
): LayerCollapse | undefined {
  const [features, outputs] = [classSumsOf(layer, "a"), classSumsOf(layer, "b")];
  if (!features || !outputs) return undefined;
  if (outputs.classes !== layer.dOut)
    throw new RangeError(
      `collapse: expected ${layer.dOut} classes of layer ${layer.name}, as its outputs, got ${outputs.classes}; sum by class for the last map of a classifier alone`,
    );
  const classifier = layer.W ? { classifier: layer.W } : {};
  const found = collapse(features, { ...classifier, nc4: nearestMean });
  const Gf = secondMoment(layer.b, "G", "raw", layer.n);
  const [first, second] = (halves ?? []).map((half) => {
    const sums = classSumsOf(half, "a");
    return sums && collapse(sums, classifier);
  });
  const sameClasses = first?.classes === found.classes && second?.classes === found.classes;
  const noise = (pick: (of: Collapse) => number | null) =>
    first && second && sameClasses ? splitHalf(pick(first), pick(second)) : null;
  const labelled = features.counts.reduce((sum, count) => sum + count, 0);
  return {
    ...found,
    premises: Gf ? collapsePremises(outputs, Gf) : null,
    noise: {
      trace: noise(({ nc1 }) => nc1.trace),
      cdnv: noise(({ nc1 }) => nc1.cdnv),
      equiangular: noise(({ nc2 }) => nc2.means.equiangular),
      selfDuality: noise(({ nc3 }) => nc3?.selfDuality ?? null),
    },
    ...(found.status === undefined && labelled !== layer.n && { status: "unlabelled-samples" as const }),
  };
}

/** The class sums of one side with sum h h^T over all samples; undefined where a part was not captured. */
function classSumsOf(layer: LayerMoments, side: "a" | "b"): ClassSums | undefined {
  const { labelled } = layer;
  const moments = layer[side];
  if (!labelled || !moments?.hh) return undefined;
  return { classes: labelled.classes, d: moments.d, counts: labelled.counts, ...labelled[side], hh: moments.hh };
}
