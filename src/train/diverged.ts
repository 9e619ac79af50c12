/** @file The error of a run whose loss is no longer a finite number. */

/** Training stopped at `step` because the loss there is not finite; `checkpoint` is the last good one's step. */
export class DivergedError extends Error {
  override readonly name = "DivergedError";
  readonly step: number;
  readonly checkpoint: number | undefined;

  constructor(step: number, loss: number, checkpoint: number | undefined) {
    const kept =
      checkpoint === undefined ? "no checkpoint was written yet" : `the checkpoint of step ${checkpoint} is good`;
    super(
      `train: expected a finite loss, got ${loss} at step ${step}; ${kept}; lower lr, or raise the warm-up (warmup=...)`,
    );
    this.step = step;
    this.checkpoint = checkpoint;
  }
}
