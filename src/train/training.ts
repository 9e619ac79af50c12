/**
 * @file One network in training: its values from step to step, what is due at each step, and the callbacks that report
 * it. The owner runs the steps (train.ts, trainReplicates.ts).
 */
import type { Engine } from "../engine/engine.ts";
import { type LayerOutline, PART_BYTES } from "../moments/accumulate/layerOutline.ts";
import { bufferShapes, initialBuffers, initialParameters, parameterShapes } from "../networks/network.ts";
import { float32, sizeOf, type Tensor } from "../onnx/tensor.ts";
import type { Evaluation, Evaluator } from "../probe/evaluator.ts";
import type { Feeds } from "../probe/feeds.ts";
import { inParts, isWhole } from "../probe/parts.ts";
import type { Measurement, MeasureOptions, Probe } from "../probe/probe.ts";
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from "./checkpoint.ts";
import { DivergedError } from "./diverged.ts";
import type { Experiment } from "./experiment.ts";
import type { Follower } from "./follow.ts";
import type { LinearProbe } from "./linearProbe.ts";
import { groupParameters, groupVectors, type ParameterGroup, pack, unpack } from "./parameterGroups.ts";
import { coefficientRows, STEP_MODEL } from "./stepModel.ts";
import type { MeasurementSummary, Metric, TrainOptions, TrainResult } from "./trainOptions.ts";
import type { Watcher } from "./watch.ts";

/**
 * chosen: the data of K steps should stay within a core's L2 cache; more than 64 steps a call gain nothing measurable.
 */
const CALL_BYTES = 2 ** 21;
const MAX_CALL_STEPS = 64;

/** What measures one network, evaluates it and looks at it. */
export interface Tools {
  readonly engine: Engine;
  readonly probe: Probe;
  readonly evaluator: Evaluator;
  readonly linear: LinearProbe | undefined;
  readonly follower: Follower | undefined;
  readonly watcher: Watcher | undefined;
  /** Releases the memory of the steps until the next one, where steps and measurements cannot both have theirs. */
  readonly releaseSteps?: (() => Promise<void>) | undefined;
}

export interface Samples {
  readonly moments: readonly Feeds[];
  readonly test: readonly Feeds[] | undefined;
}

/** The inputs of K steps of a network, besides its values. */
export interface StepFeeds {
  /** (K, c) */
  readonly coefficients: Tensor;
  /** By name of the data's inputs. */
  readonly data: Readonly<Record<string, Tensor>>;
  /** At which of the steps to look at followed points; the same for all networks. */
  readonly follow: Readonly<Record<string, Tensor>>;
}

/** The results of K steps. */
export interface StepResults {
  /** Values of the step model's outputs by name. */
  readonly outputs: (name: string) => Float32Array;
  /** Their duration. */
  readonly seconds: number;
}

/** The state of one network in training. */
export class Training {
  readonly experiment: Experiment;
  readonly options: TrainOptions;
  private readonly tools: Tools;
  private readonly samples: Samples;
  private readonly groups: readonly ParameterGroup[];
  private readonly bufferGroup: ParameterGroup | undefined;
  private readonly callSteps: number;
  /** Steps done. */
  step: number;
  /** Values by name of the step model's inputs. */
  private carried: Map<string, Float32Array>;
  private window: { sum: number; count: number };
  private savedStep: number | undefined;
  private best: number | undefined;
  /** When the last checkpoint was written, or training began; milliseconds of performance.now(). */
  private savedAt = performance.now();
  private seconds = 0;
  private trained = 0;

  constructor(experiment: Experiment, options: TrainOptions, tools: Tools, samples: Samples) {
    const { network, optimizer, data } = experiment;
    this.experiment = experiment;
    this.options = options;
    this.tools = tools;
    this.samples = samples;
    const shapes = parameterShapes(network);
    this.groups = groupParameters(shapes);
    const buffers = bufferShapes(network);
    this.bufferGroup = groupVectors(STEP_MODEL.buffers, buffers);
    const { callSteps: most = MAX_CALL_STEPS } = experiment;
    this.callSteps = Math.max(
      1,
      Math.min(MAX_CALL_STEPS, most, Math.floor(CALL_BYTES / (4 * sizeOf(data.inputShape)))),
    );
    const start =
      options.resume === undefined
        ? undefined
        : decodeCheckpoint(options.resume, { parameters: shapes, states: optimizer.states, buffers });
    this.step = start?.step ?? 0;
    this.carried = this.carry(start?.parameters ?? initialParameters(network), start?.optimizer);
    if (this.bufferGroup !== undefined)
      this.carried.set(STEP_MODEL.buffers, packed(this.bufferGroup, start?.buffers ?? initialBuffers(network)));
    this.window = { ...(start?.window ?? { sum: 0, count: 0 }) };
    this.savedStep = start?.step;
    this.best = options.best?.value;
    if (start !== undefined) data.restore(start.data);
  }

