/**
 * @file Measurements of one network at several steps on their way into a run folder: each is kept as soon as it is
 * there, the first is the start of the others, and each is compared with the one before it.
 */
import type { Snapshot, SnapshotOptions } from "../../measure/snapshot.ts";
import type { Moments } from "../../moments/moments.ts";
import type { RunFolder } from "../../runs/runFolder.ts";
import { type About, addMeasurement, createAnalysis, describeAnalysis } from "./analysisFolder.ts";
import type { AnalysisOutputs } from "./analyzeOptions.ts";
import { type Ended, type Kept, keepAnalysis } from "./keepAnalysis.ts";
import { type Snapshots, startOf } from "./measuredSnapshots.ts";

/**
 * chosen: as at measurements of a run in mid-training: what laws may take at each measurement but the last, in seconds.
 */
const PASSING_SECONDS = 3;

export class SeriesRun {
  /** Those that are there, by step. */
  readonly snapshots: Snapshot[] = [];
  private readonly startedAt: Date;
  private readonly outputs: AnalysisOutputs;
  private folder: RunFolder | undefined;
  private last: Snapshots | undefined;
  private start: SnapshotOptions = {};
  private previous: Moments | undefined;

  constructor(startedAt: Date, outputs: AnalysisOutputs) {
    this.startedAt = startedAt;
    this.outputs = outputs;
  }

  /** What the next measurement takes of those before it. */
  known({ isLast }: { readonly isLast: boolean }): SnapshotOptions {
    return {
      ...this.start,
      ...(this.previous && { previous: this.previous }),
      ...(!isLast && { exponentSeconds: PASSING_SECONDS }),
    };
  }

  /** Keeps a measurement. @param about what is known of the series by now */
  add(found: Snapshots, about: About): void {
    const { result, total } = found;
    if (this.outputs.save) {
      if (this.folder === undefined) this.folder = createAnalysis(this.outputs.runs, about, this.startedAt);
      else describeAnalysis(this.folder, about);
      addMeasurement(this.folder, result);
    }
    if (this.snapshots.length === 0) this.start = startOf(total, result);
    this.previous = total.layers.length === result.layers.length ? total : undefined;
    this.snapshots.push(result);
    this.last = found;
  }

  /** Writes a measurement that was kept once more, with what became known of it since. */
  rewrite(snapshot: Snapshot): void {
    this.folder?.writeSnapshot(snapshot);
  }

  /** Whether what is measured stays. */
  get isSaved(): boolean {
    return this.folder !== undefined;
  }

  /** Writes what stands beside the measurements; undefined where there is none. */
  end(about: About, ended: Ended): Kept | undefined {
    if (this.last === undefined) return undefined;
    const { snapshots, folder, startedAt, outputs } = this;
    if (folder !== undefined) describeAnalysis(folder, about);
    return keepAnalysis(
      { ...this.last, initial: undefined, snapshots, folder },
      about,
      { startedAt, ...ended },
      outputs,
    );
  }
}
