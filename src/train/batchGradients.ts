/**
 * @file The mean loss of a batch and its gradient, one parameter group at a time, as nodes of the step. A batch whose
 * samples do not depend on each other may be taken in parts, one after the other; their gradients add up. A
 * transformer's values then stay in the caches, which saves two fifths of a step's memory and some of its time
 * (docs/log.md). Where samples depend on each other through BatchNormalization alone, taking parts is PyTorch's
 * gradient accumulation: each part is normalized by its own statistics, and the running statistics are updated part by
 * part (theory.md Eq. 82 with the N of a part).
 */
import { addGradients } from "../autodiff/gradient.ts";
import type { GradientRule } from "../autodiff/rule.ts";
import { addWinograd, gainsByWinograd } from "../autodiff/rules/convolution/winograd.ts";
import type { Engine } from "../engine/engine.ts";
import { bufferShapes, initialBuffers, initialParameters, type Network } from "../networks/network.ts";
import { addNextBuffers, maskName, type TrainingForm, trainingForm } from "../networks/trainingForm.ts";
import type { Objective } from "../objectives/objective.ts";
import { type BoundValue, type Graph, int, type Node } from "../onnx/graph.ts";
import { GraphBuilder, WORKING_OPSET } from "../onnx/graphBuilder.ts";
import { arrayType, sizeOf, type Tensor } from "../onnx/tensor.ts";
import { TARGET } from "../probe/feeds.ts";
import { lossGraph } from "../probe/nodes/lossGraph.ts";
import { groupVectors, nameMembers, type ParameterGroup } from "./parameterGroups.ts";
import type { TrainingData } from "./trainingData.ts";

/** chosen: 4 MB of float32, so that an operator's output is still in a cache when the next one reads it. */
const PART_VALUES = 2 ** 20;

export interface Batch {
  readonly network: Network;
  readonly objective: Objective;
  readonly data: Pick<TrainingData, "inputShape" | "target" | "masks">;
  /** Number of equal parts in which a batch is taken. Default: by the size of the network's values. */
  readonly parts?: number;
}

export interface BatchGradients {
  /** The mean loss. */
  readonly loss: string;
  /** The gradient of each group, in the group's shape; nothing else reads these values. */
  readonly gradients: readonly string[];
  /** All buffers after the batch, in one vector; undefined where the network has none. */
  readonly buffers: string | undefined;
  /** Whether the batch was taken whole, so that the network's values exist under their own names. */
  readonly isWhole: boolean;
}

/**
 * Adds the nodes to `g`, where the parameters already have their own names.
 *
 * @param given names in `g` of the batch, its target, and the vector of all buffers, if the network has any
 * @throws RangeError when the loss does not depend on a parameter, or the batch cannot be cut into that many parts
 */
export async function addBatchGradients(
  g: GraphBuilder,
  engine: Engine,
  batch: Batch,
  groups: readonly ParameterGroup[],
  given: { readonly x: string; readonly target: string; readonly buffers: string },
): Promise<BatchGradients> {
  const { x, target } = given;
  if (batch.parts !== undefined) checkParts(batch, batch.parts);
  const first = await forwardWithMeanLoss(engine, batch, batch.parts ?? 1);
  const count = batch.parts ?? usefulParts(batch, first.values);
  if (count === 1) {
    g.ops("Identity", [x], {}, { outputs: ["x"] });
    g.ops("Identity", [target], {}, { outputs: [TARGET] });
    return { loss: first.loss, isWhole: true, ...addPart(g, first, batch, groups, given.buffers) };
  }
  const { network, data } = batch;
  const forward = batch.parts === undefined ? await forwardWithMeanLoss(engine, batch, count) : first;
  const part = new GraphBuilder("part");
  const sums = groups.map(({ name, shape }) => part.input(`part/sum/${name}`, "float32", shape));
  const lossSum = part.input("part/loss", "float32", []);
  const statistics = buffersOf(network);
  if (statistics !== undefined) part.input("part/buffers", "float32", statistics.shape);
  part.input("x", inputType(network), cut(data.inputShape, count));
  part.input(TARGET, data.target.dtype, cut(data.target.shape, count));
  const { gradients, buffers } = addPart(part, forward, batch, groups, "part/buffers");
  for (const [i, gradient] of gradients.entries()) part.output(added(part, gradient, sums[i]!));
  part.output(part.op("Add", [lossSum, forward.loss]));
  if (buffers !== undefined) part.output(buffers);
  const zeros = groups.map(({ shape }) => g.op("Expand", [g.scalar(0), g.ints(shape)]));
  const states = [...zeros, g.scalar(0), ...(statistics === undefined ? [] : [given.buffers])];
  const rows = [inParts(g, x, data.inputShape, count), inParts(g, target, data.target.shape, count)];
  const attributes = { body: { graph: part.build() }, num_scan_inputs: int(rows.length) };
  const results = g.ops("Scan", [...states, ...rows], attributes, { outputs: states.length });
  return {
    loss: results[groups.length]!,
    gradients: results.slice(0, groups.length),
    buffers: results[groups.length + 1],
    isWhole: false,
  };
}

