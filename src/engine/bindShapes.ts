/**
 * @file Types and shapes of every value of a graph once its free dimensions are bound to those of the data at hand.
 * ONNX Runtime infers them; what it cannot infer without data is learned by running the graph once.
 */
import type { BoundValue, Graph, Model } from "../onnx/graph.ts";
import type { Tensor } from "../onnx/tensor.ts";
import type { Engine } from "./engine.ts";
import { checkLoops, checkSizes } from "./limits.ts";

/**
 * @param feeds one tensor per graph input; only its type and shape matter where inference suffices
 * @returns type and shape of every input, initializer and node output of the top-level graph, except sequences of
 *   tensors, which the engine does not return
 * @throws Error when the engine refuses the graph or the feeds
 */
export async function bindShapes(
  engine: Engine,
  model: Model,
  feeds: Readonly<Record<string, Tensor>>,
): Promise<Map<string, BoundValue>> {
  const { graph } = model;
  checkLoops(graph);
  const known = new Map<string, BoundValue>();
  for (const [name, { dtype, shape }] of graph.initializers) known.set(name, { dtype, shape });
  for (const { name } of graph.inputs) {
    const feed = feeds[name];
    if (feed === undefined)
      throw new RangeError(
        `bindShapes: expected data for input "${name}", got ${Object.keys(feeds).join(", ") || "none"}`,
      );
    known.set(name, { dtype: feed.dtype, shape: feed.shape });
  }
  const produced = graph.nodes.flatMap((node) => node.outputs.filter((name) => name !== ""));
  if (produced.length === 0) return known;
  const program = await engine.compile({ ...model, graph: exposing(graph, feeds, produced) }, { optimize: false });
  try {
    const open: string[] = [];
    for (const name of produced) {
      const info = program.outputs.get(name);
      const shape = info?.shape;
      if (info !== undefined && shape?.every((extent) => extent !== undefined))
        known.set(name, { dtype: info.dtype, shape: shape as number[] });
      else if (!info?.isSequence) open.push(name);
    }
    checkSizes(graph, known, feeds);
    if (open.length > 0)
      for (const [name, { dtype, shape }] of Object.entries(await program.run(feeds, open)))
        known.set(name, { dtype, shape });
  } finally {
    await program.dispose();
  }
  return known;
}

/** The graph with input shapes fixed to the feeds and every value an output (types left to the engine). */
function exposing(graph: Graph, feeds: Readonly<Record<string, Tensor>>, names: readonly string[]): Graph {
  const inputs = graph.inputs.map(({ name }) => ({ name, dtype: feeds[name]!.dtype, shape: feeds[name]!.shape }));
  return { ...graph, inputs, outputs: names.map((name) => ({ name })) };
}
