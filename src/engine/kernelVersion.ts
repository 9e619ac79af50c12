/**
 * @file Writes a graph in a version of the standard operator set for which ONNX Runtime has kernels. In version 22 it
 * lacks nine operators (random numbers, regions, one pooling), whose form did not change then; a graph with one of them
 * is written in version 21. Tested with ONNX Runtime 1.30 on every operator that changed between 20 and 24.
 */
import type { Graph, Model, Node } from "../onnx/graph.ts";

const LAST_VERSION = 21;

/** Operators without a kernel from version 22 on. */
const OLD_KERNELS: ReadonlySet<string> = new Set([
  ...["Bernoulli", "Multinomial", "RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike"],
  ...["GlobalLpPool", "MaxRoiPool", "RoiAlign"],
]);

/** Operators newer than version 21, and their names in ONNX Runtime. */
const NEWER: Readonly<Record<string, Pick<Node, "op" | "domain">>> = {
  Swish: { op: "QuickGelu", domain: "com.microsoft" },
  RMSNormalization: { op: "SimplifiedLayerNormalization", domain: "" },
};

/** The model, or the same in version 21 where that is what has kernels. */
export function withKernels(model: Model): Model {
  if (model.opset <= LAST_VERSION || !hasOldKernel(model.graph)) return model;
  return { ...model, opset: LAST_VERSION, graph: older(model.graph) };
}

function hasOldKernel({ nodes }: Graph): boolean {
  return nodes.some(
    ({ op, domain, attributes }) =>
      (domain === "" && OLD_KERNELS.has(op)) ||
      Object.values(attributes).some((attribute) => "graph" in attribute && hasOldKernel(attribute.graph)),
  );
}

function older(graph: Graph): Graph {
  return { ...graph, nodes: graph.nodes.map(olderNode) };
}

function olderNode(node: Node): Node {
  const attributes = Object.fromEntries(
    Object.entries(node.attributes).map(([name, attribute]) => [
      name,
      "graph" in attribute ? { graph: older(attribute.graph) } : attribute,
    ]),
  );
  const renamed = node.domain === "" && Object.hasOwn(NEWER, node.op) ? NEWER[node.op] : undefined;
  if (renamed?.op === "QuickGelu") attributes.alpha ??= { float: 1 };
  return { ...node, ...renamed, attributes };
}
