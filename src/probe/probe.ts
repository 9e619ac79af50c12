/**
 * @file Measures the moments of every linear map of a model on given data: adds the loss, the gradients at each map's
 * output and the moment sums to the model's graph, streams batches through it and adds the sums up in float64.
 */
import type { Engine } from "../engine/engine.ts";
import { FloatProducts } from "../engine/floatProducts.ts";
import { ArrayPool } from "../linalg/arrayPool.ts";
import type { LayerOutline } from "../moments/accumulate/layerOutline.ts";
import {
  addBatch,
  emptyLayerSums,
  finishSums,
  isOutOfRange,
  type LayerSums,
  type UnfinishedMoments,
} from "../moments/accumulate/layerSums.ts";
import { addCrossMoments, emptyDeferred } from "../moments/accumulate/rowSpaceSums.ts";
import type { Edges } from "../moments/edges.ts";
import { emptyLabelledSums, mergeLabelledSums } from "../moments/labelledSums.ts";
import { bareLayer, cloneEmpty, type LayerMoments, type Moments, mergeAllMoments } from "../moments/moments.ts";
import type { Model } from "../onnx/graph.ts";
import type { Tensor } from "../onnx/tensor.ts";
import { type Feeds, shapeKey } from "./feeds.ts";
import { groupCount } from "./groupCount.ts";
import { factorFeeds, type Instrumented, instrument } from "./instrument.ts";
import type { Skipped } from "./maps/linearMap.ts";
import { bareSampledLayer } from "./maps/sampledCoordinates.ts";
import { checkBranches } from "./nodes/branches.ts";
import type { RowFactor } from "./nodes/factorRows.ts";
import { checkLabels, LossSums } from "./nodes/lossGraph.ts";
import { Features } from "./nodes/nearestMean.ts";
import { emptyNoiseSums } from "./nodes/noiseNodes.ts";
import { addOutputGradients } from "./nodes/outputGradients.ts";
import { outlinesOf, type Prepared, prepare } from "./prepare.ts";
import type { ProbeOptions } from "./probeOptions.ts";
import { ProgramsByShape } from "./programsByShape.ts";

export interface MeasureOptions {
  readonly step?: number;
  readonly source?: string;
  /** Current values of the parameters. */
  readonly parameters?: ReadonlyMap<string, Tensor>;
  /** Called after each batch with the number of samples (tokens) done. */
  readonly onBatch?: (samples: number) => void;
  /** When aborted, the measurement ends after the current batch and covers the samples so far. */
  readonly signal?: AbortSignal;
  /**
   * Expected number of batches: with many, more work is left to after the last one. Default: the length of an array,
   * else 1.
   */
  readonly batches?: number;
  /** Names of the layers to measure, among those of `outline`. Default: all. */
  readonly layers?: readonly string[];
}

/** The measured quantities besides the sums of layers. */
export interface MeasuredLosses {
  /** Mean of the per-sample losses. */
  readonly loss: number;
  /** Share of samples whose largest output is the target's, for classification. */
  readonly accuracy?: number;
  readonly samples: number;
  readonly skipped: readonly Skipped[];
  /** Share of samples whose nearest class mean differs from the predicted class (Eq. 70), and the classifier's name. */
  readonly nearestMean?: { readonly layer: string; readonly disagreement: number };
}

/** A measurement before its groups are added up. */
export interface GroupedMeasurement extends MeasuredLosses {
  /** Sums over disjoint, non-empty groups of batches: two to 16 as memory allows, one for a single batch. */
  readonly groups: readonly Moments[];
}

export interface Measurement extends GroupedMeasurement {
  readonly total: Moments;
}

/** A measurement before its sums are finished. */
export interface SummedMeasurement extends MeasuredLosses {
  readonly groups: readonly UnfinishedMoments[];
}

export class Probe {
  private readonly engine: Engine;
  private readonly model: Model;
  private readonly options: ProbeOptions;
  private readonly prepared = new Map<string, Prepared>();
  private readonly programs = this.programsOf();
  private readonly products: FloatProducts;
  /** Maps whose rows are divided by a power of two, because their squares leave the range of float32. */
  private readonly rescaled = new Set<string>();
  /** Those of the current measurement; programs keep those they were compiled for. */
  private batches = 1;

