/**
 * @file Prepares a model for differentiation at the shapes of given data: constants are folded, Ifs with known
 * conditions replaced by their branch, composite operators lowered, and type and shape of every value determined. An If
 * whose condition depends on data is replaced by the branch that these data take.
 */
import { replaceIf } from "../onnx/branches.ts";
import type { Model } from "../onnx/graph.ts";
import { lowerOperators } from "../onnx/lowering/lowerOperators.ts";
import type { Tensor } from "../onnx/tensor.ts";
import type { Engine } from "./engine.ts";
import { type Folded, type FoldOptions, foldConstants } from "./foldConstants.ts";

/**
 * chosen: composite operators nest at most two levels deep, branches a few more.
 */
const MAX_ROUNDS = 16;

/** An If that was replaced by the branch that these data take. */
export interface TakenBranch {
  /** Name of the If. */
  readonly node: string;
  /** The condition, one bool. */
  readonly condition: string;
  readonly isThen: boolean;
}

export interface Specialized extends Folded {
  readonly taken: readonly TakenBranch[];
}

/**
 * Folds and lowers in turn until nothing changes. Holds for these shapes only, and for data that take the same
 * branches.
 *
 * @param model in the forms of WORKING_OPSET (upgradeModel)
 * @param feeds one batch; its values matter where a condition depends on them
 * @throws Error when the engine refuses the graph or the feeds
 */
export async function specialize(
  engine: Engine,
  model: Model,
  feeds: Readonly<Record<string, Tensor>>,
  options: FoldOptions = {},
): Promise<Specialized> {
  let folded = await foldConstants(engine, model, feeds, options);
  const taken: TakenBranch[] = [];
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const lowered = lowerOperators(folded.model, folded.values);
    const next = lowered === folded.model ? await takeBranches(engine, lowered, feeds, taken) : lowered;
    if (next === folded.model) break;
    folded = await foldConstants(engine, next, feeds, options);
  }
  return { ...folded, taken };
}

/** The model with every If of the top level replaced; the same object where there is none. */
async function takeBranches(
  engine: Engine,
  model: Model,
  feeds: Readonly<Record<string, Tensor>>,
  taken: TakenBranch[],
): Promise<Model> {
  const choices = model.graph.nodes.filter(({ op, domain }) => op === "If" && domain === "");
  if (choices.length === 0) return model;
  const conditions = [...new Set(choices.map(({ inputs }) => inputs[0]!))];
  const outputs = conditions.map((name) => ({ name }));
  const program = await engine.compile({ ...model, graph: { ...model.graph, outputs } }, { optimize: false });
  try {
    const given = Object.fromEntries(program.inputNames.map((name) => [name, feeds[name]!]));
    const known = new Map(Object.entries(await program.run(given)));
    for (const { name, outputs, inputs } of choices) {
      const isThen = Number(known.get(inputs[0]!)!.data[0]) !== 0;
      taken.push({ node: name || outputs[0]!, condition: inputs[0]!, isThen });
    }
    return { ...model, graph: replaceIf(model.graph, known) };
  } finally {
    await program.dispose();
  }
}
