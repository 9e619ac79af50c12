/**
 * @file K training steps of R networks of the same form as one model. The step of each (stepModel.ts) has its body
 * replicated, so that a step of all R costs as many operators as a step of one. Each network's own nodes make its
 * batches, before the steps.
 */
import { bindBodies } from "../engine/bindBodies.ts";
import { bindShapes } from "../engine/bindShapes.ts";
import type { Engine } from "../engine/engine.ts";
import { renamed } from "../onnx/branches.ts";
import { type Graph, int, type Model, type Node, type ValueInfo } from "../onnx/graph.ts";
import { GraphBuilder, WORKING_OPSET } from "../onnx/graphBuilder.ts";
import { type Scanned, scanParts } from "../onnx/scan.ts";
import { arrayType, sizeOf, type Tensor } from "../onnx/tensor.ts";
import { replicate } from "../replicate/replicate.ts";
import { DUE } from "./follow.ts";
import { STEP_MODEL } from "./stepModel.ts";

/** Name of an input that belongs to one of the networks: a tensor that its data draw. */
export const ofReplicate = (r: number, name: string): string => `replicate/${r}/${name}`;

/**
 * One model of the step models of R networks.
 *
 * Inputs and outputs have the names of the step model: coefficients (K, R, c); parameters, states and buffers with a
 * leading axis R; the data's by `ofReplicate`; losses (K, R); what is followed (K, R, size), at steps that are the same
 * for all.
 *
 * @throws NotReplicableError where the models are not of one form, or an operator has no rule
 */
export async function replicateStepModels(engine: Engine, models: readonly Model[]): Promise<Model> {
  const scans = models.map(({ graph }) => graph.nodes.find(({ op }) => op === "Scan")!);
  const [node, { body, states, inputs }] = [scans[0]!, scanParts(scans[0]!)];
  const R = models.length;
  const single = models[0]!.graph;
  const g = new GraphBuilder("replicates");
  const carried = states.map(({ initial }) => {
    const { shape } = inputOf(single, initial);
    return g.input(initial, "float32", [R, ...shape!]);
  });
  const coefficients = g.input(STEP_MODEL.coefficients, "float32", [
    "K",
    R,
    inputOf(single, STEP_MODEL.coefficients).shape![1]!,
  ]);
  const own = new Set([...carried, coefficients, DUE]);
  const made = models.map((model, r) => addBatches(g, model.graph, { r, own }));
  const scanned = inputs.map(({ name }) => {
    if (name === DUE) return g.input(DUE, "float32", ["K"]);
    if (name === coefficients) return coefficients;
    return stackedSecond(
      g,
      made.map((rename) => rename(name)),
    );
  });
  const stacked = new Set([
    ...states.map(({ read }) => read),
    ...innerNames(inputs.filter(({ name }) => name !== DUE)),
  ]);
  const bodies = scans.map((scan) => scanParts(scan).body);
  const step = replicate(bodies, { stacked, values: await bodyValues(engine, body) });
  const outputs = [...node.outputs];
  g.ops("Scan", [...carried, ...scanned], { body: { graph: step }, num_scan_inputs: int(scanned.length) }, { outputs });
  for (const name of outputs) g.output(name);
  return { graph: g.build(), opset: WORKING_OPSET };
}

const innerNames = (inputs: readonly Scanned[]) => inputs.map(({ inner }) => inner);

function inputOf(graph: Graph, name: string): ValueInfo {
  return graph.inputs.find((input) => input.name === name)!;
}

/** Adds the nodes that make the batches of one network, under names of their own; returns the renaming. */
function addBatches(
  g: GraphBuilder,
  graph: Graph,
  { r, own }: { readonly r: number; readonly own: ReadonlySet<string> },
): (name: string) => string {
  const nodes = graph.nodes.slice(
    0,
    graph.nodes.findIndex(({ op }) => op === "Scan"),
  );
  const inputs = graph.inputs.filter(({ name }) => !own.has(name));
  const names = new Map(
    [...inputs.map(({ name }) => name), ...graph.initializers.keys(), ...nodes.flatMap(({ outputs }) => outputs)].map(
      (name) => [name, ofReplicate(r, name)],
    ),
  );
  for (const { name, dtype, shape } of inputs) g.input(names.get(name)!, dtype!, shape);
  for (const [name, tensor] of graph.initializers) g.initializer(names.get(name)!, tensor);
  for (const node of nodes) g.add(renamed({ ...node, name: node.name && ofReplicate(r, node.name) } as Node, names));
  return (name) => names.get(name) ?? name;
}

/** Values (K, ...) as one (K, R, ...). */
function stackedSecond(g: GraphBuilder, values: readonly string[]): string {
  const axis = g.ints([1]);
  return g.op(
    "Concat",
    values.map((value) => g.op("Unsqueeze", [value, axis])),
    { axis: int(1) },
  );
}

async function bodyValues(engine: Engine, body: Graph) {
  const model = { graph: body, opset: WORKING_OPSET };
  const values = await bindShapes(
    engine,
    model,
    Object.fromEntries(body.inputs.map((input) => [input.name, blank(input)])),
  );
  return bindBodies(engine, model, values);
}

function blank({ dtype, shape }: ValueInfo): Tensor {
  const extents = shape as readonly number[];
  const data = new (arrayType(dtype as "float32"))(sizeOf(extents)) as Float32Array;
  return { dtype: dtype!, shape: extents, data };
}
