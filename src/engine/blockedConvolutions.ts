/**
 * @file Convolutions with variable weights in ONNX Runtime's blocked layout: images (N, C/B, side, side, B) and weights
 * (M/B, C/B, side, side, B, B), B channels to a register of the processor. Its kernels are faster there (docs/log.md),
 * and it takes them by itself only where weights are constant. The results are equal up to rounding.
 */
import { BLOCKED } from "../onnx/blockedLayout.ts";
import { type Graph, intAttribute, type Node, stringAttribute } from "../onnx/graph.ts";
import { GraphBuilder, WORKING_OPSET } from "../onnx/graphBuilder.ts";
import { sizeOf } from "../onnx/tensor.ts";
import type { Engine, PartlyBound, Program } from "./engine.ts";

/**
 * The graph with convolutions blocked where that is faster; unchanged if the engine has no such layout.
 *
 * @param graph all of whose inputs have types and extents
 */
export async function blockConvolutions(engine: Engine, graph: Graph): Promise<Graph> {
  const candidates = graph.nodes.filter((node) => isCandidate(graph, node));
  const B = candidates.length > 0 ? await engine.channelBlock?.() : undefined;
  if (B === undefined) return graph;
  const values = await typesOf(engine, graph, new Set(candidates.flatMap(({ inputs }) => inputs.slice(0, 2))));
  const g = new GraphBuilder(`${graph.name}/blocked`, { ...graph, nodes: [] });
  for (const node of graph.nodes) {
    const [x, W] = node.inputs.slice(0, 2).map((name) => values.get(name));
    if (candidates.includes(node) && gains(x, W, B)) addBlocked(g, node, W!.shape as number[], B);
    else g.add(node);
  }
  return g.build();
}

function addBlocked(g: GraphBuilder, node: Node, shape: readonly number[], B: number): void {
  const [M, C, ...kernel] = shape as [number, number];
  const [x, W, ...bias] = node.inputs as [string, string];
  const split = g.op("Reshape", [W, g.ints([M / B, B, C / B, B, sizeOf(kernel)])]);
  const sorted = g.op("Transpose", [split], { perm: { ints: [0, 2, 4, 3, 1] } });
  const weights = g.op("Reshape", [sorted, g.ints(shape)]);
  const images = g.op("ReorderInput", [x], {}, { domain: BLOCKED });
  const y = g.op("Conv", [images, weights, ...bias], node.attributes, { domain: BLOCKED });
  g.ops("ReorderOutput", [y], { channels: { int: M } }, { domain: BLOCKED, outputs: node.outputs, name: node.name });
}

function isCandidate({ initializers }: Graph, node: Node): boolean {
  const plain = intAttribute(node, "group", 1) === 1 && stringAttribute(node, "auto_pad", "NOTSET") === "NOTSET";
  return node.op === "Conv" && node.domain === "" && plain && !initializers.has(node.inputs[1]!);
}

/**
 * Whether channels fill blocks, the kernel is larger than a pixel, and rearranging the weights costs less than the
 * images.
 */
function gains(x: PartlyBound | undefined, W: PartlyBound | undefined, B: number): boolean {
  if (x?.dtype !== "float32" || !isBound(x.shape) || !isBound(W?.shape) || W.shape.length !== 4) return false;
  const [M, C, ...kernel] = W.shape as [number, number];
  return M % B === 0 && C % B === 0 && sizeOf(kernel) > 1 && sizeOf(W.shape) <= sizeOf(x.shape);
}

const isBound = (shape: PartlyBound["shape"]): shape is number[] =>
  shape?.every((extent) => extent !== undefined) ?? false;

/** Types and shapes of values by inference alone. */
async function typesOf(engine: Engine, graph: Graph, names: ReadonlySet<string>): Promise<Program["outputs"]> {
  const outputs = [...names].map((name) => ({ name }));
  const program = await engine.compile({ graph: { ...graph, outputs }, opset: WORKING_OPSET }, { optimize: false });
  await program.dispose();
  return program.outputs;
}
