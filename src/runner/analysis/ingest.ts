/**
 * @file Measures moments made elsewhere: capture files (docs/formats.md) whose shards merge, or raw captures of rows,
 * arrays <layer>.a.h, <layer>.b.h, <layer>.b.g and <layer>.W in npz or safetensors. With several leading axes, each row
 * is a sample.
 */
import { basename } from "node:path";
import type { DataArray } from "../../data/array.ts";
import { toFloat64 } from "../../data/array.ts";
import { loadArrays } from "../../data/loadArrays.ts";
import { readBytes } from "../../disk/readBytes.ts";
import { matrix } from "../../linalg/matrix.ts";
import { addRows, countRows, type LayerRows } from "../../moments/addRows.ts";
import { bytesOf, emptyLayer, type LayerMoments, type Moments, mergeMoments } from "../../moments/moments.ts";
import { decodeMoments, isMoments } from "../../moments/momentsFile.ts";
import { groupCount, MOST_GROUPS } from "../../probe/groupCount.ts";
import type { Observer } from "../observer.ts";
import { type About, checkSaving } from "./analysisFolder.ts";
import type { IngestOptions } from "./analyzeOptions.ts";
import { requireSameNetwork } from "./captures/captureFit.ts";
import { DistinctSamples } from "./captures/distinctSamples.ts";
import { ofFile } from "./captures/readCaptures.ts";
import { type Kept, keepMeasurement } from "./keepAnalysis.ts";
import { measuredSnapshots } from "./measuredSnapshots.ts";

/**
 * Measures captures that are shards of one step, and keeps the result.
 *
 * @throws RangeError naming the file and its fault
 */
export async function ingest(files: readonly string[], options: IngestOptions, observer: Observer): Promise<Kept> {
  checkSaving(options);
  const startedAt = new Date();
  const wanted = Math.ceil(MOST_GROUPS / files.length);
  const shards = files.map((file) => readShard(file, options.objective ?? "unknown", wanted));
  requireOneStep(files, shards);
  const distinct = new DistinctSamples();
  for (const [i, groups] of shards.entries()) distinct.add(files[i]!, groups.reduce(mergeMoments));
  const groups = shards.flat();
  const total = groups.reduce(mergeMoments);
  const { save: _, runs: __, ...config } = options;
  const captures = files.map((file) => basename(file));
  const about: About = {
    kind: "ingest",
    config,
    notes: [],
    record: { title: captures.join(", "), models: [], captures },
    argv: ["ingest", ...files],
    seed: 0,
  };
  const found = await measuredSnapshots(total, groups.length < 2 ? {} : { groups }, options, observer);
  return keepMeasurement(found, about, { startedAt, isStopped: false }, options);
}

/** @throws RangeError naming two files of different steps or networks */
function requireOneStep(files: readonly string[], shards: readonly Moments[][]): void {
  const [first] = shards[0]!;
  for (const [i, [moments]] of shards.entries()) {
    if (moments!.step !== first!.step)
      throw new RangeError(
        `ingest: expected files of one step, got step ${first!.step} in ${files[0]} and step ${moments!.step} in ${files[i]}; name their folder to have them as a series over steps`,
      );
    requireSameNetwork({ path: files[0]!, moments: first! }, { path: files[i]!, moments: moments! });
  }
}

/** The moments of one file: moments as one group; rows in as many groups as requested and as fit in memory. */
function readShard(path: string, objective: string, wanted: number): Moments[] {
  const bytes = readBytes(path);
  if (isMoments(bytes)) return [ofFile(path, () => decodeMoments(bytes))];
  const source = basename(path);
  const { arrays } = loadArrays(bytes, { name: source });
  const layers = rawLayers(arrays, source);
  const counts = layers.map(({ layer, rows }) => countRows(layer, rows));
  const fits = groupCount([{ bytes: bytesOf(layers.map(({ layer }) => layer)) }]);
  const groups = Math.max(1, Math.min(wanted, fits, ...counts));
  return Array.from({ length: groups }, (_, g) => ({
    step: 0,
    objective,
    source,
    layers: layers.map(({ layer, rows }, i) => {
      const [from, to] = [g, g + 1].map((at) => Math.floor((at * counts[i]!) / groups)) as [number, number];
      const { name, kind, dIn, dOut, W } = layer;
      const group = g === 0 ? layer : emptyLayer(name, kind, dIn, dOut, W);
      addRows(group, rowsBetween(layer, rows, from, to));
      return group;
    }),
  }));
}

function rowsBetween({ dIn, dOut }: LayerMoments, { ha, hb, gb }: LayerRows, from: number, to: number): LayerRows {
  const cut = { hb: hb.subarray(from * dOut, to * dOut), gb: gb.subarray(from * dOut, to * dOut) };
  return ha ? { ...cut, ha: ha.subarray(from * dIn, to * dIn) } : cut;
}

/** A layer over no samples, and its rows. */
interface RawLayer {
  layer: LayerMoments;
  rows: LayerRows;
}

/** Layers from rows, in order of first appearance. */
function rawLayers(arrays: ReadonlyMap<string, DataArray>, file: string): RawLayer[] {
  const names = new Set<string>();
  for (const key of arrays.keys()) {
    const name = /^(.+)\.(a\.h|b\.h|b\.g|W)$/.exec(key)?.[1];
    if (name === undefined)
      throw new RangeError(
        `ingest: expected arrays <layer>.a.h, <layer>.b.h, <layer>.b.g, <layer>.W in ${file}, got "${key}"; see docs/formats.md`,
      );
    names.add(name);
  }
  if (names.size === 0) throw new RangeError(`ingest: expected a capture, got no arrays in ${file}`);
  return [...names].map((name) => rawLayer(name, arrays, file));
}

function rawLayer(name: string, arrays: ReadonlyMap<string, DataArray>, file: string): RawLayer {
  const rows = (key: string) => {
    const array = arrays.get(`${name}.${key}`);
    if (array === undefined || array.shape.length === 2) return array;
    const { shape } = array;
    if (key === "W" || shape.length < 2)
      throw new RangeError(
        `ingest: expected ${name}.${key} in ${file} to have shape ${key === "W" ? "(outputs, inputs)" : "(samples, neurons) or (batch, tokens, neurons)"}, got (${shape.join(", ")})`,
      );
    // (batch, tokens, neurons): each token is a row.
    const neurons = shape.at(-1)!;
    return { ...array, shape: [shape.slice(0, -1).reduce((product, extent) => product * extent, 1), neurons] };
  };
  const [ha, hb, gb, W] = ["a.h", "b.h", "b.g", "W"].map(rows);
  if (hb === undefined || gb === undefined)
    throw new RangeError(`ingest: expected ${name}.b.h and ${name}.b.g in ${file}, got only one of them; capture both`);
  const dOut = hb.shape[1]!;
  const head = ha === undefined && W === undefined;
  if (!head && (ha === undefined || W === undefined))
    throw new RangeError(`ingest: expected both ${name}.a.h and ${name}.W in ${file}, or neither; got one`);
  const weights = W && matrix(W.shape[0]!, W.shape[1]!, toFloat64(W));
  const layer = emptyLayer(name, head ? "head" : "linear", ha?.shape[1] ?? dOut, dOut, weights);
  const values = { hb: toFloat64(hb), gb: toFloat64(gb) };
  return { layer, rows: ha === undefined ? values : { ...values, ha: toFloat64(ha) } };
}
