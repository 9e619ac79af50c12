/**
 * @file Measures the moments of every linear map of a model on given data: adds the loss, the gradients at each map's output
 * and the moment sums to the model's graph, streams batches through it and adds the sums up in float64.
 */
import { addGradients } from "../autodiff/gradient.ts";
import { NotDifferentiableError } from "../autodiff/notDifferentiable.ts";
import type { Engine, Program } from "../engine/engine.ts";
import { ArrayPool } from "../linalg/arrayPool.ts";
import type { Edges } from "../moments/edges.ts";
import { emptyLabelledSums, mergeLabelledSums } from "../moments/labelledSums.ts";
import {
  anotherBare,
  bareLayer,
  type LayerMoments,
  type Moments,
  mergeAllMoments,
  type NamedLayer,
  type Side,
} from "../moments/moments.ts";
import type { Objective, OwnLoss } from "../objectives/objective.ts";
import { readsOf } from "../onnx/branches.ts";
import type { Graph, Model, Node } from "../onnx/graph.ts";
import { GraphBuilder } from "../onnx/graphBuilder.ts";
import { float32, sizeOf, type Tensor } from "../onnx/tensor.ts";
import { Random } from "../random/random.ts";
import { type Block, withBlocks } from "./blocks.ts";
import { addConditions, type Conditions, checkBranches, otherBranches } from "./branches.ts";
import { type Classifier, findClassifier } from "./classNodes.ts";
import { addCrossMoments, deferredSide, deferredSize, emptyDeferred, factorOf } from "./deferredSums.ts";
import { edgesOf, type NoisePlans, noisePlans } from "./edgesOf.ts";
import { ExampleLayouts } from "./exampleRows.ts";
import { type Feeds, shapeKey } from "./feeds.ts";
import { groupCount } from "./groupCount.ts";
import { keepsRows } from "./keptRows.ts";
import { addBatch, emptyLayerSums, isOutOfRange, type LayerSums, putTogether } from "./layerSums.ts";
import { gradientAt, type Measurable, type Skipped } from "./linearMap.ts";
import { findLinearMaps } from "./linearMaps.ts";
import { addLossOutputs, checkLabels, type LossGraph, LossSums, lossGraph } from "./lossGraph.ts";
import { moduleNames } from "./moduleName.ts";
import { addMomentNodes, type SumNames } from "./momentNodes.ts";
import { addFeatures, type FeatureNames, Features } from "./nearestMean.ts";
import { emptyNoiseSums, type NoisePlan } from "./noiseNodes.ts";
import { addOutputGradients, compileOutputGradients, type OutputGradientProgram } from "./outputGradients.ts";
import { type LayerOutline, outlineOf } from "./parts.ts";
import { ProgramsByShape } from "./programsByShape.ts";
import type { RowFactor } from "./rowFactor.ts";
import { bareSampledLayer, type MapSample, sampleCoordinates } from "./sampledCoordinates.ts";
import { sampleRows, withRows } from "./sampledRows.ts";
import { Turning } from "./turnedSums.ts";
import { whyNoGradient } from "./withoutGradient.ts";

