/**
 * @file `crh ingest`: measures moments that were made elsewhere: capture files (docs/formats.md) whose shards merge, or raw captures
 * of rows, arrays <layer>.a.h, <layer>.b.h, <layer>.b.g and <layer>.W in npz or safetensors.
 */
import { basename } from "node:path";
import type { DataArray } from "../../data/array.ts";
import { toFloat64 } from "../../data/array.ts";
import { loadArrays } from "../../data/loadArrays.ts";
import { matrix } from "../../linalg/matrix.ts";
import { addRows } from "../../moments/addRows.ts";
import { emptyLayer, type LayerMoments, type Moments, mergeMoments } from "../../moments/moments.ts";
import { decodeMoments, isMoments } from "../../moments/momentsFile.ts";
import type { IngestOptions } from "../commandOptions.ts";
import type { Io } from "../io.ts";
import { presentAnalysis } from "../presentAnalysis.ts";
import { readBytes } from "../readBytes.ts";

export async function ingestCommand(files: string[], options: IngestOptions, io: Io): Promise<void> {
  const shards = files.map((file) => readShard(file, options.objective ?? "unknown"));
  const total = shards.reduce(mergeMoments);
  const groups = shards.length < 2 ? undefined : shards;
  const about = {
    config: { ...options } as Record<string, unknown>,
    notes: [],
    analysis: {
      title: files.map((file) => basename(file)).join(", "),
      captures: files.map((file) => basename(file)),
      argv: ["ingest", ...files],
    },
  };
  await presentAnalysis(total, groups === undefined ? {} : { groups }, about, options, io);
}

function readShard(path: string, objective: string): Moments {
  const bytes = readBytes(path);
  if (isMoments(bytes)) return decodeMoments(bytes);
  const { arrays } = loadArrays(bytes, { name: basename(path) });
  return { step: 0, objective, source: basename(path), layers: rawLayers(arrays, basename(path)) };
}

/** Layers from rows, in the order of their names' first appearance. */
function rawLayers(arrays: ReadonlyMap<string, DataArray>, file: string): LayerMoments[] {
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

function rawLayer(name: string, arrays: ReadonlyMap<string, DataArray>, file: string): LayerMoments {
  const rows = (key: string) => {
    const array = arrays.get(`${name}.${key}`);
    if (array !== undefined && array.shape.length !== 2)
      throw new RangeError(
        `ingest: expected ${name}.${key} in ${file} to have shape (samples, neurons), got (${array.shape.join(", ")})`,
      );
    return array;
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
  addRows(layer, ha === undefined ? values : { ...values, ha: toFloat64(ha) });
  return layer;
}
