/** @file The sums that a probe makes of a user's model, by cost. */
import type { Cost } from "../measure/measured.ts";
import type { ProbeOptions } from "../probe/probeOptions.ts";

/** chosen: most values shared by two maps for which the noise of the pair is summed. */
const WIDEST_PAIRS: Readonly<Record<Cost, number>> = { economy: 0, standard: 1024, full: Number.POSITIVE_INFINITY };

/** chosen: exact for up to 16 outputs; for more, random directions have an error of at most a quarter of the trace. */
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
