/**
 * @file WebAssembly functions as bytes, from the WebAssembly specification (release 2, section 5: binary format), so
 * that nothing is loaded and no tool is needed: the few instructions used by the kernels of this room, and a module of
 * one function with a memory.
 */

/** The part of the WebAssembly API used here, which TypeScript's standard library types do not include. */
interface Engine {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object) => { exports: Exports };
}

/** `grow` adds pages of 64 KB and invalidates all existing views. */
interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  readonly run: (...parameters: number[]) => void;
}

export const pageBytes = 65_536;

/**
 * A function of integer parameters. Locals are numbered on from the parameters: first integers, then pairs of float64.
 */
export interface Code {
  readonly parameters: number;
  readonly integers: number;
  readonly pairs: number;
  readonly body: number[];
  /** Bytes of memory at the start. */
  readonly bytes: number;
}

/** The function with its memory, or null where the engine has no WebAssembly with vectors. */
export function instantiate(code: Code): Exports | null {
  const engine = (globalThis as unknown as { WebAssembly?: Engine }).WebAssembly;
  if (!engine) return null;
  try {
    return new engine.Instance(new engine.Module(assemble(code))).exports;
  } catch {
    return null; // no vectors: the scalar loops give the same up to rounding
  }
}

function assemble({ parameters, integers, pairs, body, bytes }: Code): Uint8Array {
  const locals = counted([
    [integers, i32],
    [pairs, v128],
  ]);
  const taken = Array.from({ length: parameters }, () => [i32]);
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, counted([[0x60, ...counted(taken), ...counted([])]])),
    ...section(3, counted([[0]])),
    ...section(5, counted([[0, ...leb(Math.ceil(bytes / pageBytes))]])),
    ...section(
      7,
      counted([
        [...name("memory"), 2, 0],
        [...name("run"), 0, 0],
      ]),
    ),
    ...section(10, counted([sized([...locals, ...body, end])])),
  ]);
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

const [i32, v128, end] = [0x7f, 0x7b, 0x0b];

export const get = (local: number): number[] => [0x20, local];
export const set = (local: number): number[] => [0x21, local];
export const constant = (value: number): number[] => [0x41, ...signed(value)];
export const added = [0x6a];
export const less = [0x6b];
export const multiplied = [0x6c];
export const advance = (local: number, bytes: number): number[] => [
  ...get(local),
  ...constant(bytes),
  ...added,
  ...set(local),
];
/** Counts a local down and goes back to the start of the innermost loop until it is 0. */
export const again = (local: number): number[] => [...get(local), ...constant(1), ...less, 0x22, local, 0x0d, 0];
export const loop = (body: number[]): number[] => [0x03, 0x40, ...body, end];

/** Pairs of float64, at the address on the stack plus an offset in bytes. */
export const load = (offset: number): number[] => [0xfd, 0x00, 3, ...leb(offset)];
/** One float64 twice. */
export const loadBoth = (offset: number): number[] => [0xfd, 0x0a, 3, ...leb(offset)];
export const store = (offset: number): number[] => [0xfd, 0x0b, 3, ...leb(offset)];
export const add = [0xfd, 0xf0, 0x01];
export const minus = [0xfd, 0xf1, 0x01];
export const times = [0xfd, 0xf2, 0x01];
export const zero = [0xfd, 0x0c, ...new Array<number>(16).fill(0)];
/** The first, or the second, entries of two pairs. */
export const entries = (which: 0 | 1): number[] => [
  ...[0xfd, 0x0d],
  ...[8 * which, 16 + 8 * which].flatMap((first) => Array.from({ length: 8 }, (_, byte) => first + byte)),
];
