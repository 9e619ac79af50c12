/**
 * @file K training steps as one ONNX model: a Scan over K batches whose body is forward pass, loss, gradient and
 * update. K steps share one call, because crossing from JavaScript costs as much as a step of a small network. Scan,
 * unlike Loop, hands each batch to the body without copying it.
 */
import { blockConvolutions } from "../engine/blockedConvolutions.ts";
import type { Engine } from "../engine/engine.ts";
import { bufferShapes, parameterShapes } from "../networks/network.ts";
import { maskName } from "../networks/trainingForm.ts";
import { type Graph, int, type Model } from "../onnx/graph.ts";
import { GraphBuilder, WORKING_OPSET } from "../onnx/graphBuilder.ts";
import { float32, type Tensor } from "../onnx/tensor.ts";
import { addBatchGradients, type Batch, inputType } from "./batchGradients.ts";
import type { Follower } from "./follow.ts";
import type { Optimizer } from "./optimizer.ts";
import { groupParameters, groupVectors, nameMembers, type ParameterGroup } from "./parameterGroups.ts";
import type { Schedule } from "./schedule.ts";
import { addSyre, type Syre } from "./syre.ts";
import type { TrainingData } from "./trainingData.ts";

/**
 * Names of the step model's inputs and outputs, by parameter group and optimizer state. The data's inputs are further
 * ones.
 */
export const STEP_MODEL = {
  coefficients: "coefficients",
  parameters: (group: string) => `parameters/${group}`,
  state: (name: string, group: string) => `state/${name}/${group}`,
  /** All buffers of the network as one vector; absent where it has none. */
  buffers: "buffers",
  next: (input: string) => `next/${input}`,
  losses: "losses",
} as const;

export interface StepModelParts extends Batch {
  readonly optimizer: Optimizer;
  readonly syre?: Syre;
  readonly data: TrainingData;
  readonly follower?: Follower | undefined;
}

/**
 * Inputs: coefficients (K, c), parameters/<group>, state/<name>/<group>, buffers, and those of the data. Outputs:
 * next/<input> for each parameter, state and buffer input; losses (K), the mean loss of each batch before its update;
 * and the values of followed points (K, size).
 */
export async function buildStepModel(engine: Engine, parts: StepModelParts): Promise<Model> {
  const { network, data, follower } = parts;
  const groups = groupParameters(parameterShapes(network));
  const g = new GraphBuilder("train");
  const carried = carriedValues(groups, parts).map(({ name, shape }) => g.input(name, "float32", shape));
  const coefficients = g.input(STEP_MODEL.coefficients, "float32", ["K", coefficientCount(parts)]);
  const { x, target, masks = [] } = data.prepare(g);
  const body = { graph: await stepBody(engine, parts, groups) };
  const outputs = [...carried.map(STEP_MODEL.next), STEP_MODEL.losses, ...(follower ? [follower.output] : [])];
  const due = follower?.addDue(g);
  const scanned = [coefficients, x, target, ...masks, ...(due === undefined ? [] : [due])];
  const results = g.ops("Scan", [...carried, ...scanned], { body, num_scan_inputs: int(scanned.length) }, { outputs });
  for (const name of results) g.output(name);
  return { graph: g.build(), opset: WORKING_OPSET };
}

type Moving = Pick<StepModelParts, "optimizer" | "syre">;

/**
 * Width of a row of `coefficients`: the optimizer's, and the strength of the decay towards a random point if there is
 * one.
 */
const coefficientCount = ({ optimizer, syre }: Moving) => optimizer.coefficientCount + (syre === undefined ? 0 : 1);

/** (K, c) the rows of `coefficients` for K steps from `step` on. */
export function coefficientRows(parts: Moving & { readonly schedule: Schedule }, step: number, K: number): Tensor {
  const { optimizer, syre, schedule } = parts;
  const c = coefficientCount(parts);
  const rows = new Float32Array(K * c);
  for (let k = 0; k < K; k++) {
    const lr = schedule(step + k);
    rows.set(optimizer.coefficients(step + k, lr), k * c);
    if (syre !== undefined) rows[(k + 1) * c - 1] = lr * syre.decay;
  }
  return float32(rows, [K, c]);
}

