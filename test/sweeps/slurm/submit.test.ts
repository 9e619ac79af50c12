/** @file What `crh sweep --slurm` asks of Slurm, whose programs here write down what they are given. */
import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import { main } from "../../../src/cli/main.ts";
import { sharedBy } from "../../../src/sweeps/jobList.ts";
import { openSweep } from "../../../src/sweeps/sweepFolder.ts";
import { testIo } from "../../cli/testIo.ts";

const root = mkdtempSync(join(tmpdir(), "crh-submit-"));
const path = process.env.PATH!;
let bin: string;
let sweeps: string;

beforeEach(() => {
  bin = mkdtempSync(join(root, "bin-"));
  sweeps = join(mkdtempSync(join(root, "place-")), "100% mine 'n yours");
  process.env.PATH = `${bin}:/bin:/usr/bin`;
  program("scontrol", scontrol({}));
  program("sbatch", `printf '%s\\n' "$@" > ${bin}/asked; echo 17`);
  program("squeue", "exit 0");
});
afterEach(() => {
  process.env.PATH = path;
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

function program(name: string, body: string): void {
  writeFileSync(join(bin, name), `#!/bin/bash\n${body}\n`);
  chmodSync(join(bin, name), 0o755);
}

function scontrol({ size = 1001, parameters = "(null)", cluster = "here" }): string {
  const config = `ClusterName             = ${cluster}\nMaxArraySize            = ${size}\nSchedulerParameters     = ${parameters}`;
  const partitions = [
    "PartitionName=long AllowGroups=ALL Default=NO DefaultTime=NONE MaxTime=UNLIMITED",
    "PartitionName=short AllowGroups=ALL Default=YES DefaultTime=00:05:00 MaxTime=01:00:00",
  ].join("\n");
  return `case "$*" in *config*) echo '${config}';; *) echo '${partitions}';; esac`;
}

async function crh(...words: string[]) {
  const io = testIo();
  const code = await main([...words, "--sweeps", sweeps], io);
  return { code, out: io.out(), err: io.err() };
}

const plan = (name: string, ...words: string[]) =>
  crh("sweep", "fc2", "seed=0..6", "--name", name, "--quiet", "--slurm", ...words);
const folder = (...parts: string[]) => join(sweeps, ...parts);
const asked = (): string[] => readFileSync(join(bin, "asked"), "utf8").trimEnd().split("\n");
const list = (name: string, number: number) =>
  readFileSync(folder(name, "slurm", `jobs-${number}.txt`), "utf8")
    .trimEnd()
    .split("\n");
const refusal = (line: RegExp, code = 1) => ({ code, out: "", err: expect.stringMatching(line) });

describe.skipIf(process.platform === "win32")("crh sweep --slurm", () => {
  test("hands one array to sbatch, whose options are passed on, with its script and a record", async () => {
    const resources = [
      "--partition",
      "a,b",
      "--time",
      "10",
      "--cpus-per-task",
      "4",
      "--gres",
      "gpu:1",
      "--account",
      "x y",
    ];
    const { code, out } = await plan(
      "one",
      ...resources,
      "--slurm-arg=--qos=long",
      "--slurm-arg",
      "-C fast",
      "--jobs",
      "2",
    );
    expect(code).toBe(0);
    expect(out).toMatch(/^one: 7 jobs as array 17 of Slurm\ncrh sweep status \/.+\n$/);
    const script = folder("one", "slurm", "submit-1.sh");
    expect(asked()).toEqual([
      ...["--parsable", "--job-name=one", "--array=0-6%2", "--requeue", "--signal=B:USR1@120"],
      `--chdir=${folder("one")}`,
      `--output=${folder("one").replace("%", "%%")}/logs/slurm-%A_%a.out`,
      ...["--open-mode=append", "--partition=a,b", "--time=10", "--cpus-per-task=4", "--gres=gpu:1", "--account=x y"],
      ...["--qos=long", "-C fast", script],
    ]);
    expect(execFileSync("bash", ["-n", script], { encoding: "utf8" })).toBe("");
    expect(JSON.parse(readFileSync(folder("one", "slurm", "array-1.json"), "utf8"))).toMatchObject({
      ...{ schema: "crh-lab/slurm@1", array: "17", cluster: "here", tasks: 7, jobs: 7 },
      command: ["sbatch", ...asked()],
    });
    expect(readdirSync(folder("one", "slurm")).sort()).toEqual(["array-1.json", "jobs-1.txt", "submit-1.sh"]);
    expect(new Set(list("one", 1)).size).toBe(7);
  });

  test("without --time the signal is as early as the partition's own limit lets it", async () => {
    await plan("default");
    expect(asked()).toContain("--signal=B:USR1@60"); // a fifth of five minutes
    await plan("long", "--partition", "long");
    expect(asked()).toContain("--signal=B:USR1@120");
  });

  test("more jobs than an array may have tasks are shared among the tasks", async () => {
    program("scontrol", scontrol({ size: 4 }));
    expect((await plan("few")).out).toContain("few: 7 jobs as array 17 of Slurm with 4 tasks\n");
    expect(asked()).toContain("--array=0-3");
    program("scontrol", scontrol({ parameters: "bf_continue,max_array_tasks=3" }));
    await plan("fewer");
    expect(asked()).toContain("--array=0-2");
  });

  test("a task does as many jobs as are trained together, neighbours in the plan", async () => {
    expect((await plan("company", "--together", "3")).out).toContain(
      "company: 7 jobs as array 17 of Slurm with 3 tasks\n",
    );
    expect(asked()).toContain("--array=0-2");
    expect(readFileSync(folder("company", "slurm", "submit-1.sh"), "utf8")).toMatch(/ --together 3 &\n/);
    const planned = openSweep("company", sweeps)
      .jobs()
      .map(({ id }) => id);
    const shares = [0, 1, 2].map((index) => sharedBy(list("company", 1), { index, of: 3 }));
    expect(shares.map(({ length }) => length)).toEqual([3, 2, 2]);
    expect(shares.flat()).toEqual(planned);
  });

  test("resume submits what is not done and in nobody's queue", async () => {
    await plan("again");
    const script = folder("again", "slurm", "submit-1.sh");
    const queue = [
      `17|0|RUNNING|None|0|${script}|`,
      `17|2|PENDING|BeginTime|1|${script}|`,
      "17|4|PENDING|Priority|0|/x|",
    ];
    program(
      "squeue",
      `[ "$SLURM_BITSTR_LEN" = 0 ] || exit 1; printf '%s\\n' "$*" > ${bin}/looked; printf '%s\\n' ${queue.map((line) => `"${line}"`).join(" ")}`,
    );
    const jobs = list("again", 1);
    writeFileSync(folder("again", "done", `${jobs[1]}.json`), '{"seconds":1,"run":"x"}\n');
    program("sbatch", `printf '%s\\n' "$@" > ${bin}/asked; echo '18;here'; echo 'sbatch: a policy of the site' >&2`);
    const resumed = await crh("sweep", "resume", "again", "--slurm");
    expect(resumed.out).toContain("again: 4 jobs as array 18 of Slurm, 2 are in its queue already\n");
    expect(resumed.err).toBe("Slurm: a policy of the site\n");
    expect(readFileSync(join(bin, "looked"), "utf8")).toContain("--jobs=17 ");
    expect(list("again", 2)).toEqual([3, 4, 5, 6].map((place) => jobs[place]));

    const { slurm } = JSON.parse((await crh("sweep", "status", "again", "--json")).out);
    expect(slurm).toEqual({
      ...{ arrays: ["17", "18"], running: 1, ending: 0, queued: 0, requeued: 1, held: 0, heldArrays: [] },
      ...{ reasons: [{ reason: "BeginTime", tasks: 1 }], left: 4 },
    });
    const shown = (await crh("sweep", "status", "again")).out;
    expect(shown).toContain("Slurm: 1 running, 1 requeued (BeginTime: 1); arrays 17, 18\n");
    expect(shown).toMatch(/crh sweep resume .+ --slurm {3}submits the 4 jobs that are in no queue\n/);

    program("scontrol", scontrol({ cluster: "elsewhere" })); // where number 17 is another's
    expect((await crh("sweep", "resume", "again", "--slurm")).out).toContain("again: 6 jobs as array 18 of Slurm\n");
  });

  test("an array that Slurm has forgotten is over", async () => {
    await plan("old");
    program("squeue", "echo 'slurm_load_jobs error: Invalid job id specified' >&2; exit 1");
    expect((await crh("sweep", "status", "old")).out).toContain("Slurm: no task in the queue; array 17\n");
    expect((await crh("sweep", "resume", "old", "--slurm")).out).toContain("old: 7 jobs as array 17 of Slurm\n");
  });

  test("no Slurm: one line, and nothing is written", async () => {
    process.env.PATH = join(root, "nowhere");
    expect(await plan("none")).toEqual(
      refusal(/^crh sweep: expected Slurm on this machine, got no scontrol; [^\n]+\n$/),
    );
    expect(existsSync(sweeps)).toBe(false);
  });

  test("what Slurm refuses is one line, the sweep is there and can be submitted", async () => {
    program(
      "sbatch",
      "printf 'sbatch: error: invalid account\\nsbatch: error: Batch job submission failed\\n' >&2; exit 1",
    );
    const line =
      /^crh sweep: expected sbatch to succeed, got "invalid account; Batch job submission failed"; nothing is lost: [^\n]+\n$/;
    expect(await plan("refused")).toEqual(refusal(line));
    expect(readdirSync(folder("refused", "slurm"))).toEqual([]);
    program("sbatch", "echo done");
    expect((await crh("sweep", "resume", "refused", "--slurm")).err).toMatch(
      /expected the number of an array from sbatch, got "done"/,
    );
    program("sbatch", "echo 20");
    expect((await crh("sweep", "resume", "refused", "--slurm")).out).toContain(
      "refused: 7 jobs as array 20 of Slurm\n",
    );
  });

  test("an array that cannot be written down is cancelled: nobody would know of it", async () => {
    program("sbatch", `mkdir "${folder("full", "slurm", "array-1.json")}"; echo 21`);
    program("scancel", `printf '%s\\n' "$@" > ${bin}/cancelled`);
    expect(await plan("full")).toEqual(refusal(/^crh sweep: expected a writable folder [^\n]+\n$/));
    expect(readFileSync(join(bin, "cancelled"), "utf8")).toBe("21\n");
  });

  test("status without an answer of Slurm says so and shows the folder", async () => {
    await plan("away");
    program("scontrol", "echo 'slurm_load_ctl_conf error: Unable to contact slurm controller' >&2; exit 1");
    const { code, out, err } = await crh("sweep", "status", "away", "--json");
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ jobs: 7, waiting: 7, slurm: null });
    expect(err).toBe(
      `without Slurm's queue: expected scontrol to succeed, got "slurm_load_ctl_conf error: Unable to contact slurm controller"\n`,
    );
  });

  test("options that do not go together are refused before anything is written", async () => {
    const refusals: readonly (readonly [readonly string[], RegExp])[] = [
      [["--slurm", "--time", "2h"], /expected --time as Slurm writes it, .+, got "2h"/],
      [["--slurm", "--threads", "2"], /expected --cpus-per-task with --slurm, got --threads/],
      [["--slurm", "--slurm-arg", "qos=long"], /expected an option of sbatch as --slurm-arg, .+ got "qos=long"/],
      [["--slurm", "--slurm-arg=--array=1"], /expected --jobs in place of --slurm-arg --array=1/],
      [["--slurm", "--slurm-arg=-t5"], /expected --time in place of --slurm-arg -t5/],
      [["--slurm", "--slurm-arg=--wrap=x"], /got --wrap=x; leave it out/],
      [["--slurm", "--slurm-arg=--"], /got --; leave it out/],
      [["--slurm", "--plan-only"], /expected --slurm or --plan-only, got both/],
      [["--time", "5"], /expected --time with --slurm, got it alone/],
      [["--partition", " "], /expected a name or a value as --partition, got {2};/],
    ];
    for (const [words, line] of refusals) {
      const { code, out, err } = await crh("sweep", "fc2", "seed=0", ...words);
      expect({ code, out }, words.join(" ")).toEqual({ code: 2, out: "" });
      expect(err).toMatch(/^crh sweep: [^\n]+\n$/);
      expect(err).toMatch(line);
    }
    expect(existsSync(sweeps)).toBe(false);
  });

  test("one submits at a time, and a record that is damaged is named", async () => {
    await plan("alone");
    const lock = folder("alone", "slurm", "submitting.0");
    writeFileSync(lock, `${JSON.stringify({ token: "t", host: `not-${hostname()}`, pid: 1, since: "2026" })}\n`);
    expect(await crh("sweep", "resume", "alone", "--slurm")).toEqual(
      refusal(
        /^crh sweep resume: expected no other process to submit alone, got another crh sweep that does; [^\n]+\n$/,
      ),
    );
    rmSync(lock);
    writeFileSync(folder("alone", "slurm", "array-1.json"), '{"schema":"crh-lab/slurm@1","array":"17; rm -rf /"}');
    expect(await crh("sweep", "status", "alone")).toEqual(
      refusal(/expected the record of an array in \/.+array-1.json, got "array" wrong [^\n]+\n$/),
    );
  });
});
