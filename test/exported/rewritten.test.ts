/**
 * @file The same network, however a tool has rewritten its file: quantizers (rewrite.py), and ONNX Runtime's own
 * optimizer at each of its levels, run here. Maps, names and alignments must be those of the model as it was exported,
 * computed in float64 by PyTorch.
 */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { onnxRuntime } from "../../src/engineNode/library.ts";
import { nodeEngine } from "../../src/engineNode/nodeEngine.ts";
import { expectedOf, folder, measureCase } from "./measureCase.ts";

/** What rounding of weights and activations to 8 bits may change. */
const EIGHT_BITS = 0.05;
/** Operators fused and reordered in float32, against float64. */
const FLOAT32 = 2e-3;

const rewritten = fileURLToPath(new URL("rewritten/", import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), "crh-rewritten-"));
afterAll(() => rmSync(scratch, { recursive: true }));

/** @param lost names of layers that are not in the file any more, and what they are called instead */
async function expectSame(name: string, file: string, tolerance: number, lost: Record<string, string> = {}) {
  const reference = expectedOf(name);
  const { layers, loss, samples, skipped } = await measureCase(name, file, reference.objective);
  expect(Math.abs(loss - reference.loss_sum / samples)).toBeLessThan(tolerance);
  const maps = layers.filter(({ kind }) => kind !== "head");
  expect(maps.map((map) => map.name).sort()).toEqual(
    reference.layers.map(({ module }) => lost[module] ?? module).sort(),
  );
  expect(skipped.map(({ reason }) => reason.replace(/( \(|;).*/, "")).sort()).toEqual(reference.skipped);
  for (const { module, ...expected } of reference.layers) {
    const map = maps.find((one) => one.name === (lost[module] ?? module))!;
    expect([map.dIn, map.dOut, map.samples], module).toEqual([expected.d_in, expected.d_out, expected.samples]);
    for (const convention of ["paper", "raw"] as const)
      for (const side of ["a", "b"] as const)
        for (const relation of ["rga", "rwa", "gwa"] as const) {
          const { value } = map.alignment[convention][side]![relation];
          const target = expected[convention][side][relation];
          const where = `${module} ${convention} ${side}.${relation}: ${value} for ${target}`;
          expect(Math.abs((value ?? 2) - (target ?? 2)), where).toBeLessThan(tolerance);
        }
  }
  const heads = layers.filter(({ kind }) => kind === "head");
  expect(heads.length).toBe(reference.heads.length);
  reference.heads.forEach(({ head, rga_paper }, i) => {
    expect(heads[i]!.name).toMatch(new RegExp(`(^|\\.)(self_)?attn\\..*\\[${head}\\]$`));
    expect(Math.abs(heads[i]!.alignment.paper.b.rga.value! - rga_paper)).toBeLessThan(tolerance);
  });
}

describe("a quantizer's model", () => {
  test.each(readdirSync(rewritten))("%s has the maps of the model in float32", async (file) => {
    await expectSame(file.replace(/-[^-]+\.onnx$/, ""), rewritten + file, EIGHT_BITS);
  });
});

describe("a model that ONNX Runtime has optimized", () => {
  /**
   * Where an activation is fused into a convolution laid out anew, its weights and node are called after the
   * activation; which are depends on the processor's number of channels to a register.
   */
  const fused: Record<string, Record<string, string>> = {
    8: { fc1: "/Relu" },
    16: { fc1: "/Relu", fc2: "/HardSigmoid_2" },
  };
  test.each<[string, string, "basic" | "extended" | "all", typeof fused?]>([
    ["mobilenet", "torchscript-13", "basic"],
    ["mobilenet", "torchscript-13", "extended"],
    ["mobilenet", "torchscript-13", "all", fused],
    ["vit", "torchscript-14", "all"],
    ["encoder", "torchscript-15", "extended"],
    ["resnet-grouped", "torchscript-11", "all"],
  ])("%s, exported by %s, to the level %s, has the maps that it had", async (name, exporter, level, lost) => {
    const file = join(scratch, `${name}-${level}.onnx`);
    const { InferenceSession } = await onnxRuntime();
    const options = { graphOptimizationLevel: level, optimizedModelFilePath: file, logSeverityLevel: 4 as const };
    const session = await InferenceSession.create(`${folder}${name}/${exporter}.onnx`, options);
    await session.release();
    await expectSame(name, file, FLOAT32, lost?.[String(await nodeEngine.channelBlock!())]);
  });
});
