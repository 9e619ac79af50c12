/**
 * @file The training loop: K steps per call of the step model, stopping at milestones to record, measure and save.
 * Calls are cut at multiples of K and at milestones, counted in absolute steps, so that a resumed run makes the same
 * calls as an unbroken one and its numbers are the same to the last bit (same seed, same thread count, same machine
 * type).
 */
import type { Engine, Program } from "../engine/engine.ts";
import { type LayerOutline, PART_BYTES } from "../moments/accumulate/layerOutline.ts";
import { bufferShapes, initialBuffers, initialParameters, parameterShapes } from "../networks/network.ts";
import { WORKING_OPSET } from "../onnx/graphBuilder.ts";
import { float32, sizeOf, type Tensor } from "../onnx/tensor.ts";
import { type Evaluation, Evaluator } from "../probe/evaluator.ts";
import type { Feeds } from "../probe/feeds.ts";
import { inParts, isWhole } from "../probe/parts.ts";
import { type Measurement, type MeasureOptions, Probe, type SummedMeasurement } from "../probe/probe.ts";
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from "./checkpoint.ts";
import { DivergedError } from "./diverged.ts";
import type { Experiment } from "./experiment.ts";
import { type FollowedStep, Follower } from "./follow.ts";
import { LinearProbe } from "./linearProbe.ts";
import type { Milestones } from "./milestones.ts";
import { groupParameters, groupVectors, type ParameterGroup, pack, unpack } from "./parameterGroups.ts";
import { buildStepModel, coefficientRows, STEP_MODEL } from "./stepModel.ts";
import { Watcher } from "./watch.ts";

export interface Metric {
  readonly step: number;
  readonly name: string;
  readonly value: number;
}

export interface TrainObserver {
  onProgress?(step: number, loss: number): void;
  onMetrics?(metrics: readonly Metric[]): void;
  /**
   * What the followed points were at steps before the present one, and at the end at the last one; each step comes
   * once, ascending.
   */
  onFollowed?(steps: readonly FollowedStep[]): void;
  /**
   * Before a measurement, which may take as long as many steps, and behind each of its batches: the share of them that
   * is done.
   */
  onMeasuring?(step: number, share: number): void;
  /** Before held-out samples are evaluated by themselves. */
  onEvaluating?(step: number): void;
  /** Training goes on when it has returned, or its promise is fulfilled. */
  onMeasurement?(step: number, measurement: Measurement): void | Promise<void>;
  /**
   * Takes the measurements of a network whose sums do not fit in memory; without it they are held as a whole, however
   * large.
   */
  readonly parts?: PartObserver;
  onCheckpoint?(step: number, bytes: Uint8Array): void;
  /** A checkpoint of the best evaluation so far, where `best` asks for it. */
  onBest?(step: number, bytes: Uint8Array): void;
}

/**
 * Takes the layers of a network part by part, each measured by a pass over the samples of its own, in place of
 * `onMeasurement`.
 */
export interface PartObserver {
  /** Memory of a part. Default: 4 GiB. */
  readonly bytes?: number;
  /**
   * The next part goes on when its promise is fulfilled.
   *
   * @param network all layers, of which the groups hold the next ones
   */
  onPart(step: number, part: SummedMeasurement, network: readonly LayerOutline[]): void | Promise<void>;
  /** Behind the last part, with loss and accuracy of the evaluation. */
  onEnd(step: number, summary: MeasurementSummary): void | Promise<void>;
}

export type MeasurementSummary = Pick<Measurement, "loss" | "accuracy" | "samples" | "skipped">;

/** Which evaluation is the best: that of the lowest loss or the highest accuracy, the earliest of equal ones. */
export type BestBy = "loss" | "accuracy";

export interface TrainOptions {
  readonly steps: number;
  readonly milestones: Milestones;
  /**
   * A checkpoint is also written after the first call that ends so many minutes or more after the last one. It falls
   * between two calls that are made anyway, so no number depends on the clock.
   */
  readonly checkpointMinutes?: number;
  /**
   * Hands a checkpoint to `onBest` whenever an evaluation is better than all before it; `value` is the best so far of a
   * resumed run.
   */
  readonly best?: { readonly by: BestBy; readonly value?: number };
  readonly threads?: number;
  /** Bytes of a checkpoint to go on from. */
  readonly resume?: Uint8Array;
  readonly observer?: TrainObserver;
  /** When aborted, training writes a checkpoint after the call at hand and returns. */
  readonly signal?: AbortSignal;
}