export interface ProbeOptions {
  readonly objective: Objective | OwnLoss;
  /** Initializers whose values are given at each measurement, because training changes them. */
  readonly parameters?: readonly string[];
  /** Inputs that are the same for all samples: their first axis is none of samples. Default: none. */
  readonly same?: ReadonlySet<string>;
  readonly threads?: number;
  /** As in CompileOptions. Default true; parts of a network (`layers`) go without. */
  readonly planMemory?: boolean;
  /** Which maps are measured, of all there are by their names; the others are listed as skipped. Default: all. */
  readonly select?: (layers: readonly NamedLayer[]) => (name: string) => boolean;
  /** Sides of more values are not measured whole: their moments take d^2 numbers and their ranks d^3 operations. Default: no limit. */
  readonly largest?: number;
  /** What becomes of them: the layer is left out, or so many coordinates of the side are drawn at random (Eq. 77). Default "skip". */
  readonly beyond?: Beyond;
  /** Rows of each sample that are measured of every map but a classifier's last one, at random: pixels, tokens. Default: all. */
  readonly positions?: number;
  /** Seed of what is drawn. Default 0. */
  readonly sampleSeed?: number;
  /**
   * Backward passes a batch for the gradients of the network's outputs (Eq. 72): one for each output, or random directions of more
   * outputs than this. Default 0: none.
   */
  readonly outputPasses?: number;
  /** Outputs of whole blocks that are measured by channel beside the maps. Default: none. */
  readonly blocks?: readonly Block[];
  /** Whether a classifier's features are kept until the nearest class mean is known (Eq. 70). Default true. */
  readonly nearestMean?: boolean;
  /** Whether the cross moments of gradients and activations are summed as well. Default true. */
  readonly cross?: boolean;
  /**
   * Samples that there will be in all; where given, maps with fewer rows than half the values of their wider side keep rows in place of
   * sums: their alignments are the same, and nothing else is measured of them. Default: sums.
   */
  readonly keepRowsOf?: number;
  /** Whether groups of samples are 8 where 16 take long, since measurements are many. Default false. */
  readonly fewGroups?: boolean;
  /** Names of maps and heads in place of those that the graph gives them. Default: none. */
  readonly rename?: ReadonlyMap<string, string>;
  /**
   * Widest representation between two maps for whose symmetry the noise is summed (Eq. 122); 0 finds the pairs alone. Default: pairs are not
   * looked for.
   */
  readonly pairs?: number;
}

export type Beyond = "skip" | "sample";

export interface MeasureOptions {
  readonly step?: number;
  readonly source?: string;
  /** Current values of the parameters. */
  readonly parameters?: ReadonlyMap<string, Tensor>;
  /** Told after each batch how many samples (tokens) are done. */
  readonly onBatch?: (samples: number) => void;
  /** When aborted, the measurement ends after the batch at hand and covers the samples so far. */
  readonly signal?: AbortSignal;
  /** How many batches there are, as far as it is known: of many, more is left to behind the last one. Default: those of an array, else 1. */
  readonly batches?: number;
  /** Names of the layers that are measured, of those that `outline` lists. Default: all. */
  readonly layers?: readonly string[];
}

/** What is measured beside the sums of layers. */
export interface MeasuredLosses {
  /** Mean of the per-sample losses. */
  readonly loss: number;
  /** Share of samples whose largest output is the target's, for classification. */
  readonly accuracy?: number;
  readonly samples: number;
  readonly skipped: readonly Skipped[];
  /** Share of samples whose nearest class mean is another class than the network names (Eq. 70), and the classifier's name. */
  readonly nearestMean?: { readonly layer: string; readonly disagreement: number };
}

/** What is measured before the groups are added up. */
export interface GroupedMeasurement extends MeasuredLosses {
  /**
   * Sums over disjoint groups of batches, none of them empty: two to 16 as memory allows, one where there is one batch.
   */
  readonly groups: readonly Moments[];
}

export interface Measurement extends GroupedMeasurement {
  readonly total: Moments;
}

/** What is measured before the sums are put together. */
export interface SummedMeasurement extends MeasuredLosses {
  readonly groups: readonly GroupSums[];
}

/** As Moments. */
export type GroupSums = Omit<Moments, "layers"> & { readonly layers: LayerSums[] };

/** A map that can be measured, and the coordinates that are where not all are. */
export interface Chosen {
  readonly map: Measurable;
  readonly sample: MapSample | undefined;
  /** Rows that will be kept in place of sums; undefined where sums are made. */
  readonly keptRows: number | undefined;
}

/** What there is to measure in a graph bound to one shape of batch. */
export interface Prepared {
  readonly loss: LossGraph;
  readonly chosen: readonly Chosen[];
  readonly classifier: Classifier | undefined;
  readonly skipped: readonly Skipped[];
  readonly edges: Edges | undefined;
  readonly noise: NoisePlans;
}

