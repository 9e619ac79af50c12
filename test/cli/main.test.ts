import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { main } from "../../src/cli/main.ts";
import { Interrupted } from "../../src/runner/errors.ts";
import type { RunOptions } from "../../src/runner/training/runOptions.ts";
import { crhVersion, versions } from "../../src/runner/versions.ts";
import { createRun, type RunFolder } from "../../src/runs/runFolder.ts";
import { testIo } from "./testIo.ts";

const run = vi.hoisted(() => vi.fn());
vi.mock("../../src/cli/commands/run.ts", () => ({
  runCommand: run,
  settingHelp: async (setting?: string) => `parameters of ${setting ?? "every setting"}\n`,
}));

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "crh-cli-"));
  run.mockReset();
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

async function crh(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  const io = testIo();
  const code = await main(argv, io);
  return { code, out: io.out(), err: io.err() };
}

function makeRun(setting: string, time: string): RunFolder {
  return createRun(root, {
    setting,
    seed: 3,
    config: {},
    steps: 100,
    argv: [],
    versions: versions(),
    now: new Date(time),
  });
}

describe("wrong usage is one line and exit code 2", () => {
  test.each<[string[], string]>([
    [["rnu"], "crh: expected a command, got rnu; did you mean run?"],
    [["zebra"], "crh: expected a command, got zebra; crh --help lists them"],
    [["run", "fc2", "--sed", "1"], "crh run: expected an option, got --sed; did you mean --seed?"],
    [["run"], "crh run: expected the name of a setting, got none; crh run --help lists them"],
    [
      ["run", "fc2", "--seed", "x"],
      "crh run: expected a whole number of at least 0 as --seed, got x; crh run --help shows what there is",
    ],
    [
      ["run", "fc2", "--steps", "1.5"],
      "crh run: expected a whole number of at least 0 as --steps, got 1.5; crh run --help shows what there is",
    ],
    [
      ["run", "fc2", "--device", "tpu"],
      "crh run: expected one of cpu, webgpu, cuda as --device, got tpu; crh run --help shows what there is",
    ],
    [["report"], "crh report: expected <run>, got none; crh report --help shows what there is"],
    [["runs", "more"], "crh runs: expected 0 arguments, got 1; crh runs --help shows what there is"],
  ])("%j", async (argv, line) => {
    expect(await crh(...argv)).toEqual({ code: 2, out: "", err: `${line}\n` });
    expect(run).not.toHaveBeenCalled();
  });

  test("no command at all shows the help on stderr", async () => {
    for (const argv of [[], ["--debug"]]) {
      const { code, out, err } = await crh(...argv);
      expect([code, out]).toEqual([2, ""]);
      expect(err).toContain("Usage: crh");
    }
  });
});

