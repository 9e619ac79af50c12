/**
 * @file The standard's losses over classes, NegativeLogLikelihoodLoss and SoftmaxCrossEntropyLoss, classes on axis 1.
 */
import { int } from "../graph.ts";
import { int64 } from "../tensor.ts";
import type { Lowering, Site } from "./loweringSite.ts";

export const negativeLogLikelihoodLoss: Lowering = (s) => [likelihood(s, s.x(0))];

export const softmaxCrossEntropyLoss: Lowering = (s) => {
  const logProbabilities = s.op("LogSoftmax", [s.x(0)], { axis: int(1) });
  return [likelihood(s, logProbabilities), logProbabilities];
};

/** -w[t] x[t] at the targets t, 0 where t is ignored; unreduced, summed, or divided by the sum of the weights. */
function likelihood(s: Site, x: string): string {
  const target = s.dtype(1) === "int64" ? s.x(1) : s.op("Cast", [s.x(1)], { to: int(7) });
  const ignored = s.node.attributes.ignore_index;
  const skipped =
    ignored !== undefined && "int" in ignored
      ? s.op("Equal", [target, s.g.constant(int64([ignored.int], []))])
      : undefined;
  const safe = skipped === undefined ? target : s.op("Where", [skipped, s.g.constant(int64([0], [])), target]);
  const picked = s.op("GatherElements", [x, s.unsqueeze(safe, [1])], { axis: int(1) });
  const loss = s.op("Neg", [s.op("Squeeze", [picked, s.g.ints([1])])]);
  const given = s.has(2) ? s.op("Gather", [s.x(2), safe]) : s.expand(s.scalar(1), s.shape(1));
  const weights = skipped === undefined ? given : s.op("Where", [skipped, s.scalar(0), given]);
  const weighted = s.mul(loss, weights);
  const reduction = s.string("reduction", "mean");
  if (reduction === "none") return weighted;
  const sum = (name: string) => s.op("ReduceSum", [name], { keepdims: int(0) });
  return reduction === "sum" ? sum(weighted) : s.op("Div", [sum(weighted), sum(weights)]);
}
