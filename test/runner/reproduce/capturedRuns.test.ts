/** @file Captures of another program as runs of a study: taken whole where every parameter agrees, and otherwise not. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { main } from "../../../src/cli/main.ts";
import { terminalObserver } from "../../../src/cli/progress.ts";
import { addRows } from "../../../src/moments/addRows.ts";
import { emptyLayer, type LayerMoments } from "../../../src/moments/moments.ts";
import { encodeMoments } from "../../../src/moments/momentsFile.ts";
import { foundRuns, reproduceStudy } from "../../../src/runner/reproduce/reproduceStudy.ts";
import { CAPTURED_SCHEMA } from "../../../src/runs/capturedSetting.ts";
import { createRun, openRun } from "../../../src/runs/runFolder.ts";
import { scored } from "../../../src/studies/score.ts";
import type { StudiedRun, Study, StudyRun } from "../../../src/studies/study.ts";
import { testIo } from "../../cli/testIo.ts";
import { layerCase } from "../../moments/cases.ts";

const root = mkdtempSync(join(tmpdir(), "crh-captured-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const [captures, runs, sweeps, to] = ["captures", "runs", "sweeps", "reproduce"].map((name) => join(root, name)) as [
  string,
  string,
  string,
  string,
];
beforeEach(() => {
  for (const name of readdirSync(root)) rmSync(join(root, name), { recursive: true });
  mkdirSync(captures);
});

const parameters = { layers: 1, heads: 1, width: 6, steps: 4, seed: 0, schedule: "cosine" };
const setting = {
  ...{ schema: CAPTURED_SCHEMA, setting: "llm", parameters, every: 2, program: "PyTorch 9.9, mine.py" },
  differences: ["Its <views> are simpler."],
};

/** The layers of a transformer of one block and one head: five maps and a head. */
function layersAt(step: number, names = ["qkv", "proj", "up", "down", "head"]): LayerMoments[] {
  const maps = names.map((name, i) => {
    const { W, rows } = layerCase(10 * step + i, 40, 5, 4);
    const layer = emptyLayer(name, "linear", 5, 4, W);
    addRows(layer, rows);
    return layer;
  });
  const { hb, gb } = layerCase(10 * step + 9, 40, 5, 4).rows;
  const head = emptyLayer("attn.heads[0]", "head", 4, 4);
  addRows(head, { hb, gb });
  return [...maps, head];
}

function write(stated: object | string | undefined, { steps = [0, 2, 4], layers = layersAt } = {}): void {
  for (const step of steps)
    writeFileSync(
      join(captures, `step-${String(step).padStart(8, "0")}.safetensors`),
      encodeMoments({ step, objective: "cross-entropy", source: "a test", layers: layers(step) }),
    );
  if (stated !== undefined)
    writeFileSync(join(captures, "setting.json"), typeof stated === "string" ? stated : JSON.stringify(stated));
}

async function ingest(...words: string[]) {
  const io = testIo();
  return { code: await main(["ingest", captures, "--runs", runs, ...words], io), out: io.out(), err: io.err() };
}

const asked: StudyRun = { label: "llm", setting: "llm", seed: 0, measured: 2, keepsMoments: true };
const run = { ...asked, parameters: { layers: 1, heads: 1, width: 6, steps: 4, schedule: "cosine" } };

function study(needed: StudyRun = run, seen: StudiedRun[] = []): Study {
  const shared = { figure: "Fig. 1", measured: "a number", why: "it is", least: 0 };
  return {
    ...{ name: "crh/test", title: "A test", source: "a test", statement: "Something holds." },
    runs: () => [needed],
    evaluate(done) {
      seen.push(...done);
      return {
        figures: [],
        claims: [
          scored({
            ...shared,
            name: "count",
            statement: "measured",
            values: done.map((one) => one.snapshots().length),
          }),
          scored({
            ...{ ...shared, name: "spectra", statement: "spectra are there" },
            values: done.map((one) => one.snapshot()!.layers[0]!.spectra?.paper.b?.H.values[0]),
          }),
        ],
        notes: ["a note"],
      };
    },
  };
}

async function judge(needed?: StudyRun, seen: StudiedRun[] = []) {
  const io = testIo();
  const watcher = { observer: terminalObserver(io), signal: io.interruption() };
  const options = { size: "paper", runs, sweeps, to, jobs: 1, program: [], doneOnly: true } as const;
  return reproduceStudy(study(needed, seen), options, watcher);
}

