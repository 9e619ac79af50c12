/** @file What training is asked for, whom it tells, and what it returns. */
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
  /** Before each call of steps of networks that train together (trainReplicates.ts): what the others did is over. */
  onSteps?(): void;
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
  /**
   * Asked before each call of steps: training goes on when it answers, and takes at most so many steps before it asks
   * again. What pauses, paces or takes single steps; not of networks that train together. Numbers stay as they are but
   * for draws of dropout, which depend on where calls end.
   */
  readonly gate?: (step: number) => Promise<number>;
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