/** sum + gradient, added within the product that computes the gradient if there is one. */
function added(g: GraphBuilder, gradient: string, sum: string): string {
  return g.addIntoGemm(gradient, sum, 1) ? gradient : g.op("Add", [sum, gradient]);
}

/** The fewest parts whose largest value is small enough; 1 where taking parts would change the computation. */
function usefulParts({ network, objective, data }: Batch, values: ReadonlyMap<string, BoundValue>): number {
  if (data.masks !== undefined) return 1;
  if (buffersOf(network) !== undefined || network.independentSamples !== true || objective.acrossSamples === true)
    return 1;
  const B = data.inputShape[0]!;
  const largest = Math.max(
    ...[...values].filter(([name]) => !network.parameters.includes(name)).map(([, value]) => sizeOf(value.shape)),
  );
  for (let count = 1; count < B; count++) if (B % count === 0 && largest / count <= PART_VALUES) return count;
  return B;
}

function checkParts({ network, objective, data }: Batch, count: number): void {
  const B = data.inputShape[0]!;
  if (!Number.isInteger(count) || count < 1 || B % count !== 0)
    throw new RangeError(`train: expected a number of parts that divides the batch of ${B}, got ${count}`);
  if (count === 1) return;
  if (data.masks !== undefined)
    throw new RangeError(`train: expected one part for a network with dropout, got ${count}`);
  if (network.independentSamples !== true)
    throw new RangeError(`train: expected one part, got ${count}: samples depend on each other; leave parts out`);
  if (objective.acrossSamples === true)
    throw new RangeError(
      `train: expected one part, got ${count}: the ${objective.name} loss compares all samples of a batch; leave parts out`,
    );
}

/** Shape of one part of a batch. */
const cut = ([B, ...rest]: readonly number[], count: number) => [B! / count, ...rest];

/** (B, ...) as (count, B / count, ...). */
function inParts(g: GraphBuilder, value: string, shape: readonly number[], count: number): string {
  return g.op("Reshape", [value, g.ints([count, ...cut(shape, count)])]);
}

/** All buffers of a network as one vector; undefined where it has none. */
const buffersOf = (network: Network): ParameterGroup | undefined => groupVectors("buffers", bufferShapes(network));

/**
 * Adds forward pass, loss and gradients; returns the gradient of each group, and all buffers after this part as one
 * vector.
 */
