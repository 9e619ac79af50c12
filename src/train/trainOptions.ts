/** @file Options of training, the callbacks it reports to, and its result. */
import type { LayerOutline } from "../moments/accumulate/layerOutline.ts";
import type { Tensor } from "../onnx/tensor.ts";
import type { Measurement, SummedMeasurement } from "../probe/probe.ts";
import type { FollowedStep } from "./follow.ts";
import type { Milestones } from "./milestones.ts";

export interface Metric {
  readonly step: number;
  readonly name: string;
  readonly value: number;
}

export interface TrainObserver {
  /**
   * Called before each call of steps of networks that train together (trainReplicates.ts): the other networks have
   * finished their measurements.
   */
  onSteps?(): void;
  onProgress?(step: number, loss: number): void;
  onMetrics?(metrics: readonly Metric[]): void;
  /**
   * The followed points at steps before the present one, and at the last step at the end. Each step comes once,
   * ascending.
   */
  onFollowed?(steps: readonly FollowedStep[]): void;
  /**
   * Called before a measurement, which may take as long as many steps, and after each of its batches with the share
   * done.
   */
  onMeasuring?(step: number, share: number): void;
  /** Called before held-out samples are evaluated on their own. */
  onEvaluating?(step: number): void;
  /** Training continues when it has returned, or its promise is fulfilled. */
  onMeasurement?(step: number, measurement: Measurement): void | Promise<void>;
  /** Measures networks whose sums do not fit in memory. Without it all sums are held at once, however large. */
  readonly parts?: PartObserver;
  onCheckpoint?(step: number, bytes: Uint8Array): void;
  /** Receives a checkpoint of the best evaluation so far, where `best` asks for it. */
  onBest?(step: number, bytes: Uint8Array): void;
}

/**
 * Receives the layers of a network part by part, instead of `onMeasurement`. Each part is measured by a pass of its own
 * over the samples.
 */
export interface PartObserver {
  /** Memory of a part. Default: 4 GiB. */
  readonly bytes?: number;
  /**
   * The next part begins when its promise is fulfilled.
   *
   * @param network all layers; the groups hold the next ones
   */
  onPart(step: number, part: SummedMeasurement, network: readonly LayerOutline[]): void | Promise<void>;
  /** Called after the last part, with loss and accuracy of the evaluation. */
  onEnd(step: number, summary: MeasurementSummary): void | Promise<void>;
}

export type MeasurementSummary = Pick<Measurement, "loss" | "accuracy" | "samples" | "skipped">;

/** Which evaluation is best: that of the lowest loss or the highest accuracy; of equal ones, the earliest. */
export type BestBy = "loss" | "accuracy";

export interface TrainOptions {
  readonly steps: number;
  readonly milestones: Milestones;
  /**
   * A checkpoint is also written after the first call that ends this many minutes or more after the last checkpoint. It
   * falls between two calls that are made anyway, so no number depends on the clock.
   */
  readonly checkpointMinutes?: number;
  /**
   * Hands a checkpoint to `onBest` whenever an evaluation is better than all before it. `value` is the best so far of a
   * resumed run.
   */
  readonly best?: { readonly by: BestBy; readonly value?: number };
  readonly threads?: number;
  /** Bytes of the checkpoint to resume from. */
  readonly resume?: Uint8Array;
  readonly observer?: TrainObserver;
  /**
   * Asked before each call of steps, to pause, pace or single-step training. Training continues when it answers, and
   * takes at most that many steps before it asks again. Not for networks that train together. Numbers do not change,
   * except for draws of dropout, which depend on where calls end.
   */
  readonly gate?: (step: number) => Promise<number>;
  /** When aborted, training writes a checkpoint after the current call and returns. */
  readonly signal?: AbortSignal;
}

export interface TrainResult {
  /** Steps done; fewer than asked for when aborted. */
  readonly step: number;
  readonly parameters: ReadonlyMap<string, Tensor>;
  /** The last measurement of this call, if there was one and it was not taken in parts. */
  readonly measurement?: Measurement;
  /** Seconds spent in training steps alone, and the number of these steps. */
  readonly trainingSeconds: number;
  readonly trainedSteps: number;
}