/** A graph instrumented for one shape of batch. */
interface Instrumented {
  readonly program: Program;
  readonly loss: LossGraph;
  readonly classifier: Classifier | undefined;
  /** The outputs of the classifier that the nearest class mean is looked for with. */
  readonly features: FeatureNames | undefined;
  readonly outputGradients: OutputGradientProgram | undefined;
  /** Outputs that say which branches a batch takes. */
  readonly conditions: Conditions;
  readonly maps: readonly (Chosen & {
    readonly noise: NoisePlan | undefined;
    readonly names: SumNames;
    /** The side whose sums are made in fewer coordinates, and the input that takes L (rowFactor). */
    readonly deferred: { readonly side: Side; readonly L: string } | undefined;
  })[];
}

export class Probe {
  private readonly engine: Engine;
  private readonly model: Model;
  private readonly options: ProbeOptions;
  private readonly prepared = new Map<string, Prepared>();
  private readonly programs = this.programsOf();
  private readonly turning: Turning;
  /** Maps whose rows are divided by a power of two, since their squares leave the range of float32. */
  private readonly rescaled = new Set<string>();
  /** Of the measurement at hand; programs stay what they were compiled for. */
  private batches = 1;

  constructor(engine: Engine, model: Model, options: ProbeOptions) {
    if (model.graph.outputs.length === 0) throw new RangeError("probe: expected a model with an output, got none");
    this.engine = engine;
    this.model = model;
    this.options = options;
    this.turning = new Turning(engine, { threads: options.threads ?? 1, planMemory: false });
  }

  /**
   * The layers that are measured, in their order, for batches of the feeds' shapes.
   *
   * @param feeds one batch with the parameters' values; only types and shapes matter
   */
  async outline(feeds: Feeds): Promise<LayerOutline[]> {
    return outlinesOf(await this.prepare(feeds), this.options);
  }

  /** As `measureGroups`, with the sums of all samples, which alone have the cross moments gh of maps, and rows where they are kept: no measure needs those of a group. */
  async measure(batches: Iterable<Feeds>, options: MeasureOptions = {}): Promise<Measurement> {
    const measured = await this.measureGroups(batches, options, false);
    const total = mergeAllMoments(measured.groups);
    for (const [i, layer] of total.layers.entries()) {
      await addCrossMoments(layer, this.turning, new ArrayPool());
      if (layer.rows !== undefined) for (const { layers } of measured.groups) delete layers[i]!.rows;
    }
    return { total, ...measured };
  }

  /** As `measureSums`, with the sums of each group put together. @param crossed whether those of maps have gh */
  async measureGroups(
    batches: Iterable<Feeds>,
    options: MeasureOptions = {},
    crossed = true,
  ): Promise<GroupedMeasurement> {
    const { groups: sums, ...measured } = await this.measureSums(batches, options);
    const groups: Moments[] = [];
    for (const { layers: parts, ...group } of sums) {
      const layers: LayerMoments[] = [];
      for (let part = parts.shift(); part !== undefined; part = parts.shift())
        layers.push(await putTogether(part, this.turning, { crossed }));
      groups.push({ ...group, layers });
    }
    return { groups, ...measured };
  }

  /**
   * Measures over all batches: inputs by name, and the targets under TARGET. The first axis runs over samples.
   *
   * @throws RangeError when there is no batch, no linear map, or a target does not fit the output
   * @throws NotDifferentiableError when the loss cannot be differentiated back to a map
   */
  async measureSums(batches: Iterable<Feeds>, options: MeasureOptions = {}): Promise<SummedMeasurement> {
    const programs = options.layers === undefined ? this.programs : this.programsOf(options.layers);
    try {
      return await this.measureWith(programs, batches, options);
    } finally {
      if (programs !== this.programs) await programs.dispose();
    }
  }

