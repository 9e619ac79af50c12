/**
 * @file The whole way from an ONNX file and a batch to alignments, against float64 references from PyTorch (the
 * reference cases: two fully connected networks, a residual convolutional one, a transformer), and on trained models.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { toFloat32 } from "../../src/data/array.ts";
import { decodeNpy } from "../../src/data/npy.ts";
import { decodeNpz } from "../../src/data/npz.ts";
import { nodeEngine } from "../../src/engineNode/nodeEngine.ts";
import { gram, matrix, trace } from "../../src/linalg/matrix.ts";
import { alignment } from "../../src/measure/alignment/alignment.ts";
import { type LayerSnapshot, snapshot } from "../../src/measure/snapshot.ts";
import { objective } from "../../src/objectives/objective.ts";
import { decodeModel } from "../../src/onnx/modelFile.ts";
import { float32, type Tensor } from "../../src/onnx/tensor.ts";
import { upgradeModel } from "../../src/onnx/upgrade.ts";
import { sliceBatches, TARGET } from "../../src/probe/feeds.ts";
import { Probe } from "../../src/probe/probe.ts";
import { sharedPath } from "../shared.ts";

/** A float32 measurement against float64: rounding of activations and gradients, no more. */
const FLOAT32 = 2e-3;
/** Same float64 matrices, another order of summation. */
const FLOAT64 = 1e-10;

interface Expected {
  loss_sum: number;
  layers: {
    module: string;
    d_in: number;
    d_out: number;
    samples: number;
    paper: Record<"a" | "b", ExpectedSide>;
    raw: Record<"a" | "b", ExpectedSide>;
  }[];
  heads: { tensor: string; head: number; rga_paper: number }[];
}
type ExpectedSide = Record<"rga" | "rwa" | "gwa" | "trace_H" | "trace_G" | "zero_gradient_rows", number>;

/** Samples per batch, so that the reference batches are measured in pieces. */
const BATCH = 64;
/** Rows of exactly zero gradient: float32 underflows where float64 does not. */
const DROPPED_SHARE = 0.01;

const folder = sharedPath("reference");
const relations = ["rga", "rwa", "gwa"] as const;

describe.skipIf(folder === undefined).each([
  ["mlp-relu-mse", "mse"],
  ["mlp-tanh-mse", "mse"],
  ["resnet-ce", "cross-entropy"],
  ["gpt-ce", "cross-entropy"],
])("reference case %s", (name, loss) => {
  const read = (file: string) => readFileSync(join(folder!, name, file));
  const expected = () => JSON.parse(read("expected.json").toString()) as Expected;
  const tensor = (file: string): Tensor => {
    const array = decodeNpy(read(file));
    if (array.dtype === "float32") return float32(toFloat32(array), array.shape);
    return { dtype: "int64", shape: array.shape, data: array.data as BigInt64Array };
  };

  test("a float32 measurement has PyTorch's names, loss and alignments in both conventions", async () => {
    const model = upgradeModel(decodeModel(read("model.onnx")));
    const whole = { x: tensor("x.npy"), [TARGET]: tensor("y.npy") };
    const probe = new Probe(nodeEngine, model, { objective: objective(loss) });
    const measured = await probe.measure(sliceBatches(whole, BATCH));
    await probe.dispose();
    const { layers } = await snapshot(measured.total, measured);
    const reference = expected();
    const maps = layers.filter((layer) => layer.kind !== "head");
    expect(maps.map((layer) => layer.name)).toEqual(reference.layers.map((layer) => layer.module));
    expect(Math.abs(measured.loss * measured.samples - reference.loss_sum)).toBeLessThan(1e-5 * measured.samples);
    reference.layers.forEach((layer, i) => {
      const { dIn, dOut, samples } = maps[i]!;
      expect([dIn, dOut, samples]).toEqual([layer.d_in, layer.d_out, layer.samples]);
      expectAlignments(maps[i]!, layer);
    });
    const heads = layers.filter((layer) => layer.kind === "head");
    expect(heads.length).toBe(reference.heads.length);
    reference.heads.forEach(({ head, rga_paper }, i) => {
      expect(heads[i]!.name).toMatch(new RegExp(`\\[${head}\\]$`));
      expect(Math.abs(heads[i]!.alignment.paper.b.rga.value! - rga_paper)).toBeLessThan(FLOAT32);
    });
  });

  test.runIf(existsSync(join(folder ?? "", name, "moments.npz")))("its own matrices agree to float64 rounding", () => {
    const moments = decodeNpz(read("moments.npz"));
    const { graph } = decodeModel(read("model.onnx"));
    for (const { module, d_in, d_out, ...conventions } of expected().layers) {
      const weight = graph.initializers.get(`${module}.weight`)!;
      const W = matrix(d_out, d_in, weight.data as Float32Array);
      for (const convention of ["paper", "raw"] as const)
        for (const side of ["a", "b"] as const) {
          const d = side === "a" ? d_in : d_out;
          const load = (which: "H" | "G") =>
            matrix(d, d, moments.get(`${module}.${convention}.${which}_${side}`)!.data as Float64Array);
          const [H, G, Z] = [load("H"), load("G"), gram(W, side)];
          const values = { rga: alignment(H, G), rwa: alignment(H, Z), gwa: alignment(G, Z) };
          const { trace_H, trace_G } = conventions[convention][side];
          expect(Math.abs(trace(H) / trace_H - 1)).toBeLessThan(FLOAT64);
          expect(Math.abs(trace(G) / trace_G - 1)).toBeLessThan(FLOAT64);
          for (const relation of relations) {
            const difference = values[relation].value! - conventions[convention][side][relation];
            expect(Math.abs(difference)).toBeLessThan(FLOAT64);
          }
        }
    }
  });
});

function expectAlignments(layer: LayerSnapshot, reference: Expected["layers"][number]): void {
  for (const convention of ["paper", "raw"] as const)
    for (const side of ["a", "b"] as const) {
      const measured = layer.alignment[convention][side]!;
      for (const relation of relations) {
        const value = measured[relation].value;
        const target = reference[convention][side][relation];
        expect(value, `${layer.name} ${convention} ${side}.${relation}`).not.toBeNull();
        expect(Math.abs(value! - target), `${layer.name} ${convention} ${side}.${relation}`).toBeLessThan(FLOAT32);
      }
      const dropped = layer.droppedRows[side] - reference[convention][side].zero_gradient_rows;
      expect(Math.abs(dropped)).toBeLessThanOrEqual(DROPPED_SHARE * reference.samples);
    }
}
