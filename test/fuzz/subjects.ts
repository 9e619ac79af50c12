/**
 * @file What the fuzzer damages: small files of each kind made here, and real ones where the shared folder is there;
 * with what a user would have done with each.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { zipSync } from "fflate";
import type { DataArray } from "../../src/data/array.ts";
import { fitArray } from "../../src/data/fitArray.ts";
import { loadArrays } from "../../src/data/loadArrays.ts";
import { encodeNpy } from "../../src/data/npy.ts";
import { nodeEngine } from "../../src/engineNode/nodeEngine.ts";
import { encodeSafetensors } from "../../src/formats/safetensors.ts";
import { snapshot } from "../../src/measure/snapshot.ts";
import { emptyLayer } from "../../src/moments/moments.ts";
import { decodeMoments, encodeMoments } from "../../src/moments/momentsFile.ts";
import { objective } from "../../src/objectives/objective.ts";
import { castModel } from "../../src/onnx/castModel.ts";
import { dequantizeModel } from "../../src/onnx/dequantizeModel.ts";
import { int, ints } from "../../src/onnx/graph.ts";
import { GraphBuilder, WORKING_OPSET } from "../../src/onnx/graphBuilder.ts";
import { decodeModel, encodeModel } from "../../src/onnx/modelFile.ts";
import { float32, type Tensor } from "../../src/onnx/tensor.ts";
import { upgradeModel } from "../../src/onnx/upgrade.ts";
import { type Feeds, TARGET } from "../../src/probe/feeds.ts";
import { Probe } from "../../src/probe/probe.ts";
import { Random } from "../../src/random/random.ts";
import quantized from "../onnx/quantizedModels.json" with { type: "json" };
import { analyses } from "./analyses.ts";
import { captures } from "./captures.ts";
import { mutateModel } from "./mutateModel.ts";
import { mutateNpy, mutateNpz, mutateSafetensors } from "./mutateTensors.ts";
import { runFolders } from "./runFolders.ts";

export const kinds = ["onnx", "npy", "npz", "safetensors", "run", "capture", "analysis"] as const;
export type Kind = (typeof kinds)[number];

export interface Subject {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Damage that leaves the format whole; without it, bytes are changed. */
  structural?(bytes: Uint8Array, random: Random): Uint8Array;
  /** The file with texts that must never come out raw. */
  hostile?(bytes: Uint8Array): Uint8Array;
  /** Does with the damaged file what a user would; any result is right, any error must be a clear line. */
  use(bytes: Uint8Array): Promise<void>;
}

/** @param shared the folder of real data, where there is one */
export function subjects(shared: string | undefined): Record<Kind, Subject[]> {
  const arrays = arrayFiles(shared);
  const runs = process.env.CRH_FUZZ_RUNS;
  return {
    onnx: models(shared),
    ...arrays,
    run: runs === undefined ? [] : runFolders(runs),
    capture: captures(runs),
    analysis: analyses(),
  };
}

/** Reads every array, and passes what has samples to a model's input. */
async function useArrays(bytes: Uint8Array): Promise<void> {
  const { arrays } = loadArrays(bytes, { name: "inputs" });
  for (const array of arrays.values()) {
    const [n, ...sample] = array.shape;
    if (n === undefined || n === 0) continue;
    const fitted = fitArray(
      array,
      { name: "x", dtype: "float32", shape: ["N", ...sample] },
      { isPixels: array.dtype === "uint8" },
    );
    for (let from = 0; from < n; from += 512) fitted.rows(from, Math.min(n, from + 512));
  }
}

async function useMoments(bytes: Uint8Array): Promise<void> {
  const moments = decodeMoments(bytes);
  JSON.stringify(await snapshot(moments, {}));
}

const structural = { npy: mutateNpy, npz: mutateNpz, safetensors: mutateSafetensors };

