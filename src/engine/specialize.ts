/**
 * @file A model made ready for differentiation at the shapes of the data at hand: constants folded, branches of known conditions put in
 * place, composite operators written out, and the type and shape of every value known.
 */
import type { Model } from "../onnx/graph.ts";
import { lowerOperators } from "../onnx/lowering/lowerOperators.ts";
import type { Tensor } from "../onnx/tensor.ts";
import type { Engine } from "./engine.ts";
import { type Folded, type FoldOptions, foldConstants } from "./foldConstants.ts";

/** chosen: a composite operator that is written in composite operators of its own goes two levels deep at most. */
const MAX_ROUNDS = 4;

/**
 * Folds and lowers in turn until nothing changes. Holds for these shapes only.
 *
 * @param model in the forms of WORKING_OPSET (upgradeModel)
 * @throws Error when the engine refuses the graph or the feeds
 */
export async function specialize(
  engine: Engine,
  model: Model,
  feeds: Readonly<Record<string, Tensor>>,
  options: FoldOptions = {},
): Promise<Folded> {
  let folded = await foldConstants(engine, model, feeds, options);
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const lowered = lowerOperators(folded.model, folded.values);
    if (lowered === folded.model) break;
    folded = await foldConstants(engine, lowered, feeds, options);
  }
  return folded;
}