  private async measureWith(
    programs: ProgramsByShape<Instrumented>,
    batches: Iterable<Feeds>,
    options: MeasureOptions,
  ): Promise<SummedMeasurement> {
    const { step = 0, source = "", parameters = new Map<string, Tensor>() } = options;
    const given = Object.fromEntries(parameters);
    this.batches = options.batches ?? (Array.isArray(batches) ? batches.length : 1);
    let groups: LayerSums[][] | undefined;
    let skipped: readonly Skipped[] = [];
    let edges: Edges | undefined;
    const losses = new LossSums();
    const features = new Features();
    const factors = new Map<string, RowFactor>();
    const branches = new Map<string, boolean>();
    let index = 0;
    for (const batch of batches) {
      const feeds = { ...given, ...batch };
      let instrumented = await programs.get(feeds);
      checkLabels(this.options.objective, instrumented.loss, batch);
      groups ??= this.emptyGroups(instrumented, await this.prepare(feeds), parameters);
      const group = groups[index++ % groups.length]!;
      const used = factorFeeds(instrumented, group, feeds, factors);
      let outputs = await instrumented.program.run({ ...feeds, ...used });
      if (this.rescale(instrumented, outputs)) {
        await programs.forget(feeds);
        instrumented = await programs.get(feeds);
        outputs = await instrumented.program.run({ ...feeds, ...used });
      }
      checkBranches(outputs, instrumented.conditions, branches);
      for (const [i, { map, names, deferred, noise }] of instrumented.maps.entries()) {
        const sums = group[i]!;
        if (deferred !== undefined) sums.deferred ??= emptyDeferred(deferred.side, factors.get(deferred.L)!.Q);
        addBatch(sums, outputs, names, map.rows, deferred && sums.deferred, noise?.rows.n);
      }
      if (instrumented.outputGradients !== undefined)
        await addOutputGradients(
          instrumented.outputGradients,
          group.map(({ layer }) => layer.outputGradients),
          feeds,
          { passes: this.options.outputPasses!, seed: String(index) },
        );
      if (instrumented.features !== undefined) features.add(outputs, instrumented.features);
      ({ skipped, edges } = await this.prepare(feeds));
      losses.add(outputs, instrumented.loss);
      options.onBatch?.(losses.samples);
      if (options.signal?.aborted) break;
    }
    if (groups === undefined) throw new RangeError("probe: expected at least one batch of data, got none");
    const nearestMean = await this.nearestMean(groups, features);
    const filled = groups.slice(0, index); // a group for each batch where batches are few
    return {
      groups: filled.map((layers) => ({
        ...{ step, source, objective: this.options.objective.name, layers },
        ...(edges && { edges }),
      })),
      ...losses.means(),
      skipped,
      ...(nearestMean && { nearestMean }),
    };
  }

  /** Notes the maps whose rows float32 cannot square as they are; whether there are any that the program does not scale. */
  private rescale({ maps }: Instrumented, outputs: Readonly<Record<string, Tensor>>): boolean {
    const found = maps.filter(({ map, names }) => !this.rescaled.has(map.name) && isOutOfRange(outputs, names));
    for (const { map } of found) this.rescaled.add(map.name);
    return (
      found.length > 0 || maps.some(({ map, names }) => this.rescaled.has(map.name) && names["hb.scale"] === undefined)
    );
  }

  /** For which share of the samples the nearest class mean is another class than the network names. */
  private async nearestMean(
    groups: readonly (readonly LayerSums[])[],
    features: Features,
  ): Promise<Measurement["nearestMean"]> {
    const classifier = groups[0]!.find(({ layer }) => layer.labelled !== undefined);
    if (classifier === undefined) return undefined;
    const sums = groups.flatMap((layers) => layers.flatMap(({ layer }) => layer.labelled ?? []));
    const disagreement = await features.disagreement(
      this.engine,
      sums.reduce(mergeLabelledSums),
      this.options.threads ?? 1,
    );
    return disagreement === undefined ? undefined : { layer: classifier.layer.name, disagreement };
  }

  async dispose(): Promise<void> {
    await this.programs.dispose();
    await this.turning.dispose();
  }

  private programsOf(layers?: readonly string[]): ProgramsByShape<Instrumented> {
    return new ProgramsByShape(async (feeds) => {
      const prepared = await this.prepare(feeds);
      const { batches } = this;
      const groups = Math.min(batches, groupCount(outlinesOf(prepared, this.options), this.options.fewGroups));
      const { rescaled } = this;
      return instrument(this.engine, this.model, this.options, prepared, { layers, batches, groups, rescaled });
    });
  }

