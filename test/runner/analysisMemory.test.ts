/** @file The memory that `crh inspect` announces: beside peaks that were measured, and what it grows with. */
import { expect, test } from "vitest";
import { nodeEngine } from "../../src/engineNode/nodeEngine.ts";
import { mlp } from "../../src/networks/mlp.ts";
import { WORKING_OPSET } from "../../src/onnx/graphBuilder.ts";
import { outlineModel, parameterCount } from "../../src/probe/outlineModel.ts";
import { Random } from "../../src/random/random.ts";
import { analysisBytes } from "../../src/runner/analysis/analysisMemory.ts";

/** Largest resident set of `crh analyze` of 1,000 samples at cost "standard" on two cores (docs/log.md, 2026-11-30). */
const MEASURED = [
  { widths: [20, 32, 32, 5], bytes: 1.93e8 },
  { widths: [784, 256, 256, 10], bytes: 9.85e8 },
  { widths: [1024, 1024, 1024, 10], bytes: 3.34e9 },
] as const;

async function estimate(widths: readonly number[], samples = 1000): Promise<number> {
  const { graph } = mlp({ widths: [...widths], activation: "relu" }, new Random(1));
  const outline = await outlineModel(nodeEngine, { graph, opset: WORKING_OPSET }, { cross: false });
  return analysisBytes(outline, { samples, parts: undefined, parameters: parameterCount(graph) });
}

test.each(MEASURED)("is within a factor of 1.5 of what $widths took", async ({ widths, bytes }) => {
  const ratio = (await estimate(widths)) / bytes;
  expect(ratio).toBeGreaterThan(1 / 1.5);
  expect(ratio).toBeLessThan(1.5);
});

test("has fewer groups of few samples, and never less than the process itself", async () => {
  const [few, many] = [await estimate([300, 300, 10], 2), await estimate([300, 300, 10])];
  expect(few).toBeLessThan(many);
  expect(few).toBeGreaterThan(1e8);
});
