/** @file Opens and closes the parts that measure, evaluate and follow a network while it trains. */
import type { Engine } from "../engine/engine.ts";
import { type Network, parameterShapes } from "../networks/network.ts";
import { WORKING_OPSET } from "../onnx/graphBuilder.ts";
import { sizeOf } from "../onnx/tensor.ts";
import { Evaluator } from "../probe/evaluator.ts";
import { Probe } from "../probe/probe.ts";
import type { Experiment } from "./experiment.ts";
import { LinearProbe } from "./linearProbe.ts";
import { type Tools, Training } from "./training.ts";
import type { TrainOptions } from "./trainOptions.ts";
import { Watcher } from "./watch.ts";

/**
 * chosen: below 4 MB of parameters a step is so short that the engine's memory plan saves time, and the plan takes
 * little memory. For larger networks the step is freed before each measurement, and the measuring program after it;
 * otherwise both would hold their memory at once.
 */
const FEW_PARAMETERS = 2 ** 20;

/**
 * chosen: the noise of a pair of maps is summed for at most this many shared values: larger sums take a second for each
 * step of a measurement.
 */
const WIDEST_PAIR = 1024;

/** Whether steps and measurements of a network release their memory for each other. */
export function isLarge(network: Network): boolean {
  return [...parameterShapes(network).values()].reduce((sum, shape) => sum + sizeOf(shape), 0) > FEW_PARAMETERS;
}

export interface TrainingParts extends Pick<Tools, "follower" | "releaseSteps"> {
  readonly experiment: Experiment;
  readonly options: TrainOptions;
}

/** Opens the training of a network for the duration of `use`. */
export async function withTraining<T>(
  engine: Engine,
  parts: TrainingParts,
  use: (training: Training) => Promise<T>,
): Promise<T> {
  const { experiment, options, follower, releaseSteps } = parts;
  const { threads = 1 } = options;
  const model = { graph: experiment.network.graph, opset: WORKING_OPSET };
  const { parameters, buffers = [] } = experiment.network;
  const measuring = { objective: experiment.objective, parameters: [...parameters, ...buffers], threads };
  const probe = new Probe(engine, model, {
    ...measuring,
    planMemory: !isLarge(experiment.network),
    blocks: experiment.network.blocks ?? [],
    largest: experiment.largestSide ?? Number.POSITIVE_INFINITY,
    beyond: "sample",
    fewGroups: true,
    positions: experiment.positions || Number.POSITIVE_INFINITY,
    pairs: experiment.widestPair ?? WIDEST_PAIR,
  });
  const evaluator = new Evaluator(engine, model, measuring);
  const linear = experiment.linearProbe && new LinearProbe(engine, experiment.network, experiment.linearProbe, threads);
  try {
    const watcher = experiment.watch && new Watcher(experiment.watch);
    const samples = { moments: await experiment.evaluation(engine), test: experiment.test?.() };
    const tools = { engine, probe, evaluator, linear, follower, watcher, releaseSteps };
    return await use(new Training(experiment, options, tools, samples));
  } finally {
    await experiment.data.close?.();
    await probe.dispose();
    await evaluator.dispose();
    await linear?.dispose();
  }
}
