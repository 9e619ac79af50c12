/** @file `crh runs` in narrow terminals: names keep setting and digits, numbers stay whole. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runsCommand } from "../../src/cli/commands/runs.ts";
import type { RunInfo } from "../../src/runs/runInfo.ts";
import { testIo } from "./testIo.ts";

const root = mkdtempSync(join(tmpdir(), "crh-runs-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const ids = ["2026-11-29-fc2-9db5f0", "2026-11-28-res1-00aa11", "2026-11-27-mlp-123abc"];
const states = ["interrupted", "failed", "finished"] as const;

beforeAll(() => {
  for (const [i, id] of ids.entries()) {
    const info: RunInfo = {
      schema: "crh-lab/run@1",
      id,
      setting: id.split("-")[3]!,
      status: states[i]!,
      seed: 1234,
      steps: 100_000,
      step: 12_345,
      argv: [],
      pid: 1,
      host: "elsewhere",
      versions: { crh: "0.1.0", node: "20", onnxruntime: "1" },
      startedAt: "2026-11-29T17:46:00.000Z",
      durationMs: 754_000,
      stepsPerSecond: 261,
    };
    mkdirSync(join(root, id));
    writeFileSync(join(root, id, "run.json"), JSON.stringify(info));
    writeFileSync(join(root, id, "metrics.jsonl"), '{"step":100,"name":"eval/loss","value":1.234e-7}\n');
  }
});

async function shown(columns: number): Promise<string> {
  const io = testIo({ columns, env: { NO_COLOR: "1" } });
  await runsCommand({ runs: root }, io);
  return io.out();
}

test("80 columns hold every run with its setting, its digits and its status", async () => {
  const text = await shown(80);
  for (const line of text.split("\n")) expect([...line].length).toBeLessThanOrEqual(80);
  for (const id of ids) expect(text).toContain(id.slice("2026-11-29-".length));
  for (const state of states) expect(text).toContain(state);
  for (const number of ["12,345/100,000", "1.234e-7", "12 min 34 s", "11-29 17:46"]) expect(text).toContain(number);
});

test("wide terminals show all of it", async () => {
  const text = await shown(130);
  for (const id of ids) expect(text).toContain(id);
  for (const found of ["seed", "1234", "steps/s", "261", "2026-11-29 17:46"]) expect(text).toContain(found);
});
