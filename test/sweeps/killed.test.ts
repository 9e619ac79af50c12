/**
 * @file Workers of two machines on one folder, killed in the middle of writing, at random moments. The second machine
 * is the same one under another name, where the system lets a process have a name of its own for it.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { Random } from "../../src/random/random.ts";
import { openRun } from "../../src/runs/runFolder.ts";
import { SweepFolder } from "../../src/sweeps/sweepFolder.ts";
import { resultsOf, workplace } from "../cli/builtProgram.ts";

const KILLS = 20;
/** Writing calls of a worker in this sweep: some 40 a job. */
const MOST_CALLS = 60;
const PLAN = [
  ...["sweep", "scalar", "seed=0..7", "--steps", "200", "--every", "100", "--checkpoint-every", "50"],
  ...["--cost", "economy", "--moments", "final", "--again", "--plan-only", "--quiet"],
];
const canRename = spawnSync("unshare", ["--uts", "hostname", "elsewhere"]).status === 0;

describe("workers that are killed", () => {
  const place = workplace();

  it("leave a sweep that comes out as an undisturbed one, bit for bit", { timeout: 240_000 }, async () => {
    await place.crh(...PLAN, "--name", "disturbed");
    await place.crh(...PLAN, "--name", "calm");
    const calm = place.crh("worker", "calm", "--threads", "1", "--quiet");
    const random = new Random(20);
    let kills = 0;
    const machine = async (host?: string): Promise<void> => {
      while (kills < KILLS) {
        const fault = `SIGKILL ${1 + random.below(MOST_CALLS)}`;
        const worker = ["worker", "disturbed", "--threads", "1", "--stale", "3", "--quiet"];
        const { signal, code } = await place.faultyOn(host, fault, ...worker);
        if (signal === "SIGKILL" || code === 137) kills++;
        else return; // all is done before it was killed so often
      }
    };
    await Promise.all([machine(), machine(canRename ? "elsewhere" : undefined)]);
    expect(kills).toBeGreaterThanOrEqual(KILLS);
    const last = await place.crh("worker", "disturbed", "--threads", "1", "--stale", "3", "--quiet");
    expect(last).toMatchObject({ code: 0, err: "" });
    expect((await calm).code).toBe(0);
    const [found, expected] = ["disturbed", "calm"].map((name) => new SweepFolder(join(place.dir, "sweeps", name)));
    const jobs = expected!.jobs().map(({ id }) => id);
    expect([...found!.state().done].sort()).toEqual([...jobs].sort());
    expect(readdirSync(join(found!.dir, "claims"))).toEqual([]);
    expect(found!.state().failed.size).toBe(0);
    for (const job of jobs) {
      const [run, twin] = [found!.runOf(job)!, expected!.runOf(job)!];
      expect(openRun(run).info()).toMatchObject({ status: "finished", step: 200 });
      expect(resultsOf(run)).toEqual(resultsOf(twin));
    }
  });

  // The run's first files, one in its folders, a line of its metrics, a later one.
  it.runIf(process.platform === "linux").each([3, 5, 20, 150])(
    "or fall silent in writing call %i, and come back when another has their job, spoil nothing",
    {
      timeout: 120_000,
    },
    async (call) => {
      const [silent, calm] = [`silent${call}`, `steady${call}`];
      const plan = ["sweep", "scalar", "seed=0", "--steps", "300", "--every", "100", "--cost", "economy", "--again"];
      for (const name of [silent, calm]) await place.crh(...plan, "--plan-only", "--quiet", "--name", name);
      const steady = place.crh("worker", calm, "--threads", "1", "--quiet");
      const { child, ended } = place.startFaulty(`SIGSTOP ${call}`, "worker", silent, "--threads", "1", "--stale", "1");
      await until(() => readFileSync(`/proc/${child.pid}/stat`, "utf8").includes(") T "));
      expect(await place.crh("worker", silent, "--threads", "1", "--stale", "1", "--quiet")).toMatchObject({ code: 0 });
      child.kill("SIGCONT");
      expect(await ended).toMatchObject({ code: 0, err: expect.stringContaining("another worker has taken it over") });
      await steady;
      const [found, expected] = [silent, calm].map((name) => new SweepFolder(join(place.dir, "sweeps", name)));
      const [job] = expected!.jobs();
      expect(found!.state().done).toEqual(new Set([job!.id]));
      expect(found!.runOf(job!.id)).toMatch(/\.1$/);
      expect(resultsOf(found!.runOf(job!.id)!)).toEqual(resultsOf(expected!.runOf(job!.id)!));
    },
  );

  it("are replaced by the sweep that started them", { timeout: 120_000 }, async () => {
    const plan = ["sweep", "scalar", "seed=0..5", "--steps", "1500", "--every", "500", "--cost", "economy", "--again"];
    const { ended } = place.start([...plan, "--name", "replaced", "--jobs", "2", "--threads", "2", "--json"]);
    const claims = join(place.dir, "sweeps", "replaced", "claims");
    await until(() => existsSync(claims) && readdirSync(claims).length > 0);
    const [name] = readdirSync(claims);
    process.kill(JSON.parse(readFileSync(join(claims, name!), "utf8")).pid, "SIGKILL");
    const { code, out } = await ended;
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ jobs: 6, done: 6, failed: 0 });
  });

  it("stop when who started them is killed", { timeout: 60_000 }, async () => {
    const plan = ["sweep", "scalar", "seed=0..1", "--steps", "10000000", "--every", "10000000", "--again"];
    const { child, ended } = place.start([...plan, "--name", "orphans", "--jobs", "2", "--quiet"]);
    const claims = join(place.dir, "sweeps", "orphans", "claims");
    await until(() => existsSync(claims) && readdirSync(claims).length === 2);
    child.kill("SIGKILL");
    await ended;
    await until(() => readdirSync(claims).length === 0); // given back
  });
});

async function until(holds: () => boolean): Promise<void> {
  for (;;) {
    try {
      if (holds()) return;
    } catch {
      // a file that is just being written
    }
    await sleep(20);
  }
}
