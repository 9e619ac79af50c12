/** @file What measures, evaluates and looks at a network while it trains, made before and freed behind it. */
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
 * chosen: below 4 MB of parameters a step is short enough for the engine's plan of memory to count, and takes little of
 * it. For larger networks the step is freed before each measurement, and what measures behind it: else both would hold
 * their memory at once.
 */
const FEW_PARAMETERS = 2 ** 20;

/**
 * chosen: values that two maps share up to which the noise of a pair is summed: sums of more take a second for each
 * step of a measurement.
 */
const WIDEST_PAIR = 1024;

/** Whether steps and measurements of a network give their memory back to each other. */
export function isLarge(network: Network): boolean {
  return [...parameterShapes(network).values()].reduce((sum, shape) => sum + sizeOf(shape), 0) > FEW_PARAMETERS;
}

export interface TrainingParts extends Pick<Tools, "follower" | "releaseSteps"> {
  readonly experiment: Experiment;
  readonly options: TrainOptions;
}

/** Opens the training of a network for as long as `use` takes. */
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
