/**
 * @file Moments of earlier measurements with which new ones are compared: of the previous measurement, of the one at
 * about half the step where needed (docs/theory.md Eq. 64), and of the attention heads at the first one (Eq. 78). They
 * are kept in the run folder beside the checkpoints, so that a resumed run compares with the same moments.
 */
import { halvings } from "../../measure/training/halvings.ts";
import { bytesOf, type LayerMoments, type Moments } from "../../moments/moments.ts";
import { encodeMoments, misfitWords } from "../../moments/momentsFile.ts";
import type { RunFolder } from "../../runs/runFolder.ts";
import type { RunPlan } from "./runPlan.ts";

/**
 * chosen: most bytes kept; layers beyond it have no reported change, because writing them would take longer than
 * training.
 */
const MOST_BYTES = 2 ** 26;

export class EarlierMoments {
  private readonly folder: RunFolder;
  private readonly plan: RunPlan;
  private readonly lastStep: number;
  /** For each step compared over a factor of two, the earlier step (`halvings`). */
  private readonly halves: ReadonlyMap<number, number>;
  /** Moments of the last measurement that a later one is compared with over a factor of two. */
  private halfway: Moments | undefined;
  /** Moments of the previous measurement, if kept. */
  previous: Moments | undefined;
  /** The attention heads at the first measurement, if there are any and they are kept. */
  start: Moments | undefined;

  /**
   * @param measured    steps of all measurements of the run
   * @param resumedFrom step of the checkpoint from which the run continues
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

  /** Moments at about half of a step, if that step is compared with them and they are kept. */
  half(step: number): Moments | undefined {
    return this.halfway !== undefined && this.halves.get(step) === this.halfway.step ? this.halfway : undefined;
  }

  /** The last step, up to the given one, that a later one is compared with over a factor of two. */
  private halfBefore(step: number): number | undefined {
    return [...this.halves.values()].find((half) => half <= step);
  }

  /**
   * Adds the moments of a new measurement; an option decides whether they are kept.
   *
   * @param isWhole whether they are of all layers; otherwise they are neither compared nor kept
   * @returns text on why requested moments are not kept
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

  /** Called before a checkpoint is written: saves the moments that a run continued from it would need. */
  beforeCheckpoint(): void {
    const { folder, previous, halfway, start } = this;
    for (const moments of [previous, halfway, start])
      if (moments !== undefined && !folder.momentSteps().includes(moments.step))
        folder.writeMoments(moments.step, encodeMoments(moments));
  }

  /** Called after it: removes moments that no checkpoint needs. */
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

  /** Removes all but the requested moments. */
  finished(): void {
    this.folder.dropMoments((step) => !this.stays(step));
  }

  /** Whether the user requested the moments of a step. */
  stays(step: number): boolean {
    return this.plan.moments === "all" || (this.plan.moments === "final" && step === this.lastStep);
  }
}

/**
 * The part of a network's moments that later measurements are compared with: all if small; otherwise as many layers as
 * fit, heads first and convolutions last, each from the smallest on, without edges; undefined where none fits or a file
 * cannot hold them.
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
 * The heads of a network, without edges; undefined where there are none, they are too large, or a file cannot hold
 * them.
 */
function headsOf(total: Moments | undefined): Moments | undefined {
  const layers = total?.layers.filter(({ kind }) => kind === "head") ?? [];
  const isKept = layers.length > 0 && bytesOf(layers) <= MOST_BYTES && misfitWords({ layers }) === undefined;
  if (total === undefined || !isKept) return undefined;
  const { step, objective, source } = total;
  return { step, objective, source, layers };
}
