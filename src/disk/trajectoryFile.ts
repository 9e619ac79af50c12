/**
 * @file Trajectories of two points from a user's file: CSV with a header, or arrays in npz (docs/formats.md, Two
 * points).
 */
import { basename } from "node:path";
import { csvParseRows } from "d3-dsv";
import { type DataArray, shapeText, toFloat64 } from "../data/array.ts";
import { loadArrays } from "../data/loadArrays.ts";
import { quote } from "../formats/quote.ts";
import { suggestion } from "../parameters/suggest.ts";
import type { LossTrajectory } from "../twopoint/lossCurve.ts";
import type { LayerTrajectory } from "../twopoint/trajectory.ts";
import { readBytes } from "./readBytes.ts";

const COLUMNS = ["step", "dh2", "dy2", "w"] as const;
type Column = (typeof COLUMNS)[number];

/**
 * The trajectories of a file, one per layer, in order of first appearance.
 *
 * @param pair the pair to read, if the file has a column or array `pair`; not needed if there is only one
 * @throws RangeError in one line that names the file, for missing, incomplete or non-numeric data
 */
export function readTrajectories(path: string, pair?: string): LayerTrajectory[] {
  const [bytes, name] = [readBytes(path), basename(path)];
  if (!isArrays(bytes)) return fromText(bytes, name, pair);
  if (pair !== undefined)
    throw new RangeError(`${name}: expected a CSV with a column pair, got arrays; leave --pair out`);
  return fromArrays(bytes, name);
}

/** Losses of a CSV with columns step and loss. */
export function readLosses(path: string): LossTrajectory {
  const name = basename(path);
  const table = parse(readBytes(path), name);
  const [step, loss] = ["step", "loss"].map((key) => numbers(table, key, name)) as [number[], number[]];
  return { step, loss };
}

/** Whether the bytes are npz, npy, zip or gzip, not text. */
function isArrays(bytes: Uint8Array): boolean {
  return (bytes[0] === 0x50 && bytes[1] === 0x4b) || (bytes[0] === 0x1f && bytes[1] === 0x8b) || bytes[0] === 0x93;
}

interface Table {
  readonly header: readonly string[];
  /** Cells of each row; as many as in the header. */
  readonly rows: readonly (readonly string[])[];
}

function parse(bytes: Uint8Array, name: string): Table {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new RangeError(`${name}: expected a CSV in UTF-8 or an npz, got other bytes; save the table as CSV`);
  }
  const lines = csvParseRows(text).filter((row) => row.length > 1 || row[0]!.trim() !== "");
  const [header, ...rows] = lines.map((row) => row.map((cell) => cell.trim()));
  if (header === undefined)
    throw new RangeError(`${name}: expected a CSV with columns ${COLUMNS.join(", ")}, got an empty file`);
  const torn = rows.findIndex((row) => row.length !== header.length);
  if (torn >= 0)
    throw new RangeError(
      `${name}: expected ${header.length} values in row ${torn + 1}, got ${rows[torn]!.length}; the file may be cut off, write it again`,
    );
  return { header, rows };
}

function columnOf({ header }: Table, key: string, name: string): number {
  const at = header.indexOf(key);
  if (at < 0) {
    const near = header.length > 1 ? suggestion(key, header).replace(/^; known.*/, "") : "; separate columns by commas";
    const got = quote(header.join(","), 80);
    throw new RangeError(`${name}: expected a column ${key}, got ${got}${near || "; name it in the first line"}`);
  }
  if (header.includes(key, at + 1))
    throw new RangeError(`${name}: expected one column ${key}, got two; rename one of them`);
  return at;
}

function numbers(table: Table, key: string, name: string): number[] {
  const at = columnOf(table, key, name);
  return table.rows.map((row, i) => {
    const cell = row[at]!;
    const value = cell === "" ? Number.NaN : Number(cell);
    if (!Number.isFinite(value))
      throw new RangeError(
        `${name}: expected a number for ${key} in row ${i + 1}, got ${quote(cell, 30)}; leave such rows out`,
      );
    return value;
  });
}

