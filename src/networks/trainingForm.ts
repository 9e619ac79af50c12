/**
 * @file The training form of a network: each BatchNormalization uses the mean and variance of its batch, and the
 * running statistics are updated, m' = keep m + (1 - keep) mean and likewise for the variance, for which
 * torch.nn.BatchNorm uses the unbiased estimate: N / (N - 1) times the variance of the N entries of a channel
 * (docs/theory.md Eq. 82). Each Dropout becomes a product with a mask that is an input, so that masks are drawn outside
 * the graph and a resumed run draws them again.
 */
import { floatAttribute, type Graph, int } from "../onnx/graph.ts";
import { GraphBuilder } from "../onnx/graphBuilder.ts";
import type { Network } from "./network.ts";

export interface TrainingForm {
  readonly graph: Graph;
  readonly statistics: readonly Statistics[];
}

/** The source of the running statistics of one normalization. */
interface Statistics {
  /** Names of the buffers. */
  readonly mean: string;
  readonly variance: string;
  /** Names of the batch's own mean and variance (C). */
  readonly batchMean: string;
  readonly batchVariance: string;
  /** The normalization's input. */
  readonly input: string;
  /** Share of the old value in the update. */
  readonly keep: number;
}

/** @throws RangeError if a buffer is not the running statistic of exactly one BatchNormalization */
export function trainingForm({ graph, buffers = [] }: Network): TrainingForm {
  const statistics: Statistics[] = [];
  const g = new GraphBuilder("training");
  const masks: string[] = [];
  for (const node of graph.nodes) {
    if (node.op === "Dropout") {
      const mask = g.input(maskName(masks.length), "float32");
      masks.push(mask);
      g.ops("Mul", [node.inputs[0]!, mask], {}, { outputs: node.outputs.slice(0, 1) });
      continue;
    }
    const [x, scale, shift, mean, variance] = node.inputs as [string, string, string, string, string];
    if (node.op !== "BatchNormalization" || !buffers.includes(mean)) {
      g.add(node);
      continue;
    }
    const [batchMean, batchVariance] = [`batch/${mean}`, `batch/${variance}`] as const;
    statistics.push({
      mean,
      variance,
      batchMean,
      batchVariance,
      input: x,
      keep: floatAttribute(node, "momentum", 0.9),
    });
    // With momentum 0 the running values are the batch's own. ONNX Runtime overwrites its inputs (docs/log.md), so it
    // gets copies.
    const copies = [mean, variance].map((old) => g.op("Mul", [old, g.scalar(0)]));
    const attributes = { ...node.attributes, training_mode: int(1), momentum: { float: 0 } };
    const outputs = [node.outputs[0]!, batchMean, batchVariance];
    g.add({ ...node, inputs: [x, scale, shift, ...copies], outputs, attributes });
  }
  const found = statistics.flatMap(({ mean, variance }) => [mean, variance]);
  if (found.toSorted().join() !== [...buffers].sort().join())
    throw new RangeError(
      `network: expected each buffer to be one BatchNormalization's, got ${buffers.join(", ")} for ${found.join(", ")}`,
    );
  const { nodes, initializers, inputs } = g.build();
  return {
    graph: {
      ...graph,
      nodes,
      inputs: [...graph.inputs, ...inputs],
      initializers: new Map([...graph.initializers, ...initializers]),
    },
    statistics,
  };
}

/** Name of the mask input of the k-th Dropout: its values are 0, or 1 over the kept share. */
export const maskName = (k: number): string => `mask/${k}`;

/**
 * Adds the next running statistics; returns the next value of each buffer by name.
 *
 * @param shapeOf returns the shape of a value of the training form
 */
export function addNextBuffers(
  builder: GraphBuilder,
  { statistics }: TrainingForm,
  shapeOf: (value: string) => readonly number[],
): Map<string, string> {
  const next = new Map<string, string>();
  for (const { mean, variance, batchMean, batchVariance, input, keep } of statistics) {
    const shape = shapeOf(input);
    const N = shape.reduce((product, extent) => product * extent, 1) / shape[1]!;
    if (N < 2)
      throw new RangeError(`train: expected at least 2 values a channel for ${mean}, got ${N}; raise the batch`);
    const mixed = (old: string, value: string, factor: number) =>
      builder.op("Add", [
        builder.op("Mul", [old, builder.scalar(keep)]),
        builder.op("Mul", [value, builder.scalar(factor)]),
      ]);
    next.set(mean, mixed(mean, batchMean, 1 - keep));
    next.set(variance, mixed(variance, batchVariance, ((1 - keep) * N) / (N - 1)));
  }
  return next;
}
