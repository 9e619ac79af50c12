/**
 * @file A study: runs that together answer for one figure of a paper, and what is concluded from them. Plain data: the
 * same description is used to list, run, count and draw it.
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

/** small: what two cores finish in minutes to an hour; paper: the paper's sizes and numbers of seeds. */
export const studySizes = ["small", "paper"] as const;
export type StudySize = (typeof studySizes)[number];

/** One run that a study needs, as `crh run` would be told. */
export interface StudyRun {
  /** Unlike that of every other run of the study. */
  readonly label: string;
  readonly setting: string;
  readonly preset?: string;
  /** Values that differ from the preset's. */
  readonly parameters?: Readonly<Record<string, string | number | boolean>>;
  readonly seed: number;
  /** Places of held-out samples that are followed, where the setting follows none by itself. */
  readonly follow?: readonly number[];
  readonly followEvery?: number;
  /** At logarithmically spaced steps, as in `crh run`, or every N steps. Default: at the first and the last. */
  readonly measured?: "often" | number;
  /** Whether the second moments of the last measurement are kept. Default: not. */
  readonly keepsMoments?: boolean;
}

/** A run that is done, with what a study reads of it. Large files are read when they are asked for, and not kept. */
export interface StudiedRun {
  readonly label: string;
  readonly seed: number;
  /** Every parameter, defaults filled in. */
  readonly parameters: Readonly<Record<string, unknown>>;
  /** Names of the parameters that are smaller than the paper's. Default: none. */
  readonly smaller?: readonly string[];
  /** Absent where the run follows no points. */
  readonly followed: FollowedRecord | undefined;
  /** Look by look, as the run wrote them. */
  trajectories(): readonly FollowedRow[];
  metrics(): readonly MetricPoint[];
  /** The last measurement. */
  snapshot(): Snapshot | undefined;
  /** All measurements, by step. */
  snapshots(): readonly Snapshot[];
  /** The second moments of the last measurement, where they were kept. */
  moments(): Moments | undefined;
  /** What was watched, in words, with what theory expects of it. */
  watched(): WatchedRecord | undefined;
  /** Images that the network made at the end. */
  pictures(): PicturesRecord | undefined;
  /**
   * The parameters at the end that are matrices, filters of convolutions by rows, by name in the network's order; none
   * where no checkpoint is left.
   */
  weights(): ReadonlyMap<string, Matrix>;
}

/** A run whose loss was no finite number any more, with what it wrote before. */
export interface DivergedRun extends StudiedRun {
  /** The step at which that was. */
  readonly step: number;
}

/** What a study may look at besides its runs. */
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
  /** What is compared with the threshold: the mean over seeds. Null where no run gave it. */
  readonly value: number | null;
  /** 95 % interval of the mean over seeds; null for fewer than three. */
  readonly interval: readonly [number, number] | null;
  /** Runs, or seeds, that it is the mean over. */
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
  /** What a reader has to know: choices, runs that were left out, why a number is missing. */
  readonly notes: readonly string[];
}

/** Sets that studies read, as the list names them; `text` is any. */
export type StudyData = "MNIST" | "CIFAR10" | "text";

export interface Study {
  /** "twopoint/2": theory and figure. */
  readonly name: string;
  readonly title: string;
  /** "van Rossem & Saxe (arXiv 2402.09142), Fig. 2". */
  readonly source: string;
  /** What the paper says, in words. */
  readonly statement: string;
  /** What it reads from the folder of --data. */
  readonly needsData?: StudyData;
  /** None where the study computes all it shows by itself. */
  runs(size: StudySize): readonly StudyRun[];
  /** @param done the runs that are there, in any order: those that failed are missing */
  evaluate(done: readonly StudiedRun[], context: StudyContext): Evaluation;
}