function fromText(bytes: Uint8Array, name: string, pair?: string): LayerTrajectory[] {
  const table = ofPair(parse(bytes, name), name, pair);
  const columns = Object.fromEntries(COLUMNS.map((key) => [key, numbers(table, key, name)])) as Record<
    Column,
    number[]
  >;
  if (table.rows.length === 0)
    throw new RangeError(`${name}: expected rows of numbers, got none below the header; record some steps`);
  const at = table.header.includes("layer") ? columnOf(table, "layer", name) : -1;
  return grouped(at < 0 ? undefined : table.rows.map((row) => row[at]!), columns);
}

/**
 * The rows of one pair of points. @throws RangeError if there are several and none is requested, or the requested one
 * is missing
 */
function ofPair(table: Table, name: string, pair: string | undefined): Table {
  const at = table.header.indexOf("pair");
  if (at < 0) {
    if (pair === undefined) return table;
    throw new RangeError(`${name}: expected a column pair for --pair ${pair}, got none; leave --pair out`);
  }
  const pairs = [...new Set(table.rows.map((row) => row[at]!))];
  if (pair === undefined && pairs.length <= 1) return table;
  if (pair !== undefined && pairs.includes(pair))
    return { ...table, rows: table.rows.filter((row) => row[at] === pair) };
  const some = quote(pairs.slice(0, 10).join(", "), 80);
  throw new RangeError(
    pair === undefined
      ? `${name}: expected one pair of points, got ${pairs.length}: ${some}; choose one by --pair, with its own --dx2 and --dy2`
      : `${name}: expected a pair of the file for --pair, got "${pair}"; it has ${some}`,
  );
}

/** One trajectory per layer, in order of first appearance; numeric layer names become numbers. */
function grouped(names: readonly string[] | undefined, columns: Record<Column, ArrayLike<number>>): LayerTrajectory[] {
  const rows = new Map<string, number[]>();
  for (let i = 0; i < columns.step.length; i++) {
    const key = names?.[i] ?? "0";
    const known = rows.get(key);
    if (known === undefined) rows.set(key, [i]);
    else known.push(i);
  }
  return [...rows].map(([key, some]) => {
    const pick = (column: Column): number[] => some.map((i) => columns[column][i]!);
    return {
      layer: /^\d+$/.test(key) ? Number(key) : key,
      step: pick("step"),
      dh2: pick("dh2"),
      dy2: pick("dy2"),
      w: pick("w"),
    };
  });
}

/** Arrays step, dh2, dy2, w and perhaps layer, (rows) each; or dh2 of shape (steps, layers). */
function fromArrays(bytes: Uint8Array, name: string): LayerTrajectory[] {
  const { arrays } = loadArrays(bytes, { name });
  const get = (key: string): DataArray => {
    const found = arrays.get(key);
    if (found !== undefined) return found;
    const near = suggestion(key, [...arrays.keys()]).replace(/^; known.*/, "");
    throw new RangeError(
      `${name}: expected an array ${key}, got ${quote([...arrays.keys()].join(", "), 80)}${near || "; save it with the others"}`,
    );
  };
  const length = get("step").shape[0] ?? 0;
  if (get("dh2").data.length === 0 || length === 0)
    throw new RangeError(`${name}: expected arrays with values, got empty ones; record some steps`);
  const column = (key: Column): Float64Array => {
    const array = get(key);
    if (array.shape.length !== 1 || array.shape[0] !== length)
      throw new RangeError(
        `${name}: expected ${key} of shape [${length}], as step, got ${shapeText(array.shape)}; one value a row`,
      );
    return toFloat64(array);
  };
  const dh2 = get("dh2");
  if (dh2.shape.length !== 2) {
    const layer = arrays.get("layer");
    if (layer !== undefined && (layer.shape.length !== 1 || layer.shape[0] !== length))
      throw new RangeError(`${name}: expected layer of shape [${length}], as step, got ${shapeText(layer.shape)}`);
    const columns = { step: column("step"), dh2: column("dh2"), dy2: column("dy2"), w: column("w") };
    return grouped(layer && Array.from(toFloat64(layer), String), columns);
  }
  const [rows, layers] = dh2.shape as [number, number];
  if (rows !== length)
    throw new RangeError(`${name}: expected dh2 of shape [${length}, layers], got ${shapeText(dh2.shape)}`);
  const values = toFloat64(dh2);
  const shared = { step: column("step"), dy2: column("dy2"), w: column("w") };
  return Array.from({ length: layers }, (_, layer) => ({
    layer,
    ...shared,
    dh2: Float64Array.from({ length }, (__, i) => values[i * layers + layer]!),
  }));
}
