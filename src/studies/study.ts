/**
 * @file A study: the runs behind one figure of a paper, and the conclusions drawn from them. It is plain data: one
 * description serves to list, run, count and draw it.
 */
import type { Figure } from "../figures/figure.ts";
import type { Claim } from "../findings/claims/claim.ts";
import type { MetricPoint } from "../findings/lastHalf.ts";
import type { PicturesRecord } from "../findings/picturesRecord.ts";
import type { FollowedRecord } from "../findings/twopoint/followedRecord.ts";
import type { FollowedRow } from "../findings/twopoint/twopointRecord.ts";
import type { WatchedRecord } from "../findings/watchedRecord.ts";
import type { Matrix } from "../linalg/matrix.ts";
import type { Snapshot } from "../measure/snapshot.ts";
import type { Moments } from "../moments/moments.ts";

/** small: two cores finish it in minutes to an hour; paper: the paper's sizes and numbers of seeds. */
export const studySizes = ["small", "paper"] as const;
export type StudySize = (typeof studySizes)[number];

/** One run that a study needs, in the terms of `crh run`. */
export interface StudyRun {
  /** Unique within the study. */
  readonly label: string;
  readonly setting: string;
  readonly preset?: string;
  /** Values that differ from the preset's. */
  readonly parameters?: Readonly<Record<string, string | number | boolean>>;
  readonly seed: number;
  /** Indices of the held-out samples to follow, if the setting follows none by itself. */
  readonly follow?: readonly number[];
  readonly followEvery?: number;
  /**
   * "often": at logarithmically spaced steps, as in `crh run`. A number N: every N steps. Default: at the first and the
   * last.
   */
  readonly measured?: "often" | number;
  /** Whether the second moments of the last measurement are kept. Default: false. */
  readonly keepsMoments?: boolean;
}

/** A finished run, as a study reads it. Large files are read on request and not kept. */
export interface StudiedRun {
  readonly label: string;
  readonly seed: number;
  /** Every parameter, defaults filled in. */
  readonly parameters: Readonly<Record<string, unknown>>;
  /** Names of the parameters that are smaller than the paper's. Default: none. */
  readonly smaller?: readonly string[];
  /** Undefined if the run follows no points. */
  readonly followed: FollowedRecord | undefined;
  /** In the order in which the run wrote them. */
  trajectories(): readonly FollowedRow[];
  metrics(): readonly MetricPoint[];
  /** The last measurement. */
  snapshot(): Snapshot | undefined;
  /** All measurements, by step. */
  snapshots(): readonly Snapshot[];
  /** The second moments of the last measurement, if they were kept. */
  moments(): Moments | undefined;
  /** What was watched, in words, and what theory predicts for it. */
  watched(): WatchedRecord | undefined;
  /** Images that the network generated at the end. */
  pictures(): PicturesRecord | undefined;
  /**
   * Final parameters that are matrices, with filters of convolutions as rows, by name in the network's order; empty if
   * no checkpoint is left.
   */
  weights(): ReadonlyMap<string, Matrix>;
}

/** A run whose loss ceased to be finite, with what it wrote before that. */
export interface DivergedRun extends StudiedRun {
  /** The step at which that happened. */
  readonly step: number;
}

/** What a study may read besides its runs. */
export interface StudyContext {
  readonly size: StudySize;
  /** Runs that diverged, in any order. Default: none. */
  readonly diverged?: readonly DivergedRun[];
  /** Bytes of a file in the folder of --data. */
  readonly file?: (name: string) => Uint8Array | undefined;
}

/** A claim over several runs. */
export interface ScoreRow extends Claim {
  /** The statement in a few words, for a narrow table. */
  readonly name: string;
  /** The number that is compared with the threshold: the mean over seeds. Null if no run gave it. */
  readonly value: number | null;
  /** 95 % interval of the mean over seeds; null for fewer than three. */
  readonly interval: readonly [number, number] | null;
  /** Number of runs, or seeds, in the mean. */
  readonly count: number;
  /** Value and interval, and the limit, as text for a narrow table. */
  readonly number: string;
  readonly limit: string;
}

export interface StudyFigure {
  readonly name: string;
  readonly caption: string;
  readonly figure: Figure;
}

export interface Evaluation {
  readonly figures: readonly StudyFigure[];
  readonly claims: readonly ScoreRow[];
  /** What a reader must know: choices, runs left out, why a number is missing. */
  readonly notes: readonly string[];
}

/** Data sets that studies read, by the names in the list; `text` is any text. */
export type StudyData = "MNIST" | "CIFAR10" | "text";

export interface Study {
  /** "twopoint/2": theory and figure. */
  readonly name: string;
  readonly title: string;
  /** "van Rossem & Saxe (arXiv 2402.09142), Fig. 2". */
  readonly source: string;
  /** What the paper says, in words. */
  readonly statement: string;
  /** The data set that it reads from the folder of --data. */
  readonly needsData?: StudyData;
  /** Empty if the study computes everything itself. */
  runs(size: StudySize): readonly StudyRun[];
  /** @param done the finished runs, in any order; failed ones are missing */
  evaluate(done: readonly StudiedRun[], context: StudyContext): Evaluation;
}
