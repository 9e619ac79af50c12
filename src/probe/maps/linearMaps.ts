/**
 * @file Finds everything in a graph that the probe can measure, by a table of operators. Nodes that resemble a linear
 * map but are none are returned with the reason.
 */
import { bodiesOf } from "../../onnx/branches.ts";
import type { BoundValue, Graph, Node } from "../../onnx/graph.ts";
import { findHeads } from "./attentionHeads.ts";
import { findEinsum, findGemm, findMatMul } from "./contractions.ts";
import { findConv } from "./convolutions.ts";
import type { Found, GraphContext, Measurable, Skipped } from "./linearMap.ts";
import { uniqueNames } from "./moduleName.ts";
import { findConvTranspose } from "./transposedConvolutions.ts";

/** Recurrent layers are lowered (src/onnx/lowering/recurrent.ts); those that remain have an unsupported form. */
const unwritten = "a recurrent layer with activations, or parameters of them, that are not read";

/** The finder of each operator. */
const finders: Readonly<Record<string, (node: Node, context: GraphContext) => Found>> = {
  Gemm: findGemm,
  MatMul: (node, s) => findHeads(node, s) ?? findMatMul(node, s),
  Einsum: (node, s) => findHeads(node, s) ?? findEinsum(node, s),
  Conv: findConv,
  ConvTranspose: findConvTranspose,
  LSTM: () => unwritten,
  GRU: () => unwritten,
  RNN: () => unwritten,
};

/** Why a node without a finder may still hold a linear map; undefined where it cannot. */
function unread(node: Node, s: GraphContext): Skipped[] {
  const { op, domain, inputs } = node;
  const { values, isWeight } = s;
  const skipped = (reason: string) => [{ node: label(node, s), reason }];
  const isMatrix = (name: string) =>
    isWeight(name) && (values.get(name)?.shape ?? []).filter((extent) => extent > 1).length > 1;
  if (domain !== "" && inputs.some(isMatrix)) return skipped(`the operator ${domain}.${op} is not read`);
  const held = bodiesOf(node).flatMap(({ nodes }) =>
    nodes.filter((inner) => inner.domain === "" && Object.hasOwn(finders, inner.op) && inner.unmeasured !== ""),
  );
  if (held.some((inner) => inner.unmeasured !== undefined))
    return held.map((inner) => {
      return { node: label(inner, s), reason: inner.unmeasured ?? `in the body of ${op}: not measured yet` };
    });
  return held.length > 0
    ? skipped(`${held.map((inner) => inner.op).join(", ")} in the body of ${op}: not measured yet`)
    : [];
}

/** The name of a skipped node: the module's name, as for a measured map. */
function label(node: Node, { moduleName }: GraphContext): string {
  return node.part === undefined ? node.name || node.outputs[0]! : moduleName(node, node.inputs[1]!);
}

/**
 * @param weights names of the values that count as weights (initializers, trained parameters)
 * @param values bound shapes of the graph
 * @param moduleName names of layers (moduleNames)
 * @returns maps and heads in order of execution
 */
export function findLinearMaps(
  graph: Graph,
  weights: ReadonlySet<string>,
  values: ReadonlyMap<string, BoundValue>,
  moduleName: GraphContext["moduleName"],
): { maps: Measurable[]; skipped: Skipped[] } {
  const context: GraphContext = {
    graph,
    values,
    isWeight: (name) => weights.has(name),
    moduleName,
  };
  const maps: Measurable[] = [];
  const skipped: Skipped[] = [];
  for (const node of graph.nodes) {
    const finder = node.domain === "" && Object.hasOwn(finders, node.op) ? finders[node.op] : undefined;
    const found = node.unmeasured ?? finder?.(node, context);
    if (found === undefined) {
      if (finder === undefined) skipped.push(...unread(node, context));
      continue;
    }
    if (typeof found === "string") skipped.push({ node: label(node, context), reason: found });
    else maps.push(...found);
  }
  return { maps: uniqueNames(maps), skipped };
}
