/**
 * @file Models exported in training form: dropout and batch normalization become those of inference, and nodes that
 * draw at random get seeds.
 */
import { type Graph, int, intAttribute, type Model, type Node } from "./graph.ts";

/** Operators that draw at random by an attribute `seed`, a float except for Dropout's. */
const DRAWS: ReadonlySet<string> = new Set([
  ...["RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike", "Multinomial", "Bernoulli"],
]);

export interface Changed {
  readonly model: Model;
  /** Names of operators and the number of changed nodes of each: "Dropout (3)". */
  readonly changed: readonly string[];
}

/**
 * The model in inference form: dropout passes its input on, batch normalization uses its running statistics.
 *
 * @param model in the working operator set
 */
export function inferenceForm(model: Model): Changed {
  return changedBy(model, (node, graph) => {
    if (node.op === "Dropout" && inTraining(node, graph)) return { ...node, inputs: node.inputs.slice(0, 2) };
    // The training form outputs its running statistics after the first output; no loss depends on them.
    if (node.op === "BatchNormalization" && intAttribute(node, "training_mode", 0) === 1)
      return { ...node, outputs: node.outputs.slice(0, 1), attributes: { ...node.attributes, training_mode: int(0) } };
    return undefined;
  });
}

/**
 * The model with a different seed for each node that draws at random; existing seeds are replaced.
 *
 * @param seed integer from 0 on
 */
export function seeded(model: Model, seed: number): Changed {
  let drawn = 0;
  return changedBy(model, (node, graph) => {
    const own = (seed * 10_007 + ++drawn) % 2 ** 24; // exact in float32
    if (DRAWS.has(node.op)) return { ...node, attributes: { ...node.attributes, seed: { float: own } } };
    if (node.op === "Dropout" && inTraining(node, graph))
      return { ...node, attributes: { ...node.attributes, seed: int(own) } };
    return undefined;
  });
}

/** Whether a dropout is active, as far as the graph shows. */
function inTraining({ inputs }: Node, { initializers }: Graph): boolean {
  const mode = inputs[2];
  if (mode === undefined || mode === "") return false;
  const given = initializers.get(mode);
  return given === undefined || Number((given.data as Uint8Array)[0]) !== 0;
}

function changedBy(model: Model, change: (node: Node, graph: Graph) => Node | undefined): Changed {
  const counts = new Map<string, number>();
  const nodes = model.graph.nodes.map((node) => {
    const other = node.domain === "" ? change(node, model.graph) : undefined;
    if (other !== undefined) counts.set(node.op, (counts.get(node.op) ?? 0) + 1);
    return other ?? node;
  });
  if (counts.size === 0) return { model, changed: [] };
  const changed = [...counts].map(([op, count]) => `${op} (${count})`);
  return { model: { ...model, graph: { ...model.graph, nodes } }, changed };
}