describe("help and version", () => {
  test("go to stdout with exit code 0", async () => {
    const { code, out } = await crh("--help");
    expect(code).toBe(0);
    for (const command of ["run", "resume", "analyze", "runs", "report", "doctor"])
      expect(out).toMatch(new RegExp(`\\n  ${command} `));
    expect(await crh("--version")).toEqual({ code: 0, out: `${crhVersion()}\n`, err: "" });
    expect(crhVersion()).toMatch(/^\d+\.\d+\.\d+/);
    expect(versions().onnxruntime).toMatch(/^\d+\./);
  });

  test("of run show the parameters of the setting", async () => {
    expect((await crh("run", "--help")).out).toMatch(
      /^Usage: crh run <setting> \[key=value[\s\S]*parameters of every setting\n$/,
    );
    expect((await crh("run", "fc2", "-h")).out).toMatch(/parameters of fc2\n$/);
    expect((await crh("help", "run")).out).toMatch(/parameters of every setting\n$/);
  });
});

describe("crh run", () => {
  test("hands over setting, assignments and options in any order", async () => {
    const words = ["--seed", "5", "fc2", "lr=0.1", "--steps", "1e5", "depth=3", "--every", "log", "--moments", "all"];
    expect((await crh("run", ...words, "--json", "--out", root)).code).toBe(0);
    const [setting, assignments, options] = run.mock.calls[0]! as [string, string[], RunOptions];
    expect([setting, assignments]).toEqual(["fc2", ["lr=0.1", "depth=3"]]);
    const defaults = { device: "cpu", keepBest: "loss" };
    const expected = {
      seed: 5,
      steps: 100_000,
      every: "log",
      moments: "all",
      json: true,
      runs: root,
      out: root,
      ...defaults,
    };
    expect(options).toEqual(expected);
  });

  test("interrupted ends with 130", async () => {
    run.mockRejectedValue(new Interrupted("run: interrupted at step 7; crh resume latest goes on"));
    expect(await crh("run", "fc2")).toEqual({
      code: 130,
      out: "",
      err: "crh run: interrupted at step 7; crh resume latest goes on\n",
    });
  });

  test("failing ends with 1 and one line; the stack, with its causes, is shown with --debug alone", async () => {
    run.mockRejectedValue(new Error("engine: no", { cause: new Error("inside") }));
    expect(await crh("run", "fc2")).toEqual({ code: 1, out: "", err: "crh run: no\n" });
    for (const argv of [
      ["--debug", "run", "fc2"],
      ["run", "fc2", "--debug"],
    ])
      expect((await crh(...argv)).err).toMatch(
        /^crh run: no\nError: engine: no\n {4}at [\s\S]*caused by Error: inside\n {4}at /,
      );
  });

  test("a bug is called one", async () => {
    run.mockRejectedValue(new TypeError("Cannot read properties of undefined (reading 'x')"));
    expect((await crh("run", "fc2")).err).toMatch(
      /^crh run: this is a bug \(TypeError: Cannot read[^\n]*--debug[^\n]*\n$/,
    );
  });
});

describe("crh runs", () => {
  test("lists runs as a table, newest first, and damaged ones on stderr", async () => {
    const first = makeRun("fc1", "2025-01-01T10:00:00Z");
    first.appendMetrics([{ step: 100, name: "train/loss", value: 0.25 }]);
    first.update({ status: "finished", step: 100, durationMs: 61_000, stepsPerSecond: 1234 });
    const second = makeRun("fc2", "2025-01-02T10:00:00Z");
    const damaged = makeRun("mlp", "2025-01-03T10:00:00Z");
    writeFileSync(join(damaged.dir, "run.json"), "");
    const { code, out, err } = await crh("runs", "--in", root);
    const lines = out.trimEnd().split("\n");
    expect(code).toBe(0);
    expect(lines).toHaveLength(3);
    expect(lines[1]).toMatch(new RegExp(`^${basename(second.dir)} +running +0/100 +3 +2025-01-02 10:00$`));
    expect(lines[2]).toMatch(/ finished +100 +3 +0\.2500 +1,234 +1 min 01 s +2025-01-01 10:00$/);
    expect(err).toMatch(/^crh runs: expected a run\.json .* got an empty file; [^\n]*\n$/);
  });

  test("gives JSON", async () => {
    const { dir } = makeRun("fc1", "2025-01-01T10:00:00Z");
    expect(JSON.parse((await crh("runs", "--in", root, "--json")).out)).toMatchObject([
      { dir, info: { setting: "fc1" } },
    ]);
    expect((await crh("runs", "--in", join(root, "none"), "--json")).out).toBe("[]\n");
  });

  test("of an empty folder says how to make one", async () => {
    expect(await crh("runs", "--in", root)).toEqual({
      code: 0,
      out: "",
      err: `no runs in ${root}; crh run fc2 makes one\n`,
    });
  });
});

describe("crh doctor", () => {
  test("finds an engine that computes and a folder that can be written", async () => {
    const { code, out } = await crh("doctor", "--in", join(root, "runs"));
    expect(code).toBe(0);
    for (const name of ["crh", "Node", "ONNX Runtime", "telemetry", "threads", "memory", "runs folder", "PyTorch"])
      expect(out).toMatch(new RegExp(`^(ok|missing) +${name} `, "m"));
    expect(out).toMatch(/^ok +telemetry +off;/m);
    expect(out).toMatch(/\n\nEverything required works; missing items are optional\.\n$/);
    expect(existsSync(join(root, "runs"))).toBe(false);
  });

  test("fails, with the cure, where runs cannot be written", async () => {
    writeFileSync(join(root, "file"), "");
    const { code, out } = await crh("doctor", "--in", join(root, "file", "runs"), "--json");
    const { ok, checks } = JSON.parse(out) as {
      ok: boolean;
      checks: { name: string; status: string; cure?: string }[];
    };
    expect([code, ok]).toEqual([1, false]);
    expect(checks.find(({ name }) => name === "runs folder")).toMatchObject({
      status: "failed",
      found: expect.stringMatching(/got a file where a folder should be/),
      cure: "choose another folder with --out",
    });
  });
});

test("the package names the built program as crh", () => {
  const { bin } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  expect(bin).toEqual({ crh: "dist/cli/main.js" });
  expect(readFileSync(new URL("../../src/cli/main.ts", import.meta.url), "utf8")).toMatch(/^#!\/usr\/bin\/env node\n/);
});