  private async prepare(feeds: Feeds): Promise<Prepared> {
    const key = shapeKey(feeds);
    const known = this.prepared.get(key);
    if (known !== undefined) return known;
    const made = await prepare(this.engine, this.model, this.options, feeds);
    this.prepared.set(key, made);
    return made;
  }

  /** Groups of layers over no samples, as many as may be of all layers of the network; they share their weights. */
  private emptyGroups(
    instrumented: Instrumented,
    prepared: Prepared,
    parameters: ReadonlyMap<string, Tensor>,
  ): LayerSums[][] {
    const { cross = true } = this.options;
    const { maps } = instrumented;
    const first = maps.map((of) => bareLayerOf(of, instrumented, parameters));
    const group = (layers: readonly LayerMoments[]) =>
      layers.map((layer, i) => {
        const { map, sample, keptRows } = maps[i]!;
        const columnOrder = sample?.a === undefined ? map.input?.columnOrder : undefined;
        const keeps = keptRows !== undefined;
        return emptyLayerSums(layer, { cross: cross && sample === undefined, columnOrder, keepsRows: keeps });
      });
    const others = groupCount(outlinesOf(prepared, this.options), this.options.fewGroups) - 1;
    return [group(first), ...Array.from({ length: others }, () => group(first.map(anotherBare)))];
  }
}

/** A layer over no samples. */
function bareLayerOf(
  { map, sample, noise }: Instrumented["maps"][number],
  { loss, classifier, outputGradients }: Instrumented,
  parameters: ReadonlyMap<string, Tensor>,
): LayerMoments {
  const { name, kind, dOut, input } = map;
  const current = (of: string) => parameters.get(of) ?? loss.graph.initializers.get(of)!;
  const W = input?.weight(current);
  if (sample !== undefined) return bareSampledLayer(map, sample, W);
  const layer = bareLayer(name, kind, input?.dIn ?? dOut, dOut, W);
  const bias = input?.bias?.(current);
  if (bias !== undefined) layer.bias = bias;
  if (noise !== undefined) layer.noise = emptyNoiseSums(map, noise);
  if (classifier?.map === map) layer.labelled = emptyLabelledSums(classifier.classes, layer.dIn, dOut);
  if (outputGradients !== undefined && W !== undefined)
    layer.outputGradients = { sum: new Float64Array(dOut * dOut), exact: true };
  return layer;
}

export function outlinesOf({ chosen, noise }: Prepared, options: ProbeOptions): LayerOutline[] {
  return chosen.map(({ map, sample, keptRows }) =>
    outlineOf(map, sample, options, { noise: noise.get(map.name), keptRows }),
  );
}

