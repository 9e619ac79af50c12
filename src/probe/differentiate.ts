/** @file Gradients of the loss at the outputs of maps, where they can be computed. */
import { addGradients } from "../autodiff/gradient.ts";
import { NotDifferentiableError } from "../autodiff/notDifferentiable.ts";
import { readsOf } from "../onnx/branches.ts";
import type { Graph, Node } from "../onnx/graph.ts";
import { GraphBuilder } from "../onnx/graphBuilder.ts";
import { gradientAt, type Measurable, type Skipped } from "./maps/linearMap.ts";
import type { LossGraph } from "./nodes/lossGraph.ts";

/**
 * Adds the gradients at the outputs of the maps. Where an operator cannot be differentiated, the maps before it are
 * skipped with the reason, since part of their gradient would be missing. The others are measured.
 */
export function differentiate(loss: LossGraph, maps: readonly Measurable[], skipped: Skipped[]) {
  const { graph, values, perSample } = loss;
  let wanted = [...maps];
  for (;;) {
    const builder = new GraphBuilder("probe", graph);
    try {
      const wrt = [...new Set(wanted.map(gradientAt))];
      const added = new Map<Node, readonly (string | undefined)[]>();
      const onNode = (node: Node, names: readonly (string | undefined)[]) => added.set(node, names);
      return { builder, added, gradients: addGradients(builder, graph, { of: perSample, wrt, values, onNode }) };
    } catch (error) {
      if (!(error instanceof NotDifferentiableError)) throw error;
      const before = ancestors(graph, error.node);
      const blocked = wanted.filter((map) => before.has(gradientAt(map)));
      if (blocked.length === 0) throw error;
      wanted = wanted.filter((map) => !before.has(gradientAt(map)));
      const reason = `its gradient passes ${error.message.replace(/^autodiff: /, "")}`;
      for (const { name } of blocked) skipped.push({ node: name, reason });
    }
  }
}

/** All values that a node depends on. */
function ancestors(graph: Graph, node: Node): Set<string> {
  const found = new Set(readsOf(node));
  for (const other of [...graph.nodes].reverse())
    if (other.outputs.some((output) => found.has(output))) for (const input of readsOf(other)) found.add(input);
  return found;
}
