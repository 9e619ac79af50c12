/**
 * @file Times the steps of a training on an engine before it begins. They are taken by a network that is built for this
 * and thrown away, so that the training itself begins as it would have anyway.
 */
import type { Engine } from "../../engine/engine.ts";
import { DivergedError } from "../../train/diverged.ts";
import type { Milestones } from "../../train/milestones.ts";
import { train } from "../../train/train.ts";
import type { TrainRequest } from "./messages.ts";
import { plannedExperiment } from "./parameterCourse.ts";

/** chosen: milliseconds of a call of steps: long beside a browser's clock, short beside the turns of other programs. */
const CALL_MS = 5;
/** chosen: milliseconds of calls after the first one, which prepares what later ones need. */
const ENOUGH_MS = 150;
/** chosen: more than are taken. A training may end after a few, which a clock of tenths of milliseconds misses. */
const MOST_STEPS = 1e6;
const NOWHERE: Milestones = { measure: [], record: [], checkpoint: [] };

/**
 * Microseconds of a step, the least over some calls of steps.
 *
 * @param signal ends it after the present call
 */
export async function stepTime(engine: Engine, request: TrainRequest, signal: AbortSignal): Promise<number> {
  const { experiment } = await plannedExperiment(request);
  const enough = new AbortController();
  let least = Number.POSITIVE_INFINITY;
  /** The call under way, and when the second one began. */
  let [call, second]: [{ step: number; at: number } | undefined, number | undefined] = [undefined, undefined];
  const gate = async (step: number): Promise<number> => {
    const now = performance.now();
    if (call !== undefined) {
      least = Math.min(least, (now - call.at) / (step - call.step));
      second ??= now;
      if (signal.aborted || now - second >= ENOUGH_MS) enough.abort();
    }
    call = { step, at: performance.now() };
    return enough.signal.aborted ? 1 : Math.max(1, Math.floor(CALL_MS / least));
  };
  const options = { steps: MOST_STEPS, milestones: NOWHERE, gate, signal: enough.signal };
  await train(engine, experiment, options).catch((error: Error) => {
    // Of steps that the training itself may never take.
    if (!(error instanceof DivergedError) || least === Number.POSITIVE_INFINITY) throw error;
  });
  return 1000 * least;
}
