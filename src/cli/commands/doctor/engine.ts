/**
 * @file Checks that ONNX Runtime loads and computes: runs y = Relu(x + 1) on two numbers.
 */
import { versions } from "../../../runner/versions.ts";
import type { Check } from "./check.ts";

const cure =
  "install crh-lab again: ONNX Runtime is part of its package (Linux needs glibc, Windows the Visual C++ runtime)";

export async function checkEngine(): Promise<Check> {
  const name = "ONNX Runtime";
  const { onnxruntime } = versions();
  if (onnxruntime === "none") return { name, status: "failed", found: "not installed", cure };
  try {
    const y = await addOneAndRelu(Float32Array.of(-3, 1));
    if (y[0] !== 0 || y[1] !== 2)
      return { name, status: "failed", found: `${onnxruntime} computes ${y.join(", ")} instead of 0, 2`, cure };
    return { name, status: "ok", found: `${onnxruntime}, cpu: loads and computes` };
  } catch (error) {
    return { name, status: "failed", found: `${onnxruntime}: ${(error as Error).message}`, cure };
  }
}

const OFF = process.platform === "win32" ? "no network access, but events in Windows' own tracing" : "off";

/** Whether telemetry was disabled before the library was loaded. */
export function checkTelemetry(): Check {
  const name = "telemetry";
  if (process.env.ORT_DISABLE_TELEMETRY === "1")
    return { name, status: "ok", found: `${OFF}; only crh data get uses the network` };
  return { name, status: "failed", found: "not known to be off", cure: "set ORT_DISABLE_TELEMETRY=1 and report this" };
}

/** @param x (2) float32 */
async function addOneAndRelu(x: Float32Array): Promise<number[]> {
  // imported here, so that a failure to load is reported
  const { nodeEngine } = await import("../../../engineNode/nodeEngine.ts");
  const { GraphBuilder, WORKING_OPSET } = await import("../../../onnx/graphBuilder.ts");
  const { float32, toNumbers } = await import("../../../onnx/tensor.ts");
  const builder = new GraphBuilder("doctor");
  const input = builder.input("x", "float32", [2]);
  builder.output(builder.op("Relu", [builder.op("Add", [input, builder.scalar(1)])]), "y");
  const program = await nodeEngine.compile({ graph: builder.build(), opset: WORKING_OPSET });
  try {
    const { y } = await program.run({ x: float32(x) });
    return toNumbers(y!);
  } finally {
    await program.dispose();
  }
}
