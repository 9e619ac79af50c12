/**
 * @file What can be measured in a model, without data: its maps and heads with their weights, the skipped nodes with
 * reasons, and the shapes of its outputs, for free dimensions bound to guesses. The sum of squares of an output
 * replaces the loss in the search for gradients.
 */
import { bindShapes } from "../engine/bindShapes.ts";
import type { Engine } from "../engine/engine.ts";
import type { Matrix } from "../linalg/matrix.ts";
import type { LayerOutline } from "../moments/accumulate/layerOutline.ts";
import { objective } from "../objectives/objective.ts";
import type { BoundValue, Graph, Model } from "../onnx/graph.ts";
import { sizeOf, type Tensor, toFloat64 } from "../onnx/tensor.ts";
import { TARGET } from "./feeds.ts";
import { type Bindings, guessedFeeds, guesses } from "./guessedFeeds.ts";
import { type AttentionParts, attentionParts } from "./maps/attentionParts.ts";
import type { Skipped } from "./maps/linearMap.ts";
import { moduleNames } from "./maps/moduleName.ts";
import { outlinesOf, type Prepared, prepare } from "./prepare.ts";
import type { ProbeOptions } from "./probeOptions.ts";

export interface OutlinedLayer extends LayerOutline {
  /** Entries of W, and of a bias that the map adds. */
  readonly parameters: number;
  /** Rows per sample: positions, tokens. */
  readonly rowsPerSample: number;
  /** W (dOut, dIn), made on request; absent for heads. */
  readonly weights?: () => Matrix;
  /** For a head: its attention's parts and its index among the heads. */
  readonly head?: AttentionParts & { readonly index: number };
}

export interface ModelOutline {
  readonly layers: readonly OutlinedLayer[];
  readonly skipped: readonly Skipped[];
  /** The sizes that the free dimensions were bound to. */
  readonly bound: Bindings;
  /** The output whose sum of squares was differentiated, and its shape. */
  readonly output: string;
  readonly shape: readonly number[];
  /** Numbers in all values of a forward pass, per sample. */
  readonly numbersPerSample: number;
}

/** Which layers, as in a measurement. */
export type OutlineOptions = Pick<ProbeOptions, "select" | "pairs" | "cross">;

/**
 * @param model in the form that is measured
 * @param given the user's sizes of free dimensions
 * @throws Error in one line, from the last guess, where the model cannot be bound to any, or has nothing to measure
 */
export async function outlineModel(
  engine: Engine,
  model: Model,
  { given, ...options }: OutlineOptions & { readonly given?: Bindings } = {},
): Promise<ModelOutline> {
  let failure: unknown;
  for (const bound of guesses(model.graph, given)) {
    try {
      return await outlineAt(engine, model, bound, options);
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

async function outlineAt(
  engine: Engine,
  model: Model,
  bound: Bindings,
  options: OutlineOptions,
): Promise<ModelOutline> {
  const feeds = guessedFeeds(model.graph, bound);
  const values = await bindShapes(engine, model, feeds);
  let best: { readonly prepared: Prepared; readonly output: string } | undefined;
  let failure: unknown;
  for (const { name } of model.graph.outputs) {
    const value = values.get(name);
    if (value === undefined || value.dtype !== "float32" || value.shape.length === 0) continue;
    try {
      const target: Tensor = { dtype: "float32", shape: value.shape, data: new Float32Array(sizeOf(value.shape)) };
      const prepared = await prepare(
        engine,
        withFirst(model, name),
        { ...options, objective: objective("squared-error") },
        { ...feeds, [TARGET]: target },
      );
      if (best === undefined || prepared.chosen.length > best.prepared.chosen.length) best = { prepared, output: name };
    } catch (error) {
      failure = error;
    }
  }
  if (best === undefined)
    throw failure ?? new RangeError("inspect: expected an output of float32 for each sample, got none");
  const samples = Object.values(feeds)[0]?.shape[0] ?? 1;
  return {
    layers: layersOf(best.prepared, model.graph, samples, options),
    skipped: best.prepared.skipped,
    bound,
    output: best.output,
    shape: values.get(best.output)!.shape,
    numbersPerSample: numbersOf(best.prepared) / samples,
  };
}

/** Entries of all values of a graph except its initializers. */
function numbersOf({ loss: { graph, values } }: Prepared): number {
  const computed = new Set(graph.nodes.flatMap(({ outputs }) => outputs));
  return [...values].reduce((sum, [name, { shape }]) => sum + (computed.has(name) ? sizeOf(shape) : 0), 0);
}

function withFirst(model: Model, output: string): Model {
  const outputs = [...model.graph.outputs].sort((x, y) => Number(y.name === output) - Number(x.name === output));
  return { ...model, graph: { ...model.graph, outputs } };
}

function layersOf(prepared: Prepared, read: Graph, samples: number, options: OutlineOptions): OutlinedLayer[] {
  const { graph, values } = prepared.loss;
  const maps = prepared.chosen.map(({ map }) => map);
  const value = (name: string): Tensor => graph.initializers.get(name)!;
  const context = {
    graph,
    values: values as ReadonlyMap<string, BoundValue>,
    isWeight: (name: string) => graph.initializers.has(name),
    moduleName: moduleNames(read),
  };
  const outlines = outlinesOf(prepared, { ...options, objective: objective("squared-error") });
  const parts = new Map<string, AttentionParts>();
  const indices = new Map<string, number>();
  return maps.map((map, i) => {
    const shared = { ...outlines[i]!, rowsPerSample: map.rows / samples };
    if (map.input !== undefined) {
      const { weight, bias } = map.input;
      const added = bias == null ? 0 : map.dOut;
      return { ...shared, parameters: map.dOut * map.input.dIn + added, weights: () => weight(value) };
    }
    const found = parts.get(map.hb) ?? attentionParts(map.hb, maps, context);
    parts.set(map.hb, found);
    const index = indices.get(map.hb) ?? 0;
    indices.set(map.hb, index + 1);
    return { ...shared, parameters: 0, head: { ...found, index } };
  });
}

/** Numbers in a model: entries of its floating-point initializers, each counted once. */
export function parameterCount({ initializers }: Graph): number {
  return [...initializers.values()]
    .filter(({ dtype }) => dtype === "float32" || dtype === "float64" || dtype === "float16")
    .reduce((sum, { shape }) => sum + sizeOf(shape), 0);
}

/** A stored weight that a node multiplies with, for models whose shapes could not be bound. */
export interface StoredWeight {
  readonly name: string;
  readonly shape: readonly number[];
  readonly weights: () => Matrix;
}

/**
 * The weights of products and convolutions as matrices, for measures that need no shapes of values. Whether rows or
 * columns are outputs is unknown; the spectrum is the same for both.
 */
export function storedWeights(graph: Graph): StoredWeight[] {
  const names = new Set(
    graph.nodes
      .filter(({ op }) => op === "MatMul" || op === "Gemm" || op === "Conv")
      .flatMap(({ inputs }) => inputs.slice(0, 2)),
  );
  const nameOf = moduleNames(graph);
  return [...names].flatMap((name) => {
    const tensor = graph.initializers.get(name);
    if (tensor === undefined || tensor.dtype !== "float32" || tensor.shape.length < 2) return [];
    const user = graph.nodes.find(({ inputs }) => inputs.includes(name))!;
    const rows = tensor.shape[0]!;
    const cols = sizeOf(tensor.shape) / rows;
    const layer = nameOf(user, name, user.inputs[2]);
    return [{ name: layer, shape: tensor.shape, weights: () => ({ rows, cols, data: toFloat64(tensor) }) }];
  });
}
