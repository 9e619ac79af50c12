/**
 * @file Measures the moments of every linear map of a model on given data: adds the loss, the gradients at each map's output
 * and the moment sums to the model's graph, streams batches through it and adds the sums up in float64.
 */
import { addGradients } from "../autodiff/gradient.ts";
import { bindShapes } from "../engine/bindShapes.ts";
import type { Engine, Program } from "../engine/engine.ts";
import { type Matrix, matrix, transpose } from "../linalg/matrix.ts";
import { emptyLayer, type LayerMoments, type Moments, mergeMoments } from "../moments/moments.ts";
import type { Objective } from "../objectives/objective.ts";
import { type BoundValue, type Graph, int, type Model } from "../onnx/graph.ts";
import { GraphBuilder } from "../onnx/graphBuilder.ts";
import { type Tensor, toNumbers } from "../onnx/tensor.ts";
import { addBatch } from "./batchSums.ts";
import { findLinearMaps, type LinearMap, type Skipped } from "./linearMaps.ts";
import { addMomentNodes, type SumNames } from "./momentNodes.ts";

/** Name under which a batch carries its targets. */
export const TARGET = "target";
const LOSS_SUM = "probe/loss";
const CORRECT = "probe/correct";

export type Feeds = Readonly<Record<string, Tensor>>;

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
    let [loss, correct, samples, index] = [0, 0, 0, 0];
    for (const batch of batches) {
      const feeds = { ...given, ...batch };
      const instrumented = await this.instrumented(feeds);
      const outputs = await instrumented.program.run(feeds);
      halves ??= [this.emptyLayers(instrumented, parameters), this.emptyLayers(instrumented, parameters)];
      const half = halves[index % 2]!;
      for (const [i, { names, rows }] of instrumented.maps.entries()) addBatch(half[i]!, outputs, names, rows);
      skipped = instrumented.skipped;
      loss += toNumbers(outputs[LOSS_SUM]!)[0]!;
      if (outputs[CORRECT] !== undefined) correct += toNumbers(outputs[CORRECT])[0]!;
      samples += batch[TARGET]!.shape[0]!;
      index++;
      options.onBatch?.(samples);
    }
    if (halves === undefined) throw new RangeError("probe: expected at least one batch of data, got none");
    const asMoments = (layers: LayerMoments[]): Moments => ({
      step,
      source,
      objective: this.options.objective.name,
      layers,
    });
    const pair = [asMoments(halves[0]), asMoments(halves[1])] as const;
    return {
      total: mergeMoments(...pair),
      halves: pair,
      loss: loss / samples,
      ...(this.options.objective.classification ? { accuracy: correct / samples } : {}),
      samples,
      skipped,
    };
  }

  async dispose(): Promise<void> {
    for (const { program } of this.byShape.values()) await program.dispose();
    this.byShape.clear();
  }

  private async instrumented(feeds: Feeds): Promise<Instrumented> {
    const key = Object.entries(feeds)
      .map(([name, { shape }]) => `${name}:${shape.join("x")}`)
      .join(" ");
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
  const forward = parametersAsInputs(model.graph, parameters);
  const output = forward.outputs[0]!.name;
  const withoutTarget = { ...feeds };
  delete withoutTarget[TARGET];
  const forwardValues = await bindShapes(engine, { ...model, graph: forward }, withoutTarget);
  checkTarget(objective, forwardValues.get(output)!, feeds[TARGET]);

  const withLoss = new GraphBuilder("loss", { ...forward, outputs: [] });
  const target = withLoss.input(TARGET, objective.targetType);
  const perSample = objective.perSample(withLoss, output, forwardValues.get(output)!, target);
  const graph = withLoss.build();
  const values = await bindShapes(engine, { ...model, graph }, feeds);

  const weights = new Set([...graph.initializers.keys(), ...parameters]);
  const { maps, skipped } = findLinearMaps(forward, weights, values);
  const builder = new GraphBuilder("probe", graph);
  const gradients = addGradients(builder, graph, { of: perSample, wrt: maps.map((map) => map.hb), values });
  const measured: { map: LinearMap; names: SumNames; rows: number }[] = [];
  const left = [...skipped];
  for (const map of maps) {
    const gb = gradients.get(map.hb);
    if (gb === undefined) {
      left.push({ node: map.name, reason: "the loss does not depend on its output" });
      continue;
    }
    const rows = values
      .get(map.hb)!
      .shape.slice(0, -1)
      .reduce((product, extent) => product * extent, 1);
    measured.push({ map, names: addMomentNodes(builder, map, gb), rows });
  }
  if (measured.length === 0) throw new RangeError(noMaps(left));

  builder.output(builder.op("ReduceSum", [perSample], { keepdims: int(0) }), LOSS_SUM);
  if (objective.classification) builder.output(countCorrect(builder, output, target), CORRECT);
  for (const { names } of measured) for (const name of Object.values(names)) builder.output(name);
  const program = await engine.compile({ ...model, graph: builder.build() }, { threads });
  return { program, maps: measured, skipped: left };
}

function noMaps(skipped: readonly Skipped[]): string {
  const reasons = skipped.map(({ node, reason }) => `${node}: ${reason}`).join("; ");
  return `probe: expected a linear map with a constant weight (Gemm, MatMul), got ${reasons || "no such operator in the model"}`;
}

function parametersAsInputs(graph: Graph, parameters: readonly string[]): Graph {
  const names = new Set(parameters);
  const inputs = parameters.map((name) => {
    const { dtype, shape } = graph.initializers.get(name)!;
    return { name, dtype, shape };
  });
  const initializers = new Map([...graph.initializers].filter(([name]) => !names.has(name)));
  return { ...graph, inputs: [...graph.inputs, ...inputs], initializers };
}

function checkTarget(objective: Objective, output: BoundValue, target: Tensor | undefined): void {
  const expected = objective.targetShape(output.shape).join(", ");
  if (target === undefined)
    throw new RangeError(`${objective.name}: expected targets of shape (${expected}), got none`);
  if (target.dtype !== objective.targetType || target.shape.join(", ") !== expected)
    throw new RangeError(
      `${objective.name}: expected ${objective.targetType} targets of shape (${expected}) for outputs of shape ` +
        `(${output.shape.join(", ")}), got ${target.dtype} (${target.shape.join(", ")}); pass the targets of the same inputs`,
    );
}

/** Number of rows whose largest output stands at the target's index. */
function countCorrect(builder: GraphBuilder, output: string, target: string): string {
  const predicted = builder.op("ArgMax", [output], { axis: int(1), keepdims: int(0) });
  const equal = builder.op("Cast", [builder.op("Equal", [predicted, target])], { to: int(1) });
  return builder.op("ReduceSum", [equal], { keepdims: int(0) });
}

/** Cuts tensors of n rows into at least two batches of at most `size` rows. */
export function sliceBatches(whole: Readonly<Record<string, Tensor>>, size: number): Feeds[] {
  const n = Object.values(whole)[0]!.shape[0]!;
  const step = Math.max(1, Math.min(size, Math.ceil(n / 2)));
  const batches: Feeds[] = [];
  for (let from = 0; from < n; from += step) {
    const to = Math.min(n, from + step);
    const cut = ([name, { dtype, shape, data }]: [string, Tensor]): [string, Tensor] => {
      const row = data.length / n;
      return [
        name,
        { dtype, shape: [to - from, ...shape.slice(1)], data: data.slice(from * row, to * row) as Tensor["data"] },
      ];
    };
    batches.push(Object.fromEntries(Object.entries(whole).map(cut)));
  }
  return batches;
}
