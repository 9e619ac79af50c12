/**
 * @file The inner loop of the dense arithmetic for processors with vector instructions: four rows times panels of four
 * columns in WebAssembly, two float64 per instruction, sixteen sums in registers.
 *
 * It has 64 KB pages of memory of its own, into which `products.ts` copies what it multiplies.
 */
import {
  add,
  added,
  advance,
  again,
  type Code,
  constant,
  get,
  instantiate,
  load,
  loadBoth,
  loop,
  multiplied,
  set,
  store,
  times,
  zero,
} from "./assembler.ts";

/**
 * Rows of X and Y multiplied at a time. chosen: a strip of X and a panel of Y, 8 KB each, stay in the first-level
 * cache.
 */
export const kernelRows = 256;
/** Columns of Y held at a time. chosen: 256 rows of them are 1 MB, half of a second-level cache. */
export const kernelColumns = 512;

export interface SimdKernel {
  /** (rows, 4): four columns of X. */
  x: Float64Array;
  /** Panels of (rows, 4): four columns of Y each. */
  y: Float64Array;
  /** Receives panels of (4, 4): X^T Y. */
  out: Float64Array;
  /** Multiplies `panels` panels of Y, of `rows` rows, from panel `first` on; rows and panels at least 1. */
  multiply(rows: number, panels: number, first: number): void;
}

const xBytes = kernelRows * 4 * 8;
const outBytes = kernelColumns * 4 * 8;
const yBytes = kernelRows * kernelColumns * 8;

let found: SimdKernel | null | undefined;

/** The kernel, or null where the engine has no WebAssembly with vectors. */
export function productKernel(): SimdKernel | null {
  if (found === undefined) found = build();
  return found;
}

function build(): SimdKernel | null {
  const instance = instantiate(code());
  if (!instance) return null;
  const view = (from: number, bytes: number): Float64Array => new Float64Array(instance.memory.buffer, from, bytes / 8);
  return {
    x: view(0, xBytes),
    out: view(xBytes, outBytes),
    y: view(xBytes + outBytes, yBytes),
    multiply: instance.run,
  };
}

/** Locals: rows, panels, first; y, out, x, i; eight sums; two vectors of y, one of x. */
const [rows, panels, first, y, out, x, i, sums, y0, y1, x0] = [0, 1, 2, 3, 4, 5, 6, 7, 15, 16, 17];

function code(): Code {
  const row = (r: number): number[] => [
    ...get(x),
    ...loadBoth(8 * r),
    ...set(x0),
    ...[0, 1].flatMap((half) => {
      const sum = sums + 2 * r + half;
      return [...get(sum), ...get(x0), ...get(half === 0 ? y0 : y1), ...times, ...add, ...set(sum)];
    }),
  ];
  const inner = [
    ...get(y),
    ...load(0),
    ...set(y0),
    ...get(y),
    ...load(16),
    ...set(y1),
    ...[0, 1, 2, 3].flatMap(row),
    ...advance(x, 32),
    ...advance(y, 32),
    ...again(i),
  ];
  const each = Array.from({ length: 8 }, (_, k) => k);
  const outer = [
    ...each.flatMap((k) => [...zero, ...set(sums + k)]),
    ...constant(0),
    ...set(x),
    ...get(rows),
    ...set(i),
    ...loop(inner),
    ...each.flatMap((k) => [...get(out), ...get(sums + k), ...store(16 * k)]),
    ...advance(out, 128),
    ...again(panels),
  ];
  const body = [
    ...get(first),
    ...get(rows),
    ...multiplied,
    ...constant(32),
    ...multiplied,
    ...constant(xBytes + outBytes),
    ...added,
    ...set(y),
    ...constant(xBytes),
    ...set(out),
    ...loop(outer),
  ];
  return { parameters: 3, integers: 4, pairs: 11, body, bytes: xBytes + outBytes + yBytes };
}
