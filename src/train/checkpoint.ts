/**
 * @file Checkpoints: everything training needs to continue bit for bit. A checkpoint is a safetensors file
 * (docs/formats.md) with `parameters/<name>`, `buffers/<name>` and, in the same shapes, `optimizer/<state>/<name>`. Its
 * metadata key `crh` holds the step, the position of the data stream and the running mean of the loss.
 */
import { decodeSafetensors, encodeSafetensors, type SafetensorsTensor } from "../formats/safetensors.ts";
import { float32, type Tensor } from "../onnx/tensor.ts";

/** Losses since the last record, so that the next record is the same mean as in an uninterrupted run. */
export interface LossWindow {
  readonly sum: number;
  readonly count: number;
}

export interface Checkpoint {
  readonly step: number;
  /** By name, in the network's order. */
  readonly parameters: ReadonlyMap<string, Tensor>;
  /** Optimizer states by name, each by parameter. */
  readonly optimizer: ReadonlyMap<string, ReadonlyMap<string, Tensor>>;
  /** Running statistics by name; empty where the network has none. */
  readonly buffers?: ReadonlyMap<string, Tensor>;
  /** TrainingData.state(). */
  readonly data: unknown;
  readonly window: LossWindow;
}

const FORMAT = "crh-checkpoint";
const VERSION = 1;

export function encodeCheckpoint({
  step,
  parameters,
  optimizer,
  buffers = new Map(),
  data,
  window,
}: Checkpoint): Uint8Array {
  const tensors = new Map<string, SafetensorsTensor>();
  const add = (prefix: string, values: ReadonlyMap<string, Tensor>) => {
    for (const [name, { shape, data }] of values)
      tensors.set(`${prefix}/${name}`, { dtype: "F32", shape, data: data as Float32Array });
  };
  add("parameters", parameters);
  add("buffers", buffers);
  for (const [state, values] of optimizer) add(`optimizer/${state}`, values);
  return encodeSafetensors(tensors, { crh: JSON.stringify({ format: FORMAT, version: VERSION, step, data, window }) });
}

/**
 * Reads a checkpoint for a network with the given parameters and an optimizer with the given states.
 *
 * @throws Error in one line when the file is no checkpoint, or belongs to another network or optimizer
 */
export function decodeCheckpoint(
  bytes: Uint8Array,
  expected: {
    parameters: ReadonlyMap<string, readonly number[]>;
    states: readonly string[];
    buffers?: ReadonlyMap<string, readonly number[]>;
  },
): Checkpoint {
  const { tensors, metadata } = decodeSafetensors(bytes);
  const { step, data, window } = readHeader(metadata.crh);
  const load = (prefix: string, shapes = expected.parameters) =>
    new Map([...shapes].map(([name, shape]) => [name, read(tensors, `${prefix}/${name}`, shape)]));
  const parameters = load("parameters");
  const optimizer = new Map(expected.states.map((state) => [state, load(`optimizer/${state}`)]));
  return { step, parameters, optimizer, buffers: load("buffers", expected.buffers ?? new Map()), data, window };
}

/** The step of a checkpoint file, after checking that the file is whole. @throws Error in one line when it is not */
export function stepOfCheckpoint(bytes: Uint8Array): number {
  return readHeader(decodeSafetensors(bytes).metadata.crh).step;
}

function readHeader(text: string | undefined): { step: number; data: unknown; window: LossWindow } {
  let header: Record<string, unknown> = {};
  try {
    header = JSON.parse(text ?? "{}") as Record<string, unknown>;
  } catch {
    // handled below: a damaged header has no format
  }
  const { format, version, step, data, window } = header as Record<string, unknown> & { window?: Partial<LossWindow> };
  if (format !== FORMAT || version !== VERSION)
    throw new Error(
      `checkpoint: expected ${FORMAT} version ${VERSION}, got ${format ?? "none"} ${version ?? ""}`.trim(),
    );
  if (!Number.isSafeInteger(step) || typeof window?.sum !== "number" || typeof window.count !== "number")
    throw new Error("checkpoint: expected a step and a loss window, got a damaged header; use an earlier checkpoint");
  return { step: step as number, data, window: { sum: window.sum, count: window.count } };
}

function read(tensors: ReadonlyMap<string, SafetensorsTensor>, name: string, shape: readonly number[]): Tensor {
  const tensor = tensors.get(name);
  const found = tensor === undefined ? "none" : `${tensor.dtype} (${tensor.shape.join(", ")})`;
  if (tensor?.dtype !== "F32" || tensor.shape.join() !== shape.join())
    throw new Error(`checkpoint: expected ${name} as F32 (${shape.join(", ")}), got ${found}; is it of another run?`);
  return float32(tensor.data as Float32Array, shape);
}