function arrayFiles(shared: string | undefined): Record<"npy" | "npz" | "safetensors", Subject[]> {
  const random = new Random(1);
  const values = (...shape: number[]): DataArray => {
    const data = new Float32Array(shape.reduce((product, extent) => product * extent, 1));
    random.fillNormal(data);
    return { dtype: "float32", shape, data };
  };
  const bytes: DataArray = { dtype: "uint8", shape: [4, 5, 5], data: new Uint8Array(100).map(() => random.below(256)) };
  const labels: DataArray = { dtype: "int64", shape: [4], data: BigInt64Array.of(0n, 3n, 1n, 2n) };
  const npy = [values(4, 3, 5, 5), bytes, labels].map((array) => encodeNpy(array));
  const members = { "x.npy": npy[0]!, "y.npy": npy[2]!, "images.npy": npy[1]! };
  const npz = [zipSync(members), zipSync(members, { level: 0 })];
  const layer = emptyLayer("layers.0", "linear", 3, 2);
  const moments = encodeMoments({ step: 1, objective: "mse", source: "fuzz", layers: [layer] });
  const tensors = encodeSafetensors(
    new Map([
      ["w", { dtype: "F32" as const, shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) }],
      ["h", { dtype: "BF16" as const, shape: [4], data: Uint16Array.of(1, 2, 3, 4) }],
      ["i", { dtype: "I64" as const, shape: [], data: BigInt64Array.of(7n) }],
    ]),
    { note: "x" },
  );
  const subject = (name: string, file: Uint8Array, use = useArrays): Subject => {
    const kind = /\.(npy|npz|safetensors)$/.exec(name)![1] as keyof typeof structural;
    return { name, bytes: file, structural: structural[kind], use };
  };
  const real = (...paths: string[]) =>
    paths
      .filter((path) => shared !== undefined && existsSync(join(shared, path)))
      .map((path) => subject(path, new Uint8Array(readFileSync(join(shared!, path)))));
  return {
    npy: [
      ...npy.map((file, i) => subject(`made${i}.npy`, file)),
      ...real("reference/gpt-ce/x.npy", "reference/mlp-relu-mse/x.npy"),
    ],
    npz: [...npz.map((file, i) => subject(`made${i}.npz`, file)), ...real("reference/mlp-tanh-mse/moments.npz")],
    safetensors: [
      subject("tensors.safetensors", tensors),
      subject("moments.safetensors", moments, useMoments),
      subject("as-arrays.safetensors", moments),
      ...real("data/models-cifar10-resnet/resnet20.expected.safetensors"),
    ],
  };
}

/** Four samples and what they should give. */
interface Example {
  readonly x: DataArray;
  readonly target: Tensor;
  readonly loss: "mse" | "cross-entropy";
}

/** `crh analyze` without the terminal. */
async function analyze(bytes: Uint8Array, { x, target, loss }: Example): Promise<void> {
  const model = dequantizeModel(castModel(upgradeModel(decodeModel(bytes))));
  const [input] = model.graph.inputs;
  if (input === undefined) throw new RangeError("analyze: expected a model with an input, got none");
  const fitted = fitArray(x, input);
  const probe = new Probe(nodeEngine, model, { objective: objective(loss) });
  try {
    const half = fitted.n / 2;
    const batches: Feeds[] = [0, half].map((from) => ({
      [input.name]: fitted.rows(from, from + half) as Tensor,
      [TARGET]: rowsOf(target, from, from + half),
    }));
    const measured = await probe.measure(batches);
    JSON.stringify(await snapshot(measured.total, measured));
  } finally {
    await probe.dispose();
  }
}

function rowsOf({ dtype, shape, data }: Tensor, from: number, to: number): Tensor {
  const row = data.length / shape[0]!;
  return { dtype, shape: [to - from, ...shape.slice(1)], data: data.slice(from * row, to * row) as Tensor["data"] };
}

