import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { main } from "../../src/cli/main.ts";
import { snapshot } from "../../src/measure/snapshot.ts";
import { addRows } from "../../src/moments/addRows.ts";
import { emptyLayer } from "../../src/moments/moments.ts";
import { encodeMoments } from "../../src/moments/momentsFile.ts";
import { Random } from "../../src/random/random.ts";
import { createRun, type RunFolder } from "../../src/runs/runFolder.ts";
import { testIo } from "./testIo.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "crh-report-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const versions = { crh: "0", node: "0", onnxruntime: "0" };

async function measuredRun(): Promise<RunFolder> {
  const run = createRun(root, {
    setting: "fc2",
    seed: 0,
    config: { lr: 0.1 },
    steps: 10,
    argv: [],
    versions,
    notes: ["lr: chosen"],
  });
  const random = new Random(1);
  const rows = (d: number) => Float64Array.from({ length: 50 * d }, () => random.normal());
  const W = { rows: 3, cols: 4, data: Float64Array.from({ length: 12 }, () => random.normal()) };
  const layer = emptyLayer("hidden.1", "linear", 4, 3, W);
  addRows(layer, { ha: rows(4), hb: rows(3), gb: rows(3) });
  for (const step of [0, 10]) {
    const moments = { step, objective: "mse", source: "test", layers: [layer] };
    run.writeSnapshot(await snapshot(moments, { loss: 1 / (step + 1) }));
    run.writeMoments(step, encodeMoments(moments));
    run.appendMetrics([{ step, name: "train/loss", value: 1 / (step + 1) }]);
  }
  return run;
}

async function report(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  const io = testIo();
  const code = await main(["report", "--in", root, ...argv], io);
  return { code, out: io.out(), err: io.err() };
}

describe("crh report", () => {
  test("--figures writes every figure as SVG and CSV beside the page, numbered as there", async () => {
    const run = await measuredRun();
    expect((await report("latest", "--figures")).code).toBe(0);
    const names = readdirSync(join(run.dir, "figures")).sort();
    expect(names.slice(0, 2)).toEqual(["01-loss.csv", "01-loss.svg"]);
    expect(names.filter((name) => name.endsWith(".svg")).length).toBe(names.length / 2);
    const html = readFileSync(join(run.dir, "report.html"), "utf8");
    // the table has numbers and no picture
    expect(names.length / 2).toBe(html.match(/data-columns="\d" ?/g)!.length - 1);
    const svg = readFileSync(join(run.dir, "figures", "01-loss.svg"), "utf8");
    expect(svg).toMatch(/^<svg /);
    expect(svg).not.toContain("var(--");
    expect(readFileSync(join(run.dir, "figures", "01-loss.csv"), "utf8")).toMatch(/^[a-z]/i);
  });

  test("writes report.html into the run folder and prints its path", async () => {
    const run = await measuredRun();
    const path = join(run.dir, "report.html");
    expect(await report("latest")).toEqual({ code: 0, out: `${path}\n`, err: "" });
    const html = readFileSync(path, "utf8");
    expect(html).toMatch(/^<!doctype html>/i);
    expect(html).toContain("hidden.1");
    expect(html).toContain("lr: chosen");
  });

  test("writes where -o says; - is stdout", async () => {
    const run = await measuredRun();
    const path = join(root, "page.html");
    expect((await report(run.dir, "-o", path)).out).toBe(`${path}\n`);
    expect((await report("latest", "-o", "-")).out).toBe(readFileSync(path, "utf8"));
    expect(existsSync(join(run.dir, "report.html"))).toBe(false);
  });

  test("into a missing folder is one line", async () => {
    await measuredRun();
    const { code, out, err } = await report("latest", "-o", join(root, "none", "page.html"));
    expect([code, out]).toEqual([1, ""]);
    expect(err).toMatch(/^crh report: expected a writable folder .*none, got a missing folder \(ENOENT\); [^\n]*\n$/);
  });

  test("of a run without a measurement, or none at all, is one line", async () => {
    expect(await report("latest")).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^crh report: expected at least one run/),
    });
    createRun(root, { setting: "fc2", seed: 0, config: {}, steps: 10, argv: [], versions });
    expect((await report("latest")).err).toMatch(
      /^crh report: expected a run with a measurement, got none in [^\n]*\n$/,
    );
  });

  test("of a run with torn moments is one line that names the file", async () => {
    const run = await measuredRun();
    const path = join(run.dir, "moments", "step-00000010.safetensors");
    writeFileSync(path, readFileSync(path).subarray(0, 100));
    const { code, err } = await report("latest");
    expect(code).toBe(1);
    expect(err).toContain(path);
    expect(err.trimEnd()).not.toContain("\n");
  });
});
