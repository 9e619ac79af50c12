/**
 * @file Rewrites composite operators as simpler ones, which can be measured and differentiated: Attention, rotary
 * embeddings, recurrent layers, losses, and the fused operators of com.microsoft. Needs bound shapes, since masks and
 * heads depend on them. A node of an unknown form stays.
 */
import type { Attribute, BoundValue, Graph, Model, Node } from "../graph.ts";
import { GraphBuilder } from "../graphBuilder.ts";
import { attention } from "./attention.ts";
import { negativeLogLikelihoodLoss, softmaxCrossEntropyLoss } from "./losses.ts";
import { type Lowering, Site } from "./loweringSite.ts";
import { microsoftLowerings } from "./microsoft.ts";
import { gru, lstm, rnn } from "./recurrent.ts";
import { rotaryEmbedding } from "./rotaryEmbedding.ts";

/** Lowerings by domain and operator. */
export const lowerings: Readonly<Record<string, Readonly<Record<string, Lowering>>>> = {
  "": {
    Attention: attention,
    RotaryEmbedding: rotaryEmbedding,
    LSTM: lstm,
    GRU: gru,
    RNN: rnn,
    NegativeLogLikelihoodLoss: negativeLogLikelihoodLoss,
    SoftmaxCrossEntropyLoss: softmaxCrossEntropyLoss,
    // ONNX Runtime registers it there, although the standard lacks it.
    SimplifiedLayerNormalization: microsoftLowerings.SimplifiedLayerNormalization!,
  },
  "com.microsoft": microsoftLowerings,
};

/**
 * The same model with composite top-level operators lowered; the same object if it has none.
 *
 * @param values type and shape of every value (bindShapes)
 */
export function lowerOperators(model: Model, values: ReadonlyMap<string, BoundValue>): Model {
  const { graph } = model;
  const prefix = freshPrefix(graph);
  const initializers = new Map(graph.initializers);
  let changed = false;
  const nodes = graph.nodes.flatMap((node, i) => {
    const known = Object.hasOwn(lowerings, node.domain) ? lowerings[node.domain]! : {};
    const lowering = Object.hasOwn(known, node.op) ? known[node.op] : undefined;
    const part = lowering === undefined ? undefined : written(node, lowering, `${prefix}${i}`, { values, graph });
    if (part === undefined) return [node];
    changed = true;
    for (const [name, tensor] of part.initializers) initializers.set(name, tensor);
    return part.nodes;
  });
  return changed ? { ...model, graph: { ...graph, nodes, initializers } } : model;
}

/** The lowered node: the results carry its output names, and the nodes lie in the scope of its name. */
function written(
  node: Node,
  lowering: Lowering,
  name: string,
  { values, graph }: { readonly values: ReadonlyMap<string, BoundValue>; readonly graph: Graph },
): Graph | undefined {
  const g = new GraphBuilder(name);
  const results = lowering(new Site(g, node, values, graph.initializers));
  if (results === undefined) return undefined;
  const made = new Set(g.build().nodes.flatMap(({ outputs }) => outputs));
  const renamed = new Map<string, string>();
  node.outputs.forEach((output, i) => {
    const result = results[i] ?? "";
    if (output === "" || result === "") return;
    if (made.has(result) && !renamed.has(result)) renamed.set(result, output);
    else g.op("Identity", [result], {}, { outputs: [output] });
  });
  const rename = (list: readonly string[]) => list.map((one) => renamed.get(one) ?? one);
  const built = g.build();
  const nodes = built.nodes.map((one, i) => ({
    ...placed(one, i, node),
    inputs: rename(one.inputs),
    outputs: rename(one.outputs),
  }));
  return { ...built, nodes };
}

/** Node i of the lowered form, in the scope of the original; likewise in bodies. */
function placed(one: Node, i: number, original: Node): Node {
  const { name, scope } = original;
  const attributes = Object.entries(one.attributes).map(([key, value]): [string, Attribute] => [
    key,
    "graph" in value
      ? { graph: { ...value.graph, nodes: value.graph.nodes.map((inner, j) => placed(inner, j, original)) } }
      : value,
  ]);
  return {
    ...one,
    name:
      one.part === undefined
        ? name && `${name}/${one.op}_${i}`
        : `${name || original.outputs.find((o) => o !== "")}.${one.part}`,
    attributes: Object.fromEntries(attributes),
    ...(scope === undefined ? {} : { scope }),
  };
}

function freshPrefix(graph: Graph): string {
  const names = [...graph.initializers.keys(), ...graph.nodes.flatMap(({ outputs }) => outputs)];
  let prefix = "lowered";
  while (names.some((name) => name.startsWith(prefix))) prefix += "_";
  return prefix;
}