/** Finds the maps, and which of them the loss has a gradient at. */
export async function prepare(engine: Engine, model: Model, options: ProbeOptions, feeds: Feeds): Promise<Prepared> {
  const { objective, parameters = [] } = options;
  const { largest = Number.POSITIVE_INFINITY, beyond = "skip", sampleSeed = 0 } = options;
  const { positions = Number.POSITIVE_INFINITY } = options;
  const seeded = new Random(sampleSeed);
  const random = seeded.split("coordinates");
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
  const layouts = Number.isFinite(positions) ? new ExampleLayouts(samples, context) : undefined;
  const inPart = (map: Measurable): Measurable => {
    if (map === classifier?.map) return map;
    const where = layouts?.rowsOf(map);
    const rows = sampleRows(map.rows, samples, positions, seeded.split(`rows of ${map.name}`), where);
    return rows === undefined ? map : withRows(map, rows);
  };
  const chosen: Chosen[] = [];
  for (const map of maps) {
    if (gradients.get(gradientAt(map)) !== undefined) {
      const sample = beyond === "sample" ? sampleCoordinates(map, largest, random) : undefined;
      const part = inPart(map);
      const rows = (part.rows / samples) * (options.keepRowsOf ?? Number.POSITIVE_INFINITY);
      chosen.push({ map: part, sample, keptRows: sample === undefined && keepsRows(part, rows) ? rows : undefined });
    } else if (!skipped.some(({ node }) => node === map.name))
      skipped.push({ node: map.name, reason: whyNoGradient(loss, gradientAt(map)) });
  }
  if (chosen.length === 0) {
    const others = all.filter(({ name }) => selected?.(name) === false);
    throw others.length > 0 ? new NoneAskedFor(others, noMaps(skipped)) : new RangeError(noMaps(skipped));
  }
  const edges = options.pairs === undefined ? undefined : edgesOf(renamed, chosen, context, loss.perSample);
  const losses = sizeOf(values.get(loss.perSample)!.shape) / samples;
  // Where losses are of several samples at once, rows of a gradient are not those of one example's loss.
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

/** Samples of a batch: one where all inputs are the same for all samples. */
function samplesOf({ graph }: Model, feeds: Feeds, { parameters = [], same }: ProbeOptions): number {
  const input = graph.inputs.find(
    ({ name }) => feeds[name] !== undefined && !parameters.includes(name) && same?.has(name) !== true,
  );
  return (input && feeds[input.name]!.shape[0]) ?? 1;
}

/** @param given names of the maps, undefined for all; batches and the groups of them that there will be */
async function instrument(
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
    const side = labels && cheaper === "b" ? undefined : cheaper; // sums by class take the rows of h_b themselves
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
  // A plan of memory would be kept beside what parts of a large network take piece by piece.
  const program = await engine.compile(
    { ...model, graph: builder.build() },
    { threads, planMemory: planMemory && layers === undefined },
  );
  const outputGradients =
    outputPasses > 0 ? await compileOutputGradients(engine, model, loss, wantedMaps, threads) : undefined;
  return { program, loss, maps, outputGradients, features, classifier: labelled, conditions };
}

const factorName = ({ name }: Measurable): string => `${name} factor`;

/** The values of the inputs that take L, from the weights. */
function factorFeeds(
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

/**
 * Adds the gradients at the outputs of the maps. Where an operator cannot be differentiated, the maps before it are left out with
 * the reason, since a part of their gradient would be missing, and the others are measured.
 */
function differentiate(loss: LossGraph, maps: readonly Measurable[], skipped: Skipped[]) {
  const { graph, values, perSample } = loss;
  let wanted = [...maps];
  for (;;) {
    const builder = new GraphBuilder("probe", graph);
    try {
      const wrt = [...new Set(wanted.map(gradientAt))];
      const added = new Map<Node, readonly (string | undefined)[]>();
      const onNode = (node: Node, names: readonly (string | undefined)[]) => added.set(node, names);
      return { builder, added, gradients: addGradients(builder, graph, { of: perSample, wrt, values, onNode }) };
    } catch (error) {
      if (!(error instanceof NotDifferentiableError)) throw error;
      const before = ancestors(graph, error.node);
      const blocked = wanted.filter((map) => before.has(gradientAt(map)));
      if (blocked.length === 0) throw error;
      wanted = wanted.filter((map) => !before.has(gradientAt(map)));
      const reason = `its gradient passes ${error.message.replace(/^autodiff: /, "")}`;
      for (const { name } of blocked) skipped.push({ node: name, reason });
    }
  }
}

/** All values that a node depends on. */
function ancestors(graph: Graph, node: Node): Set<string> {
  const found = new Set(readsOf(node));
  for (const other of [...graph.nodes].reverse())
    if (other.outputs.some((output) => found.has(output))) for (const input of readsOf(other)) found.add(input);
  return found;
}

const NOT_ASKED = "not among the layers asked for";

/** None of the layers is among those asked for. */
export class NoneAskedFor extends RangeError {
  override readonly name = "RangeError";
  /** The layers that there are. */
  readonly layers: readonly NamedLayer[];

  constructor(layers: readonly NamedLayer[], message: string) {
    super(message);
    this.layers = layers.map(({ name, kind }) => ({ name, kind }));
  }
}

/** Why a map is not measured although it could be. */
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

/** chosen: names in a message. */
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
