/**
 * @file Measures the moments of every linear map of a model on given data: adds the loss, the gradients at each map's output
 * and the moment sums to the model's graph, streams batches through it and adds the sums up in float64.
 */
import { addGradients } from "../autodiff/gradient.ts";
import type { Engine, Program } from "../engine/engine.ts";
import { type Matrix, matrix, transpose } from "../linalg/matrix.ts";
import { emptyLayer, type LayerMoments, type Moments, mergeMoments } from "../moments/moments.ts";
import type { Objective } from "../objectives/objective.ts";
import type { BoundValue, Model } from "../onnx/graph.ts";
import { GraphBuilder } from "../onnx/graphBuilder.ts";
import { type Tensor, toNumbers } from "../onnx/tensor.ts";
import { addBatch } from "./batchSums.ts";
import { type Feeds, shapeKey } from "./feeds.ts";
import { findLinearMaps, type LinearMap, type Skipped } from "./linearMaps.ts";
import { addLossOutputs, LossSums, lossGraph } from "./lossGraph.ts";
import { addMomentNodes, type SumNames } from "./momentNodes.ts";

export interface ProbeOptions {
  readonly objective: Objective;
  /** Initializers whose values are given at each measurement, because training changes them. */
  readonly parameters?: readonly string[];
  readonly threads?: number;
}

export interface MeasureOptions {
  readonly step?: number;
  readonly source?: string;
  /** Current values of the parameters. */
  readonly parameters?: ReadonlyMap<string, Tensor>;
  /** Told after each batch how many samples are done. */
  readonly onBatch?: (samples: number) => void;
}

export interface Measurement {
  readonly total: Moments;
  /** Sums over the even and the odd batches: their difference is the noise of the sampling (Eq. 18). */
  readonly halves: readonly [Moments, Moments];
  /** Mean of the per-sample losses. */
  readonly loss: number;
  /** Share of samples whose largest output is the target's, for classification. */
  readonly accuracy?: number;
  readonly samples: number;
  readonly skipped: readonly Skipped[];
}

/** A graph instrumented for one shape of batch. */
interface Instrumented {
  readonly program: Program;
  readonly maps: readonly { readonly map: LinearMap; readonly names: SumNames; readonly rows: number }[];
  readonly skipped: readonly Skipped[];
}

export class Probe {
  private readonly engine: Engine;
  private readonly model: Model;
  private readonly options: ProbeOptions;
  private readonly byShape = new Map<string, Instrumented>();

  constructor(engine: Engine, model: Model, options: ProbeOptions) {
    if (model.graph.outputs.length === 0) throw new RangeError("probe: expected a model with an output, got none");
    this.engine = engine;
    this.model = model;
    this.options = options;
  }

  /**
   * Measures over all batches: inputs by name, and the targets under TARGET. The first axis runs over samples.
   *
   * @throws RangeError when there is no batch, no linear map, or a target does not fit the output
   * @throws NotDifferentiableError when the loss cannot be differentiated back to a map
   */
  async measure(batches: Iterable<Feeds>, options: MeasureOptions = {}): Promise<Measurement> {
    const { step = 0, source = "", parameters = new Map<string, Tensor>() } = options;
    const given = Object.fromEntries(parameters);
    let halves: [LayerMoments[], LayerMoments[]] | undefined;
    let skipped: readonly Skipped[] = [];
    const sums = new LossSums();
    let index = 0;
    for (const batch of batches) {
      const feeds = { ...given, ...batch };
      const instrumented = await this.instrumented(feeds);
      const outputs = await instrumented.program.run(feeds);
      halves ??= [this.emptyLayers(instrumented, parameters), this.emptyLayers(instrumented, parameters)];
      const half = halves[index++ % 2]!;
      for (const [i, { names, rows }] of instrumented.maps.entries()) addBatch(half[i]!, outputs, names, rows);
      skipped = instrumented.skipped;
      sums.add(outputs, batch);
      options.onBatch?.(sums.samples);
    }
    if (halves === undefined) throw new RangeError("probe: expected at least one batch of data, got none");
    const asMoments = (layers: LayerMoments[]): Moments => ({
      step,
      source,
      objective: this.options.objective.name,
      layers,
    });
    const pair = [asMoments(halves[0]), asMoments(halves[1])] as const;
    return { total: mergeMoments(...pair), halves: pair, ...sums.means(), skipped };
  }

  async dispose(): Promise<void> {
    for (const { program } of this.byShape.values()) await program.dispose();
    this.byShape.clear();
  }

  private async instrumented(feeds: Feeds): Promise<Instrumented> {
    const key = shapeKey(feeds);
    const known = this.byShape.get(key);
    if (known !== undefined) return known;
    const made = await instrument(this.engine, this.model, this.options, feeds);
    this.byShape.set(key, made);
    return made;
  }

  private emptyLayers({ maps }: Instrumented, parameters: ReadonlyMap<string, Tensor>): LayerMoments[] {
    return maps.map(({ map }) => {
      const stored = parameters.get(map.weight) ?? this.model.graph.initializers.get(map.weight)!;
      return emptyLayer(map.name, map.kind, map.dIn, map.dOut, weightMatrix(map, stored));
    });
  }
}

/** W of shape (dOut, dIn) in float64, as h_b = W h_a needs it. */
function weightMatrix(map: LinearMap, stored: Tensor): Matrix {
  const values = Float64Array.from(toNumbers(stored), (value) => value * map.scale);
  return map.transposed ? transpose(matrix(map.dIn, map.dOut, values)) : matrix(map.dOut, map.dIn, values);
}

async function instrument(engine: Engine, model: Model, options: ProbeOptions, feeds: Feeds): Promise<Instrumented> {
  const { objective, parameters = [], threads = 1 } = options;
  const loss = await lossGraph(engine, model, objective, parameters, feeds);
  const { graph, values } = loss;
  const weights = new Set([...graph.initializers.keys(), ...parameters]);
  const { maps, skipped } = findLinearMaps(graph, weights, values);
  const builder = new GraphBuilder("probe", graph);
  const gradients = addGradients(builder, graph, { of: loss.perSample, wrt: maps.map((map) => map.hb), values });
  const measured: { map: LinearMap; names: SumNames; rows: number }[] = [];
  for (const map of maps) {
    const gb = gradients.get(map.hb);
    if (gb === undefined) skipped.push({ node: map.name, reason: "the loss does not depend on its output" });
    else measured.push({ map, names: addMomentNodes(builder, map, gb), rows: rowsOf(values.get(map.hb)!) });
  }
  if (measured.length === 0) throw new RangeError(noMaps(skipped));
  addLossOutputs(builder, loss, objective);
  for (const { names } of measured) for (const name of Object.values(names)) builder.output(name);
  const program = await engine.compile({ ...model, graph: builder.build() }, { threads });
  return { program, maps: measured, skipped };
}

/** Samples of a value (…, d): all axes but the last. */
function rowsOf({ shape }: BoundValue): number {
  return shape.slice(0, -1).reduce((product, extent) => product * extent, 1);
}

function noMaps(skipped: readonly Skipped[]): string {
  const reasons = skipped.map(({ node, reason }) => `${node}: ${reason}`).join("; ");
  return `probe: expected a linear map with a constant weight (Gemm, MatMul), got ${reasons || "no such operator in the model"}`;
}
