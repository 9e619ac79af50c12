/**
 * @file Findings of the two-point theory on every hidden layer of a run, in plain words: the sentences of the report,
 * layer by layer.
 */
import { contradictionSentence, layerSentences, layerSummary } from "../twopoint/sentences.ts";
import type { FollowedRun } from "../twopoint/twopointRecord.ts";

export interface TwopointExplanation {
  layer: string;
  /** One sentence: whether the layer follows the theory. */
  summary: string;
  /** Rates, final distance, regime, drift, doubts. */
  sentences: string[];
  /** Contradictions of the equations that need no fit; empty if there are none. */
  contradiction: string[];
}

export function explainTwopoint({ fits }: FollowedRun): TwopointExplanation[] {
  return fits.layers.map((fit) => {
    const against = contradictionSentence(fit);
    return {
      layer: String(fit.layer),
      summary: layerSummary(fit),
      sentences: layerSentences(fit, fits.pairs[0]!.missing),
      contradiction: against === "" ? [] : [against],
    };
  });
}
