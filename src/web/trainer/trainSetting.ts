/**
 * @file Trains a setting and reports on it meanwhile: the same calls as in `crh run`, with an observer that posts
 * events. It runs wherever there is an engine; trainerWorker.ts gives it the page's.
 */
import type { Engine } from "../../engine/engine.ts";
import { layerMatrices } from "../../figures/layerMatrices.ts";
import { type Snapshot, type SnapshotOptions, snapshot } from "../../measure/snapshot.ts";
import { type LayerMoments, type Moments, sumsOf } from "../../moments/moments.ts";
import { DivergedError } from "../../train/diverged.ts";
import type { Experiment } from "../../train/experiment.ts";
import { type FollowedStep, pairsOf, squaredDistances } from "../../train/follow.ts";
import { type Milestones, milestones } from "../../train/milestones.ts";
import { train } from "../../train/train.ts";
import { trainingConstants } from "../../train/trainingConstants.ts";
import type { Metric } from "../../train/trainOptions.ts";
import { Gate } from "./gate.ts";
import { KeptMoments } from "./keptMoments.ts";
import type { Built, Command, FollowedMeta, Look, SharedMatrix, TrainerEvent, TrainRequest } from "./messages.ts";
import { type ParameterCourse, type PlannedExperiment, plannedExperiment } from "./parameterCourse.ts";

/** Passes an event on, together with the memory of its arrays. */
export type Post = (event: TrainerEvent, transfer?: ArrayBuffer[]) => void;

/** chosen: milliseconds between reports; more frequent numbers cannot be read. */
const PROGRESS_MS = 100;

/** chosen: most bytes of kept moments, enough for a hundred measurements of a network 45 wide. */
const MOST_MOMENTS = 96e6;

/** What a training runs on. */
export interface ChosenEngine {
  readonly engine: Engine;
  /** Another one, on which training begins anew should this one fail. */
  readonly spare?: () => Promise<Engine>;
}

/** One training in progress. */
export class SettingTraining {
  #request: TrainRequest;
  readonly #post: Post;
  readonly #gate: Gate;
  readonly #stop = new AbortController();
  #schedule: { measure: number[]; record: number[] } | undefined;
  #steps = 0;
  /** Single steps requested before there was a schedule. */
  #wanted = 0;
  /** Where single steps ended, or will. */
  readonly #stops: number[] = [];
  #look: Look | undefined;
  #kept = new KeptMoments(MOST_MOMENTS);
  #course: ParameterCourse | undefined;
  /** Changes requested before the network was built. */
  readonly #early: Readonly<Record<string, string>>[] = [];
  #progress: Progress;

