import {
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
import { parseHTML } from "linkedom";
import { afterAll, describe, expect, it } from "vitest";
import { reproduceCommand } from "../../src/cli/commands/reproduce.ts";
import { main } from "../../src/cli/main.ts";
import { terminalObserver } from "../../src/cli/progress.ts";
import { renderScore } from "../../src/cli/scoreTable.ts";
import { charts } from "../../src/figures/charts.ts";
import type { Watcher } from "../../src/runner/observer.ts";
import { type ReproduceOptions, reproduceStudy } from "../../src/runner/reproduce/reproduceStudy.ts";
import { writeIndex } from "../../src/runner/reproduce/writeIndex.ts";
import { openRun } from "../../src/runs/runFolder.ts";
import { scored } from "../../src/studies/score.ts";
import { SCORE_SCHEMA, type ScoreRecord } from "../../src/studies/scoreRecord.ts";
import { studies } from "../../src/studies/studies.ts";
import type { Study, StudyRun } from "../../src/studies/study.ts";
import { type TestIo, testIo } from "./testIo.ts";

const root = mkdtempSync(join(tmpdir(), "crh-reproduce-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const options = (name: string): ReproduceOptions => ({
  ...{ size: "small", runs: join(root, name, "runs"), to: join(root, name, "reproduce") },
  ...{ sweeps: join(root, name, "sweeps"), jobs: 1, program: [] },
});

/** Every run that was made for a study, once. */
function madeRuns({ sweeps }: ReproduceOptions): string[] {
  return readdirSync(sweeps).flatMap((name) =>
    readdirSync(join(sweeps, name, "runs"))
      .map((run) => join(sweeps, name, "runs", run))
      .filter((path) => !lstatSync(path).isSymbolicLink()),
  );
}
const tiny = { depth: 2, width: 20, layer: 1, steps: 60, lr: 0.02, gain: 0.5 };

const study = (parameters: Readonly<Record<string, number>>[]): Study => ({
  ...{ name: "tiny/1", title: "Tiny <networks>", source: "a test", statement: "Two tiny networks are trained." },
  runs: () =>
    parameters.map((own, seed) => ({ label: `tiny, seed ${seed}`, setting: "twopoint", seed, parameters: own })),
  evaluate: (done) => ({
    figures: [
      {
        ...{ name: "loss", caption: "Loss." },
        figure: charts([
          {
            ...{ title: "loss", x: { label: "step" }, y: { label: "loss" } },
            curves: done.map(({ label, trajectories }) => ({
              ...{ name: label, colour: "#000000" },
              points: trajectories().map(({ step, loss }) => ({ x: step, y: loss })),
            })),
          },
        ]),
      },
    ],
    claims: [
      scored({
        ...{
          figure: "Fig. 1",
          name: "rows",
          statement: "rows are there",
          measured: "rows",
          why: "60 looks at 2 layers",
        },
        values: done.map((run) => run.trajectories().length),
        least: 120,
      }),
    ],
    notes: ["a note & more"],
  }),
});

/** A terminal as the watcher of a study. */
const watcherOf = (io: TestIo): Watcher => ({ observer: terminalObserver(io), signal: io.interruption() });

describe("crh reproduce", () => {
  it("does what is missing once, and writes figures, score card and page", async () => {
    const [io, given] = [testIo({ columns: 80, env: { NO_COLOR: "1" } }), options("whole")];
    const { record, folder } = await reproduceStudy(study([tiny, tiny]), given, watcherOf(io));
    expect(record.claims[0]).toMatchObject({ verdict: "holds", count: 2 });
    expect(readdirSync(folder).sort()).toEqual(["index.html", "loss.csv", "loss.svg", "score.json"]);
    expect(folder).toBe(join(given.to, "tiny-1"));
    const written = JSON.parse(readFileSync(join(folder, "score.json"), "utf8")) as ScoreRecord;
    expect(written).toEqual(record);
    expect(written.schema).toBe(SCORE_SCHEMA);
    expect(written.runs.map(({ command }) => command)).toEqual([
      "crh run twopoint depth=2 width=20 layer=1 steps=60 lr=0.02 gain=0.5 --seed 0",
      "crh run twopoint depth=2 width=20 layer=1 steps=60 lr=0.02 gain=0.5 --seed 1",
    ]);
    const { document } = parseHTML(readFileSync(join(folder, "index.html"), "utf8"));
    expect(document.querySelector("h1")!.textContent).toBe("Tiny <networks>");
    expect(document.querySelector("script")).toBeNull();
    expect(document.querySelectorAll("svg").length).toBeGreaterThan(0);
    for (const link of document.querySelectorAll("a"))
      expect(existsSync(join(folder, link.getAttribute("href")!))).toBe(true);
    // The page over all studies, of which none is the tiny one, and a record that nobody can read.
    mkdirSync(join(given.to, "twopoint-5"));
    writeFileSync(join(given.to, "twopoint-5", "score.json"), "{");
    mkdirSync(join(given.to, "symmetry-vae"));
    writeFileSync(join(given.to, "symmetry-vae", "score.json"), JSON.stringify({ ...record, study: "symmetry/vae" }));
    const index = parseHTML(readFileSync(writeIndex(given.to), "utf8")).document;
    expect(index.querySelector(".finding")!.textContent).toBe(
      `1 of 1 claim holds, over 1 of ${studies.length} studies.`,
    );
    expect(index.querySelectorAll("li.study").length).toBe(studies.length);
    expect(index.querySelectorAll("li.study:not(.todo)").length).toBe(1);
    expect(index.querySelector("li.study img")!.getAttribute("src")).toBe("symmetry-vae/loss.svg");
    const markdown = readFileSync(join(given.to, "index.md"), "utf8");
    expect(markdown).toContain(`| all | 1 of ${studies.length} | 1 of 1 claim holds |`);
    expect(markdown).toContain(`| rows are there | ${record.claims[0]!.number} | at least 120 | holds |`);
    expect(markdown).toContain("![Loss.](symmetry-vae/loss.svg)");
    expect(markdown.match(/^Not done: /gm)).toHaveLength(studies.length - 1);

    for (const line of renderScore(record, folder, io).split("\n").slice(0, -2))
      expect([...line].length).toBeLessThanOrEqual(80);

    const runs = madeRuns(given);
    expect(runs).toHaveLength(2);
    const page = readFileSync(join(folder, "score.json"), "utf8");
    await reproduceStudy(study([tiny, tiny]), given, watcherOf(testIo()));
    expect(madeRuns(given)).toEqual(runs);
    expect(readFileSync(join(folder, "score.json"), "utf8")).toBe(page);

    // A parameter that came later is not in the files of earlier runs, which ran as its default has it.
    const file = join(runs[0]!, "config.json");
    const config = JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>;
    delete config.syre;
    writeFileSync(file, JSON.stringify(config));
    await reproduceStudy(study([tiny, tiny]), given, watcherOf(testIo()));
    expect(madeRuns(given)).toEqual(runs);

    // Two of the runs of another study are there, and are links in its sweep.
    await reproduceStudy(study([tiny, { ...tiny, lr: 0.01 }]), given, watcherOf(testIo()));
    expect(madeRuns(given)).toHaveLength(3);
  }, 60_000);

  it("measures every so many steps where a study asks for it, for which no run measured less often answers", async () => {
    const given = options("measured");
    const parameters = { depth: 2, width: 8, inputs: 8, terms: 8, samples: 64, steps: 60 };
    const first: StudyRun = { label: "fc1", setting: "fc1", seed: 0, parameters };
    const plain: Study = { ...study([]), runs: () => [first] };
    const seen: unknown[] = [];
    const often: Study = {
      ...plain,
      runs: () => [{ ...first, measured: 20 }],
      evaluate(done, context) {
        seen.push(...done.map((run) => [run.snapshots().map(({ step }) => step), run.smaller]));
        return plain.evaluate(done, context);
      },
    };
    for (const one of [plain, often, often, plain]) await reproduceStudy(one, given, watcherOf(testIo()));
    expect(seen[0]).toEqual([[0, 20, 40, 60], expect.arrayContaining(["depth", "width", "steps"])]);
    expect(seen[1]).toEqual(seen[0]);
  }, 60_000);

  it("keeps what is done when it is interrupted, and goes on with what was begun", async () => {
    const given = options("interrupted");
    const io = testIo();
    io.interrupt();
    await expect(reproduceStudy(study([tiny]), given, watcherOf(io))).rejects.toThrow(
      /^reproduce: stopped, nothing is lost/,
    );
    // A run of the folder of runs that was begun there is gone on with where it is.
    const words = Object.entries(tiny).map(([key, value]) => `${key}=${value}`);
    const args = ["run", "twopoint", ...words, "--seed", "0", "--every", "60", "--runs", given.runs, "--quiet"];
    expect(await main(args, io)).toBe(130);
    const [id] = readdirSync(given.runs);
    expect(openRun(join(given.runs, id!)).info().status).toBe("interrupted");
    const { record } = await reproduceStudy(study([tiny]), given, watcherOf(testIo()));
    expect(openRun(join(given.runs, id!)).info().status).toBe("finished");
    expect(madeRuns(given)).toEqual([]);
    expect(record.runs[0]!.id).toBe(id);
  }, 60_000);

  it("leaves a run out whose loss is no number any more, says so, and does not try it again", async () => {
    const given = options("diverged");
    const wild = { ...tiny, gain: 30, lr: 100 };
    const seen: (readonly [string, number])[] = [];
    const counting = (one: Study): Study => ({
      ...one,
      evaluate(done, context) {
        seen.push(...context.diverged!.map(({ label, step }) => [label, step] as const));
        return one.evaluate(done, context);
      },
    });
    const { record } = await reproduceStudy(counting(study([wild, tiny])), given, watcherOf(testIo()));
    expect(seen).toEqual([["tiny, seed 0", expect.any(Number)]]);
    expect(seen[0]![1]).toBeGreaterThan(0);
    expect(record.runs[0]).toMatchObject({ id: null, failure: expect.stringMatching(/expected a finite loss/) });
    expect(record.claims[0]!.count).toBe(1);
    const runs = madeRuns(given);
    await reproduceStudy(study([wild, tiny]), given, watcherOf(testIo()));
    expect(madeRuns(given)).toEqual(runs);
  }, 60_000);

  it("counts a run that could not be done, names it in the terminal, and tries it again", async () => {
    const given = options("undone");
    const plain = study([tiny]);
    const lacking: Study = {
      ...plain,
      runs: () => [
        ...plain.runs("small"),
        { label: "text, seed 0", setting: "llm", seed: 0, parameters: { steps: 2 } },
      ],
    };
    const { record, folder, undone } = await reproduceStudy(lacking, given, watcherOf(testIo()));
    expect(undone).toBe(1);
    const shown = renderScore(record, folder, testIo({ columns: 80, env: { NO_COLOR: "1" } }));
    expect(shown.replaceAll("\n", " ")).toContain("1 of 2 runs is missing (text, seed 0): ");
    expect(shown).not.toContain("tiny, seed 0");
    const [sweep] = readdirSync(given.sweeps);
    const failed = join(given.sweeps, sweep!, "failed");
    const [mark] = readdirSync(failed);
    rmSync(join(failed, mark!));
    await reproduceStudy(lacking, given, watcherOf(testIo()));
    expect(readdirSync(failed)).toEqual([mark]);
  }, 60_000);

  it("lists every study with what is done, within 80 columns and as JSON", async () => {
    const io = testIo({ columns: 80, env: { NO_COLOR: "1" } });
    await reproduceCommand([], { ...options("list"), list: true }, io);
    const lines = io.out().trimEnd().split("\n");
    expect(lines.slice(1).map((line) => line.split(" ")[0])).toEqual(studies.map(({ name }) => name));
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
    const json = testIo();
    await reproduceCommand(["twopoint/controls"], { ...options("list"), list: true, json: true }, json);
    expect(JSON.parse(json.out())).toMatchObject([{ name: "twopoint/controls", runs: 10, done: 0, needsData: null }]);
  });

  it("says in one line what it cannot do", async () => {
    const refused = async (...words: string[]) => {
      const io = testIo();
      const code = await main(["reproduce", ...words, "--out", join(root, "none"), "--quiet"], io);
      return { code, line: io.err() };
    };
    expect(await refused("twopoint/22")).toMatchObject({
      code: 2,
      line: expect.stringContaining("did you mean twopoint/2?"),
    });
    expect(await refused("twopoint/4")).toEqual({
      code: 2,
      line: "crh reproduce: expected --data with MNIST for twopoint/4, got none; crh data get mnist fetches it\n",
    });
    expect((await refused("crh/5")).line).toBe(
      "crh reproduce: expected --data with text for crh/5, got none; crh data get tinyshakespeare fetches it\n",
    );
    expect(await refused("--size", "paper")).toMatchObject({
      code: 2,
      line: expect.stringMatching(/^crh reproduce: expected --yes for an estimated time of \d+ h/),
    });
    expect(await refused("twopoint/5", "--size", "large")).toMatchObject({ code: 2 });
  });
});