/**
 * The values carried from step to step: each group's parameters, then its optimizer states, group by group; then the
 * buffers.
 */
function carriedValues(groups: readonly ParameterGroup[], { optimizer, network }: StepModelParts) {
  const trained = groups.flatMap(({ name, shape }) => [
    { name: STEP_MODEL.parameters(name), shape },
    ...optimizer.states.map((state) => ({ name: STEP_MODEL.state(state, name), shape })),
  ]);
  const buffers = groupVectors(STEP_MODEL.buffers, bufferShapes(network));
  return buffers === undefined ? trained : [...trained, { name: STEP_MODEL.buffers, shape: buffers.shape }];
}

/** One step. Its names begin with "step/" or are the network's own, so that none is also a name of the outer graph. */
async function stepBody(engine: Engine, parts: StepModelParts, groups: readonly ParameterGroup[]): Promise<Graph> {
  const { network, optimizer, data, follower, syre } = parts;
  const g = new GraphBuilder("step");
  for (const { name, shape } of carriedValues(groups, parts)) g.input(`step/${name}`, "float32", shape);
  const row = g.input("step/coefficients", "float32", [coefficientCount(parts)]);
  const x = g.input("step/x", inputType(network), data.inputShape);
  const target = g.input("step/target", data.target.dtype, data.target.shape);
  data.masks?.forEach((shape, k) => {
    g.input(maskName(k), "float32", shape);
  });
  const due = follower?.everyStep === false ? g.input("step/due", "float32", []) : undefined;
  for (const group of groups) nameMembers(g, group, `step/${STEP_MODEL.parameters(group.name)}`);
  // Before the gradients, because an update may go into the product that computes one.
  const scalar = scalars(g, row, coefficientCount(parts));
  const coefficients = scalar.slice(0, optimizer.coefficientCount);
  const given = { x, target, buffers: `step/${STEP_MODEL.buffers}` };
  const { loss, gradients, buffers, isWhole } = await addBatchGradients(g, engine, parts, groups, given);
  const shapes = parameterShapes(network);
  const kept = optimizer.clip === undefined ? gradients : clipped(g, gradients, optimizer.clip);
  groups.forEach((group, i) => {
    const states = optimizer.states.map((state) => `step/${STEP_MODEL.state(state, group.name)}`);
    const parameters = `step/${STEP_MODEL.parameters(group.name)}`;
    const next = optimizer.update(g, parameters, kept[i]!, states, coefficients, group.shape.length < 2);
    const moved = { parameters: next.parameters, strength: scalar.at(-1)!, shapes };
    const last = syre === undefined ? next.parameters : addSyre(g, syre, group, moved);
    for (const name of [last, ...next.states]) g.output(name);
  });
  if (buffers !== undefined) g.output(buffers);
  g.output(loss);
  if (follower !== undefined) {
    const batch = isWhole ? { loss } : {};
    g.output(await follower.addToStep(g, engine, { due, buffers: given.buffers, ...batch }));
  }
  return blockConvolutions(engine, g.build());
}

/**
 * All gradients times min(1, most / (norm + 1e-6)), where norm is that of all gradients together:
 * torch.nn.utils.clip_grad_norm_.
 */
function clipped(g: GraphBuilder, gradients: readonly string[], most: number): string[] {
  const squares = gradients.map((gradient) => g.op("ReduceSumSquare", [gradient], { keepdims: int(0) }));
  const norm = g.op("Sqrt", [squares.reduce((left, right) => g.op("Add", [left, right]))]);
  const factor = g.op("Div", [g.scalar(most), g.op("Add", [norm, g.scalar(1e-6)])]);
  const bounded = g.op("Min", [factor, g.scalar(1)]);
  return gradients.map((gradient) => g.op("Mul", [gradient, bounded]));
}

/** The entries of a vector, each of shape (1). */
function scalars(g: GraphBuilder, row: string, count: number): string[] {
  if (count === 1) return [row];
  return g.ops("Split", [row], { axis: int(0), num_outputs: int(count) }, { outputs: count });
}
