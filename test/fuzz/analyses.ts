/** @file Models, inputs and targets of strangers, by `crh inspect` and `crh analyze` as they are typed. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { zipSync } from "fflate";
import { encodeNpy } from "../../src/data/npy.ts";
import { GraphBuilder, WORKING_OPSET } from "../../src/onnx/graphBuilder.ts";
import { encodeModel } from "../../src/onnx/modelFile.ts";
import { float32 } from "../../src/onnx/tensor.ts";
import { Random } from "../../src/random/random.ts";
import { command } from "./commands.ts";
import { mutateModel } from "./mutateModel.ts";
import { mutateNpy, mutateNpz } from "./mutateTensors.ts";
import type { Subject } from "./subjects.ts";

const [n, d, hidden, classes] = [12, 5, 6, 3];

/** Each file of an analysis, the others whole. */
export function analyses(): Subject[] {
  const random = new Random(4);
  const normal = (length: number) => {
    const data = new Float32Array(length);
    random.fillNormal(data);
    return data;
  };
  const g = new GraphBuilder("net");
  const W = (name: string, rows: number, columns: number) =>
    g.initializer(name, float32(normal(rows * columns), [rows, columns]));
  const h = g.op("Relu", [g.op("MatMul", [g.input("x", "float32", ["n", d]), W("up.weight", d, hidden)])]);
  g.output(g.op("MatMul", [h, W("down.weight", hidden, classes)]), "y");
  const x = encodeNpy({ dtype: "float32", shape: [n, d], data: normal(n * d) });
  const labels = encodeNpy({
    dtype: "int64",
    shape: [n],
    data: BigInt64Array.from({ length: n }, (_, i) => BigInt(i % classes)),
  });
  const files = {
    "step10.onnx": encodeModel({ graph: g.build(), opset: WORKING_OPSET }),
    "x.npy": x,
    "y.npy": labels,
    "x.npz": zipSync({ "x.npy": x }),
  };
  const mutators = { "step10.onnx": mutateModel, "x.npy": mutateNpy, "y.npy": mutateNpy, "x.npz": mutateNpz };
  return (Object.keys(files) as (keyof typeof files)[]).map((name) => ({
    name,
    bytes: files[name],
    structural: mutators[name],
    use: (damaged) => analyze({ ...files, "step0.onnx": files["step10.onnx"], [name]: damaged }, name),
  }));
}

async function analyze(files: Record<string, Uint8Array>, damaged: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "crh-fuzz-analysis-"));
  const at = (name: string) => join(folder, name);
  try {
    for (const [name, bytes] of Object.entries(files)) writeFileSync(at(name), bytes);
    const data = ["--inputs", at(damaged === "x.npz" ? "x.npz" : "x.npy"), "--targets", at("y.npy")];
    const rest = [...data, "--loss", "cross-entropy", "--quiet", "--runs", at("runs")];
    if (damaged.endsWith("onnx")) {
      await command(["inspect", at(damaged)]);
      await command(["inspect", at(damaged), "--json"]);
      await command(["analyze", at("step0.onnx"), "--initial", at(damaged), ...rest]);
      await command(["analyze", at("step0.onnx"), at(damaged), ...rest]);
    }
    await command(["analyze", at("step10.onnx"), ...rest, "--json"]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