  /** Parameters, optimizer states and buffers by name of the step model's inputs. */
  state(): Map<string, Tensor> {
    const state = new Map<string, Tensor>();
    for (const { name, shape } of this.groups)
      for (const input of this.inputs(name)) state.set(input, float32(this.carried.get(input)!, shape));
    const buffers = this.carried.get(STEP_MODEL.buffers);
    if (buffers !== undefined) state.set(STEP_MODEL.buffers, float32(buffers));
    return state;
  }

  /**
   * Trains to the end, or until it is stopped.
   *
   * @param step takes K steps of the network from their inputs and its state
   */
  async run(step: (feeds: StepFeeds) => Promise<StepResults>): Promise<TrainResult> {
    const { steps, signal, resume } = this.options;
    let measurement = resume === undefined ? await this.pass() : undefined;
    while (this.step < steps) {
      const most = (await this.options.gate?.(this.step)) ?? MAX_CALL_STEPS;
      const started = performance.now();
      const feeds = await this.feeds(most);
      const drawing = (performance.now() - started) / 1000;
      const { outputs, seconds } = await step(feeds);
      this.took(outputs, drawing + seconds);
      measurement = (await this.pass()) ?? measurement;
      if (signal?.aborted && this.step < steps) {
        if (this.savedStep !== this.step) this.save();
        break;
      }
    }
    if (this.step === steps) await this.lookAtEnd();
    return {
      step: this.step,
      parameters: this.parameters(),
      ...(measurement === undefined ? {} : { measurement }),
      trainingSeconds: this.seconds,
      trainedSteps: this.trained,
    };
  }

  /** The inputs of one call besides the state: up to a multiple of K or a milestone, `most` steps at most. */
  private async feeds(most: number): Promise<StepFeeds> {
    const K = Math.max(1, Math.min(most, this.nextStop() - this.step));
    return {
      coefficients: coefficientRows(this.experiment, this.step, K),
      data: await this.experiment.data.draw(K),
      follow: this.tools.follower?.feeds(this.step, K) ?? {},
    };
  }

  /** Takes over the results of a call. @throws DivergedError when a loss is not finite */
  private took(outputs: StepResults["outputs"], seconds: number): void {
    const losses = outputs(STEP_MODEL.losses);
    this.seconds += seconds;
    this.trained += losses.length;
    this.addLosses(losses);
    for (const input of this.carried.keys()) this.carried.set(input, outputs(STEP_MODEL.next(input)));
    const { follower } = this.tools;
    if (follower !== undefined)
      this.options.observer?.onFollowed?.(follower.steps(this.step, outputs(follower.output)));
    this.step += losses.length;
  }

  /** The followed points after the last step, where no step looks at them. */
  private async lookAtEnd(): Promise<void> {
    const { engine, follower } = this.tools;
    const { observer, steps, threads = 1 } = this.options;
    if (follower !== undefined && observer?.onFollowed !== undefined)
      observer.onFollowed([await follower.look(engine, steps, this.values(), threads)]);
  }

  private addLosses(losses: Float32Array): void {
    losses.forEach((loss, k) => {
      if (!Number.isFinite(loss)) throw new DivergedError(this.step + k + 1, loss, this.savedStep);
      this.window.sum += loss;
      this.window.count++;
    });
    this.options.observer?.onProgress?.(this.step + losses.length, losses.at(-1)!);
  }

  /** The step after the next call. */
  nextStop(): number {
    const { steps, milestones } = this.options;
    const { measure, evaluate = [], record, checkpoint } = milestones;
    const stops = [measure, evaluate, record, checkpoint].map((list) => list.find((step) => step > this.step) ?? steps);
    const look = this.tools.watcher?.nextStop(this.step) ?? steps;
    return Math.min(steps, (Math.floor(this.step / this.callSteps) + 1) * this.callSteps, look, ...stops);
  }

