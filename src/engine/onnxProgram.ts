/**
 * @file A graph compiled by a given JavaScript package of ONNX Runtime, which all have one interface. Inputs and
 * outputs of a call are JavaScript arrays; between calls nothing stays on a device.
 */
import type { Model } from "../onnx/graph.ts";
import { encodeModelParts } from "../onnx/modelFile.ts";
import type { DataType, Tensor, TensorData } from "../onnx/tensor.ts";
import type { CompileOptions, PartlyBound, Program } from "./engine.ts";
import { withKernels } from "./kernelVersion.ts";

/** The part of a package of ONNX Runtime (onnxruntime-node, onnxruntime-web) used by this project. */
export interface OnnxRuntime {
  readonly InferenceSession: { create(model: Uint8Array, options: SessionOptions): Promise<Session> };
  readonly Tensor: new (type: "float32", data: Float32Array, dims: readonly number[]) => OnnxTensor;
}

/** By the names of ONNX Runtime. */
interface SessionOptions {
  readonly externalData: { readonly path: string; readonly data: Uint8Array }[];
  readonly executionProviders: string[];
  readonly intraOpNumThreads: number;
  readonly interOpNumThreads: number;
  readonly executionMode: "sequential";
  readonly graphOptimizationLevel: "all" | "disabled";
  readonly enableMemPattern: boolean;
  readonly logSeverityLevel: 4;
  readonly enableProfiling?: boolean;
  readonly profileFilePrefix?: string;
}

interface Session {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  readonly outputMetadata: readonly ValueMetadata[];
  run(
    feeds: Readonly<Record<string, OnnxTensor>>,
    fetch: readonly string[],
  ): Promise<Readonly<Record<string, unknown>>>;
  release(): Promise<void>;
}

type ValueMetadata =
  | { readonly name: string; readonly isTensor: false }
  | {
      readonly name: string;
      readonly isTensor: true;
      readonly type: string;
      readonly shape: readonly (number | string)[];
    };

interface OnnxTensor {
  readonly type: string;
  readonly dims: readonly number[];
  readonly data: unknown;
}

/**
 * Logging severity "fatal": warnings concern ONNX Runtime's own rewriting, and errors are thrown besides being logged.
 */
const LOG_FATAL_ONLY = 4;

/**
 * chosen: weights of at least 1 MiB are passed without copying; in the model's bytes they would be copied, and limited
 * to 2 GiB.
 */
const OUTSIDE_BYTES = 2 ** 20;

/** chosen: ONNX Runtime lists whole signatures in its errors. */
const MAX_MESSAGE = 400;

export interface Provider {
  /** ONNX Runtime's name of it: "cpu", "wasm". */
  readonly provider: string;
  /** Returns the cure that is added to an error's line. Default: none. */
  readonly cure?: string;
}

/** @throws Error in one line if ONNX Runtime refuses the graph */
export async function compileProgram(
  library: OnnxRuntime,
  model: Model,
  options: CompileOptions,
  { provider, cure = "" }: Provider,
): Promise<Program> {
  const { threads = 1, optimize = true, planMemory = true, profile } = options;
  const { bytes, external } = encodeModelParts(withKernels(model), OUTSIDE_BYTES);
  const session = await library.InferenceSession.create(bytes, {
    externalData: Array.from(external, ([path, data]) => ({ path, data })),
    executionProviders: [provider],
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
  { session, library }: { readonly session: Session; readonly library: OnnxRuntime },
  feeds: Readonly<Record<string, Tensor>>,
  { fetch, cure }: { readonly fetch: readonly string[]; readonly cure: string },
): Promise<Record<string, Tensor>> {
  const given: Record<string, OnnxTensor> = {};
  for (const [name, tensor] of Object.entries(feeds)) given[name] = toOnnx(tensor, library);
  const results = await session.run(given, fetch).catch((error: Error) => {
    throw new Error(`engine: ONNX Runtime failed: ${oneLine(error.message)}${cure}`, { cause: error });
  });
  const outputs: Record<string, Tensor> = {};
  for (const [name, value] of Object.entries(results)) {
    const { type, dims, data } = value as OnnxTensor;
    outputs[name] = { dtype: type as DataType, shape: dims, data: data as TensorData };
  }
  return outputs;
}

function toOnnx(tensor: Tensor, library: OnnxRuntime): OnnxTensor {
  if (tensor.dtype === "bfloat16")
    throw new TypeError("engine: bfloat16 cannot be fed to ONNX Runtime; convert it to float32");
  return new library.Tensor(tensor.dtype as "float32", tensor.data as Float32Array, tensor.shape);
}

function outputInfo(meta: ValueMetadata): PartlyBound {
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