  constructor(request: TrainRequest, post: Post) {
    const { speed, paused = false, look } = request.options ?? {};
    this.#request = request;
    this.#post = post;
    this.#look = look;
    this.#progress = new Progress(post);
    this.#gate = new Gate({
      speed,
      paused,
      changed: (isPaused) => {
        this.#progress.flush();
        this.#progress.rest();
        post({ type: "state", state: isPaused ? "paused" : "running" });
      },
    });
  }

  /** Handles the page's commands during training. */
  tell(command: Exclude<Command, { type: "start" }>): void {
    if (command.type === "pause") this.#gate.pause();
    else if (command.type === "resume") this.#gate.resume();
    else if (command.type === "speed") this.#gate.speed = command.speed;
    else if (command.type === "step") this.#step(command.steps);
    else if (command.type === "look") this.#lookAt(command.look);
    else if (command.type === "adjust") this.#adjust(command.values);
    else {
      this.#stop.abort();
      this.#gate.stop();
    }
  }

  /** Trains to the end, or until it is stopped. An error is reported, not thrown. */
  async run(choose: (signal: AbortSignal) => Promise<ChosenEngine>): Promise<void> {
    this.#post({ type: "state", state: "preparing" });
    try {
      const step = await this.#train(choose);
      this.#progress.flush();
      this.#post({ type: "state", state: step === this.#steps ? "finished" : "stopped" });
    } catch (error) {
      this.#progress.flush();
      const message = lineOf(error);
      this.#post({ type: "failed", message, ...(error instanceof DivergedError && { diverged: error.step }) });
      this.#post({ type: "state", state: "failed" });
    }
  }

  async #train(choose: (signal: AbortSignal) => Promise<ChosenEngine>): Promise<number> {
    const planned = await this.#planned();
    const { engine, spare } = await choose(this.#stop.signal);
    try {
      return await this.#trainOn(engine, planned);
    } catch (error) {
      if (spare === undefined || error instanceof DivergedError || this.#stop.signal.aborted) throw error;
      this.#restart(lineOf(error));
      return await this.#trainOn(await spare(), await this.#planned());
    }
  }

  async #planned(): Promise<PlannedExperiment> {
    const planned = await plannedExperiment(this.#request);
    this.#course = planned.course;
    this.#steps = planned.parameters.steps as number;
    return planned;
  }

  /** As if nothing had been trained; what was changed meanwhile is changed at the same steps again. */
  #restart(problem: string): void {
    const changes = this.#course?.changes;
    this.#request = { ...this.#request, ...(changes && { changes: [...changes] }) };
    [this.#course, this.#schedule] = [undefined, undefined];
    this.#kept = new KeptMoments(MOST_MOMENTS);
    this.#progress = new Progress(this.#post);
    this.#gate.restart();
    this.#post({ type: "fallback", problem });
    this.#post({ type: "state", state: "preparing" });
  }

  async #trainOn(engine: Engine, { experiment, parameters, course }: PlannedExperiment): Promise<number> {
    const steps = this.#steps;
    const schedule = this.#plan(steps);
    this.#post({ type: "built", built: this.#built(experiment, parameters, { engine, measure: schedule.measure }) });
    for (const values of this.#early.splice(0)) this.#adjust(values);
    const measure = this.#measuring(experiment, (step) => course?.at(Math.max(0, step - 1)) ?? parameters);
    const observer = {
      onProgress: (step: number, loss: number) => this.#progress.trained(step, loss),
      onMetrics: (metrics: readonly Metric[]) => this.#progress.add(metrics),
      onFollowed: (looks: readonly FollowedStep[]) => this.#progress.follow(looks),
      onMeasuring: () => this.#progress.flush(),
      onMeasurement: measure,
    };
    const { pass } = this.#gate;
    const { signal } = this.#stop;
    const { step } = await train(engine, experiment, { steps, milestones: schedule, observer, gate: pass, signal });
    return step;
  }

  /**
   * The steps at which training stops to measure or record. Ends of single steps may be added ahead of the current
   * step.
   */
  #plan(steps: number): Milestones {
    const { measure = "log" } = this.#request.options ?? {};
    const own = typeof measure === "object";
    const usual = milestones({ steps, every: own ? Math.max(1, steps) : measure, checkpointEvery: Math.max(1, steps) });
    const chosen = own ? [0, ...measure.filter((step) => step > 0 && step < steps), steps] : usual.measure;
    const schedule = { measure: [...new Set(chosen)].sort((x, y) => x - y), record: [...usual.record] };
    insert(schedule.measure, ...this.#stops);
    insert(schedule.record, ...schedule.measure.filter((step) => step > 0));
    this.#schedule = schedule;
    if (this.#wanted > 0) this.#step(this.#wanted);
    this.#wanted = 0;
    return { ...schedule, checkpoint: [] };
  }

  #built(
    { objective, evaluationName, notes = [], watch, follow, network }: Experiment,
    parameters: Readonly<Record<string, unknown>>,
    { engine, measure }: { engine: Engine; measure: readonly number[] },
  ): Built {
    const followed = follow && followedMeta(follow, network.hidden?.map(({ name }) => name) ?? []);
    return {
      setting: this.#request.setting,
      parameters,
      steps: parameters.steps as number,
      objective: objective.name,
      evaluationName,
      notes: [...notes],
      engine: engine.name,
      watched: [...(watch?.groups ?? [])],
      adjustable: this.#course?.adjustable ?? [],
      measure: [...measure],
      ...(followed && { followed }),
    };
  }

  /** The handler of measurements: posts the record that `crh run` would write, and the requested arrays. */
  #measuring(experiment: Experiment, parametersAt: (step: number) => Readonly<Record<string, unknown>>) {
    const { cost, moments: hasMoments = false } = this.#request.options ?? {};
    let [initial, start, previous]: [Snapshot | undefined, Moments | undefined, Moments | undefined] = [
      undefined,
      undefined,
      undefined,
    ];
    return async (step: number, measurement: SnapshotOptions & { total: Moments }): Promise<void> => {
      const { total } = measurement;
      const contents = cost ? { cost } : step === this.#steps ? {} : { exponentSeconds: 0 };
      const found = await snapshot(total, {
        ...measurement,
        ...contents,
        training: trainingConstants(parametersAt(step), experiment, step, previous?.step),
        ...(initial && { initial }),
        ...(previous && { previous }),
        ...(start && { start }),
      });
      initial ??= found;
      start ??= total;
      previous = total;
      this.#kept.add(total);
      this.#progress.flush();
      this.#post({ type: "snapshot", snapshot: found });
      this.#postMatrices([total.step]);
      if (hasMoments) this.#postMoments(step, total);
    };
  }

  #adjust(values: Readonly<Record<string, string>>): void {
    if (this.#course === undefined) {
      this.#early.push(values);
      return;
    }
    this.#course.change(this.#gate.step, values);
    this.#post({ type: "changed", changes: [...this.#course.changes] });
  }

  #lookAt(look: Look | undefined): void {
    this.#look = look;
    const { steps } = this.#kept;
    this.#postMatrices([...steps.slice(-1), ...steps.slice(0, -1)]); // the current ones first
  }

  #postMatrices(wanted: readonly number[]): void {
    const look = this.#look;
    if (look === undefined) return;
    const { steps } = this.#kept;
    const known = new Map(this.#kept.layer(look.layer).map(({ step, layer }) => [step, layer]));
    for (const step of wanted) {
      const layer = known.get(step);
      if (layer !== undefined) this.#postLayer(layer, { step, look, kept: steps });
    }
  }

  #postLayer(layer: LayerMoments, at: { readonly step: number; readonly look: Look; readonly kept: number[] }): void {
    const { look } = at;
    const matrices = layerMatrices(layer, look.convention).sides.flatMap(({ side, d, ...found }) =>
      (["H", "G", "Z"] as const).flatMap((name): SharedMatrix[] => {
        const A = found[name];
        return A ? [{ side, name, d, values: Float32Array.from(A.data) }] : [];
      }),
    );
    this.#post(
      { type: "matrices", ...at, matrices },
      matrices.map(({ values }) => values.buffer),
    );
  }

  /** Posts a copy: the next measurement is compared with this one. */
  #postMoments(step: number, total: Moments): void {
    const moments = structuredClone(total);
    const buffers = new Set(
      moments.layers.flatMap((layer) => sumsOf(layer).map(({ buffer }) => buffer as ArrayBuffer)),
    );
    this.#post({ type: "moments", step, moments }, [...buffers]);
  }

  #step(steps: number): void {
    if (this.#schedule === undefined) {
      this.#wanted += steps;
      return;
    }
    const to = Math.min(this.#steps, this.#gate.step + Math.max(1, steps));
    this.#stops.push(to);
    insert(this.#schedule.measure, to);
    insert(this.#schedule.record, to);
    this.#gate.goTo(to);
  }
}

const lineOf = (error: unknown): string => (error as Error).message.replace(/\s+/g, " ");

/** Adds steps to an ascending list, each once. */
function insert(list: number[], ...steps: readonly number[]): void {
  const all = [...new Set([...list, ...steps])].sort((x, y) => x - y);
  list.splice(0, list.length, ...all);
}

function followedMeta({ points, every }: NonNullable<Experiment["follow"]>, layers: readonly string[]): FollowedMeta {
  const pairs = pairsOf(points.names.length);
  const [dx2, dy2] = [squaredDistances(points.x, pairs), squaredDistances(points.wanted, pairs)];
  return {
    points: [...points.names],
    pairs: pairs.map((pair, i) => ({ pair: pair.join("-"), dx2: dx2[i]!, dy2: dy2[i]! })),
    layers,
    outputs: points.wanted.shape[1] ?? 1,
    every,
  };
}

/** Gathers reports from training, and posts them at most ten times a second. */
class Progress {
  readonly #post: Post;
  #metrics: Metric[] = [];
  #followed: FollowedStep[] = [];
  #step = 0;
  #loss: number | undefined;
  #isNew = false;
  #posted = performance.now();
  /** Start of the timing of steps, reset when training resumes. */
  #mark: { readonly step: number; readonly at: number } | undefined;

  constructor(post: Post) {
    this.#post = post;
  }

  trained(step: number, loss: number): void {
    [this.#step, this.#loss, this.#isNew] = [step, loss, true];
    this.#mark ??= { step, at: performance.now() };
    this.#soon();
  }

  add(metrics: readonly Metric[]): void {
    this.#metrics.push(...metrics);
    this.#isNew = true;
    this.#soon();
  }

  follow(looks: readonly FollowedStep[]): void {
    this.#followed.push(...looks);
    this.#isNew = true;
  }

  /** Stops the timing while training rests. */
  rest(): void {
    this.#mark = undefined;
  }

  #soon(): void {
    if (performance.now() - this.#posted >= PROGRESS_MS) this.flush();
  }

  flush(): void {
    if (!this.#isNew) return;
    const { step, at } = this.#mark ?? { step: this.#step, at: 0 };
    const rate = this.#step > step ? (1000 * (this.#step - step)) / (performance.now() - at) : undefined;
    const [metrics, followed] = [this.#metrics, this.#followed];
    [this.#metrics, this.#followed, this.#isNew, this.#posted] = [[], [], false, performance.now()];
    this.#post({ type: "progress", step: this.#step, loss: this.#loss, rate, metrics, followed });
  }
}
