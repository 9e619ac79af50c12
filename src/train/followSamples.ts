/**
 * @file Following samples of any setting: held-out samples by their positions, ready to be followed during training.
 */
import type { Engine } from "../engine/engine.ts";
import { initialBuffers, initialParameters } from "../networks/network.ts";
import { WORKING_OPSET } from "../onnx/graphBuilder.ts";
import { arrayType, float32, sizeOf, type Tensor } from "../onnx/tensor.ts";
import { type Feeds, TARGET } from "../probe/feeds.ts";
import { lossGraph } from "../probe/nodes/lossGraph.ts";
import type { Experiment } from "./experiment.ts";
import type { Follow } from "./follow.ts";

/**
 * Follows held-out samples of an experiment (those of `test`, else of `evaluation`).
 *
 * @param samples positions of the samples, from 0; at least two different ones
 * @param every steps between looks
 * @throws RangeError when a position is beyond the last sample, or the network names no hidden representations
 */
export async function followSamples(
  engine: Engine,
  experiment: Omit<Experiment, "follow">,
  samples: readonly number[],
  every: number,
): Promise<Follow> {
  const { network, objective } = experiment;
  if ((network.hidden ?? []).length === 0)
    throw new RangeError("follow: expected a setting whose network names its hidden representations, got none");
  if (samples.length < 2 || new Set(samples).size !== samples.length)
    throw new RangeError(`follow: expected two different samples or more, got ${samples.join(", ") || "none"}`);
  const batches = experiment.test?.() ?? (await experiment.evaluation(engine));
  const { x, target } = rowsAt(batches, samples);
  const values = Object.fromEntries([...initialParameters(network), ...initialBuffers(network)]);
  const changing = [...network.parameters, ...(network.buffers ?? [])];
  const model = { graph: network.graph, opset: WORKING_OPSET };
  const { pair } = await lossGraph(engine, model, objective, changing, { ...values, x, [TARGET]: target });
  const wanted = objective.classAxis === undefined ? target : oneHot(target, pair!.output.shape);
  return { points: { names: samples.map(String), x, target, wanted }, every };
}

function rowsAt(batches: readonly Feeds[], samples: readonly number[]): { x: Tensor; target: Tensor } {
  const places = batches.flatMap((batch) => Array.from({ length: batch.x!.shape[0]! }, (_, row) => ({ batch, row })));
  const missing = samples.find((place) => places[place] === undefined);
  if (missing !== undefined)
    throw new RangeError(`follow: expected samples from 0 to ${places.length - 1}, got ${missing}`);
  const joined = (name: string): Tensor => {
    const rows = samples.map((place) => rowOf(places[place]!.batch[name]!, places[place]!.row));
    const { dtype, shape } = rows[0]!;
    const data = new (arrayType(dtype as "float32"))(samples.length * sizeOf(shape)) as Float32Array;
    rows.forEach((row, i) => {
      data.set(row.data as Float32Array, i * sizeOf(shape));
    });
    return { dtype, shape: [samples.length, ...shape], data };
  };
  return { x: joined("x"), target: joined(TARGET) };
}

/** One row, without the sample axis. */
function rowOf({ dtype, shape, data }: Tensor, row: number): Tensor {
  const rest = shape.slice(1);
  const size = sizeOf(rest);
  return { dtype, shape: rest, data: data.slice(row * size, (row + 1) * size) as Tensor["data"] };
}

/** Class indices (P) as rows (P, classes). */
function oneHot({ data }: Tensor, output: readonly number[]): Tensor {
  const [P, classes] = output as [number, number];
  const rows = new Float32Array(P * classes);
  for (let p = 0; p < P; p++) rows[p * classes + Number(data[p])] = 1;
  return float32(rows, [P, classes]);
}