export interface TrainResult {
  /** Steps done; less than asked for when aborted. */
  readonly step: number;
  readonly parameters: ReadonlyMap<string, Tensor>;
  /** The last measurement of this call, if any was due and not taken in parts. */
  readonly measurement?: Measurement;
  /** Seconds spent in training steps alone, and how many they were. */
  readonly trainingSeconds: number;
  readonly trainedSteps: number;
}

/** chosen: K steps' data should stay within a core's L2 cache; more than 64 steps a call gain nothing measurable. */
const CALL_BYTES = 2 ** 21;
const MAX_CALL_STEPS = 64;

/**
 * chosen: below 4 MB of parameters a step is short enough for the engine's plan of memory to count, and takes little of
 * it. For larger networks the step is freed before each measurement, and what measures behind it: else both would hold
 * their memory at once.
 */
const FEW_PARAMETERS = 2 ** 20;

/**
 * chosen: values that two maps share up to which the noise of a pair is summed: sums of more take a second for each
 * step of a measurement.
 */
const WIDEST_PAIR = 1024;

/**
 * Trains an experiment.
 *
 * @throws DivergedError when a loss is not finite; checkpoints and measurements made before remain valid
 */
export async function train(engine: Engine, experiment: Experiment, options: TrainOptions): Promise<TrainResult> {
  const { threads = 1 } = options;
  const count = [...parameterShapes(experiment.network).values()].reduce((sum, shape) => sum + sizeOf(shape), 0);
  const isLarge = count > FEW_PARAMETERS;
  const planMemory = !isLarge;
  const follower = experiment.follow && new Follower(experiment, experiment.follow);
  const watcher = experiment.watch && new Watcher(experiment.watch);
  const stepModel = await buildStepModel(engine, { ...experiment, follower });
  const program = await ReleasableProgram.of(() => engine.compile(stepModel, { threads, planMemory }));
  const model = { graph: experiment.network.graph, opset: WORKING_OPSET };
  const { parameters, buffers = [] } = experiment.network;
  const measuring = { objective: experiment.objective, parameters: [...parameters, ...buffers], threads };
  const probe = new Probe(engine, model, {
    ...measuring,
    planMemory,
    blocks: experiment.network.blocks ?? [],
    largest: experiment.largestSide ?? Number.POSITIVE_INFINITY,
    beyond: "sample",
    fewGroups: true,
    positions: experiment.positions || Number.POSITIVE_INFINITY,
    pairs: experiment.widestPair ?? WIDEST_PAIR,
  });
  const evaluator = new Evaluator(engine, model, measuring);
  const linear = experiment.linearProbe && new LinearProbe(engine, experiment.network, experiment.linearProbe, threads);
  try {
    const samples = { moments: await experiment.evaluation(engine), test: experiment.test?.() };
    const tools = { engine, program, probe, evaluator, linear, follower, watcher, isLarge };
    return await new Training(experiment, options, tools, samples).run();
  } finally {
    await experiment.data.close?.();
    await program.dispose();
    await probe.dispose();
    await evaluator.dispose();
    await linear?.dispose();
  }
}

/** A program that gives its memory back until it is needed again. */
class ReleasableProgram {
  private program: Program | undefined;
  private readonly make: () => Promise<Program>;

  private constructor(make: () => Promise<Program>, program: Program) {
    this.make = make;
    this.program = program;
  }

  /** Makes the program at once, so that what is wrong with it shows before anything else is done. */
  static async of(make: () => Promise<Program>): Promise<ReleasableProgram> {
    return new ReleasableProgram(make, await make());
  }

  async run(feeds: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>> {
    this.program ??= await this.make();
    return this.program.run(feeds);
  }

  async dispose(): Promise<void> {
    await this.program?.dispose();
    this.program = undefined;
  }
}

interface Tools {
  readonly engine: Engine;
  readonly program: ReleasableProgram;
  readonly probe: Probe;
  readonly evaluator: Evaluator;
  readonly linear: LinearProbe | undefined;
  readonly follower: Follower | undefined;
  readonly watcher: Watcher | undefined;
  /** Whether steps and measurements give their memory back to each other. */
  readonly isLarge: boolean;
}

interface Samples {
  readonly moments: readonly Feeds[];
  readonly test: readonly Feeds[] | undefined;
}

/** The state of one call of `train`. */
class Training {
  private readonly experiment: Experiment;
  private readonly options: TrainOptions;
  private readonly tools: Tools;
  private readonly samples: Samples;
  private readonly groups: readonly ParameterGroup[];
  private readonly bufferGroup: ParameterGroup | undefined;
  private readonly callSteps: number;
  private step: number;
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

