/**
 * @file Ten interruptions at random moments, by SIGKILL and by SIGTERM or SIGHUP in turn, with checkpoints by the clock
 * as well: each run goes on to the final files of the unbroken run, byte by byte. And one signal too late to interrupt
 * anything.
 */
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { Random } from "../../src/random/random.ts";
import { openRun } from "../../src/runs/runFolder.ts";
import { onlyRun, readJson, resultsOf, TINY, workplace } from "./builtProgram.ts";

const { dir, crh, start } = workplace();
const STEPS = 3000;
// one checkpoint stays, the final one: those before it fall where the clock puts them
const RUN = [
  "run",
  "fc2",
  ...TINY,
  "--steps",
  String(STEPS),
  "--every",
  "1000",
  "--checkpoint-minutes",
  "0.0005",
  "--keep",
  "1",
];
let unbroken = "";
let lasting = 0;

beforeAll(async () => {
  const { child, ended } = start([...RUN, "--out", "unbroken"]);
  await new Promise((done) => child.stderr!.once("data", done));
  const started = performance.now();
  expect((await ended).code).toBe(0);
  lasting = performance.now() - started;
  unbroken = onlyRun(join(dir, "unbroken"));
}, 60_000);

/** Interrupts a run after some milliseconds from when it says where its folder is. */
async function interrupted(root: string, signal: NodeJS.Signals, after: number): Promise<string> {
  const { child, ended } = start([...RUN, "--out", root]);
  await new Promise((done) => child.stderr!.once("data", done));
  await new Promise((done) => setTimeout(done, after));
  child.kill(signal);
  const { code, signal: by } = await ended;
  // fast machines may have finished
  expect(signal === "SIGKILL" ? [0, null] : [0, 130], `ended with ${code} by ${by}`).toContain(code);
  return onlyRun(join(dir, root));
}

const random = new Random(20260101);
const moments = Array.from(
  { length: 10 },
  (_, i) => [(["SIGKILL", "SIGTERM", "SIGKILL", "SIGHUP"] as const)[i % 4]!, random.uniform()] as const,
);

test.each(moments)(
  "%s after %f of the run's time",
  async (signal, share) => {
    const run = await interrupted(`${signal}-${share}`, signal, share * lasting);
    expect(["interrupted", "finished"]).toContain(openRun(run).info().status);
    expect((await crh("resume", run, "--quiet")).code).toBe(0);
    const [results, expected] = [resultsOf(run), resultsOf(unbroken)];
    expect([...results.keys()]).toEqual([...expected.keys()]);
    for (const [path, content] of results)
      expect(content === expected.get(path), `${path} equals the unbroken run's`).toBe(true);
    expect(readJson(run, "run.json")).toMatchObject({ status: "finished", step: STEPS });
    expect(
      openRun(run)
        .checkpoints()
        .map(({ step }) => step),
    ).toEqual([STEPS]);
  },
  60_000,
);

test("a signal that comes when all is written leaves the success", async () => {
  const saysExit = "--import=data:text/javascript,process.on('exit',()=>process.stderr.write('EXIT'))";
  const { child, ended } = start([...RUN, "--steps", "10", "--out", "late"], { NODE_OPTIONS: saysExit });
  child.stderr!.on("data", (text: string) => {
    if (text.includes("EXIT")) setTimeout(() => child.kill("SIGTERM"), 5);
  });
  const { code, signal, err } = await ended;
  expect(err).toContain("EXIT");
  expect({ code, signal }).toEqual({ code: 0, signal: null });
  expect(openRun(onlyRun(join(dir, "late"))).info().status).toBe("finished");
}, 60_000);
