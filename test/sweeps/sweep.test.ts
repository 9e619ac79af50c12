/** @file Sweeps of the quickest setting, from the command to the folder, in this process. */
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { main } from "../../src/cli/main.ts";
import { openRun } from "../../src/runs/runFolder.ts";
import { SweepFolder } from "../../src/sweeps/sweepFolder.ts";
import { testIo } from "../cli/testIo.ts";

const TINY = ["--steps", "20", "--every", "20", "--cost", "economy", "--threads", "1"];

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "crh-sweep-"));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

async function crh(...args: string[]) {
  const io = testIo();
  const code = await main([...args, ...(args.includes("--sweeps") ? [] : ["--sweeps", join(root, "sweeps")])], io);
  return { code, out: io.out(), err: io.err() };
}

const open = (name: string) => new SweepFolder(join(root, "sweeps", name));

describe("crh sweep", () => {
  it("does every job once, and tells what became of it", async () => {
    const { code, out } = await crh(
      "sweep",
      "scalar",
      "decay=0.01,0.02",
      "seed=0..1",
      "--name",
      "one",
      ...TINY,
      "--json",
    );
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ jobs: 4, done: 4, failed: 0, running: 0, waiting: 0, secondsLeft: 0 });
    const sweep = open("one");
    const runs = readdirSync(join(sweep.dir, "runs"));
    expect(runs.sort()).toEqual(
      sweep
        .jobs()
        .map(({ id }) => id)
        .sort(),
    );
    const run = openRun(join(sweep.dir, "runs", sweep.jobs()[3]!.id));
    expect(run.info()).toMatchObject({ status: "finished", step: 20, id: sweep.jobs()[3]!.id });
    expect(run.config()).toMatchObject({ decay: 0.02, seed: 1 });
    expect(readdirSync(join(sweep.dir, "claims"))).toEqual([]);
    expect(existsSync(join(run.dir, "report.html"))).toBe(false); // crh report writes one
  });

  it("does not do again what another sweep has done, unless it is asked to", async () => {
    await crh("sweep", "scalar", "decay=0.02,0.03", "seed=0", "--name", "two", ...TINY);
    const kinds = (name: string) =>
      readdirSync(join(root, "sweeps", name, "runs"))
        .map((run) => lstatSync(join(root, "sweeps", name, "runs", run)).isSymbolicLink())
        .sort();
    expect(kinds("two")).toEqual([false, true]);
    expect(open("two").state().done.size).toBe(2);
    await crh("sweep", "scalar", "decay=0.02", "seed=0", "--name", "anew", "--again", ...TINY);
    expect(kinds("anew")).toEqual([false]);
    const twin = open("anew").jobs()[0]!.id;
    const bytes = (name: string) => readFileSync(join(root, "sweeps", name, "runs", twin, "metrics.jsonl"), "utf8");
    expect(bytes("anew")).toBe(bytes("one"));
  });

  it("goes on after a failure, lists it, and tries it again where asked to", async () => {
    const plan = join(root, "plan.yaml");
    writeFileSync(
      plan,
      `sweeps: [{setting: scalar, values: {steps: 20, decay: [0.04], lr: [0.01, 1e30]}}]\noptions: {every: 20, cost: economy}\n`,
    );
    const first = await crh("sweep", plan, "--name", "failing", "--threads", "1");
    expect(first.code).toBe(1);
    expect(first.out).toMatch(/^failing: 1 of 2 jobs done, 1 failed\n/);
    expect(first.out).toContain("expected a finite loss");
    const again = await crh("sweep", "resume", "failing", "--failed", "--json");
    expect(again.code).toBe(1);
    const { failures } = JSON.parse(again.out);
    expect(failures).toHaveLength(1);
    expect(failures[0].error).toMatch(/expected a finite loss/);
    const fast = await crh("sweep", plan, "--name", "fast", "--fail-fast", "--again", "--threads", "1", "--json");
    expect(fast.code).toBe(1);
    expect(JSON.parse(fast.out).failed).toBe(1);
  });

  it("trains small networks together where asked to, with the numbers of each alone to rounding", async () => {
    const plan = ["sweep", "scalar", "decay=0,0.07", "seed=0..3", "--again", ...TINY];
    for (const [name, flags] of [
      ["alone", []],
      ["company", ["--together", "8"]],
    ] as const)
      expect((await crh(...plan, "--name", name, ...flags)).code).toBe(0);
    const losses = (name: string) =>
      open(name)
        .jobs()
        .map(({ id }) => openRun(join(open(name).dir, "runs", id)))
        .map((run) => ({ together: run.info().notes!.filter((note) => /Trained in one graph/.test(note)), run }))
        .map(({ together, run }) => ({ together: together.length, values: run.metrics().map(({ value }) => value) }));
    const [alone, company] = [losses("alone"), losses("company")];
    expect(alone.map(({ together }) => together)).toEqual(Array(8).fill(0));
    expect(company.map(({ together }) => together)).toEqual(Array(8).fill(1));
    for (const [i, { values }] of company.entries())
      for (const [k, value] of values.entries()) expect(value).toBeCloseTo(alone[i]!.values[k]!, 6);
    expect(open("company").state().done.size).toBe(8);
    expect(readdirSync(join(open("company").dir, "claims"))).toEqual([]);
  });

  it("says what it would do, and does nothing", async () => {
    const { out } = await crh("sweep", "fc2", "decay=log:1e-6..1e-3:4", "seed=0..24", "--dry-run");
    expect(out).toMatch(/: 100 jobs, by 1 at once: an estimated .* of training, measurements not counted, and \d/);
    expect(out).toMatch(/fc2-[0-9a-f]{12} {2}decay=0.000001 seed=0\n/);
    expect(out).toContain("and 92 more");
    expect(readdirSync(join(root, "sweeps")).some((name) => name.includes("fc2"))).toBe(false);
  });

  it("stopped goes on where it was", async () => {
    const io = testIo();
    io.interrupt();
    const args = ["sweep", "scalar", "decay=0.05", "--name", "stopped", "--sweeps", join(root, "sweeps"), ...TINY];
    expect(await main(args, io)).toBe(130);
    expect(io.err()).toMatch(/nothing is lost: 1 of 1 jobs are not done; continue with crh sweep resume/);
    const { out } = await crh("sweep", "resume", "stopped", "--json");
    expect(JSON.parse(out).done).toBe(1);
  });

  it.each([
    [["sweep", "scalar", "decai=1"], 'crh sweep: expected a parameter of scalar, got "decai"; did you mean decay?'],
    [["sweep", "scaler", "decay=1"], 'got "scaler"; did you mean scalar?'],
    [["sweep", "scalar", "decay=1", "decay=2"], "expected decay once"],
    [["sweep", "scalar", "decay"], 'expected key=values, got "decay"'],
    [
      ["sweep", "scalar", "seed=0..999999", "decay=lin:0..1:1000"],
      "expected a million jobs at most, got 1,000,000,000",
    ],
    [["sweep", "missing.yaml"], "missing.yaml"],
    [["sweep"], "expected a setting or a YAML file, got none"],
    [["sweep", "resume", "nowhere"], "expected the folder of a sweep"],
    [["worker", "nowhere"], "expected the folder of a sweep"],
  ])("%j is refused in one line", async (args, message) => {
    const { code, err } = await crh(...args);
    expect(code).not.toBe(0);
    expect(err).toContain(message);
    expect(err.trim().split("\n")).toHaveLength(1);
  });
});

