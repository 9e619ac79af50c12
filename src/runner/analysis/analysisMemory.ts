/**
 * @file Estimate of the peak memory of an analysis: the process, the model, values and gradients of a batch, sums of
 * all groups, and the memory of threads that measure layers. Compared with measured peaks in docs/log.md.
 */
import { batchOf } from "../../probe/batchSize.ts";
import { groupCount } from "../../probe/groupCount.ts";
import type { ModelOutline, OutlinedLayer } from "../../probe/outlineModel.ts";
import { workerCount } from "../../workers/layerPool.ts";

/** chosen: measured memory of Node with the program and the engine, and of each measuring thread. */
const PROCESS_BYTES = 1.8e8;
const THREAD_BYTES = 4e7;
/** Copies of a model: its tensors, its file for the engine, and the engine's own copy packed for products. */
const MODEL_COPIES = 4;
/** chosen: numbers held per value of a pass: the value, its gradient, and the engine's extra buffers. */
const VALUE_COPIES = 3;
/** chosen: copies of a side's rows: H and G, plain, centred, normalized and both, and the engine's copies. */
const ROW_COPIES = 6;
/** Size of the float32 lower halves of a batch's sums, in the engine and returned, relative to float64 sums. */
const BATCH_SUMS = 0.6;
/**
 * chosen: float64 matrices (d, d) of a side while its layer is measured: moments of all conventions and decompositions;
 * wide sides have leading eigenvalues only.
 */
const MATRICES = { narrow: 24, wide: 8 };
const WIDEST = 1024;

export interface MemoryOptions {
  readonly samples: number;
  /** For a network that is measured in parts. */
  readonly parts: readonly (readonly OutlinedLayer[])[] | undefined;
  /** Number of parameters of the model. */
  readonly parameters: number;
}

/** Peak memory in bytes of an analysis at cost "standard". */
export function analysisBytes(
  { layers, numbersPerSample }: ModelOutline,
  { samples, parts, parameters }: MemoryOptions,
): number {
  const shapes = layers.map(({ rowsPerSample: rows, a, b }) => {
    const d = Math.max(b.d, a?.d ?? 0);
    return { rows, d, numbers: rows * d };
  });
  const batch = batchOf(shapes, layers, samples);
  const rows = layers.map(({ rowsPerSample, a, b }) => rowsPerSample * (b.d + (a?.d ?? 0)));
  const values = 4 * batch * (VALUE_COPIES * numbersPerSample + ROW_COPIES * Math.max(...rows));
  const bytesOf = (some: readonly OutlinedLayer[]) => some.reduce((sum, { bytes }) => sum + bytes, 0);
  const largest = Math.max(...(parts ?? [layers]).map(bytesOf));
  const groups = parts ? 2 : Math.min(groupCount(layers), Math.ceil(samples / batch));
  const sums = (groups + 1 + BATCH_SUMS) * largest;
  const matrices = layers
    .map(({ a, b }) => matrixBytes(b.d) + (a ? matrixBytes(a.d) : 0))
    .sort((x, y) => y - x)
    .slice(0, Math.max(1, workerCount(layers)));
  const threads = THREAD_BYTES * matrices.length;
  const measuring = matrices.reduce((sum, one) => sum + one, 0);
  return Math.round(PROCESS_BYTES + threads + 4 * MODEL_COPIES * parameters + values + sums + measuring);
}

function matrixBytes(d: number): number {
  return 8 * (d > WIDEST ? MATRICES.wide : MATRICES.narrow) * d ** 2;
}
