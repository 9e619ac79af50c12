/** @file Measures a model file over the data of its case. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { toFloat32 } from "../../src/data/array.ts";
import { decodeNpz } from "../../src/data/npz.ts";
import { nodeEngine } from "../../src/engineNode/nodeEngine.ts";
import { measureLayer } from "../../src/measure/measureLayer.ts";
import { type Objective, type OwnLoss, objective } from "../../src/objectives/objective.ts";
import { float32, type Tensor } from "../../src/onnx/tensor.ts";
import { chooseBatch } from "../../src/probe/batchSize.ts";
import { type Feeds, sliceBatches } from "../../src/probe/feeds.ts";
import { Probe } from "../../src/probe/probe.ts";
import { preparedModel } from "../../src/runner/analysis/initialModel.ts";

export const folder: string = fileURLToPath(new URL("cases/", import.meta.url));

export interface Expected {
  objective: string;
  loss_sum: number;
  layers: ({ module: string; kind: string; d_in: number; d_out: number; samples: number } & Conventions)[];
  heads: { head: number; rga_paper: number; rga_raw: number }[];
  skipped: string[];
}
type Conventions = Record<"paper" | "raw", Record<"a" | "b", ExpectedSide>>;
export type ExpectedSide = Record<"rga" | "rwa" | "gwa", number | null> & { zero_gradient_rows: number };

export function expectedOf(name: string): Expected {
  return JSON.parse(readFileSync(`${folder}${name}/expected.json`, "utf8")) as Expected;
}

/** @param file of the model, a rewriting perhaps of one of the case */
export async function measureCase(name: string, file: string, loss: string) {
  const model = await preparedModel(file);
  const whole = data(name);
  const n = Object.values(whole)[0]!.shape[0]!;
  const chosen: Objective | OwnLoss =
    loss === "own" ? { name: "output output", lossOutput: "output" } : objective(loss);
  const options = { objective: chosen };
  const size = await chooseBatch(nodeEngine, model, options, (count) => first(whole, count), n);
  const probe = new Probe(nodeEngine, model, options);
  try {
    const measured = await probe.measure(sliceBatches(whole, size));
    const layers = await Promise.all(measured.total.layers.map((layer) => measureLayer(layer, [], "economy")));
    return { ...measured, layers };
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
