/**
 * @file Sweeps on a real Slurm of one node: limits of time, cancelling, pre-emption, a node that fails, arrays that are
 * smaller than the sweep, a Slurm that refuses. Skipped where there is none (install.sh).
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseQueue, QUEUE_FORMAT } from "../../src/sweeps/slurm/queue.ts";
import { openSweep } from "../../src/sweeps/sweepFolder.ts";
import {
  type Ended,
  expectOneLine,
  readJson,
  resultsOf,
  TINY,
  type Workplace,
  workplace,
} from "../cli/builtProgram.ts";
import { Cluster, hasSlurm, PLACES, until } from "./cluster.ts";

const isSkipped = !hasSlurm();
/** Some two seconds of a processor; 20 checkpoints. */
const JOB = [...TINY, "--steps", "400", "--every", "400", "--cost", "economy", "--checkpoint-every", "20"];
const SLOW = `--import=${new URL("slow.mjs", import.meta.url).href}`;
const LONG = ["--slurm", "--partition", "long"];
/** Of a machine that does much else. */
const SECONDS = 420;

describe.skipIf(isSkipped)("crh sweep --slurm", () => {
  const { dir, start } = isSkipped ? ({} as Workplace) : workplace();
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await Cluster.start();
  }, 120_000);
  afterAll(() => cluster?.stop(), 60_000);

  /** @param slow how many tasks, from the first on, have a slow disk when they start for the first time */
  const crh = (words: readonly string[], slow = 0): Promise<Ended> =>
    start(words, { ...cluster.env, ...(slow > 0 && { NODE_OPTIONS: SLOW, CRH_SLOW_TASKS: String(slow) }) }).ended;
  const sweep = (name: string) => openSweep(name, join(dir, "sweeps"));
  const counts = (name: string) => {
    const { done, failed, claimed } = sweep(name).state();
    return { done: done.size, failed: failed.size, claimed: claimed.size };
  };
  const isDone = (name: string, jobs: number) =>
    until(() => counts(name).done === jobs, SECONDS, `${jobs} jobs of ${name} are done`);
  const status = async (name: string) => JSON.parse((await crh(["sweep", "status", name, "--json"])).out);
  const array = (name: string, number = 1) => String(readJson(sweep(name).dir, "slurm", `array-${number}.json`).array);
  /** How often each task of a sweep's first array was started, by its log. */
  const starts = (name: string, tasks: number): number[] =>
    Array.from({ length: tasks }, (_, task) => {
      const log = readFileSync(join(sweep(name).dir, "logs", `slurm-${array(name)}_${task}.out`), "utf8");
      return log.match(/^\S+ \S+ task \d+ of \d+ on \S+, start \d+$/gm)?.length ?? 0;
    });
  /** Whether a job writes checkpoints by now, so that it is under way. */
  const isUnderWay = (name: string, jobs: number) =>
    until(
      () => {
        const runs = join(sweep(name).dir, "runs");
        return readdirSync(runs).filter((run) => existsSync(join(runs, run, "checkpoints"))).length >= jobs;
      },
      SECONDS,
      `${jobs} jobs of ${name} are under way`,
    );

  test("of an array of 40 half meets the time limit, and all is done without help", async () => {
    const submitted = await crh(
      ["sweep", "fc2", "seed=0..39", ...JOB, "--name", "limit", "--slurm", "--time", "1"],
      20,
    );
    expect(submitted).toMatchObject({ code: 0 });
    expect(submitted.out).toContain(`limit: 40 jobs as array ${array("limit")} of Slurm\n`);
    expect((await status("limit")).slurm).toMatchObject({ arrays: [array("limit")], held: 0, left: 0 });
    const restarts = () =>
      parseQueue(cluster.call("squeue", "--noheader", `--Format=${QUEUE_FORMAT}`)).map((task) => task.restarts);
    await until(() => Math.max(0, ...restarts()) > 0, SECONDS, "a task has gone back into the queue");
    await isDone("limit", 40);
    expect(counts("limit")).toEqual({ done: 40, failed: 0, claimed: 0 });
    const begun = starts("limit", 40);
    expect(Math.min(...begun.slice(0, 20))).toBeGreaterThanOrEqual(2); // no slow one can end before its limit
    expect(Math.min(...begun)).toBe(1);

    const unbroken = await crh(["sweep", "fc2", "seed=0", ...JOB, "--name", "unbroken", "--again", "--threads", "1"]);
    expect(unbroken.code).toBe(0);
    const [job] = sweep("unbroken").jobs();
    const [found, expected] = ["limit", "unbroken"].map((name) => resultsOf(sweep(name).runOf(job!.id)!)) as [
      Map<string, string>,
      Map<string, string>,
    ];
    expect([...found.keys()]).toEqual([...expected.keys()]);
    for (const [path, content] of expected)
      expect(found.get(path) === content, `${path} equals the unbroken run's`).toBe(true);
  }, 600_000);

  test("tasks that are pre-empted, or whose node fails, go on from their checkpoints", async () => {
    const submitted = await crh(["sweep", "fc2", "seed=100..102", ...JOB, "--name", "lost", ...LONG], 3);
    expect(submitted.code).toBe(0);
    await isUnderWay("lost", 3);
    cluster.call("sbatch", "--partition=urgent", `--ntasks=${PLACES}`, "--output=/dev/null", "--wrap=sleep 1");
    await until(() => counts("lost").claimed === 0, SECONDS, "jobs that are pre-empted are given back");
    const steps = interruptedSteps("lost");
    expect(steps).toHaveLength(3);
    expect(Math.min(...steps)).toBeGreaterThan(0);
    await isDone("lost", 3);

    expect((await crh(["sweep", "fc2", "seed=110..112", ...JOB, "--name", "failed", ...LONG], 3)).code).toBe(0);
    await isUnderWay("failed", 3);
    cluster.failNode();
    expect(counts("failed")).toEqual({ done: 0, failed: 0, claimed: 3 });
    cluster.noticeFailure();
    cluster.startNode();
    await isDone("failed", 3);
    for (const name of ["lost", "failed"]) expect(starts(name, 3)).toEqual([2, 2, 2]);
  }, 600_000);

  /** The steps at which the runs of a sweep were stopped. */
  const interruptedSteps = (name: string): number[] => {
    const runs = join(sweep(name).dir, "runs");
    const infos = readdirSync(runs).map((run) => readJson(runs, run, "run.json"));
    return infos.filter(({ status }) => status === "interrupted").map(({ step }) => step as number);
  };

  test("scancel of half of an array of 40, and resume does what is left", async () => {
    const words = ["sweep", "fc2", "seed=200..239", ...JOB, "--name", "half", ...LONG, "--jobs", "8"];
    expect((await crh(words)).out).toContain(`half: 40 jobs as array ${array("half")} of Slurm\n`);
    await until(() => counts("half").claimed >= 4, SECONDS, "workers have begun");
    expect(cluster.call("squeue", "--noheader", "--array", "--format=%r")).toContain("JobArrayTaskLimit");
    const cancelled = Array.from({ length: 20 }, (_, i) => 2 * i);
    cluster.call("scancel", ...cancelled.map((task) => `${array("half")}_${task}`));
    const resumed = await crh(["sweep", "resume", "half", ...LONG, "--slurm-arg=--hold"]);
    expect(resumed).toMatchObject({ code: 0 });
    const { jobs: left } = readJson(sweep("half").dir, "slurm", "array-2.json") as { jobs: number };
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThanOrEqual(20);
    const again = await crh(["sweep", "resume", "half", ...LONG]);
    expect(again.out).toMatch(/^half: nothing to submit, \d+ are in its queue already\n/);
    cluster.call("scontrol", "release", array("half", 2));
    await isDone("half", 40);
    expect(counts("half")).toEqual({ done: 40, failed: 0, claimed: 0 });
    expect(await status("half")).toMatchObject({ done: 40, slurm: { left: 0 } });
  }, 600_000);

  test("arrays smaller than the sweep: a task does several jobs", async () => {
    await cluster.configure(["MaxArraySize=5"]);
    const submitted = await crh(["sweep", "fc2", "seed=250..261", ...JOB, "--name", "chunks", ...LONG]);
    expect(submitted.out).toContain(`chunks: 12 jobs as array ${array("chunks")} of Slurm with 5 tasks\n`);
    await isDone("chunks", 12);
    expect(counts("chunks")).toEqual({ done: 12, failed: 0, claimed: 0 });
    expect(starts("chunks", 5)).toEqual([1, 1, 1, 1, 1]);

    const together = ["sweep", "factorization", "seed=0..7", "--steps", "20", "--name", "company", "--together", "4"];
    expect((await crh([...together, ...LONG])).out).toContain(
      `company: 8 jobs as array ${array("company")} of Slurm with 2 tasks\n`,
    );
    await isDone("company", 8);
    for (const job of sweep("company").jobs())
      expect(readJson(sweep("company").runOf(job.id)!, "run.json").notes).toContainEqual(
        expect.stringContaining("Trained in one graph"),
      );
  }, 600_000);

  test("what Slurm refuses is said in one line, and the sweep can be submitted afterwards", async () => {
    const words = ["fc2", "seed=300", ...JOB, "--name", "refused", "--slurm", "--quiet"];
    const refused = await crh(["sweep", ...words, "--partition", "gpuu"]);
    expectOneLine(
      refused,
      1,
      /^crh sweep: expected sbatch to succeed, got "invalid partition specified: gpuu; .+nothing is lost: crh sweep resume .+ --slurm/,
    );
    expect(readdirSync(join(sweep("refused").dir, "slurm"))).toEqual([]);

    const held = await crh(["sweep", "resume", "refused", ...LONG, "--slurm-arg=--hold"]);
    expect(held.code).toBe(0);
    expect((await status("refused")).slurm).toMatchObject({ held: 1, reasons: [{ reason: "JobHeldUser", tasks: 1 }] });
    const shown = await crh(["sweep", "status", "refused"]);
    expect(shown.out).toContain(`scontrol release ${array("refused")}`);

    await cluster.stopController();
    const away = await crh(["sweep", "status", "refused"]);
    expect(away).toMatchObject({ code: 0, out: expect.stringContaining("0 of 1 jobs done") });
    expect(away.err).toMatch(/^without Slurm's queue: [^\n]+\n$/);
    expectOneLine(
      await crh(["sweep", "resume", "refused", "--slurm"]),
      1,
      /^crh sweep resume: expected scontrol to succeed/,
    );
    await cluster.startController();
    cluster.call("scontrol", "release", array("refused"));
    await isDone("refused", 1);
  }, 600_000);
});