  /** Does what is due at the present step, in this order: record, watch, measure or evaluate, save. */
  private async pass(): Promise<Measurement | undefined> {
    const { observer, milestones } = this.options;
    const { step } = this;
    const metrics: Metric[] = [];
    if (milestones.record.includes(step) && this.window.count > 0) {
      metrics.push({ step, name: "train/loss", value: this.window.sum / this.window.count });
      metrics.push({ step, name: "lr", value: this.experiment.schedule(step - 1) });
      this.window = { sum: 0, count: 0 };
    }
    const { watcher } = this.tools;
    if (watcher?.isDue(step, this.options.steps, milestones)) metrics.push(...watcher.look(step, this.values()));
    const due = milestones.measure.includes(step) && this.samples.moments.length > 0;
    if (due) observer?.onMeasuring?.(step, 0);
    if (due) await this.tools.releaseSteps?.();
    const measured = due ? await this.measure() : undefined;
    const evaluation =
      measured?.evaluation ?? (milestones.evaluate?.includes(step) ? await this.evaluate() : undefined);
    if (evaluation !== undefined) metrics.push(...evaluationMetrics(step, evaluation, this.experiment));
    const linear = due ? await this.tools.linear?.accuracy(this.values()) : undefined;
    if (due && this.tools.releaseSteps !== undefined) await this.freeMeasuring();
    if (linear !== undefined) metrics.push({ step, name: "eval/linear-probe", value: linear });
    if (metrics.length > 0) observer?.onMetrics?.(metrics);
    if (measured?.measurement !== undefined) await observer?.onMeasurement?.(step, measured.measurement);
    else if (measured !== undefined) await observer?.parts?.onEnd(step, measured.summary);
    const bytes = evaluation !== undefined && this.isBest(evaluation) ? this.encoded() : undefined;
    if (bytes !== undefined) observer?.onBest?.(step, bytes);
    if (milestones.checkpoint.includes(step) || this.isOverdue()) this.save(bytes);
    return measured?.measurement;
  }

  /** Frees the measuring program until the next measurement, which compiles it again. */
  private async freeMeasuring(): Promise<void> {
    const { probe, evaluator, linear } = this.tools;
    for (const tool of [probe, evaluator, linear]) await tool?.dispose();
  }

  /** Whether an evaluation is better than the best so far; if so, it becomes the best. */
  private isBest(evaluation: Evaluation): boolean {
    const { best } = this.options;
    const value = best && evaluation[best.by];
    if (value === undefined) return false;
    if (this.best !== undefined && (best?.by === "accuracy" ? value <= this.best : value >= this.best)) return false;
    this.best = value;
    return true;
  }

  private isOverdue(): boolean {
    const { checkpointMinutes = Number.POSITIVE_INFINITY } = this.options;
    return this.savedStep !== this.step && performance.now() - this.savedAt >= checkpointMinutes * 60_000;
  }

  /** `measurement` is undefined where it was taken in parts. */
  private async measure(): Promise<{
    measurement: Measurement | undefined;
    summary: MeasurementSummary;
    evaluation: Evaluation;
  }> {
    const { probe, evaluator } = this.tools;
    const { moments: batches, test } = this.samples;
    const parameters = this.values();
    const parts = await this.parts(parameters);
    const measuring = (part: number) => {
      let batch = 0;
      return {
        step: this.step,
        source: this.experiment.evaluationName,
        parameters,
        onBatch: () =>
          this.options.observer?.onMeasuring?.(
            this.step,
            (part + ++batch / batches.length) / Math.max(1, parts.length),
          ),
      };
    };
    let measured: Measurement | MeasurementSummary | undefined;
    if (parts.length === 0) measured = await probe.measure(batches, measuring(0));
    else for (const [i, part] of parts.entries()) measured = await this.measurePart(part, parts.flat(), measuring(i));
    const summary = measured as MeasurementSummary;
    const evaluation = this.finite(test === undefined ? summary : await evaluator.evaluate(test, parameters));
    const both = { ...summary, ...evaluation, samples: summary.samples };
    return { measurement: "total" in both ? (both as Measurement) : undefined, summary: both, evaluation };
  }

  /** Measures the layers part by part and hands over the sums; returns the summary, which belongs to no layer. */
  private async measurePart(
    part: readonly LayerOutline[],
    network: readonly LayerOutline[],
    options: MeasureOptions,
  ): Promise<MeasurementSummary> {
    const layers = part.map(({ name }) => name);
    const measured = await this.tools.probe.measureSums(this.samples.moments, { ...options, layers });
    await this.options.observer!.parts!.onPart(this.step, measured, network);
    const { groups: _, nearestMean: __, ...summary } = measured;
    return summary;
  }

  /** The layers in parts; empty where they are measured at once. */
  private async parts(parameters: ReadonlyMap<string, Tensor>): Promise<LayerOutline[][]> {
    const { observer } = this.options;
    const [batch] = this.samples.moments;
    if (observer?.parts === undefined || batch === undefined) return [];
    const network = await this.tools.probe.outline({ ...Object.fromEntries(parameters), ...batch });
    const { bytes = PART_BYTES } = observer.parts;
    return isWhole(network, bytes) ? [] : inParts(network, bytes, this.samples.moments.length);
  }

