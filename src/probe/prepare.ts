/**
 * @file What can be measured in a model whose shapes are bound to those of a batch: its maps and heads with a gradient,
 * the requested ones among them, the classifier, and the edges between maps. Everything else comes with the reason why
 * it is not measured.
 */
import type { Engine } from "../engine/engine.ts";
import type { LayerOutline } from "../moments/accumulate/layerOutline.ts";
import type { Edges } from "../moments/edges.ts";
import type { NamedLayer } from "../moments/moments.ts";
import type { Model } from "../onnx/graph.ts";
import { sizeOf } from "../onnx/tensor.ts";
import { Random } from "../random/random.ts";
import { differentiate } from "./differentiate.ts";
import type { Feeds } from "./feeds.ts";
import { withBlocks } from "./maps/blockOutputs.ts";
import { ExampleLayouts } from "./maps/exampleRows.ts";
import { gradientAt, type Measurable, type Skipped } from "./maps/linearMap.ts";
import { findLinearMaps } from "./maps/linearMaps.ts";
import { edgesOf, type NoisePlans, noisePlans } from "./maps/measuredEdges.ts";
import { moduleNames } from "./maps/moduleName.ts";
import { type MapSample, sampleCoordinates } from "./maps/sampledCoordinates.ts";
import { sampleRows, withRows } from "./maps/sampledRows.ts";
import { whyNoGradient } from "./maps/withoutGradient.ts";
import { otherBranches } from "./nodes/branches.ts";
import { type Classifier, findClassifier } from "./nodes/classNodes.ts";
import { type LossGraph, lossGraph } from "./nodes/lossGraph.ts";
import { keepsRows } from "./nodes/rowOutputs.ts";
import { outlineOf } from "./parts.ts";
import type { ProbeOptions } from "./probeOptions.ts";

/** A map that can be measured, and its sampled coordinates if not all are measured. */
export interface Chosen {
  readonly map: Measurable;
  readonly sample: MapSample | undefined;
  /** Number of rows kept instead of sums; undefined where sums are made. */
  readonly keptRows: number | undefined;
}

/** What can be measured in a graph bound to one shape of batch. */
export interface Prepared {
  readonly loss: LossGraph;
  readonly chosen: readonly Chosen[];
  readonly classifier: Classifier | undefined;
  readonly skipped: readonly Skipped[];
  readonly edges: Edges | undefined;
  readonly noise: NoisePlans;
}

export function outlinesOf({ chosen, noise }: Prepared, options: ProbeOptions): LayerOutline[] {
  return chosen.map(({ map, sample, keptRows }) =>
    outlineOf(map, sample, options, { noise: noise.get(map.name), keptRows }),
  );
}

/** Finds the maps, and those at which the loss has a gradient. */
export async function prepare(engine: Engine, model: Model, options: ProbeOptions, feeds: Feeds): Promise<Prepared> {
  const { objective, parameters = [] } = options;
  const loss = await lossGraph(engine, model, objective, parameters, feeds);
  const { graph, values } = loss;
  const weights = new Set([...graph.initializers.keys(), ...parameters]);
  const found = findLinearMaps(graph, weights, values, moduleNames(model.graph));
  const skipped = [...found.skipped, ...otherBranches(loss.taken)];
  const renamed = found.maps.map((map) => {
    const standIn = loss.standIns.get(map.hb);
    const name = options.rename?.get(map.name) ?? map.name;
    return { ...map, name, ...(standIn !== undefined && { gradientAt: standIn }) };
  });
  const all = withBlocks(renamed, options.blocks ?? [], graph, values);
  const selected = options.select?.(all);
  const maps = all.filter((map) => {
    const reason = leftOut(map, options, selected);
    if (reason !== undefined) skipped.push({ node: map.name, reason });
    return reason === undefined;
  });
  const { gradients } = differentiate(loss, maps, skipped);
  const classifier = findClassifier(maps, loss, objective);
  const samples = samplesOf(model, feeds, options);
  const context = {
    graph,
    values,
    isWeight: (name: string) => weights.has(name),
    moduleName: moduleNames(model.graph),
  };
  const layouts = Number.isFinite(options.positions ?? Number.POSITIVE_INFINITY)
    ? new ExampleLayouts(samples, context)
    : undefined;
  const choose = chooser(options, samples, layouts);
  const chosen: Chosen[] = [];
  for (const map of maps) {
    if (gradients.get(gradientAt(map)) !== undefined) chosen.push(choose(map, map === classifier?.map));
    else if (!skipped.some(({ node }) => node === map.name))
      skipped.push({ node: map.name, reason: whyNoGradient(loss, gradientAt(map)) });
  }
  if (chosen.length === 0) {
    const others = all.filter(({ name }) => selected?.(name) === false);
    throw others.length > 0 ? new NoneAskedFor(others, noMaps(skipped)) : new RangeError(noMaps(skipped));
  }
  const edges = options.pairs === undefined ? undefined : edgesOf(renamed, chosen, context, loss.perSample);
  const losses = sizeOf(values.get(loss.perSample)!.shape) / samples;
  // Where each loss covers several samples, a row of a gradient does not belong to one example's loss.
  const isByExample = objective.lossOutput !== undefined || !objective.acrossSamples;
  const noise = noisePlans(isByExample ? (edges?.pairs ?? []) : [], chosen, {
    context,
    same: options.same,
    examples: samples,
    losses,
    widest: options.pairs ?? 0,
  });
  return { loss, chosen, skipped, classifier, edges, noise };
}