function addPart(
  g: GraphBuilder,
  { form, graph, values, loss, prefersProducts }: Forward,
  { network, objective }: Batch,
  groups: readonly ParameterGroup[],
  buffers: string,
): Pick<BatchGradients, "gradients" | "buffers"> {
  const group = buffersOf(network);
  if (group !== undefined) nameMembers(g, group, buffers);
  for (const [name, tensor] of graph.initializers) g.initializer(name, tensor);
  const own = new Map<Node, GradientRule>();
  for (const node of graph.nodes) {
    if (prefersProducts && gainsByWinograd(graph, node, values)) own.set(node, addWinograd(g, node, values));
    else g.add(node);
  }
  const gradients = addGradients(g, graph, { of: loss, wrt: network.parameters, values, own });
  return {
    gradients: groupGradients(g, gradients, groups, objective.name),
    buffers: group && nextBuffers(g, form, values, group),
  };
}

function nextBuffers(g: GraphBuilder, form: TrainingForm, values: Forward["values"], group: ParameterGroup): string {
  const next = addNextBuffers(g, form, (value) => values.get(value)!.shape);
  const members = group.members.map(({ name }) => next.get(name)!);
  return g.op("Concat", members, { axis: int(0) });
}

function groupGradients(
  g: GraphBuilder,
  gradients: ReadonlyMap<string, string | undefined>,
  groups: readonly ParameterGroup[],
  loss: string,
): string[] {
  const all = groups.flatMap(({ members }) => members.map(({ name }) => gradients.get(name)));
  const shared = new Set(all.filter((gradient, i) => all.indexOf(gradient) !== i));
  return groups.map(({ members }) => {
    const pieces = members.map(({ name }) => {
      const gradient = gradients.get(name);
      // Parameters that share a gradient (W1 + W2) get a copy each, because an optimizer may overwrite its own.
      if (gradient !== undefined) return shared.has(gradient) ? g.op("Identity", [gradient]) : gradient;
      throw new RangeError(`train: expected the ${loss} loss to depend on ${name}, it does not`);
    });
    return pieces.length === 1 ? pieces[0]! : g.op("Concat", pieces, { axis: int(0) });
  });
}

/** The training form's graph on one part of a batch. Parameters, buffers and batch are inputs; all shapes are bound. */
interface Forward {
  readonly form: TrainingForm;
  readonly graph: Graph;
  readonly values: ReadonlyMap<string, BoundValue>;
  /** The part's share of the batch's mean loss. */
  readonly loss: string;
  /** Whether convolutions become matrix products where those take fewer multiplications. */
  readonly prefersProducts: boolean;
}

async function forwardWithMeanLoss(
  engine: Engine,
  { network, objective, data }: Batch,
  count: number,
): Promise<Forward> {
  const feeds: Record<string, Tensor> = Object.fromEntries([...initialParameters(network), ...initialBuffers(network)]);
  feeds.x = zeros(inputType(network), cut(data.inputShape, count));
  feeds[TARGET] = zeros(data.target.dtype, cut(data.target.shape, count));
  data.masks?.forEach((shape, k) => {
    feeds[maskName(k)] = zeros("float32", shape);
  });
  const form = trainingForm(network);
  const model = { graph: form.graph, opset: WORKING_OPSET };
  const changing = [...network.parameters, ...(network.buffers ?? [])];
  const { graph, values, perSample } = await lossGraph(engine, model, objective, changing, feeds);
  const g = new GraphBuilder("mean", graph);
  const mean = g.op("ReduceMean", [perSample], { keepdims: int(0) });
  const loss = count === 1 ? mean : g.op("Mul", [mean, g.scalar(1 / count)]);
  for (const name of [mean, loss]) values.set(name, { dtype: values.get(perSample)!.dtype, shape: [] });
  return { form, graph: g.build(), values, loss, prefersProducts: engine.prefersProducts === true };
}

/** Element type of the network's input: float32, or int64 for tokens. */
export function inputType({ graph }: Network): Tensor["dtype"] {
  return graph.inputs[0]!.dtype ?? "float32";
}

function zeros(dtype: Tensor["dtype"], shape: readonly number[]): Tensor {
  if (dtype === "string") throw new TypeError("train: expected numbers as data, got strings");
  return { dtype, shape, data: new (arrayType(dtype))(sizeOf(shape)) as Float32Array };
}
