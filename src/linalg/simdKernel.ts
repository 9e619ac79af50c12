/**
 * @file The inner loop of the dense arithmetic for processors with vector instructions: four rows times panels of four columns in
 * WebAssembly, two float64 an instruction, sixteen sums in registers. The module is assembled here, byte by byte, from the
 * WebAssembly specification (release 2, section 5: binary format), so that nothing is fetched and no tool is needed.
 *
 * It has 64 KB pages of memory of its own, into which `products.ts` copies what it multiplies.
 */

/** Rows of X and Y multiplied at a time. chosen: a strip of X and a panel of Y, 8 KB each, stay in the first-level cache. */
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

/** What is used of the engine's WebAssembly, which the types of the language do not include. */
interface Engine {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (
    module: object,
  ) => { exports: { memory: { buffer: ArrayBuffer }; multiply(rows: number, panels: number, first: number): void } };
}

let found: SimdKernel | null | undefined;

/** The kernel, or null where the engine has no WebAssembly with vectors. */
export function simdKernel(): SimdKernel | null {
  if (found === undefined) found = build();
  return found;
}

function build(): SimdKernel | null {
  const engine = (globalThis as { WebAssembly?: Engine }).WebAssembly;
  if (!engine) return null;
  try {
    const { memory, multiply } = new engine.Instance(new engine.Module(assemble())).exports;
    const view = (from: number, bytes: number): Float64Array => new Float64Array(memory.buffer, from, bytes / 8);
    return { x: view(0, xBytes), out: view(xBytes, outBytes), y: view(xBytes + outBytes, yBytes), multiply };
  } catch {
    return null; // no vectors: the scalar loop gives the same up to rounding
  }
}

/** Unsigned LEB128. */
function leb(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...leb(value >>> 7)];
}

/** Signed LEB128 of a number that is not negative. */
function signed(value: number): number[] {
  return value < 64 ? [value] : [(value & 127) | 128, ...signed(value >>> 7)];
}

const counted = (items: readonly number[][]): number[] => [...leb(items.length), ...items.flat()];
const sized = (bytes: readonly number[]): number[] => [...leb(bytes.length), ...bytes];
const section = (id: number, bytes: readonly number[]): number[] => [id, ...sized(bytes)];
const name = (text: string): number[] => sized([...text].map((letter) => letter.charCodeAt(0)));

const [i32, v128] = [0x7f, 0x7b];
const get = (local: number): number[] => [0x20, local];
const set = (local: number): number[] => [0x21, local];
const constant = (value: number): number[] => [0x41, ...signed(value)];
const advance = (local: number, bytes: number): number[] => [...get(local), ...constant(bytes), 0x6a, ...set(local)];
/** Counts a local down and goes back to the start of the innermost loop until it is 0. */
const again = (local: number): number[] => [...get(local), ...constant(1), 0x6b, 0x22, local, 0x0d, 0];
const loop = (body: number[]): number[] => [0x03, 0x40, ...body, 0x0b];
const load = (offset: number): number[] => [0xfd, 0x00, 3, ...leb(offset)];
const loadBoth = (offset: number): number[] => [0xfd, 0x0a, 3, ...leb(offset)];
const store = (offset: number): number[] => [0xfd, 0x0b, 3, ...leb(offset)];
const added = [0x6a];
const multiplied = [0x6c];
const add = [0xfd, 0xf0, 0x01];
const times = [0xfd, 0xf2, 0x01];
const zero = [0xfd, 0x0c, ...new Array<number>(16).fill(0)];

/** Locals: rows, panels, first; y, out, x, i; eight sums; two vectors of y, one of x. */
const [rows, panels, first, y, out, x, i, sums, y0, y1, x0] = [0, 1, 2, 3, 4, 5, 6, 7, 15, 16, 17];

function assemble(): Uint8Array {
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
  const code = [
    ...counted([
      [4, i32],
      [11, v128],
    ]),
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
    0x0b,
  ];
  const pages = Math.ceil((xBytes + outBytes + yBytes) / 65_536);
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, counted([[0x60, ...counted([[i32], [i32], [i32]]), ...counted([])]])),
    ...section(3, counted([[0]])),
    ...section(5, counted([[0, ...leb(pages)]])),
    ...section(
      7,
      counted([
        [...name("memory"), 2, 0],
        [...name("multiply"), 0, 0],
      ]),
    ),
    ...section(10, counted([sized(code)])),
  ]);
}
