/**
 * @file Selects runs to train together: runs with small steps that differ only in seed, rate, decay or data. Where the
 * overhead of operators exceeds their arithmetic, one graph for all pays it once; otherwise nothing is gained (npm run
 * bench -- replicates, docs/log.md).
 */
import { parameterShapes } from "../../networks/network.ts";
import { sizeOf } from "../../onnx/tensor.ts";
import type { Experiment } from "../../train/experiment.ts";
import type { TrainJob } from "./trainJob.ts";

/** The part of a run that matters here; a StartedRun is one. */
export interface Candidate {
  readonly job: Pick<TrainJob, "setting" | "parameters" | "plan" | "resume">;
  readonly experiment: Experiment;
}

/** Runs to train together, or one alone. */
export interface ReplicateGroup<C extends Candidate> {
  readonly runs: readonly C[];
  /** Why the runs are together, or why a run is alone. */
  readonly reason: string;
}

/** Settings measured to be faster together where steps are small. */
const FASTER: ReadonlySet<string> = new Set([
  ...["scalar", "rank-one", "deep-linear", "tanh2", "factorization", "low-rank", "vae", "twopoint"],
]);

/**
 * chosen: largest batch size times number of weights. At 60,000 (twopoint 4x100) training together is twice as fast, at
 * a million (fc1 small) less than 15 % faster.
 */
const MOST_PRODUCTS = 200_000;

/** chosen: steps of two runs together are 6 % to 40 % faster, those of four at least 50 %. */
const LEAST_RUNS = 4;

/** chosen: the largest number that was measured. */
const MOST_RUNS = 16;

/** Parameters that change only values: of the schedule, the data, the initial weights. */
const FREE: ReadonlySet<string> = new Set([
  ...["seed", "lr", "lrEnd", "schedule", "warmup", "period", "factor"],
  ...["phi", "wScale", "bScale", "uScale", "spread", "signal", "dx2", "dy2", "points", "eigenvalues", "singular"],
  ...["gain", "initialisation", "unequal", "u", "w"],
]);

/** Parameters that change only values, unless they are 0, which changes the graph. */
const FREE_ABOVE_ZERO: ReadonlySet<string> = new Set(["decay", "momentum", "noise"]);

/**
 * Groups runs with equal graphs. Whether a group can really train together is decided when its graph is built
 * (trainReplicatesIntoRuns); this function proposes candidates.
 *
 * @param workers number of processes; there are at least as many groups, if the runs suffice. Default 1
 * @returns every run once, in the order of the first of each group
 */
export function replicable<C extends Candidate>(
  runs: readonly C[],
  { workers = 1 }: { readonly workers?: number } = {},
): ReplicateGroup<C>[] {
  const kinds = new Map<string, { runs: C[]; obstacle: string | undefined }>();
  for (const [i, run] of runs.entries()) {
    const obstacle = obstacleOf(run);
    const key = obstacle === undefined ? formOf(run) : `alone ${i}`;
    const kind = kinds.get(key);
    if (kind === undefined) kinds.set(key, { runs: [run], obstacle });
    else kind.runs.push(run);
  }
  return [...kinds.values()].flatMap(({ runs: alike, obstacle }) => {
    if (alike.length < LEAST_RUNS) {
      const few = `${alike.length} of its kind: at least ${LEAST_RUNS} gain enough together`;
      return alike.map((run) => ({ runs: [run], reason: obstacle ?? few }));
    }
    return parted(alike, workers).map((part) => ({
      runs: part,
      reason: "differ only in seed, rate, decay or data, and their steps are small",
    }));
  });
}

/** Why a run must train alone, independent of other runs. */
function obstacleOf({ job: { setting, plan }, experiment }: Candidate): string | undefined {
  if (!FASTER.has(setting.name)) return `${setting.name} was not measured to be faster together`;
  if (plan.device !== "cpu" || plan.threads !== 1)
    return `one thread of the processor is what was measured, not ${plan.threads} on ${plan.device}`;
  const weights = [...parameterShapes(experiment.network).values()].reduce((sum, shape) => sum + sizeOf(shape), 0);
  const products = experiment.data.inputShape[0]! * weights;
  if (products > MOST_PRODUCTS)
    return `a step of ${products} products is not faster together, which ${MOST_PRODUCTS} at most are`;
  return undefined;
}

/** A key shared by runs with equal graphs. */
function formOf({ job: { setting, parameters, plan, resume } }: Candidate): string {
  const fixed = Object.entries(parameters)
    .filter(([key]) => !FREE.has(key))
    .map(([key, value]) => [key, FREE_ABOVE_ZERO.has(key) ? value === 0 : value]);
  return JSON.stringify([setting.name, fixed, { ...plan, confirmed: true }, resume?.step ?? null]);
}

/** Runs in as few parts of equal size as possible, but at least one per worker. */
function parted<C>(runs: readonly C[], workers: number): C[][] {
  const most = Math.floor(runs.length / LEAST_RUNS);
  const count = Math.min(most, Math.max(workers, Math.ceil(runs.length / MOST_RUNS)));
  return Array.from({ length: count }, (_, i) => runs.filter((_, r) => r % count === i));
}
