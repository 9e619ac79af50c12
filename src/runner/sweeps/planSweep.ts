/** @file Plans a sweep from a request: its jobs, their estimated cost, its folder. */
import { resolve } from "node:path";
import { readBytes } from "../../disk/readBytes.ts";
import { ParameterError } from "../../parameters/parse.ts";
import { findPreset, PAPER } from "../../settings/presets.ts";
import { findSetting } from "../../settings/settings.ts";
import { estimatedBytes, estimatedSeconds } from "../../studies/cost.ts";
import { type BlockSetting, countJobs, type Job, jobsOf, MOST_JOBS } from "../../sweeps/jobs.ts";
import { checkedChoices, PlanError, parsePlan, type SweepPlan, valuesOf } from "../../sweeps/plan.ts";
import { createSweep, type SweepFolder, sweepsOf } from "../../sweeps/sweepFolder.ts";
import { UsageError } from "../errors.ts";
import { crhVersion } from "../versions.ts";

/** The request of `crh sweep`. */
export interface SweepRequest {
  /** A setting with assignments of values, or a YAML file. */
  readonly what: string;
  /** "decay=1e-6,1e-5". */
  readonly assignments: readonly string[];
  readonly preset?: string | undefined;
  readonly steps?: number | undefined;
  readonly draws?: number | undefined;
  readonly drawSeed?: number | undefined;
  readonly name?: string | undefined;
  /** Options of each run, as in `crh run`; they override those of a file. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** A sweep that is not yet written. */
export interface PlannedSweep {
  readonly name: string;
  readonly plan: SweepPlan;
  readonly jobs: readonly Job[];
  /** Number of combinations equal to an earlier job. */
  readonly repeated: number;
  /** Seconds of training: of all jobs in sequence, and of the largest job. */
  readonly seconds: number;
  readonly longest: number;
  /** Memory of the largest job. */
  readonly bytes: number;
}

/** chosen: largest size of a plan, which is written by hand. */
const MOST_BYTES = 1 << 20;

/** @throws UsageError where the plan cannot be used */
export async function planSweep(request: SweepRequest, now = new Date()): Promise<PlannedSweep> {
  try {
    const plan = requestedPlan(request);
    return { ...(await plannedJobs(plan)), plan, name: request.name ?? plan.name ?? nameOf(request, now) };
  } catch (error) {
    if (error instanceof PlanError || error instanceof ParameterError) throw new UsageError(error.message);
    throw error;
  }
}

/**
 * Writes the sweep's folder. A default name gets a number if it is taken.
 *
 * @param root folder of all sweeps
 */
export function writeSweep(
  planned: PlannedSweep,
  root: string,
  options: { argv: readonly string[]; failFast: boolean; again: boolean; named: boolean },
): SweepFolder {
  const { argv, failFast, again, named } = options;
  const taken = new Set(named ? [] : sweepsOf(root));
  let name = planned.name;
  for (let n = 2; taken.has(name); n++) name = `${planned.name}-${n}`;
  const record = {
    ...{ name, createdAt: new Date().toISOString(), argv, failFast, again },
    ...{ options: planned.plan.options, versions: { crh: crhVersion() } },
  };
  return createSweep(root, record, planned.jobs);
}

function requestedPlan(request: SweepRequest): SweepPlan {
  const { what, assignments, preset, steps, draws, drawSeed, options } = request;
  const asked = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  const given = { ...asked, ...(typeof asked.data === "string" && { data: resolve(asked.data) }) };
  if (!isFile(what)) {
    const values = Object.fromEntries(pairs(assignments).map(([key, text]) => [key, valuesOf(text, `sweep: ${key}`)]));
    const all = { ...values, ...(steps !== undefined && { steps: { kind: "list" as const, values: [steps] } }) };
    const block = {
      ...{ setting: what, values: all, conditions: [{}], drawSeed: drawSeed ?? 0 },
      ...(preset !== undefined && { preset }),
      ...(draws !== undefined && { draws }),
    };
    return { blocks: [block], options: checkedChoices(given) };
  }
  if (assignments.length > 0 || preset !== undefined || steps !== undefined || draws !== undefined)
    throw new PlanError(
      `sweep: expected values of parameters only in ${what}, got some besides; write them into the file`,
    );
  const bytes = readBytes(what);
  if (bytes.length > MOST_BYTES)
    throw new PlanError(`${what}: expected a plan of 1 MiB at most, got ${bytes.length} bytes; use ranges`);
  const plan = parsePlan(new TextDecoder().decode(bytes), what);
  const own = { ...plan.options, ...(plan.options.data !== undefined && { data: resolve(plan.options.data) }) };
  return { ...plan, options: checkedChoices({ ...own, ...given }) };
}

const isFile = (what: string): boolean => /\.ya?ml$/i.test(what);

function pairs(assignments: readonly string[]): [string, string][] {
  const seen = new Set<string>();
  return assignments.map((word) => {
    const at = word.indexOf("=");
    if (at < 1)
      throw new PlanError(`sweep: expected key=values, got "${word}"; for instance decay=1e-6,1e-5 seed=0..4`);
    const key = word.slice(0, at);
    if (seen.has(key)) throw new PlanError(`sweep: expected ${key} once, got it twice; separate values by commas`);
    seen.add(key);
    return [key, word.slice(at + 1)];
  });
}

async function plannedJobs(plan: SweepPlan): Promise<Omit<PlannedSweep, "name" | "plan">> {
  const count = plan.blocks.reduce((sum, block) => sum + countJobs(block), 0);
  if (count > MOST_JOBS)
    throw new PlanError(
      `sweep: expected a million jobs at most, got ${count.toLocaleString("en-US")} combinations; give fewer values, or draw some with --draws`,
    );
  const jobs = new Map<string, Job>();
  const cost = { seconds: 0, longest: 0, bytes: 0 };
  for (const block of plan.blocks) {
    const setting = await blockSetting(block.setting, block.preset);
    for (const { parameters, ...job } of jobsOf(block, setting, plan.options)) {
      if (jobs.has(job.id)) continue;
      jobs.set(job.id, job);
      const seconds = estimatedSeconds(parameters);
      cost.seconds += seconds;
      cost.longest = Math.max(cost.longest, seconds);
      cost.bytes = Math.max(cost.bytes, estimatedBytes(parameters));
    }
  }
  return { jobs: [...jobs.values()], repeated: count - jobs.size, ...cost };
}

async function blockSetting(name: string, preset?: string): Promise<BlockSetting> {
  const setting = await findSetting(name);
  const { parameters } = findPreset(setting, preset ?? PAPER);
  return { name: setting.name, parameters: setting.parameters, preset: parameters };
}

function nameOf({ what }: SweepRequest, now: Date): string {
  const stem = isFile(what) ? what.replace(/^.*[\\/]/, "").replace(/\.ya?ml$/i, "") : what;
  return `${now.toISOString().slice(0, 10)}-${stem.replace(/[^\w.-]+/g, "-")}`;
}
