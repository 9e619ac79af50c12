/**
 * @file The moments of the measurement before, with which each new one of a run is compared, and of the one at about
 * half the step, with which some are (docs/theory.md Eq. 64), and the attention heads at the first one (Eq. 78). They
 * are kept in the run folder beside the checkpoints from which the run can go on, so that a resumed run compares with
 * the same ones.
 */
import { halvings } from "../../measure/training/halvings.ts";
import { bytesOf, type LayerMoments, type Moments } from "../../moments/moments.ts";
import { encodeMoments, misfitWords } from "../../moments/momentsFile.ts";
import type { RunFolder } from "../../runs/runFolder.ts";
import type { RunPlan } from "./runPlan.ts";

/** chosen: more is not kept, and of the rest no change is reported: writing it would take longer than training. */
const MOST_BYTES = 2 ** 26;

export class EarlierMoments {
  private readonly folder: RunFolder;
  private readonly plan: RunPlan;
  private readonly lastStep: number;
  /** Steps compared over a factor of two, by which (`halvings`). */
  private readonly halves: ReadonlyMap<number, number>;
  /** Of the last measurement that a later one is compared with over a factor of two. */
  private halfway: Moments | undefined;
  /** Of the measurement before, where they are kept. */
  previous: Moments | undefined;
  /** The attention heads at the first measurement, where there are any and they are kept. */
  start: Moments | undefined;

  /**
   * @param measured    steps of the measurements of the whole run
   * @param resumedFrom step of the checkpoint that the run goes on from
   */
  constructor(
    folder: RunFolder,
    plan: RunPlan,
    { steps, measured, resumedFrom }: { steps: number; measured: readonly number[]; resumedFrom?: number },
  ) {
    this.folder = folder;
    this.plan = plan;
    this.lastStep = steps;
    this.halves = halvings(measured);
    const half = resumedFrom === undefined ? undefined : this.halfBefore(resumedFrom);
    if (half !== undefined && folder.momentSteps().includes(half)) this.halfway = comparable(folder.moments(half)!);
    const before = resumedFrom === undefined ? undefined : folder.snapshotSteps().at(-1);
    if (before !== undefined && folder.momentSteps().includes(before))
      this.previous = comparable(folder.moments(before)!);
    const first = resumedFrom === undefined ? undefined : folder.snapshotSteps()[0];
    if (first !== undefined && folder.momentSteps().includes(first)) this.start = headsOf(folder.moments(first));
  }

  /** Those at about half of a step, where that step is compared with them and they are kept. */
  half(step: number): Moments | undefined {
    return this.halfway !== undefined && this.halves.get(step) === this.halfway.step ? this.halfway : undefined;
  }

  /** The last step, up to one, that a later one is compared with over a factor of two. */
  private halfBefore(step: number): number | undefined {
    return [...this.halves.values()].find((half) => half <= step);
  }

  /**
   * Takes the moments of a new measurement; the user's wish decides whether they stay.
   *
   * @param isWhole whether they are those of all layers; else there are no earlier ones to compare with, and none to
   * stay
   * @returns in words, why moments that the user asked for are not kept
   */
  measured(step: number, total: Moments, isWhole = true): string | undefined {
    this.start ??= headsOf(total);
    if (!isWhole) {
      this.previous = undefined;
      this.halfway = undefined;
      return this.stays(step) ? "too large for one file" : undefined;
    }
    const misfit = misfitWords(total);
    this.previous = comparable(total);
    if (this.halfBefore(step) === step) this.halfway = this.previous;
    if (!this.stays(step)) return undefined;
    if (misfit === undefined) this.folder.writeMoments(step, encodeMoments(total));
    return misfit;
  }

  /** Before a checkpoint is written: what the run would compare with if it went on from there. */
  beforeCheckpoint(): void {
    const { folder, previous, halfway, start } = this;
    for (const moments of [previous, halfway, start])
      if (moments !== undefined && !folder.momentSteps().includes(moments.step))
        folder.writeMoments(moments.step, encodeMoments(moments));
  }

  /** Behind it: drops what no checkpoint needs any more. */
  afterCheckpoint(): void {
    const { folder } = this;
    const measured = folder.snapshotSteps();
    const needed = new Set(
      [...folder.checkpoints(), ...folder.bestOnes()].flatMap((checkpoint) => [
        measured.filter((step) => step <= checkpoint.step).at(-1),
        this.halfBefore(checkpoint.step),
      ]),
    );
    if (this.start !== undefined) needed.add(this.start.step);
    folder.dropMoments((step) => !needed.has(step) && !this.stays(step));
  }

  /** Leaves what the user asked for. */
  finished(): void {
    this.folder.dropMoments((step) => !this.stays(step));
  }

  /** Whether the user wants the moments of a step to stay in the run folder. */
  stays(step: number): boolean {
    return this.plan.moments === "all" || (this.plan.moments === "final" && step === this.lastStep);
  }
}

/**
 * What of a network later measurements are compared with: all of it where it is small; else as many layers as fit,
 * heads first and convolutions last, each from the smallest on, without the edges of its maps; undefined where none
 * fits, or no file holds them.
 */
function comparable(total: Moments): Moments | undefined {
  if (misfitWords(total) !== undefined) return undefined;
  if (bytesOf(total.layers) <= MOST_BYTES) return total;
  const rank = ({ kind }: LayerMoments) => (kind === "head" ? 0 : kind === "conv" ? 2 : 1);
  const bySize = total.layers.toSorted((x, y) => rank(x) - rank(y) || bytesOf([x]) - bytesOf([y]));
  let left = MOST_BYTES;
  const taken = new Set(
    bySize.filter((layer) => {
      left -= bytesOf([layer]);
      return left >= 0;
    }),
  );
  if (taken.size === 0) return undefined;
  const { step, objective, source } = total;
  return { step, objective, source, layers: total.layers.filter((layer) => taken.has(layer)) };
}

/**
 * The heads of a network alone, without the edges of its maps; undefined where there are none, too much of them, or
 * sums that no file holds.
 */
function headsOf(total: Moments | undefined): Moments | undefined {
  const layers = total?.layers.filter(({ kind }) => kind === "head") ?? [];
  const isKept = layers.length > 0 && bytesOf(layers) <= MOST_BYTES && misfitWords({ layers }) === undefined;
  if (total === undefined || !isKept) return undefined;
  const { step, objective, source } = total;
  return { step, objective, source, layers };
}
