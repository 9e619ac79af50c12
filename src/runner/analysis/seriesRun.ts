/**
 * @file Writes measurements of one network at several steps into a run folder. Each is kept at once and compared with
 * the first, which is the start, and with the previous one.
 */
import type { Snapshot, SnapshotOptions } from "../../measure/snapshot.ts";
import type { Moments } from "../../moments/moments.ts";
import type { RunFolder } from "../../runs/runFolder.ts";
import { type About, addMeasurement, createAnalysis, describeAnalysis } from "./analysisFolder.ts";
import type { AnalysisOutputs } from "./analyzeOptions.ts";
import { type Ended, type Kept, keepAnalysis } from "./keepAnalysis.ts";
import { type Snapshots, startOf } from "./measuredSnapshots.ts";

/**
 * chosen: seconds for laws at each measurement except the last, as for measurements during training.
 */
const PASSING_SECONDS = 3;

export class SeriesRun {
  /** The measurements so far, by step. */
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

  /** The data of earlier measurements that the next one uses. */
  known({ isLast }: { readonly isLast: boolean }): SnapshotOptions {
    return {
      ...this.start,
      ...(this.previous && { previous: this.previous }),
      ...(!isLast && { exponentSeconds: PASSING_SECONDS }),
    };
  }

  /** Keeps a measurement. @param about description of the series so far */
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

  /** Rewrites a kept measurement with values that became known later. */
  rewrite(snapshot: Snapshot): void {
    this.folder?.writeSnapshot(snapshot);
  }

  /** Whether measurements are kept. */
  get isSaved(): boolean {
    return this.folder !== undefined;
  }

  /** Writes everything besides the measurements; undefined where there are none. */
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
