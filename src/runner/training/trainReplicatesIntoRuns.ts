/**
 * @file Trains runs that differ only in seed, rate, decay or data in one graph, each into its own folder. Every folder
 * is like that of a single run, written by the same code (trainIntoRun), and `crh resume` continues any of them alone.
 */
import type { Engine } from "../../engine/engine.ts";
import { nodeEngineOn } from "../../engineNode/nodeEngine.ts";
import { NotReplicableError } from "../../replicate/notReplicable.ts";
import type { Experiment } from "../../train/experiment.ts";
import { train } from "../../train/train.ts";
import type { TrainOptions, TrainResult } from "../../train/trainOptions.ts";
import { Replicates } from "../../train/trainReplicates.ts";
import type { LayerPool } from "../../workers/layerPool.ts";
import type { Watcher } from "../observer.ts";
import type { StartedRun } from "./createTraining.ts";
import { trainIntoRun } from "./trainIntoRun.ts";

/**
 * Trains runs together where their steps have one form (`replicable` tells where that is faster), otherwise one after
 * the other, with a note.
 *
 * A run that diverges is marked failed as it would be alone, and the others go on.
 *
 * @param runs runs of one plan, starting or continuing at the same step
 * @param watcher the watcher of run i; its signal stops that run
 * @param measuring measuring threads, closed by their creator
 * @returns for each run what trainIntoRun would return or throw
 */
export async function trainReplicatesIntoRuns(
  runs: readonly StartedRun[],
  watcher: (i: number) => Watcher,
  measuring: LayerPool,
): Promise<PromiseSettledResult<void>[]> {
  const replicates = await together(runs);
  if (replicates instanceof NotReplicableError) {
    watcher(0).observer.note(`trained one by one: ${replicates.message}`);
    return oneByOne(runs, watcher, measuring);
  }
  const others = runs.length - 1;
  const note =
    `Trained in one graph with ${others} other run${others === 1 ? "" : "s"}: numbers are those of a run alone up to ` +
    "the order of sums in float32, which training may let grow.";
  const meeting = new Meeting(runs.length, (options) => replicates.train(options));
  return Promise.allSettled(
    runs.map(async ({ job, experiment }, i) => {
      try {
        job.folder.update({ notes: [...(job.folder.info().notes ?? []), note] });
        await trainIntoRun(job, experiment, watcher(i), { train: meeting.place(i), measuring });
      } finally {
        meeting.leave(i);
      }
    }),
  );
}

async function oneByOne(
  runs: readonly StartedRun[],
  watcher: (i: number) => Watcher,
  measuring: LayerPool,
): Promise<PromiseSettledResult<void>[]> {
  const results: PromiseSettledResult<void>[] = [];
  for (const [i, { job, experiment }] of runs.entries())
    results.push(...(await Promise.allSettled([trainIntoRun(job, experiment, watcher(i), { train, measuring })])));
  return results;
}

/** The runs' steps in one graph, or why they cannot be. */
async function together(runs: readonly StartedRun[]): Promise<Replicates | NotReplicableError> {
  try {
    const plans = new Set(runs.map(({ job }) => JSON.stringify({ ...job.plan, confirmed: true, data: null })));
    if (plans.size > 1) throw new NotReplicableError("expected runs of one plan, got several");
    const { device } = runs[0]!.job.plan;
    if (device !== "cpu") throw new NotReplicableError(`expected the device cpu, got ${device}`);
    return await Replicates.of(
      nodeEngineOn(device),
      runs.map(({ experiment }) => experiment),
    );
  } catch (error) {
    if (error instanceof NotReplicableError) return error;
    throw error;
  }
}

/** Collects the calls of `train` by runs that train together. */
class Meeting {
  private readonly expected: Set<number>;
  private readonly asked = new Map<number, { options: TrainOptions; settle: (result: Settled) => void }>();
  private readonly start: (options: readonly (TrainOptions | undefined)[]) => Promise<Settled[]>;
  private readonly count: number;

  constructor(count: number, start: (options: readonly (TrainOptions | undefined)[]) => Promise<Settled[]>) {
    this.count = count;
    this.expected = new Set(Array.from({ length: count }, (_, i) => i));
    this.start = start;
  }

  /** `train` of run i: it starts when all runs that have not failed have called it. */
  place(i: number): typeof train {
    return async (_: Engine, __: Experiment, options: TrainOptions): Promise<TrainResult> => {
      const result = await new Promise<Settled>((settle) => {
        this.asked.set(i, { options, settle });
        this.leave(i);
      });
      if (result.status === "rejected") throw result.reason;
      return result.value;
    };
  }

  /** Stops waiting for run i. */
  leave(i: number): void {
    if (!this.expected.delete(i) || this.expected.size > 0 || this.asked.size === 0) return;
    const options = Array.from({ length: this.count }, (_, r) => this.asked.get(r)?.options);
    this.start(options).then(
      (results) => {
        for (const [r, { settle }] of this.asked) settle(results[r]!);
      },
      (reason: unknown) => {
        for (const { settle } of this.asked.values()) settle({ status: "rejected", reason });
      },
    );
  }
}

type Settled = PromiseSettledResult<TrainResult>;
