/**
 * @file K training steps as one ONNX model: a Loop whose body is forward pass, loss, gradient and update. The parameters are one
 * flat vector (Split and Reshape at the top of the body, one update at the bottom), because ONNX Runtime's cost per node is
 * what a small network pays for; and K steps share one call, because crossing from JavaScript costs as much as a step.
 */
import { addGradients } from "../autodiff/gradient.ts";
import type { Engine } from "../engine/engine.ts";
import { initialParameters, type Network } from "../networks/network.ts";
import type { Objective } from "../objectives/objective.ts";
import { type BoundValue, type Graph, int, type Model } from "../onnx/graph.ts";
import { GraphBuilder, WORKING_OPSET } from "../onnx/graphBuilder.ts";
import { arrayType, int64, sizeOf, type Tensor } from "../onnx/tensor.ts";
import { TARGET } from "../probe/feeds.ts";
import { lossGraph } from "../probe/lossGraph.ts";
import type { Optimizer } from "./optimizer.ts";
import { batchAt, type TrainingData } from "./trainingData.ts";

/** Names of the step model's inputs and outputs; the data's own inputs come besides. */
export const STEP_MODEL = {
  count: "K",
  coefficients: "coefficients",
  parameters: "parameters",
  state: (name: string) => `state/${name}`,
  nextParameters: "next/parameters",
  nextState: (name: string) => `next/state/${name}`,
  losses: "losses",
} as const;

export interface StepModelParts {
  readonly network: Network;
  readonly objective: Objective;
  readonly optimizer: Optimizer;
  readonly data: TrainingData;
}

/**
 * Inputs: K (scalar int64), coefficients (K, c), parameters (P), state/<name> (P), and the data's. Outputs: next/parameters,
 * next/state/<name>, and losses (K), the mean loss of each batch before its update.
 */
export async function buildStepModel(engine: Engine, parts: StepModelParts): Promise<Model> {
  const { network, optimizer, data } = parts;
  const P = network.parameters.reduce((sum, name) => sum + sizeOf(network.graph.initializers.get(name)!.shape), 0);
  const g = new GraphBuilder("train");
  const K = g.input(STEP_MODEL.count, "int64", []);
  g.input(STEP_MODEL.coefficients, "float32", ["K", optimizer.coefficientCount]);
  const carried = [
    g.input(STEP_MODEL.parameters, "float32", [P]),
    ...optimizer.states.map((name) => g.input(STEP_MODEL.state(name), "float32", [P])),
  ];
  const batches = data.prepare(g);
  const body = await stepBody(engine, parts, P, batches.x, batches.target);
  const outputs = [STEP_MODEL.nextParameters, ...optimizer.states.map(STEP_MODEL.nextState), STEP_MODEL.losses];
  for (const name of g.ops("Loop", [K, "", ...carried], { body: { graph: body } }, { outputs })) g.output(name);
  return { graph: g.build(), opset: WORKING_OPSET };
}

/** One step. Its names begin with "step/" or are the network's own, so none is also a name of the outer graph. */
async function stepBody(engine: Engine, parts: StepModelParts, P: number, x: string, target: string): Promise<Graph> {
  const { network, objective, optimizer } = parts;
  const { graph: forward, values, loss } = await forwardWithMeanLoss(engine, parts);
  const g = new GraphBuilder("step");
  const iteration = g.input("step/k", "int64", []);
  const condition = g.input("step/condition", "bool", []);
  const flat = g.input("step/parameters", "float32", [P]);
  const states = optimizer.states.map((name) => g.input(`step/state/${name}`, "float32", [P]));

  unpack(g, network, flat);
  batchAt(g, x, iteration, "x");
  batchAt(g, target, iteration, TARGET);
  for (const [name, tensor] of forward.initializers) g.initializer(name, tensor);
  for (const node of forward.nodes) g.add(node);

  const gradients = addGradients(g, forward, { of: loss, wrt: network.parameters, values });
  const pieces = network.parameters.map((name) => {
    const gradient = gradients.get(name);
    if (gradient === undefined)
      throw new RangeError(`train: expected the ${objective.name} loss to depend on ${name}, it does not`);
    return g.op("Reshape", [gradient, g.ints([-1])]);
  });
  const gradient = pieces.length === 1 ? pieces[0]! : g.op("Concat", pieces, { axis: int(0) });
  const row = batchAt(g, STEP_MODEL.coefficients, iteration, "step/coefficients");
  const coefficients = Array.from({ length: optimizer.coefficientCount }, (_, i) =>
    g.op("Gather", [row, g.constant(int64([i], []))]),
  );
  const next = optimizer.update(g, flat, gradient, states, coefficients);
  g.output(condition, "step/goOn");
  for (const name of [next.parameters, ...next.states, loss]) g.output(name);
  return g.build();
}

/** Splits the flat vector into parameters under their own names. */
function unpack(g: GraphBuilder, network: Network, flat: string): void {
  const shapes = network.parameters.map((name) => network.graph.initializers.get(name)!.shape);
  const pieces = g.ops("Split", [flat, g.ints(shapes.map(sizeOf))], {}, { outputs: shapes.length });
  network.parameters.forEach((name, i) => {
    g.ops("Reshape", [pieces[i]!, g.ints(shapes[i]!)], {}, { outputs: [name] });
  });
}

/** The forward graph on one batch with the mean loss, parameters and batch as inputs, and all shapes bound. */
async function forwardWithMeanLoss(
  engine: Engine,
  { network, objective, data }: StepModelParts,
): Promise<{ graph: Graph; values: Map<string, BoundValue>; loss: string }> {
  const feeds: Record<string, Tensor> = Object.fromEntries(initialParameters(network));
  feeds.x = zeros("float32", data.inputShape);
  feeds[TARGET] = zeros(data.target.dtype, data.target.shape);
  const model = { graph: network.graph, opset: WORKING_OPSET };
  const { graph, values, perSample } = await lossGraph(engine, model, objective, network.parameters, feeds);
  const g = new GraphBuilder("mean", graph);
  const loss = g.op("ReduceMean", [perSample], { keepdims: int(0) });
  values.set(loss, { dtype: values.get(perSample)!.dtype, shape: [] });
  return { graph: g.build(), values, loss };
}

function zeros(dtype: Tensor["dtype"], shape: readonly number[]): Tensor {
  if (dtype === "string") throw new TypeError("train: expected numbers as data, got strings");
  return { dtype, shape, data: new (arrayType(dtype))(sizeOf(shape)) as Float32Array };
}