describe("captures that state a setting", () => {
  test("are the run that a study asks for, and its score card says what they are", async () => {
    write(setting);
    const { code, err } = await ingest();
    expect([code, err]).toEqual([
      0,
      expect.stringContaining("Captured where PyTorch 9.9, mine.py trained setting llm"),
    ]);
    const folder = openRun(join(runs, readdirSync(runs)[0]!));
    expect(folder.info()).toMatchObject({ setting: "ingest", status: "finished" });
    expect(folder.config().captured).toMatchObject({ setting: "llm", parameters: { ...parameters, lr: 3e-4 } });
    const seen: StudiedRun[] = [];
    const { record, undone } = await judge(run, seen);
    expect(undone).toBe(0);
    expect(record.runs).toMatchObject([{ id: folder.info().id, captured: "PyTorch 9.9, mine.py" }]);
    expect(record.claims).toMatchObject([
      { value: 3, verdict: "holds" },
      { verdict: "holds", count: 1 },
    ]);
    expect(record.notes).toEqual([
      "a note",
      "Captured, not trained here: llm, with PyTorch 9.9, mine.py. It has no accuracy; learning rates are those that its parameters state. Its <views> are simpler.",
    ]);
    expect(seen[0]!.moments()!.layers.length).toBe(6);
    const rates = seen[0]!.metrics().filter(({ name }) => name === "lr");
    expect(rates.map(({ step }) => step)).toEqual([2, 4]);
    expect(rates[1]!.value).toBeCloseTo(1.5e-4 * (1 + Math.cos((3 / 4) * Math.PI)), 12);
  });

  const others: [string, StudyRun, string][] = [
    ["another width", { ...run, parameters: { ...run.parameters, width: 8 } }, "width is 6, not 8"],
    ["a default that was changed", { ...run, parameters: { ...run.parameters, schedule: "constant" } }, "schedule is"],
    ["another seed", { ...run, seed: 1 }, "seed is 0, not 1"],
    [
      "other steps between captures",
      { ...run, measured: "often" },
      "captured every 2 steps, not at logarithmic spacing",
    ],
    ["samples that are followed", { ...run, follow: [1] }, "no samples are followed"],
  ];
  test.each(others)("are not taken for %s, and that is said", async (_, needed, words) => {
    write(setting);
    await ingest("--cost", "economy");
    const { record, undone } = await judge(needed);
    expect(undone).toBe(1);
    expect(record.runs[0]!.id).toBeNull();
    expect(record.notes[1]).toContain(`(llm, PyTorch 9.9, mine.py) are not taken: ${words}`);
    expect(record.claims[0]!.value).toBeNull();
  });

  test.each([
    [0, 2],
    [2, 4],
  ])("are not taken where they cover the training from step %i to %i alone", async (first, last) => {
    write(setting, { steps: [first, last] });
    const { err } = await ingest("--cost", "economy");
    expect(err).toContain(`Captures are there from step ${first} to ${last}, and llm takes 4 steps`);
    expect((await judge()).record.notes[1]).toContain(`its captures are of steps ${first} to ${last}, not 0 to 4`);
  });

  test("are not taken where layers are missing, of which claims would be judged by the others", async () => {
    write(setting, { layers: (step) => layersAt(step, ["qkv", "proj", "up"]) });
    await ingest("--cost", "economy");
    expect((await judge()).record.notes[1]).toContain("it has 3 linear maps, not 5");
  });

  test("leave open what was not measured of them, with the reason", async () => {
    write(setting);
    await ingest("--cost", "economy");
    const { claims } = (await judge()).record;
    expect(claims[0]!.verdict).toBe("holds");
    expect(claims[1]).toMatchObject({ verdict: "undecided", value: null });
    expect(claims[1]!.because).toMatch(/^cannot be told from these captures: measured at cost economy/);
  });

  test("come behind a run that was trained here", async () => {
    write(setting);
    await ingest("--cost", "economy");
    const config = { ...parameters, run: { every: 2, moments: "final" } };
    const versions = { crh: "0", node: "0", onnxruntime: "0" };
    const own = createRun(runs, { setting: "llm", seed: 0, config, steps: 4, argv: [], versions });
    own.update({ status: "finished", step: 4 });
    const [found] = await foundRuns(study(), { size: "paper", runs, sweeps });
    expect(found).toMatchObject({ state: "done", folder: { dir: own.dir } });
    expect(found!.captured).toBeUndefined();
  });

  test("without setting.json answer for nothing", async () => {
    write(undefined);
    await ingest("--cost", "economy");
    expect((await judge()).record).toMatchObject({ runs: [{ id: null }], notes: ["a note"] });
  });
});

describe("a setting.json that cannot be used", () => {
  const wrong: [string, object | string, RegExp][] = [
    ["no JSON", "{", /setting\.json: expected JSON, got something else/],
    ["another schema", { ...setting, schema: "mine" }, /setting\.json: expected a setting of schema crh-lab/],
    ["an unknown setting", { ...setting, setting: "llmm" }, /expected a setting, got "llmm"; did you mean llm/],
    [
      "an unknown parameter",
      { ...setting, parameters: { widht: 3 } },
      /expected a parameter, got "widht"; did you mean/,
    ],
    ["a wrong value", { ...setting, parameters: { width: "wide" } }, /llm: expected width to be/],
    ["text that moves the cursor", { ...setting, program: "\u001b[2J" }, /program: no control characters/],
    ["a list of 21 differences", { ...setting, differences: Array(21).fill("x") }, /differences: at most 20/],
  ];
  test.each(wrong)("is refused in one line before anything is measured: %s", async (_, stated, words) => {
    write(stated);
    const { code, err } = await ingest();
    expect(code).not.toBe(0);
    expect(err).toMatch(words);
    expect(err.trim().split("\n").length).toBe(1);
    expect(readdirSync(root)).not.toContain("runs");
  });
});
