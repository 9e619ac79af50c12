/** @file What a probe sums of somebody's model, by how much may be spent. */
import type { Cost } from "../measure/measured.ts";
import type { ProbeOptions } from "../probe/probeOptions.ts";

/** chosen: values that two maps share up to which the noise of their pair is summed. */
const WIDEST_PAIRS: Readonly<Record<Cost, number>> = { economy: 0, standard: 1024, full: Number.POSITIVE_INFINITY };

/** chosen: exact for up to 16 outputs; random directions of more have an error of a quarter of the trace at most. */
const OUTPUT_PASSES = 16;

export function costOptions(
  cost: Cost,
): Required<Pick<ProbeOptions, "cross" | "pairs" | "nearestMean" | "outputPasses">> {
  return {
    cross: cost === "full",
    pairs: WIDEST_PAIRS[cost],
    nearestMean: cost !== "economy",
    outputPasses: cost === "full" ? OUTPUT_PASSES : 0,
  };
}
