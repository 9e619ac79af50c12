/**
 * @file `crh ingest` of a folder of captures: a series over steps, kept as a run while it grows. Only one capture and
 * the previous one, with which it is compared, are in memory.
 */
import { basename, resolve } from "node:path";
import type { CapturedSetting } from "../../../runs/capturedSetting.ts";
import { Interrupted, reportOf, UsageError } from "../../errors.ts";
import type { Observer, Watcher } from "../../observer.ts";
import { type About, checkSaving, type StepCaptures } from "../analysisFolder.ts";
import type { IngestOptions } from "../analyzeOptions.ts";
import type { Analyzed } from "../analyzeSeries.ts";
import { measuredSnapshot } from "../measuredSnapshots.ts";
import { SeriesRun } from "../seriesRun.ts";
import { type NamedMoments, requireSameNetwork } from "./captureFit.ts";
import { captureFolder } from "./captureFolder.ts";
import { type CaptureStep, captureSteps } from "./captureSteps.ts";
import { addHalvedChanges } from "./halvedChanges.ts";
import { captureDocuments, readCaptures } from "./readCaptures.ts";
import { settingOfCaptures, settingWords } from "./settingFile.ts";

/** A series and, if an error ended it early, that error. */
export interface Ingested extends Analyzed {
  readonly failed?: unknown;
}

/**
 * @param dir an existing folder
 * @throws RangeError in one line where nothing could be measured, or files do not fit together
 */
export async function ingestFolder(dir: string, options: IngestOptions, watcher: Watcher): Promise<Ingested> {
  const { observer, signal } = watcher;
  if (options.objective !== undefined)
    throw new UsageError(
      "crh ingest: expected no --objective with a folder of captures, which state their own, got one; leave it out",
    );
  checkSaving(options);
  const live = options.live === true;
  const series = new Series(dir, options, observer);
  if (!live) await series.checkAll();
  let error: unknown;
  let isStopped = false;
  try {
    const note = (text: string) => series.note(text);
    for await (const step of captureSteps(dir, { live, note }, watcher)) await series.measure(step);
    isStopped = signal.aborted && !series.isAtEnd();
  } catch (caught) {
    error = caught;
  }
  return series.end(error, isStopped);
}

/** Measures the captures of a folder into a run. */
class Series {
  private readonly dir: string;
  private readonly options: IngestOptions;
  private readonly observer: Observer;
  private readonly run: SeriesRun;
  private readonly steps: StepCaptures[] = [];
  private readonly notes: string[] = [
    "The first capture is the start. Changes between captures include those of their samples, where these differ.",
  ];
  /** The first file, with which all others are compared. */
  private first: NamedMoments | undefined;
  private setting: CapturedSetting | undefined;
  private isSettingRead = false;

  constructor(dir: string, options: IngestOptions, observer: Observer) {
    this.dir = dir;
    this.options = options;
    this.observer = observer;
    this.run = new SeriesRun(new Date(), options);
  }

  note(text: string): void {
    this.observer.note(text);
    this.notes.push(text);
  }

  /** @throws RangeError naming two files that do not fit together by their headers, before anything is measured */
  async checkAll(): Promise<void> {
    for (const step of captureFolder(this.dir).captures) this.check(step);
    await this.readSetting();
  }

  /** Which setting was trained, once, when the first capture is there: who writes them writes it before. */
  private async readSetting(): Promise<void> {
    if (this.isSettingRead) return;
    this.setting = await settingOfCaptures(this.dir);
    this.isSettingRead = true;
    if (this.setting !== undefined) this.note(settingWords(this.setting));
  }

  private check(step: StepCaptures): void {
    for (const one of captureDocuments(this.dir, step)) {
      this.first ??= one;
      requireSameNetwork(this.first, one);
    }
  }

  async measure({ isLast, step, files }: CaptureStep): Promise<void> {
    this.check({ step, files });
    await this.readSetting();
    const { total, groups } = readCaptures(this.dir, { step, files });
    const known = { ...this.run.known({ isLast }), ...(groups.length > 1 && { groups }), cost: this.options.cost };
    const result = await measuredSnapshot(total, known, this.observer);
    this.steps.push({ step, files });
    this.run.add({ result, initial: undefined, total }, this.about());
    if (this.options.live) this.observer.note(`Step ${step} is measured.`);
  }

  /** Writes everything besides the measurements. @param error the error that ended them, or undefined */
  end(error: unknown, isStopped: boolean): Ingested {
    const done = this.run.snapshots.length;
    this.compareHalves();
    if (error === undefined && !isStopped) this.noteIfShort();
    const failure = error === undefined ? undefined : reportOf(error);
    const kept = this.run.end(this.about(), { isStopped, error: failure?.line });
    if (kept === undefined) throw error ?? new Interrupted("ingest: stopped before anything was measured");
    const count = `${done} ${done === 1 ? "capture" : "captures"}`;
    const stays = this.run.isSaved ? "kept" : "printed";
    const is = done === 1 ? "is" : "are";
    if (failure?.bug) return { kept, failed: error };
    if (failure) return { kept, failed: new RangeError(`${failure.line}; ${count} before it ${is} ${stays}`) };
    return isStopped ? { kept, stopped: `ingest: stopped after ${count}, which ${is} ${stays}` } : { kept };
  }

  /** Whether all captures are measured and none is awaited. */
  isAtEnd(): boolean {
    const { captures, isFinished } = captureFolder(this.dir);
    return captures.at(-1)?.step === this.steps.at(-1)?.step && (isFinished || !this.options.live);
  }

  /** Says of captures that do not cover the training why they answer for no run of it. */
  private noteIfShort(): void {
    const { setting, steps } = this;
    const [first, last] = [steps[0]?.step, steps.at(-1)?.step];
    if (setting === undefined || (first === 0 && last === setting.parameters.steps)) return;
    this.note(
      `Captures are there from step ${first} to ${last}, and ${setting.setting} takes ${setting.parameters.steps} steps: no run of crh reproduce can be told from them.`,
    );
  }

  /** Reads the captures that are compared over factors of two again; what is gone by then is said. */
  private compareHalves(): void {
    const { dir, steps, run } = this;
    const filesOf = (wanted: number) => steps.find(({ step }) => step === wanted)!;
    try {
      for (const snapshot of addHalvedChanges(run.snapshots, (step) => readCaptures(dir, filesOf(step)).total))
        run.rewrite(snapshot);
    } catch (error) {
      const { line, bug } = reportOf(error);
      if (bug) throw error;
      this.note(`Changes over factors of two of the steps are left out: ${line}`);
    }
  }

  private about(): About {
    const { dir, steps, notes, options, setting } = this;
    const { save: _, runs: __, out: ___, moments: ____, live: _____, ...config } = options;
    const captures = steps.flatMap(({ files }) => files);
    return {
      kind: "ingest",
      config: setting === undefined ? config : { ...config, captured: setting },
      notes: [...notes],
      record: { title: basename(resolve(dir)), models: [], captures },
      series: { captures: [...steps] },
      argv: ["ingest", dir, "--cost", options.cost],
      seed: 0,
    };
  }
}
