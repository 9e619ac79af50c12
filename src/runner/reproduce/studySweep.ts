/**
 * @file The runs of a study as a sweep, so that several run at once, on this machine or others, and none is lost. The
 * sweep's name depends on its jobs, so the same study finds its sweep again.
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Study, StudySize } from "../../studies/study.ts";
import { type Job, jobId } from "../../sweeps/jobs.ts";
import { checkedChoices, type RunChoices } from "../../sweeps/plan.ts";
import { createSweep, SweepFolder } from "../../sweeps/sweepFolder.ts";
import { crhVersion } from "../versions.ts";
import type { Found, Planned } from "./found.ts";
import { readsData, STUDY_SWEEP } from "./plannedRuns.ts";

/**
 * The sweep of a study, created if missing. Runs found elsewhere count as done.
 *
 * @param found every run of the study
 * @param sweeps folder of the sweeps
 * @param data folder of the data
 */
export function studySweep(
  { name }: Study,
  size: StudySize,
  found: readonly Found[],
  { sweeps, data }: { readonly sweeps: string; readonly data?: string },
): SweepFolder {
  const each = found.map((one) => ({ one, job: jobOf(one.planned, data) }));
  const jobs = [...new Map(each.map(({ job }) => [job.id, job])).values()];
  const hash = createHash("sha256").update(JSON.stringify(jobs.map(({ id }) => id)));
  const full = `${STUDY_SWEEP}${name.replaceAll("/", "-")}-${size}-${hash.digest("hex").slice(0, 6)}`;
  const sweep = existsSync(join(sweeps, full, "plan.json"))
    ? new SweepFolder(join(sweeps, full))
    : createSweep(
        sweeps,
        {
          ...{ name: full, createdAt: new Date().toISOString(), argv: ["reproduce", name, "--size", size] },
          ...{ failFast: false, again: false, options: checkedChoices({}), versions: { crh: crhVersion() } },
        },
        jobs,
      );
  for (const { one, job } of each) {
    if (one.state !== "diverged" && sweep.isFailed(job.id)) sweep.forget(job.id); // tried again
    if (one.folder === undefined || sweep.isDone(job.id)) continue;
    if (one.state === "diverged" && !sweep.isFailed(job.id)) sweep.markFailed(job.id, one.info!.error!);
    if (one.state !== "done" || sweep.runOf(job.id) !== undefined) continue;
    sweep.adopt(job.id, one.folder.dir);
    sweep.markDone(job.id, job.id, 0);
  }
  return sweep;
}

function jobOf(planned: Planned, data: string | undefined): Job {
  const { run, setting, parameters } = planned;
  const options = choicesOf(planned, data);
  return {
    id: jobId(setting.name, parameters, options),
    setting: setting.name,
    ...(run.preset !== undefined && { preset: run.preset }),
    values: { ...run.parameters, seed: run.seed },
    options,
  };
}

/** Measurement options of a study's run; default: at the first and last step. */
function choicesOf(planned: Planned, data: string | undefined): RunChoices {
  const { run, parameters } = planned;
  return checkedChoices({
    every: run.measured === "often" ? "log" : (run.measured ?? Math.max(1, parameters.steps as number)),
    moments: run.keepsMoments ? "final" : "none",
    ...(run.follow !== undefined && { follow: [...run.follow] }),
    ...(run.followEvery !== undefined && { followEvery: run.followEvery }),
    ...(data !== undefined && readsData(planned) && { data: resolve(data) }),
  });
}
