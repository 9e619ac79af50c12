/**
 * @file Models of many architectures as their exporters write them, against float64 alignments from the framework itself
 * (generate.py, generateJax.py, generateKeras.py): every linear map and head must be there with the module's name, what is left out must
 * be listed with its reason.
 */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { toFloat32 } from "../../src/data/array.ts";
import { decodeNpz } from "../../src/data/npz.ts";
import { nodeEngine } from "../../src/engine/node.ts";
import { type LayerSnapshot, snapshot } from "../../src/measure/snapshot.ts";
import { type Objective, type OwnLoss, objective } from "../../src/objectives/objective.ts";
import { castModel } from "../../src/onnx/castModel.ts";
import { dequantizeModel } from "../../src/onnx/dequantizeModel.ts";
import { decodeModel } from "../../src/onnx/modelFile.ts";
import { float32, type Tensor } from "../../src/onnx/tensor.ts";
import { upgradeModel } from "../../src/onnx/upgrade.ts";
import { chooseBatch } from "../../src/probe/batchSize.ts";
import { type Feeds, sliceBatches } from "../../src/probe/feeds.ts";
import { Probe } from "../../src/probe/probe.ts";

/** A float32 measurement against float64: rounding of activations and gradients, no more. */
const FLOAT32 = 2e-3;

interface Expected {
  objective: string;
  loss_sum: number;
  layers: ({ module: string; kind: string; d_in: number; d_out: number; samples: number } & Conventions)[];
  heads: { head: number; rga_paper: number; rga_raw: number }[];
  skipped: string[];
}
type Conventions = Record<"paper" | "raw", Record<"a" | "b", ExpectedSide>>;
type ExpectedSide = Record<"rga" | "rwa" | "gwa", number | null> & { zero_gradient_rows: number };

/** Names that an exporter leaves nowhere in the file, because it stored the weights anew: transposed, or cast. */
const projections = { "attn.q_proj": "attn", "attn.k_proj": "attn#2", "attn.v_proj": "attn#3" };
const lostNames: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "cross-attention torchscript-14": projections,
  "cross-attention dynamo-18": projections,
  "half-weights torchscript-13": { up: "/Gemm", down: "/Gemm_1" },
  "half-weights dynamo-18": { up: "_to_copy", down: "_to_copy_2" },
};

const folder = fileURLToPath(new URL("cases/", import.meta.url));
const cases = readdirSync(folder).flatMap((name) =>
  readdirSync(folder + name)
    .filter((file) => file.endsWith(".onnx"))
    .map((file): [string, string] => [name, file.replace(".onnx", "")]),
);

describe.each(cases)("%s, exported by %s", (name, exporter) => {
  test("has PyTorch's names, loss and alignments", async () => {
    const reference = JSON.parse(readFileSync(`${folder}${name}/expected.json`, "utf8")) as Expected;
    const { layers, loss, samples, skipped } = await measure(name, exporter, reference.objective);
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

async function measure(name: string, exporter: string, loss: string) {
  const bytes = readFileSync(`${folder}${name}/${exporter}.onnx`);
  const model = castModel(dequantizeModel(upgradeModel(decodeModel(bytes))));
  const whole = data(name);
  const n = Object.values(whole)[0]!.shape[0]!;
  const chosen: Objective | OwnLoss =
    loss === "own" ? { name: "output output", lossOutput: "output" } : objective(loss);
  const options = { objective: chosen };
  const size = await chooseBatch(nodeEngine, model, options, (count) => first(whole, count), n);
  const probe = new Probe(nodeEngine, model, options);
  try {
    const measured = await probe.measure(sliceBatches(whole, size));
    return { ...measured, layers: snapshot(measured.total, measured).layers };
  } finally {
    await probe.dispose();
  }
}

function first(whole: Readonly<Record<string, Tensor>>, count: number): Feeds {
  const rows = ({ dtype, shape, data }: Tensor) =>
    ({ dtype, shape: [count, ...shape.slice(1)], data: data.slice(0, (count * data.length) / shape[0]!) }) as Tensor;
  return Object.fromEntries(Object.entries(whole).map(([name, tensor]) => [name, rows(tensor)]));
}

function data(name: string): Record<string, Tensor> {
  const arrays = decodeNpz(readFileSync(`${folder}${name}/data.npz`));
  const tensors = [...arrays].map(([key, array]): [string, Tensor] => [
    key,
    array.dtype === "int64"
      ? { dtype: "int64", shape: array.shape, data: array.data as BigInt64Array }
      : float32(toFloat32(array), array.shape),
  ]);
  return Object.fromEntries(tensors);
}

function expectSame(map: LayerSnapshot, reference: Expected["layers"][number]): void {
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