  async run(): Promise<TrainResult> {
    const { steps, signal, resume } = this.options;
    let measurement = resume === undefined ? await this.pass() : undefined;
    while (this.step < steps) {
      await this.advance();
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

  /** One call of the step model: to the next multiple of K or the next milestone. */
  private async advance(): Promise<void> {
    const { data } = this.experiment;
    const K = this.nextStop() - this.step;
    const coefficients = coefficientRows(this.experiment, this.step, K);
    const started = performance.now();
    const feeds: Record<string, Tensor> = {
      ...(await data.draw(K)),
      ...this.tools.follower?.feeds(this.step, K),
      [STEP_MODEL.coefficients]: coefficients,
    };
    for (const { name, shape } of this.groups)
      for (const input of this.inputs(name)) feeds[input] = float32(this.carried.get(input)!, shape);
    const buffers = this.carried.get(STEP_MODEL.buffers);
    if (buffers !== undefined) feeds[STEP_MODEL.buffers] = float32(buffers);
    const out = await this.tools.program.run(feeds);
    this.seconds += (performance.now() - started) / 1000;
    this.trained += K;
    this.addLosses(out[STEP_MODEL.losses]!.data as Float32Array);
    for (const input of this.carried.keys()) this.carried.set(input, out[STEP_MODEL.next(input)]!.data as Float32Array);
    const { follower } = this.tools;
    if (follower !== undefined)
      this.options.observer?.onFollowed?.(follower.steps(this.step, out[follower.output]!.data as Float32Array));
    this.step += K;
  }

  /** The followed points behind the last step, which no step looks at. */
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

  private nextStop(): number {
    const { steps, milestones } = this.options;
    const { measure, evaluate = [], record, checkpoint } = milestones;
    const stops = [measure, evaluate, record, checkpoint].map((list) => list.find((step) => step > this.step) ?? steps);
    const look = this.tools.watcher?.nextStop(this.step) ?? steps;
    return Math.min(steps, (Math.floor(this.step / this.callSteps) + 1) * this.callSteps, look, ...stops);
  }

  /** What is due at the present step, in this order: record, watch, measure or evaluate, save. */
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
    if (due && this.tools.isLarge) await this.tools.program.dispose();
    const measured = due ? await this.measure() : undefined;
    const evaluation =
      measured?.evaluation ?? (milestones.evaluate?.includes(step) ? await this.evaluate() : undefined);
    if (evaluation !== undefined) metrics.push(...evaluationMetrics(step, evaluation, this.experiment));
    const linear = due ? await this.tools.linear?.accuracy(this.values()) : undefined;
    if (due && this.tools.isLarge) await this.freeMeasuring();
    if (linear !== undefined) metrics.push({ step, name: "eval/linear-probe", value: linear });
    if (metrics.length > 0) observer?.onMetrics?.(metrics);
    if (measured?.measurement !== undefined) await observer?.onMeasurement?.(step, measured.measurement);
    else if (measured !== undefined) await observer?.parts?.onEnd(step, measured.summary);
    const bytes = evaluation !== undefined && this.isBest(evaluation) ? this.encoded() : undefined;
    if (bytes !== undefined) observer?.onBest?.(step, bytes);
    if (milestones.checkpoint.includes(step) || this.isOverdue()) this.save(bytes);
    return measured?.measurement;
  }

  /** Frees what measures until the next measurement, which compiles it again. */
  private async freeMeasuring(): Promise<void> {
    const { probe, evaluator, linear } = this.tools;
    for (const tool of [probe, evaluator, linear]) await tool?.dispose();
  }

  /** Compares with the best so far and takes its place. */
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

  /** Measures a part of the layers and hands its sums over; returns what is not of layers. */
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

  /** The layers in parts; none where they are taken as a whole. */
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

  /** All that the network's evaluation form depends on. */
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

  /** Inputs of the step model that belong to a group. */
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

/** The lines of one evaluation; a perplexity beyond the numbers that JSON holds is left out. */
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
