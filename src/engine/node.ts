/**
 * @file The engine in Node: ONNX Runtime (onnxruntime-node) on the CPU or another device. Its calls are synchronous inside; a program
 * is run from one place at a time. Operators that a device has no kernel for run on the CPU, and so do graphs that run once.
 * Inputs and outputs of a call are arrays of JavaScript: between calls nothing stays on the device.
 */
import type { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import { BLOCKED } from "../onnx/blockedLayout.ts";
import type { Model } from "../onnx/graph.ts";
import { GraphBuilder, WORKING_OPSET } from "../onnx/graphBuilder.ts";
import { encodeModelParts } from "../onnx/modelFile.ts";
import { type DataType, float32, type Tensor, type TensorData } from "../onnx/tensor.ts";
import type { CompileOptions, Device, Engine, PartlyBound, Program } from "./engine.ts";
import { withKernels } from "./kernelVersion.ts";
import { type OnnxRuntime, onnxRuntime } from "./onnxRuntime.ts";

/** Logging severity "fatal": warnings concern ONNX Runtime's own rewriting, and errors are thrown besides being logged. */
const LOG_FATAL_ONLY = 4;

/** chosen: weights of at least 1 MiB are handed over where they lie; in the model's bytes they would be copied, and end at 2 GiB. */
const OUTSIDE_BYTES = 2 ** 20;

/** chosen: ONNX Runtime lists whole signatures in its errors. */
const MAX_MESSAGE = 400;

export const nodeEngine: Engine = nodeEngineOn("cpu");

/** The engine on a device; whether the machine has it shows when the first graph is compiled. */
export function nodeEngineOn(device: Device): Engine {
  return {
    name: `onnxruntime-node (${device})`,
    compile: (model, options = {}) => compile(model, options, options.optimize === false ? "cpu" : device),
    ...(device === "cpu" ? { channelBlock, prefersProducts: true } : {}),
  };
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

async function compile(model: Model, options: CompileOptions, device: Device): Promise<Program> {
  const { threads = 1, optimize = true, planMemory = true, profile } = options;
  const cure = device === "cpu" ? "" : `; not everything works on ${device}: choose the device cpu`;
  const { bytes, external } = encodeModelParts(withKernels(model), OUTSIDE_BYTES);
  const library = await onnxRuntime();
  const session = await library.InferenceSession.create(bytes, {
    externalData: Array.from(external, ([path, data]) => ({ path, data })),
    executionProviders: [device],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: "sequential",
    graphOptimizationLevel: optimize ? "all" : "disabled",
    enableMemPattern: planMemory,
    logSeverityLevel: LOG_FATAL_ONLY,
    ...(profile === undefined ? {} : { enableProfiling: true, profileFilePrefix: profile }),
  }).catch((error: Error) => {
    throw new Error(`engine: ONNX Runtime refused the graph: ${oneLine(error.message)}${cure}`, { cause: error });
  });
  return {
    inputNames: session.inputNames,
    outputNames: session.outputNames,
    outputs: new Map(session.outputMetadata.map((meta) => [meta.name, outputInfo(meta)])),
    run: (feeds, fetch = session.outputNames) => run({ session, library }, feeds, { fetch, cure }),
    dispose: () => session.release(),
  };
}

async function run(
  { session, library }: { readonly session: InferenceSession; readonly library: OnnxRuntime },
  feeds: Readonly<Record<string, Tensor>>,
  { fetch, cure }: { readonly fetch: readonly string[]; readonly cure: string },
): Promise<Record<string, Tensor>> {
  const ortFeeds: Record<string, OrtTensor> = {};
  for (const [name, tensor] of Object.entries(feeds)) ortFeeds[name] = toOrt(tensor, library);
  const results = await session.run(ortFeeds, fetch).catch((error: Error) => {
    throw new Error(`engine: ONNX Runtime failed: ${oneLine(error.message)}${cure}`, { cause: error });
  });
  const outputs: Record<string, Tensor> = {};
  for (const [name, value] of Object.entries(results)) {
    const { type, dims, data } = value as OrtTensor;
    outputs[name] = { dtype: type as DataType, shape: dims, data: data as TensorData };
  }
  return outputs;
}

function toOrt(tensor: Tensor, library: OnnxRuntime): OrtTensor {
  if (tensor.dtype === "bfloat16")
    throw new TypeError("engine: bfloat16 cannot be fed to ONNX Runtime; convert it to float32");
  return new library.Tensor(tensor.dtype as "float32", tensor.data as Float32Array, tensor.shape);
}

function outputInfo(meta: InferenceSession.ValueMetadata): PartlyBound {
  if (!meta.isTensor) return { dtype: "float32", shape: undefined, isSequence: true };
  const extents = meta.shape.map((extent) => (typeof extent === "number" ? extent : undefined));
  const shape = extents.length === 0 ? undefined : extents; // a scalar and an unknown rank are reported alike
  return { dtype: meta.type as DataType, shape };
}

/** Its errors hold line breaks, and names out of the model. */
function oneLine(message: string): string {
  const line = message.replace(/[\s\p{Cc}]+/gu, " ").trim();
  return line.length > MAX_MESSAGE ? `${line.slice(0, MAX_MESSAGE)}…` : line;
}