  /** Loss and accuracy of the evaluation form (running statistics) on the held-out samples. */
  private async evaluate(): Promise<Evaluation | undefined> {
    const samples = this.samples.test ?? this.samples.moments;
    if (samples.length === 0) return undefined;
    this.options.observer?.onEvaluating?.(this.step);
    const parameters = this.values();
    return this.finite(await this.tools.evaluator.evaluate(samples, parameters));
  }

  /** @throws DivergedError when the loss is not finite */
  private finite({ loss, accuracy, samples }: Evaluation): Evaluation {
    if (!Number.isFinite(loss)) throw new DivergedError(this.step, loss, this.savedStep);
    return accuracy === undefined ? { loss, samples } : { loss, accuracy, samples };
  }

  private save(bytes = this.encoded()): void {
    this.options.observer?.onCheckpoint?.(this.step, bytes);
    this.savedStep = this.step;
    this.savedAt = performance.now();
  }

  /** The present state as the bytes of a checkpoint. @throws DivergedError when it is not finite */
  private encoded(): Uint8Array {
    const { optimizer, data } = this.experiment;
    if (![...this.carried.values()].every((values) => values.every(Number.isFinite)))
      throw new DivergedError(this.step, Number.NaN, this.savedStep);
    return encodeCheckpoint({
      step: this.step,
      parameters: this.parameters(),
      optimizer: new Map(
        optimizer.states.map((state) => [state, this.unpacked((group) => STEP_MODEL.state(state, group))]),
      ),
      buffers: this.buffers(),
      data: data.state(),
      window: this.window,
    });
  }

  /** All values that the network's evaluation form depends on. */
  private values(): Map<string, Tensor> {
    return new Map([...this.parameters(), ...this.buffers()]);
  }

  private parameters(): Map<string, Tensor> {
    return this.unpacked(STEP_MODEL.parameters);
  }

  private buffers(): Map<string, Tensor> {
    if (this.bufferGroup === undefined) return new Map();
    return unpack([this.bufferGroup], new Map([[STEP_MODEL.buffers, this.carried.get(STEP_MODEL.buffers)!]]));
  }

  /** Parameters or one optimizer state by parameter, read from the inputs that `input` names for each group. */
  private unpacked(input: (group: string) => string): Map<string, Tensor> {
    const views = unpack(this.groups, new Map(this.groups.map(({ name }) => [name, this.carried.get(input(name))!])));
    return new Map(this.experiment.network.parameters.map((name) => [name, views.get(name)!]));
  }

  /** The step model's inputs that belong to a group. */
  private inputs(group: string): string[] {
    const states = this.experiment.optimizer.states.map((state) => STEP_MODEL.state(state, group));
    return [STEP_MODEL.parameters(group), ...states];
  }

  /** The step model's inputs from values by parameter; optimizer states begin at 0. */
  private carry(
    parameters: ReadonlyMap<string, Tensor>,
    optimizer?: Checkpoint["optimizer"],
  ): Map<string, Float32Array> {
    const carried = new Map<string, Float32Array>();
    const values = (tensors: ReadonlyMap<string, Tensor>) =>
      pack(this.groups, new Map([...tensors].map(([name, { data }]) => [name, data as Float32Array])));
    for (const [group, packed] of values(parameters)) carried.set(STEP_MODEL.parameters(group), packed);
    for (const state of this.experiment.optimizer.states) {
      const saved = optimizer === undefined ? undefined : values(optimizer.get(state)!);
      for (const { name, shape } of this.groups)
        carried.set(STEP_MODEL.state(state, name), saved?.get(name) ?? new Float32Array(sizeOf(shape)));
    }
    return carried;
  }
}

/** The metrics of one evaluation; a perplexity too large for JSON is left out. */
function evaluationMetrics(step: number, { loss, accuracy, samples }: Evaluation, experiment: Experiment): Metric[] {
  const perplexity = experiment.perplexity === true ? Math.exp(loss) : undefined;
  const values = { loss, accuracy, perplexity, samples };
  return Object.entries(values).flatMap(([name, value]) =>
    value !== undefined && Number.isFinite(value) ? [{ step, name: `eval/${name}`, value }] : [],
  );
}

function packed(group: ParameterGroup, values: ReadonlyMap<string, Tensor>): Float32Array {
  const data = new Map([...values].map(([name, tensor]) => [name, tensor.data as Float32Array]));
  return pack([group], data).get(group.name)!;
}
