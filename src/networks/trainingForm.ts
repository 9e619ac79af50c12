/**
 * @file The training form of a network: each BatchNormalization takes the mean and variance of its batch, and the running statistics
 * follow, m' = keep m + (1 - keep) mean and likewise for the variance, which torch.nn.BatchNorm averages without bias: N / (N - 1)
 * times the variance of the N entries of a channel.
 */
import { floatAttribute, type Graph, int, type Node } from "../onnx/graph.ts";
import type { GraphBuilder } from "../onnx/graphBuilder.ts";
import { float32 } from "../onnx/tensor.ts";
import type { Network } from "./network.ts";

export interface TrainingForm {
  readonly graph: Graph;
  readonly statistics: readonly Statistics[];
}

/** Where the running statistics of one normalization come from. */
interface Statistics {
  readonly mean: string;
  readonly variance: string;
  /** The normalization's input. */
  readonly input: string;
  /** Share of the old value that is kept. */
  readonly keep: number;
}

/** @throws RangeError when a buffer is not the running statistic of exactly one BatchNormalization */
export function trainingForm({ graph, buffers = [] }: Network): TrainingForm {
  const statistics: Statistics[] = [];
  const unused = new Map<string, ReturnType<typeof float32>>();
  const nodes = graph.nodes.map((node): Node => {
    const [x, scale, shift, mean, variance] = node.inputs as [string, string, string, string, string];
    if (node.op !== "BatchNormalization" || !buffers.includes(mean)) return node;
    statistics.push({ mean, variance, input: x, keep: floatAttribute(node, "momentum", 0.9) });
    // The node's own running values came out wrong in ONNX Runtime (docs/log.md): it gets statistics that nothing reads.
    const own = [`unused/${mean}`, `unused/${variance}`] as const;
    const { shape } = graph.initializers.get(mean)!;
    for (const name of own) unused.set(name, float32(new Float32Array(shape[0]!), shape));
    const outputs = [node.outputs[0]!, ...own.map((name) => `next/${name}`)];
    const attributes = { ...node.attributes, training_mode: int(1) };
    return { ...node, inputs: [x, scale, shift, ...own], outputs, attributes };
  });
  const found = statistics.flatMap(({ mean, variance }) => [mean, variance]);
  if (found.toSorted().join() !== [...buffers].sort().join())
    throw new RangeError(
      `network: expected each buffer to be one BatchNormalization's, got ${buffers.join(", ")} for ${found.join(", ")}`,
    );
  return { graph: { ...graph, nodes, initializers: new Map([...graph.initializers, ...unused]) }, statistics };
}

/**
 * Adds the next running statistics; returns the next value of each buffer by name. Mean and variance are those that the gradient
 * of the normalization computes, which ONNX Runtime merges.
 *
 * @param shapeOf shape of a value of the training form
 */
export function addNextBuffers(
  builder: GraphBuilder,
  { statistics }: TrainingForm,
  shapeOf: (value: string) => readonly number[],
): Map<string, string> {
  const next = new Map<string, string>();
  for (const { mean, variance, input, keep } of statistics) {
    const shape = shapeOf(input);
    const N = shape.reduce((product, extent) => product * extent, 1) / shape[1]!;
    if (N < 2)
      throw new RangeError(`train: expected at least 2 values a channel for ${mean}, got ${N}; raise the batch`);
    const axes = builder.ints(shape.map((_, axis) => axis).filter((axis) => axis !== 1));
    const average = (value: string) => builder.op("ReduceMean", [value, axes], { keepdims: int(1) });
    const found = average(input);
    const centred = builder.op("Sub", [input, found]);
    const spread = average(builder.op("Mul", [centred, centred]));
    const mixed = (old: string, value: string, factor: number) => {
      const fresh = builder.op("Mul", [builder.op("Reshape", [value, builder.ints([-1])]), builder.scalar(factor)]);
      return builder.op("Add", [builder.op("Mul", [old, builder.scalar(keep)]), fresh]);
    };
    next.set(mean, mixed(mean, found, 1 - keep));
    next.set(variance, mixed(variance, spread, ((1 - keep) * N) / (N - 1)));
  }
  return next;
}
