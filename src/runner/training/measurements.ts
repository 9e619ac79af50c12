/**
 * @file The measurements of a run during training: snapshots, compared with earlier ones, and moments. They are written
 * into its folder at once, with progress and cost.
 */
import { formatDuration } from "../../formats/quantities.ts";
import type { Snapshot, SnapshotOptions } from "../../measure/snapshot.ts";
import type { Moments } from "../../moments/moments.ts";
import type { Setting } from "../../settings/setting.ts";
import type { Milestones } from "../../train/milestones.ts";
import { trainingConstants } from "../../train/trainingConstants.ts";
import type { TrainObserver } from "../../train/trainOptions.ts";
import type { LayerPool } from "../../workers/layerPool.ts";
import { SnapshotInParts } from "../../workers/snapshotInParts.ts";
import type { Progress } from "../observer.ts";
import type { Confirmation } from "./confirmation.ts";
import type { EarlierMoments } from "./earlierMoments.ts";
import { leftOut, leftOutAtLast, measuringShare, sizesOf } from "./measuringShare.ts";
import type { TrainJob } from "./trainJob.ts";

/** chosen: a share reached in less time gives no estimate of the time left. */
const SETTLED_SECONDS = 2;

export interface MeasurementParts {
  readonly schedule: Milestones;
  readonly cost: Confirmation;
  readonly progress: Progress;
  readonly measuring: LayerPool;
  readonly earlier: EarlierMoments;
}

type Contents = Pick<SnapshotOptions, "cost" | "exponentSeconds" | "cubicSeconds">;

export class Measurements {
  readonly #job: TrainJob;
  readonly #experiment: ReturnType<Setting["build"]>;
  readonly #parts: MeasurementParts;
  readonly #contents: (step: number) => Contents;
  #initial: Snapshot | undefined;
  #inParts: SnapshotInParts | undefined;
  /** Start time of the current measurement. */
  #begun = performance.now();

  constructor(job: TrainJob, experiment: ReturnType<Setting["build"]>, parts: MeasurementParts) {
    this.#job = job;
    this.#experiment = experiment;
    this.#parts = parts;
    this.#contents = contentsOf(job, experiment, parts.schedule);
    if (job.resume !== undefined) this.#initial = job.folder.snapshots()[0];
  }

  /** Callbacks of training for its measurements. */
  observer(): Pick<TrainObserver, "onMeasuring" | "onMeasurement" | "parts"> {
    const { cost, progress, measuring } = this.#parts;
    return {
      onMeasuring: (_, share) => {
        if (share === 0) {
          this.#begun = performance.now();
          cost.pause("measuring");
        }
        progress.activity(underWay("measuring", share, this.#begun));
      },
      onMeasurement: async (step, measurement) => {
        const layers = measurement.total.layers.length;
        this.#begun = performance.now();
        const options = { ...measurement, ...this.#around(step) };
        const found = await measuring.snapshot(measurement.total, options, (done) =>
          progress.activity(underWay("layers", done / layers, this.#begun)),
        );
        this.#write(found, measurement.total);
      },
      parts: {
        onPart: async (step, part, network) => {
          this.#inParts ??= new SnapshotInParts(measuring, network);
          await this.#inParts.add(part.groups, { ...part, ...this.#around(step) });
        },
        onEnd: (step, summary) => {
          const { isKept } = this.#inParts!;
          const { snapshot, kept } = this.#inParts!.finished({ ...summary, ...this.#around(step) });
          this.#inParts = undefined;
          this.#write(snapshot, kept, isKept);
        },
      },
    };
  }

  /** The data of the run that a snapshot uses. */
  #around(step: number): SnapshotOptions {
    const { earlier } = this.#parts;
    return {
      ...this.#contents(step),
      training: trainingConstants(this.#job.parameters, this.#experiment, step, earlier.previous?.step),
      ...(this.#initial && { initial: this.#initial }),
      ...(earlier.previous && { previous: earlier.previous }),
      ...(earlier.half(step) && { half: earlier.half(step)! }),
      ...(earlier.start && { start: earlier.start }),
    };
  }

  /** @param isWhole whether the moments are of all layers */
  #write(found: Snapshot, total: Moments, isWhole = true): void {
    const { plan, folder, parameters } = this.#job;
    const { earlier, progress, cost } = this.#parts;
    const { step } = found;
    if (plan.cost === null && found.layers.length > 0) {
      const isLast = step === parameters.steps;
      const missing = isLast ? leftOutAtLast(found.layers, this.#contents(step)) : leftOut(found.layers);
      if (missing !== undefined) found.leftOut = missing;
      if (missing !== undefined && (isLast || this.#initial === undefined)) progress.say(missing);
    }
    this.#initial ??= found;
    folder.writeSnapshot(found);
    const misfit = earlier.measured(step, total, isWhole);
    if (misfit !== undefined) progress.say(`moments of step ${step}: ${misfit}, not kept`);
    cost.goOn("measuring");
  }
}

/**
 * The extent of the measurement at a step: everything at the last step, or as requested; at earlier steps what the time
 * of training allows.
 */
function contentsOf(
  { plan, parameters }: TrainJob,
  { network, positions }: ReturnType<Setting["build"]>,
  { measure }: Milestones,
): (step: number) => Contents {
  const { cost } = plan;
  if (cost !== null) return () => ({ cost });
  const { passing, last } = measuringShare(sizesOf(network, parameters, positions), measure.length);
  return (step) => (step === parameters.steps ? last : passing);
}

/** "measuring 34 %, 1 min 20 s left". @param since start by performance.now() */
function underWay(what: string, share: number, begun: number): string {
  const seconds = (performance.now() - begun) / 1000;
  const left = share > 0 && share < 1 && seconds > SETTLED_SECONDS ? (seconds * (1 - share)) / share : undefined;
  return `${what} ${Math.round(100 * share)} %${left === undefined ? "" : `, ${formatDuration(left * 1000)} left`}`;
}