function models(shared: string | undefined): Subject[] {
  const random = new Random(2);
  const normal = (...shape: number[]): Tensor => {
    const data = new Float32Array(shape.reduce((product, extent) => product * extent, 1));
    random.fillNormal(data, 0.5);
    return float32(data, shape);
  };
  const classes: Tensor = { dtype: "int64", shape: [4], data: BigInt64Array.of(0n, 1n, 2n, 0n) };
  const made = (name: string, bytes: Uint8Array, example: Example): Subject => ({
    name,
    bytes,
    structural: mutateModel,
    use: (file) => analyze(file, example),
  });
  const g = new GraphBuilder("cnn");
  const x = g.input("x", "float32", ["N", 2, 6, 6]);
  const c = g.op("Conv", [x, g.initializer("conv.weight", normal(3, 2, 3, 3)), g.initializer("conv.bias", normal(3))], {
    pads: ints([1, 1, 1, 1]),
  });
  const pooled = g.op("MaxPool", [g.op("Relu", [c])], { kernel_shape: ints([2, 2]), strides: ints([2, 2]) });
  const flat = g.op("Reshape", [pooled, g.ints([-1, 27])]);
  g.output(
    g.op("Gemm", [flat, g.initializer("fc.weight", normal(3, 27)), g.initializer("fc.bias", normal(3))], {
      transB: int(1),
    }),
    "y",
  );
  const cnn = encodeModel({ graph: g.build(), opset: WORKING_OPSET });
  const list = [made("cnn", cnn, { x: normal(4, 2, 6, 6) as DataArray, target: classes, loss: "cross-entropy" })];
  list.push(made("shapes", shapes(normal), { x: normal(4, 4) as DataArray, target: classes, loss: "cross-entropy" }));
  for (const { name, base, bytes } of quantized.quantized) {
    const { shape, values } = quantized.inputs[base as "cnn" | "mlp"];
    const target = normal(4, base === "cnn" ? 5 : 4);
    list.push(
      made(name, new Uint8Array(Buffer.from(bytes, "base64")), {
        x: float32(values, shape) as DataArray,
        target,
        loss: "mse",
      }),
    );
  }
  for (const [name, loss] of [
    ["mlp-relu-mse", "mse"],
    ["gpt-ce", "cross-entropy"],
    ["resnet-ce", "cross-entropy"],
  ] as const) {
    const folder = shared === undefined ? "" : join(shared, "reference", name);
    if (folder === "" || !existsSync(folder)) continue;
    const read = (file: string) => new Uint8Array(readFileSync(join(folder, file)));
    const first = (array: DataArray): Tensor => rowsOf(array as Tensor, 0, 4);
    const array = (file: string) => first(loadArrays(read(file), { name: file }).arrays.get("data")!);
    list.push(made(name, read("model.onnx"), { x: array("x.npy") as DataArray, target: array("y.npy"), loss }));
  }
  return list;
}

/** Operators whose constants say how large their results are. */
function shapes(normal: (...shape: number[]) => Tensor): Uint8Array {
  const g = new GraphBuilder("shapes");
  const linear = g.op("MatMul", [g.input("x", "float32", ["N", 4]), g.initializer("first.weight", normal(4, 5))]);
  const zeros = g.op("ConstantOfShape", [g.ints([1, 5])]);
  const expanded = g.op("Expand", [g.op("Add", [linear, zeros]), g.ints([1, 5])]);
  const padded = g.op("Pad", [g.op("Tile", [expanded, g.ints([1, 2])]), g.ints([0, 1, 0, 1])]);
  const bound = (value: number) => g.constant({ dtype: "int64", shape: [], data: BigInt64Array.of(BigInt(value)) });
  const picked = g.op("Gather", [padded, g.op("Range", [bound(0), bound(6), bound(1)])], { axis: int(1) });
  const image = g.op("Reshape", [picked, g.ints([-1, 1, 2, 3])]);
  const resized = g.op("Resize", [image, "", g.constant(float32([1, 1, 2, 1]))], { mode: { string: "nearest" } });
  const flat = g.op("Reshape", [resized, g.ints([-1, 12])]);
  g.output(g.op("MatMul", [flat, g.initializer("second.weight", normal(12, 3))]), "y");
  return encodeModel({ graph: g.build(), opset: WORKING_OPSET });
}
