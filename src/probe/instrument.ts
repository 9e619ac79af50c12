/** @file The graph of a model with loss, gradients and moment sums added, compiled for one shape of batch. */
import type { Engine, Program } from "../engine/engine.ts";
import type { LayerSums, SumNames } from "../moments/accumulate/layerSums.ts";
import type { Side } from "../moments/moments.ts";
import type { Model } from "../onnx/graph.ts";
import { float32, type Tensor } from "../onnx/tensor.ts";
import { differentiate } from "./differentiate.ts";
import type { Feeds } from "./feeds.ts";
import { gradientAt, type Measurable } from "./maps/linearMap.ts";
import { addConditions, type Conditions } from "./nodes/branches.ts";
import type { Classifier } from "./nodes/classNodes.ts";
import type { RowFactor } from "./nodes/factorRows.ts";
import { addLossOutputs, type LossGraph } from "./nodes/lossGraph.ts";
import { addMomentNodes } from "./nodes/momentNodes.ts";
import { addFeatures, type FeatureNames } from "./nodes/nearestMean.ts";
import type { NoisePlan } from "./nodes/noiseNodes.ts";
import { compileOutputGradients, type OutputGradientProgram } from "./nodes/outputGradients.ts";
import { deferredSide, deferredSize, factorOf } from "./nodes/rowSpaceSide.ts";
import type { Chosen, Prepared } from "./prepare.ts";
import type { ProbeOptions } from "./probeOptions.ts";

/** A graph instrumented for one shape of batch. */
export interface Instrumented {
  readonly program: Program;
  readonly loss: LossGraph;
  readonly classifier: Classifier | undefined;
  /** The classifier's outputs for the nearest class mean. */
  readonly features: FeatureNames | undefined;
  readonly outputGradients: OutputGradientProgram | undefined;
  /** Outputs that show which branches a batch takes. */
  readonly conditions: Conditions;
  readonly maps: readonly (Chosen & {
    readonly noise: NoisePlan | undefined;
    readonly names: SumNames;
    /** The side whose sums are made in fewer coordinates, and the input for L (factorRows). */
    readonly deferred: { readonly side: Side; readonly L: string } | undefined;
  })[];
}

/** @param given names of the maps, undefined for all; the expected number of batches and of their groups */
export async function instrument(
  engine: Engine,
  model: Model,
  options: ProbeOptions,
  { loss, chosen, classifier, noise }: Prepared,
  given: {
    layers: readonly string[] | undefined;
    batches: number;
    groups: number;
    rescaled: ReadonlySet<string>;
  },
): Promise<Instrumented> {
  const { objective, threads = 1, planMemory = true, cross = true, outputPasses = 0, nearestMean = true } = options;
  const { layers, batches, groups, rescaled } = given;
  const wanted = layers === undefined ? chosen : chosen.filter(({ map }) => layers.includes(map.name));
  const wantedMaps = wanted.map(({ map }) => map);
  const { builder, gradients, added } = differentiate(loss, wantedMaps, []);
  const maps = wanted.map(({ map, sample, keptRows }) => {
    const isKept = keptRows !== undefined;
    const labels = classifier?.map === map && !isKept ? classifier : undefined;
    const cheaper = isKept ? undefined : deferredSide(map, { rows: batches * map.rows, groups }, sample);
    const side = labels && cheaper === "b" ? undefined : cheaper; // sums by class need the rows of h_b themselves
    const d = side && deferredSize(map, side);
    const deferred = side && { side, L: builder.input(factorName(map), "float32", [d, d]) };
    const plan = noise.get(map.name);
    const scaling = { rescaled: rescaled.has(map.name) };
    const momentOptions = {
      cross,
      deferred,
      added,
      sample,
      classifier: labels,
      noise: plan,
      keepsRows: isKept,
      ...scaling,
    };
    const names = addMomentNodes(builder, map, gradients.get(gradientAt(map))!, momentOptions);
    return { map, sample, keptRows, names, deferred, noise: plan };
  });
  const isMeasured = wanted.some(
    ({ map, sample, keptRows }) => map === classifier?.map && sample === undefined && keptRows === undefined,
  );
  const labelled = isMeasured ? classifier : undefined;
  const features = labelled && nearestMean ? addFeatures(builder, labelled, loss.pair!.output.name) : undefined;
  addLossOutputs(builder, loss, objective);
  const conditions = addConditions(builder, loss.taken);
  if (features !== undefined) for (const name of Object.values<string>({ ...features })) builder.output(name);
  for (const { names } of maps) for (const name of Object.values(names)) builder.output(name);
  // A memory plan would persist and add to the memory of the other parts of a large network.
  const program = await engine.compile(
    { ...model, graph: builder.build() },
    { threads, planMemory: planMemory && layers === undefined },
  );
  const outputGradients =
    outputPasses > 0 ? await compileOutputGradients(engine, model, loss, wantedMaps, threads) : undefined;
  return { program, loss, maps, outputGradients, features, classifier: labelled, conditions };
}

const factorName = ({ name }: Measurable): string => `${name} factor`;

/** The values of the inputs for L, from the weights. */
export function factorFeeds(
  { maps, loss }: Instrumented,
  layers: readonly LayerSums[],
  given: Feeds,
  known: Map<string, RowFactor>,
): Feeds {
  const value = (name: string) => given[name] ?? loss.graph.initializers.get(name)!;
  const feeds: Record<string, Tensor> = {};
  for (const [i, { deferred, map }] of maps.entries()) {
    if (deferred === undefined) continue;
    const found = known.get(deferred.L) ?? factorOf(deferred.side, layers[i]!.layer.W!, map.input!, value);
    known.set(deferred.L, found);
    feeds[deferred.L] = float32(found.L.data, [found.L.rows, found.L.cols]);
  }
  return feeds;
}
