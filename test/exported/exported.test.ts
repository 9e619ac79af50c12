/**
 * @file Models of many architectures as their exporters write them, against float64 alignments from the framework
 * itself (generate.py, generateJax.py, generateKeras.py): every linear map and head must be there with the module's
 * name, what is left out must be listed with its reason.
 */
import { readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { LayerAlignment } from "../../src/measure/measureLayer.ts";
import { type Expected, expectedOf, folder, measureCase } from "./measureCase.ts";

/** A float32 measurement against float64: rounding of activations and gradients, no more. */
const FLOAT32 = 2e-3;

/** Names that an exporter leaves nowhere in the file, because it stored the weights anew: transposed, or cast. */
const projections = { "attn.q_proj": "attn", "attn.k_proj": "attn#2", "attn.v_proj": "attn#3" };
const lostNames: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "cross-attention torchscript-14": projections,
  "cross-attention dynamo-18": projections,
  "half-weights torchscript-13": { up: "/Gemm", down: "/Gemm_1" },
  "half-weights dynamo-18": { up: "_to_copy", down: "_to_copy_2" },
};

const cases = readdirSync(folder).flatMap((name) =>
  readdirSync(folder + name)
    .filter((file) => file.endsWith(".onnx"))
    .map((file): [string, string] => [name, file.replace(".onnx", "")]),
);

describe.each(cases)("%s, exported by %s", (name, exporter) => {
  test("has PyTorch's names, loss and alignments", async () => {
    const reference = expectedOf(name);
    const file = `${folder}${name}/${exporter}.onnx`;
    const { layers, loss, samples, skipped } = await measureCase(name, file, reference.objective);
    const maps = layers.filter(({ kind }) => kind !== "head");
    const known = (module: string) => lostNames[`${name} ${exporter}`]?.[module] ?? module;
    expect(maps.map((map) => map.name)).toEqual(reference.layers.map(({ module }) => known(module)));
    expect(skipped.map(({ reason }) => reason.replace(/( \(|;).*/, "")).sort()).toEqual(reference.skipped);
    expect(Math.abs(loss * samples - reference.loss_sum)).toBeLessThan(1e-5 * samples);
    maps.forEach((map, i) => {
      expectSame(map, reference.layers[i]!);
    });
    const heads = layers.filter(({ kind }) => kind === "head");
    expect(heads.length).toBe(reference.heads.length);
    reference.heads.forEach(({ head, rga_paper, rga_raw }, i) => {
      const { alignment, name } = heads[i]!;
      expect(name).toMatch(new RegExp(`\\[${head}\\]$`));
      expect(Math.abs(alignment.paper.b.rga.value! - rga_paper)).toBeLessThan(FLOAT32);
      expect(Math.abs(alignment.raw.b.rga.value! - rga_raw)).toBeLessThan(FLOAT32);
    });
  });
});

function expectSame(map: LayerAlignment, reference: Expected["layers"][number]): void {
  const { kind, d_in, d_out, samples } = reference;
  expect([map.kind, map.dIn, map.dOut, map.samples], map.name).toEqual([kind, d_in, d_out, samples]);
  for (const convention of ["paper", "raw"] as const)
    for (const side of ["a", "b"] as const) {
      const { zero_gradient_rows, ...expected } = reference[convention][side];
      for (const [relation, target] of Object.entries(expected)) {
        const { value } = map.alignment[convention][side]![relation as keyof typeof expected];
        const where = `${map.name} ${convention} ${side}.${relation}: ${value} for ${target}`;
        expect(value === null, where).toBe(target === null);
        expect(Math.abs((value ?? 0) - (target ?? 0)), where).toBeLessThan(FLOAT32);
      }
      if (convention === "paper") expect(map.droppedRows[side], map.name).toBe(zero_gradient_rows);
    }
}
