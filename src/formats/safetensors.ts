/**
 * @file The safetensors container (https://github.com/huggingface/safetensors, "Format"): eight bytes with the length
 * of a JSON header, the header, and the tensors' bytes one after another, little-endian, row-major. Written so that any
 * reader can map the file (the header is padded with spaces to a multiple of 8, wider types come first); read as
 * untrusted bytes. Typed arrays are taken to be little-endian, as on every platform that Node supports.
 */

import { quote } from "./quote.ts";

export type SafetensorsDtype =
  | "F64"
  | "F32"
  | "F16"
  | "BF16"
  | "I64"
  | "I32"
  | "I16"
  | "I8"
  | "U64"
  | "U32"
  | "U16"
  | "U8"
  | "BOOL";

export type SafetensorsData =
  | Float64Array
  | Float32Array
  | BigInt64Array
  | BigUint64Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Uint16Array
  | Int8Array
  | Uint8Array;

/** A named tensor's content: 16-bit floats as their bit patterns (Uint16Array), booleans as bytes (Uint8Array). */
export interface SafetensorsTensor {
  readonly dtype: SafetensorsDtype;
  readonly shape: readonly number[];
  readonly data: SafetensorsData;
}

const arrayTypes = {
  F64: Float64Array,
  F32: Float32Array,
  F16: Uint16Array,
  BF16: Uint16Array,
  I64: BigInt64Array,
  I32: Int32Array,
  I16: Int16Array,
  I8: Int8Array,
  U64: BigUint64Array,
  U32: Uint32Array,
  U16: Uint16Array,
  U8: Uint8Array,
  BOOL: Uint8Array,
} as const;

/** Longest header accepted: the limit of the reference implementation. */
const maxHeaderBytes = 100_000_000;
const prefixBytes = 8;
const metadataKey = "__metadata__";

/**
 * A safetensors file.
 *
 * @param tensors  by name; order is kept among tensors of equally wide type
 * @param metadata texts stored under `__metadata__`
 * @throws RangeError if a tensor's array does not fit its dtype and shape, or its name is reserved
 */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, SafetensorsTensor>,
  metadata?: Record<string, string>,
): Uint8Array {
  const entries = [...tensors].sort(([, x], [, y]) => y.data.BYTES_PER_ELEMENT - x.data.BYTES_PER_ELEMENT);
  const header: [string, unknown][] = metadata ? [[metadataKey, metadata]] : [];
  let end = 0;
  for (const [name, { dtype, shape, data }] of entries) {
    if (name === metadataKey)
      throw new RangeError(`encodeSafetensors: expected a tensor name, got the reserved ${metadataKey}`);
    const size = sizeOf(shape);
    if (!(data instanceof arrayTypes[dtype]) || size !== data.length)
      throw new RangeError(
        `encodeSafetensors: expected ${size} values of ${dtype} for ${quote(name)}, got ${data.length} in a ${data.constructor.name}`,
      );
    header.push([name, { dtype, shape, data_offsets: [end, end + data.byteLength] }]);
    end += data.byteLength;
  }
  // Object.fromEntries defines own properties, so that a tensor called "__proto__" is written like any other.
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  const start = prefixBytes + Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(start + end).fill(0x20, prefixBytes, start);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(start - prefixBytes), true);
  bytes.set(json, prefixBytes);
  let offset = start;
  for (const [, { data }] of entries) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), offset);
    offset += data.byteLength;
  }
  return bytes;
}

/** A file of which parts are read. */
export interface ByteSource {
  /** Bytes of the whole file. */
  readonly size: number;
  /** The bytes from `begin` to before `end`, both within the file. */
  read(begin: number, end: number): Uint8Array;
}

/** A safetensors file whose header was read and checked. */
export interface OpenSafetensors {
  /** The texts of `__metadata__`. */
  readonly metadata: Record<string, string>;
  /** Tensors in the order of their bytes. */
  readonly names: readonly string[];
  /** A tensor copied out of the file; undefined where there is none of this name. */
  tensor(name: string): SafetensorsTensor | undefined;
}

/**
 * The tensors of a safetensors file, copied out of it.
 *
 * @param bytes the whole file
 * @returns tensors by name in the order of their bytes, and the texts of `__metadata__`
 * @throws RangeError, one line, for anything but a well-formed file: every length, shape and offset is checked against
 *   the bytes at hand before any tensor is allocated, tensors must fill the data without gap or overlap, and nothing
 *   may follow them
 */
export function decodeSafetensors(bytes: Uint8Array): {
  tensors: Map<string, SafetensorsTensor>;
  metadata: Record<string, string>;
} {
  const { names, metadata, tensor } = openSafetensors(sourceOf(bytes));
  return { tensors: new Map(names.map((name) => [name, tensor(name)!])), metadata };
}

/** Bytes at hand as a file. */
export const sourceOf = (bytes: Uint8Array): ByteSource => ({
  size: bytes.length,
  read: (begin, end) => bytes.subarray(begin, end),
});

/**
 * Reads the header of a safetensors file, and tensors when they are asked for: of a large file no more than is needed.
 *
 * @throws RangeError as `decodeSafetensors`, whichever tensors are asked for
 */
