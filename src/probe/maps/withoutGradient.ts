/**
 * @file Why the loss has no gradient at a value: it does not depend on it, or only through an operator without a
 * gradient.
 */
import { constantOperators } from "../../autodiff/constantOperators.ts";
import { readsOf } from "../../onnx/branches.ts";
import type { Node } from "../../onnx/graph.ts";
import type { LossGraph } from "../nodes/lossGraph.ts";

/** The reason, in words that follow the name of a map. */
export function whyNoGradient({ graph, values, perSample }: LossGraph, value: string): string {
  const reached = new Set([value]);
  const downstream = graph.nodes.filter((node) => {
    if (!takesValues(node).some((name) => reached.has(name))) return false;
    for (const output of node.outputs) reached.add(output);
    return true;
  });
  if (!reached.has(perSample)) return "the loss does not depend on its output";
  const needed = new Set([perSample]);
  const onPath = downstream
    .reverse()
    .filter((node) => {
      if (!node.outputs.some((output) => needed.has(output))) return false;
      for (const name of takesValues(node)) needed.add(name);
      return true;
    })
    .reverse();
  const isFloat = (name: string) => values.get(name)?.dtype.includes("float") ?? false;
  const stops = onPath.find(
    (node) => (node.domain === "" && constantOperators.has(node.op)) || !node.outputs.some(isFloat),
  );
  const where = stops === undefined ? "operators" : `${stops.op} (${stops.name || stops.outputs[0]})`;
  return `the loss depends on its output only through ${where}, which no gradient passes`;
}

/** The inputs whose values a node uses, not only their type or shape. */
function takesValues(node: Node): readonly string[] {
  return node.op === "Shape" || node.op === "Size" ? [] : readsOf(node);
}