/** Chooses the coordinates and rows of one map after another; a classifier's last map keeps all its rows. */
function chooser(
  options: ProbeOptions,
  samples: number,
  layouts: ExampleLayouts | undefined,
): (map: Measurable, isClassifier: boolean) => Chosen {
  const { largest = Number.POSITIVE_INFINITY, beyond = "skip", sampleSeed = 0 } = options;
  const { positions = Number.POSITIVE_INFINITY } = options;
  const seeded = new Random(sampleSeed);
  const random = seeded.split("coordinates");
  const inPart = (map: Measurable): Measurable => {
    const where = layouts?.rowsOf(map);
    const rows = sampleRows(map.rows, samples, positions, seeded.split(`rows of ${map.name}`), where);
    return rows === undefined ? map : withRows(map, rows);
  };
  return (map, isClassifier) => {
    const sample = beyond === "sample" ? sampleCoordinates(map, largest, random) : undefined;
    const part = isClassifier ? map : inPart(map);
    const rows = (part.rows / samples) * (options.keepRowsOf ?? Number.POSITIVE_INFINITY);
    return { map: part, sample, keptRows: sample === undefined && keepsRows(part, rows) ? rows : undefined };
  };
}

/** Samples per batch: one where all inputs are the same for all samples. */
function samplesOf({ graph }: Model, feeds: Feeds, { parameters = [], same }: ProbeOptions): number {
  const input = graph.inputs.find(
    ({ name }) => feeds[name] !== undefined && !parameters.includes(name) && same?.has(name) !== true,
  );
  return (input && feeds[input.name]!.shape[0]) ?? 1;
}

const NOT_ASKED = "not among the layers asked for";

/** Thrown where no layer of the model is among the requested ones. */
export class NoneAskedFor extends RangeError {
  override readonly name = "RangeError";
  /** The layers of the model. */
  readonly layers: readonly NamedLayer[];

  constructor(layers: readonly NamedLayer[], message: string) {
    super(message);
    this.layers = layers.map(({ name, kind }) => ({ name, kind }));
  }
}

/** Why a measurable map is not measured. */
function leftOut(
  { name, dOut, input }: Measurable,
  { largest, beyond }: ProbeOptions,
  selected: ((name: string) => boolean) | undefined,
): string | undefined {
  if (selected?.(name) === false) return NOT_ASKED;
  const d = Math.max(dOut, input?.dIn ?? 0);
  return largest !== undefined && d > largest && beyond !== "sample"
    ? `${d} values on a side, more than the limit of ${largest}`
    : undefined;
}

/** chosen: most names in a message. */
const NAMED = 3;

function noMaps(skipped: readonly Skipped[]): string {
  const byReason = new Map<string, string[]>();
  for (const { node, reason } of skipped) byReason.set(reason, [...(byReason.get(reason) ?? []), node]);
  const reasons = [...byReason].map(([reason, nodes]) => {
    const more = nodes.length > NAMED ? ` and ${nodes.length - NAMED} more` : "";
    return `${nodes.slice(0, NAMED).join(", ")}${more}: ${reason}`;
  });
  return `probe: expected a linear map with a constant weight (Gemm, MatMul, Conv, Einsum) that can be measured, got ${reasons.join("; ") || "no such operator in the model"}`;
}
