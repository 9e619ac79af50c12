/**
 * @file The engine in Node: ONNX Runtime (onnxruntime-node) on the CPU or another device. Its calls are synchronous
 * inside; a program is run from one place at a time. Operators that a device has no kernel for run on the CPU, and so
 * do graphs that run once.
 */
import type { CompileOptions, Device, Engine, Program } from "../engine/engine.ts";
import { compileProgram } from "../engine/onnxProgram.ts";
import { BLOCKED } from "../onnx/blockedLayout.ts";
import type { Model } from "../onnx/graph.ts";
import { GraphBuilder, WORKING_OPSET } from "../onnx/graphBuilder.ts";
import { float32 } from "../onnx/tensor.ts";
import { onnxRuntime } from "./library.ts";

export const nodeEngine: Engine = nodeEngineOn("cpu");

/** The engine on a device; whether the machine has it shows when the first graph is compiled. */
export function nodeEngineOn(device: Device): Engine {
  return {
    name: `onnxruntime-node (${device})`,
    compile: (model, options = {}) => compile(model, options, options.optimize === false ? "cpu" : device),
    ...(device === "cpu" ? { channelBlock, prefersProducts: true } : {}),
  };
}

async function compile(model: Model, options: CompileOptions, device: Device): Promise<Program> {
  const cure = device === "cpu" ? "" : `; not everything works on ${device}: choose the device cpu`;
  return compileProgram(await onnxRuntime(), model, options, { provider: device, cure });
}

/** Found by reordering one pixel of four channels, which fills a block; a processor without the layout adds none. */
async function channelBlock(): Promise<number | undefined> {
  const g = new GraphBuilder("block");
  g.output(g.op("ReorderInput", [g.input("x", "float32", [1, 4, 1, 1])], {}, { domain: BLOCKED }), "y");
  try {
    const program = await compile({ graph: g.build(), opset: WORKING_OPSET }, {}, "cpu");
    const { y } = await program.run({ x: float32([1, 2, 3, 4], [1, 4, 1, 1]) });
    await program.dispose();
    const block = y!.shape[1]!;
    return block > 4 ? block : undefined;
  } catch {
    return undefined; // built without the operator
  }
}
