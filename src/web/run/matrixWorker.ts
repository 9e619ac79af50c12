/**
 * @file Work on each matrix shown, off the page's thread: reading it from a dropped moments file, finding the end of
 * its colour scale, painting it.
 */
import { colourLimit, divergingPalette, levels } from "../../figures/diverging.ts";
import type { ByteSource } from "../../formats/safetensors.ts";
import { type NamedMatrix, readNamedMatrix } from "../../moments/namedMatrix.ts";
import { answerTasks } from "./workerThread.ts";

/** Reads one matrix from a moments file, and no more of the file than that. */
export interface ReadTask {
  readonly kind: "read";
  readonly file: File;
  readonly layer: string;
  readonly which: NamedMatrix;
}

/** A matrix as it was read, (d, d) row-major. */
export interface PrepareTask {
  readonly kind: "prepare";
  readonly d: number;
  readonly values: Float32Array;
}

export interface Prepared {
  readonly values: Float32Array;
  /** Its trace over d; 1 if that is not above 0. */
  readonly meanDiagonal: number;
  /** 99th percentile of the absolute entries over the mean diagonal (`colourLimit`). */
  readonly limit: number;
}

/**
 * Paints one pixel per entry, with colours from -limit to limit over the mean diagonal; entries beyond take the end
 * colours.
 */
export interface PaintTask {
  readonly kind: "paint";
  readonly d: number;
  readonly values: Float32Array;
  readonly meanDiagonal: number;
  readonly limit: number;
  /** The neuron at each position; undefined for the network's order. */
  readonly order: Uint32Array | undefined;
  /**
   * Width in pixels at which the whole is shown; the image is averaged down if this is less than the number of rows.
   */
  readonly size: number;
}

export interface Painted {
  /** (4 d d) bytes R, G, B, A. */
  readonly pixels: Uint8ClampedArray<ArrayBuffer>;
  /** (4 size size) bytes, averaged down. */
  readonly small: Uint8ClampedArray<ArrayBuffer> | undefined;
}

export interface Read {
  readonly d: number;
  readonly values: Float32Array;
}

export type MatrixTask = ReadTask | PrepareTask | PaintTask;

function read({ file, layer, which }: ReadTask): Read {
  const { matrix } = readNamedMatrix(fileSource(file), layer, which);
  if (matrix === undefined) throw new Error(`${which.name} of side ${which.side} of ${layer} was not kept`);
  return { d: matrix.rows, values: Float32Array.from(matrix.data) };
}

/** From the types for workers, which TypeScript does not allow beside those for pages. */
declare const FileReaderSync: new () => { readAsArrayBuffer(part: Blob): ArrayBuffer };

/** Reads synchronously, which only workers may do. */
function fileSource(file: File): ByteSource {
  const reader = new FileReaderSync();
  return {
    size: file.size,
    read: (begin, end) => new Uint8Array(reader.readAsArrayBuffer(file.slice(begin, end))),
  };
}

function prepare({ d, values }: PrepareTask): Prepared {
  let trace = 0;
  for (let i = 0; i < d; i++) trace += values[i * d + i]!;
  const meanDiagonal = trace > 0 && Number.isFinite(trace) ? trace / d : 1;
  return { values, meanDiagonal, limit: colourLimit(Float64Array.from(values, (value) => value / meanDiagonal)) };
}

/** Colours in the format of canvases, little-endian: 0xAABBGGRR. */
const colours = (() => {
  const palette = divergingPalette();
  return Uint32Array.from(
    { length: levels },
    (_, i) => (0xff000000 | (palette[3 * i + 2]! << 16) | (palette[3 * i + 1]! << 8) | palette[3 * i]!) >>> 0,
  );
})();

function paint(task: PaintTask): Painted {
  const { d, size } = task;
  const pixels = coloured(task);
  return { pixels, small: 0 < size && size < d ? shrunken(pixels, d, size) : undefined };
}

function shrunken(pixels: Uint8ClampedArray<ArrayBuffer>, d: number, size: number): Uint8ClampedArray<ArrayBuffer> {
  const whole = new OffscreenCanvas(d, d);
  whole.getContext("2d")!.putImageData(new ImageData(pixels, d, d), 0, 0);
  const context = new OffscreenCanvas(size, size).getContext("2d", { willReadFrequently: true })!;
  context.imageSmoothingQuality = "high";
  context.drawImage(whole, 0, 0, size, size);
  return context.getImageData(0, 0, size, size).data as Uint8ClampedArray<ArrayBuffer>;
}

function coloured({ d, values, meanDiagonal, limit, order }: PaintTask): Uint8ClampedArray<ArrayBuffer> {
  const pixels = new Uint32Array(d * d);
  const middle = (levels - 1) / 2;
  const scale = middle / (limit * meanDiagonal);
  for (let i = 0; i < d; i++) {
    const row = (order === undefined ? i : order[i]!) * d;
    const to = i * d;
    for (let j = 0; j < d; j++) {
      const at = middle + 0.5 + values[row + (order === undefined ? j : order[j]!)]! * scale;
      pixels[to + j] = colours[at < 0 ? 0 : at >= levels ? levels - 1 : at | 0]!;
    }
  }
  return new Uint8ClampedArray(pixels.buffer);
}

answerTasks<MatrixTask>(
  (task) => (task.kind === "read" ? read(task) : task.kind === "prepare" ? prepare(task) : paint(task)),
  (found: Read | Prepared | Painted) =>
    "pixels" in found
      ? [found.pixels, found.small].flatMap((array) => array?.buffer ?? [])
      : [found.values.buffer as ArrayBuffer],
);