export function openSafetensors(source: ByteSource): OpenSafetensors {
  const { header, dataStart } = readHeader(source);
  const metadata = readMetadata(header[metadataKey]);
  const entries = Object.entries(header)
    .filter(([name]) => name !== metadataKey)
    .map(([name, entry]) => readEntry(name, entry));
  entries.sort((x, y) => x.begin - y.begin || x.end - y.end);
  let end = 0;
  for (const entry of entries) {
    if (entry.begin !== end)
      fail(
        `tensor ${quote(entry.name)} to begin at byte ${end} of the data`,
        String(entry.begin),
        "tensors overlap or leave a gap",
      );
    end = entry.end;
  }
  const available = source.size - dataStart;
  if (end !== available)
    fail(
      `${end} bytes of tensor data`,
      String(available),
      end > available ? "the file is cut short" : "bytes follow the last tensor",
    );
  const byName = new Map(entries.map((entry) => [entry.name, entry]));
  return {
    metadata,
    names: entries.map(({ name }) => name),
    tensor(name) {
      const entry = byName.get(name);
      if (entry === undefined) return undefined;
      const { dtype, shape, begin } = entry;
      // Not bytes.slice: on a Node Buffer that is a view of somebody else's memory.
      const copy = new Uint8Array(entry.end - begin);
      copy.set(source.read(dataStart + begin, dataStart + entry.end));
      return { dtype, shape, data: new arrayTypes[dtype](copy.buffer, 0, sizeOf(shape)) };
    },
  };
}

function readHeader({ size, read }: ByteSource): { header: Record<string, unknown>; dataStart: number } {
  if (size < prefixBytes) fail(`at least ${prefixBytes} bytes`, String(size), "the file is empty or cut short");
  const prefix = read(0, prefixBytes);
  const length = new DataView(prefix.buffer, prefix.byteOffset).getBigUint64(0, true);
  if (length > BigInt(Math.min(maxHeaderBytes, size - prefixBytes)))
    fail(
      `a header of at most ${Math.min(maxHeaderBytes, size - prefixBytes)} bytes`,
      `a length of ${length}`,
      "the file is cut short or not safetensors",
    );
  const dataStart = prefixBytes + Number(length);
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(read(prefixBytes, dataStart)));
  } catch {
    fail("a JSON header in UTF-8", "something else", "the file is damaged or not safetensors");
  }
  if (!isRecord(header))
    fail("a JSON object as header", Array.isArray(header) ? "an array" : typeof header, "not safetensors");
  return { header, dataStart };
}

function readMetadata(value: unknown): Record<string, string> {
  if (value === undefined) return {};
  if (!isRecord(value) || !Object.values(value).every((text) => typeof text === "string"))
    fail(`${metadataKey} to hold texts`, "something else", "the file is damaged");
  return value as Record<string, string>;
}

interface Entry {
  name: string;
  dtype: SafetensorsDtype;
  shape: number[];
  begin: number;
  end: number;
}

function readEntry(name: string, entry: unknown): Entry {
  const where = `tensor ${quote(name)}`;
  if (!isRecord(entry)) fail(`${where} to be described by an object`, typeof entry, "the header is damaged");
  const { dtype, shape, data_offsets: offsets } = entry;
  if (typeof dtype !== "string" || !Object.hasOwn(arrayTypes, dtype))
    fail(
      `${where} to have one of the dtypes ${Object.keys(arrayTypes).join(" ")}`,
      quote(String(dtype)),
      "convert it first",
    );
  if (!isWholeNumbers(shape)) fail(`${where} to have a shape of whole numbers`, brief(shape), "the header is damaged");
  if (!isWholeNumbers(offsets) || offsets.length !== 2 || offsets[0]! > offsets[1]!)
    fail(`${where} to have two ascending data_offsets`, brief(offsets), "the header is damaged");
  const [begin, end] = offsets as [number, number];
  const kind = dtype as SafetensorsDtype;
  // Beyond 2^53 the product is inexact, but such a size cannot equal a length that fits a double exactly: it is refused
  // below.
  const expected = sizeOf(shape) * arrayTypes[kind].BYTES_PER_ELEMENT;
  if (!Number.isSafeInteger(expected) || expected !== end - begin)
    fail(`${where} of shape ${brief(shape)} to take ${expected} bytes`, String(end - begin), "the header is damaged");
  return { name, dtype: kind, shape, begin, end };
}

/** Number of elements; 1 for a scalar, 0 as soon as one extent is 0. */
function sizeOf(shape: readonly number[]): number {
  return shape.includes(0) ? 0 : shape.reduce((product, extent) => product * extent, 1);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isWholeNumbers(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((extent) => Number.isSafeInteger(extent) && extent >= 0);
}

/** A JSON value on one line of bounded length. */
function brief(value: unknown): string {
  return quote(JSON.stringify(value) ?? "nothing");
}

function fail(expected: string, got: string, cure: string): never {
  throw new RangeError(`decodeSafetensors: expected ${expected}, got ${got}; ${cure}`);
}

/**
 * Size in bytes that a file must have by its header; `bytes` needs to contain only the header. Undefined if the header
 * is incomplete or missing.
 */
export function safetensorsSize(bytes: Uint8Array): number | undefined {
  try {
    const { header, dataStart } = readHeader(sourceOf(bytes));
    const entries = Object.entries(header).filter(([name]) => name !== metadataKey);
    return entries.reduce((end, [name, entry]) => Math.max(end, dataStart + readEntry(name, entry).end), dataStart);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/**
 * The texts of `__metadata__`, without reading tensors; undefined if the bytes do not begin like a safetensors file.
 */
export function safetensorsMetadata(bytes: Uint8Array): Record<string, string> | undefined {
  try {
    return readMetadata(readHeader(sourceOf(bytes)).header[metadataKey]);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