describe("a sweep folder", () => {
  const made = async (name: string) => {
    await crh("sweep", "scalar", "decay=0.06", "seed=0..1", "--name", name, "--plan-only", ...TINY);
    return join(root, "sweeps", name);
  };
  const resume = (name: string) => crh("sweep", "resume", name);

  it("of a newer version, or damaged, is refused in one line", async () => {
    const dir = await made("damaged");
    const path = join(dir, "plan.json");
    const plan = readFileSync(path, "utf8");
    writeFileSync(path, plan.replace("sweep@1", "sweep@2"));
    expect((await resume("damaged")).err).toContain("got crh-lab/sweep@2; use the version of crh that made it");
    writeFileSync(path, plan.slice(0, 40));
    expect((await resume("damaged")).err).toMatch(/expected a plan in .*, got "the document" wrong/);
    writeFileSync(path, plan);
    const jobs = readFileSync(join(dir, "jobs.jsonl"), "utf8");
    writeFileSync(join(dir, "jobs.jsonl"), jobs.split("\n")[0]!);
    expect((await resume("damaged")).err).toContain("expected 2 jobs in");
    writeFileSync(join(dir, "jobs.jsonl"), `{"id": "../../x"}\n${jobs.split("\n")[1]}\n`);
    expect((await resume("damaged")).err).toContain("expected a job in line 1");
  });

  it("half deleted is done as far as it was not", async () => {
    const dir = await made("halved");
    for (const name of ["claims", "done", "failed", "logs", "runs"]) rmSync(join(dir, name), { recursive: true });
    expect((await resume("halved")).code).toBe(0);
    expect(open("halved").state().done.size).toBe(2);
    // A run that is there without its mark was finished by a worker that could not say so: it is not done anew.
    const [job] = open("halved").jobs();
    const before = readFileSync(join(dir, "runs", job!.id, "run.json"), "utf8");
    rmSync(join(dir, "done", `${job!.id}.json`));
    expect((await resume("halved")).code).toBe(0);
    expect(readFileSync(join(dir, "runs", job!.id, "run.json"), "utf8")).toBe(before);
    // A run without run.json was being made when its worker died.
    rmSync(join(dir, "done", `${job!.id}.json`));
    rmSync(join(dir, "runs", job!.id, "run.json"));
    expect((await resume("halved")).code).toBe(0);
    expect(open("halved").state().done.size).toBe(2);
  });

  it.skipIf(process.getuid?.() === 0)("that cannot be written is refused in one line", async () => {
    const dir = await made("readonly");
    chmodSync(join(dir, "claims"), 0o500);
    const { code, err } = await resume("readonly");
    chmodSync(join(dir, "claims"), 0o700);
    expect(code).toBe(1);
    expect(err).toContain("expected a writable folder");
  });

  it("gets a number where its name is taken and was not asked for", async () => {
    mkdirSync(join(root, "other"));
    const names = [];
    for (let i = 0; i < 2; i++)
      names.push((await crh("sweep", "scalar", "--plan-only", "--quiet", "--sweeps", join(root, "other"))).out.trim());
    expect(names[1]).toBe(`${names[0]}-2`);
    const { err } = await crh("sweep", "scalar", "decay=0.06", "--name", "halved", "--plan-only", "--quiet");
    expect(err).toMatch(/expected a new name in .*, got halved; choose another with --name/);
  });
});