  constructor(engine: Engine, model: Model, options: ProbeOptions) {
    if (model.graph.outputs.length === 0) throw new RangeError("probe: expected a model with an output, got none");
    this.engine = engine;
    this.model = model;
    this.options = options;
    this.products = new FloatProducts(engine, { threads: options.threads ?? 1, planMemory: false });
  }

  /**
   * The measured layers, in their order, for batches of the feeds' shapes.
   *
   * @param feeds one batch with the parameters' values; only types and shapes matter
   */
  async outline(feeds: Feeds): Promise<LayerOutline[]> {
    return outlinesOf(await this.prepare(feeds), this.options);
  }

  /**
   * As `measureGroups`, with the sums of all samples. These alone have the cross moments gh of maps, and rows where
   * they are kept: no measure needs those of a group.
   */
  async measure(batches: Iterable<Feeds>, options: MeasureOptions = {}): Promise<Measurement> {
    const measured = await this.measureGroups(batches, options, false);
    const total = mergeAllMoments(measured.groups);
    for (const [i, layer] of total.layers.entries()) {
      await addCrossMoments(layer, this.products, new ArrayPool());
      if (layer.rows !== undefined) for (const { layers } of measured.groups) delete layers[i]!.rows;
    }
    return { total, ...measured };
  }

  /** As `measureSums`, with the sums of each group finished. @param crossed whether those of maps have gh */
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
        layers.push(await finishSums(part, this.products, { crossed }));
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
      addMaps(group, instrumented, outputs, factors);
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
    const filled = groups.slice(0, index); // one group for each batch where batches are few
    const { name: objective } = this.options.objective;
    return {
      groups: filled.map((layers) => ({ step, source, objective, layers, ...(edges && { edges }) })),
      ...losses.means(),
      skipped,
      ...(nearestMean && { nearestMean }),
    };
  }

  /**
   * Notes the maps whose rows have squares beyond float32; returns whether the program does not yet scale some of them.
   */
  private rescale({ maps }: Instrumented, outputs: Readonly<Record<string, Tensor>>): boolean {
    const found = maps.filter(({ map, names }) => !this.rescaled.has(map.name) && isOutOfRange(outputs, names));
    for (const { map } of found) this.rescaled.add(map.name);
    return (
      found.length > 0 || maps.some(({ map, names }) => this.rescaled.has(map.name) && names["hb.scale"] === undefined)
    );
  }

  /** The share of samples whose nearest class mean differs from the predicted class. */
  private async nearestMean(
    groups: readonly (readonly LayerSums[])[],
    features: Features,
  ): Promise<Measurement["nearestMean"]> {
    const classifier = groups[0]!.find(({ layer }) => layer.labelled !== undefined);
    if (classifier === undefined) return undefined;
    const sums = groups.flatMap((layers) => layers.flatMap(({ layer }) => layer.labelled ?? []));
    const disagreement = await features.disagreement(
      this.engine,
      sums.reduce((x, y) => mergeLabelledSums(x, y, classifier.layer.name)),
      this.options.threads ?? 1,
    );
    return disagreement === undefined ? undefined : { layer: classifier.layer.name, disagreement };
  }

  async dispose(): Promise<void> {
    await this.programs.dispose();
    await this.products.dispose();
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

  /** Empty groups of layers, as many as all layers of the network allow; they share their weights. */
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
    return [group(first), ...Array.from({ length: others }, () => group(first.map(cloneEmpty)))];
  }
}

/** Adds a batch to the sums of each map. */
function addMaps(
  group: readonly LayerSums[],
  { maps }: Instrumented,
  outputs: Readonly<Record<string, Tensor>>,
  factors: ReadonlyMap<string, RowFactor>,
): void {
  for (const [i, { map, names, deferred, noise }] of maps.entries()) {
    const sums = group[i]!;
    if (deferred !== undefined) sums.deferred ??= emptyDeferred(deferred.side, factors.get(deferred.L)!.Q);
    addBatch(sums, outputs, names, map.rows, deferred && sums.deferred, noise?.rows.n);
  }
}

/** An empty layer (n = 0). */
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
