/**
 * @file The capture file: moments as safetensors, version 1 of the format "crh-moments" (docs/formats.md).
 *
 * Tensors, float64: for layer L and side c in {a, b} `L.c.h_sum` (d), `L.c.hh` (d, d), `g_sum`, `gg`, `hn_sum`, `hnhn`,
 * `gn_sum`, `gngn`, `gh`; symmetric ones also by their upper triangle; `L.gb_ha` (dOut, dIn); `L.W` (dOut, dIn). For a
 * side with sampled coordinates, d is their number, and `L.c.z` (d, d) replaces W. `L.bias` (dOut); `L.c.noise`
 * (blocks, width, width), squared gradients of the weights. Everything but the counts may be absent. `__metadata__.crh`
 * holds a JSON document with the rest: step, objective, source, losses, edges, and each layer's name, kind, dIn, dOut,
 * n and per side the kept rows and sums.
 */

import {
  type ByteSource,
  encodeSafetensors,
  openSafetensors,
  type SafetensorsTensor,
  safetensorsMetadata,
  sourceOf,
} from "../formats/safetensors.ts";
import { matrix } from "../linalg/matrix.ts";
import { averageTriangles, mirrorLower } from "../linalg/triangleTiles.ts";
import { completeCross } from "./crossMoments.ts";
import { type BrokenEdge, type EdgeEnd, type Edges, type MapEdge, symmetries } from "./edges.ts";
import {
  type LayerKind,
  type LayerMoments,
  type LossSum,
  type Moments,
  type Side,
  type SideMoments,
  sideBlocks,
  sideNumbers,
  symmetricBlocks,
  vectorBlocks,
} from "./moments.ts";
import type { NoiseBlocks, NoiseSums } from "./noiseSums.ts";

const format = "crh-moments";
const version = 1;
const kinds: readonly LayerKind[] = ["linear", "conv", "head", "block"];
/** Largest dimension of a layer. chosen: far above any layer's, and d * d remains an exact integer. */
const maxDimension = 2 ** 24;

/** A tensor of the file with the given shape, or for symmetric sums (d, d) that of the upper triangle. */
type Take = (name: string, shape: number[], isSymmetric?: boolean) => Float64Array | undefined;
export type Block = (typeof sideBlocks)[number];

/** Names of the blocks in the file. */
const fileNames: Record<Block, string> = {
  hSum: "h_sum",
  hh: "hh",
  gSum: "g_sum",
  gg: "gg",
  hnSum: "hn_sum",
  hnhn: "hnhn",
  gnSum: "gn_sum",
  gngn: "gngn",
  gh: "gh",
};

const isSymmetric = (block: Block): boolean => (symmetricBlocks as readonly string[]).includes(block);
const isVector = (block: Block): boolean => (vectorBlocks as readonly string[]).includes(block);

/**
 * Encodes moments as the bytes of a capture file.
 *
 * @throws RangeError if two layers have the same name, a block does not fit its layer, or a count, sum or weight is not
 *   finite
 */
export function encodeMoments(moments: Moments): Uint8Array {
  const { step, objective, source, edges, losses, layers } = moments;
  const kept = layers.find(({ rows }) => rows !== undefined);
  if (kept)
    throw new RangeError(`encodeMoments: expected sums, got rows of layer ${kept.name}; measure without keepRows`);
  const described = layers.map(describeLayer);
  const known = { ...(losses && { losses }), ...(edges && { edges }) };
  const document = { format, version, step, objective, source, ...known, layers: described };
  readDocument(JSON.stringify(document), "encodeMoments"); // refuses to write what could not be read back
  const tensors = new Map<string, SafetensorsTensor>();
  for (const layer of layers)
    for (const { name, shape, data } of tensorsOf(layer))
      tensors.set(name, { dtype: "F64", shape, data: finite(name, data, "encodeMoments") });
  return encodeSafetensors(tensors, { crh: JSON.stringify(document) });
}

interface NamedTensor {
  readonly name: string;
  readonly shape: number[];
  readonly data: Float64Array;
}

/** The tensors of a layer in the order of the file. */
function tensorsOf({ name, dIn, dOut, ...layer }: LayerMoments): NamedTensor[] {
  const tensors: NamedTensor[] = [];
  const put = (what: string, shape: number[], data: Float64Array | undefined): void => {
    if (data) tensors.push({ name: `${name}.${what}`, shape, data });
  };
  for (const side of ["a", "b"] as const)
    for (const block of sideBlocks) {
      const d = layer[side]?.d ?? 0;
      put(`${side}.${fileNames[block]}`, isVector(block) ? [d] : [d, d], layer[side]?.[block]);
    }
  for (const side of ["a", "b"] as const) {
    const d = layer[side]?.d ?? 0;
    put(`${side}.z`, [d, d], layer[side]?.z);
  }
  if (layer.labelled) {
    const { classes, counts } = layer.labelled;
    put("class_counts", [classes], counts);
    for (const [side, d] of [
      ["a", dIn],
      ["b", dOut],
    ] as const) {
      put(`${side}.class_sum`, [classes, d], layer.labelled[side].sums);
      put(`${side}.class_squares`, [classes], layer.labelled[side].squares);
    }
  }
  put("b.output_gg", [dOut, dOut], layer.outputGradients?.sum);
  put("gb_ha", [dOut, dIn], layer.gbHa);
  put("W", [dOut, dIn], layer.W?.data);
  put("bias", [dOut], layer.bias);
  for (const side of ["a", "b"] as const) {
    const noise = layer.noise?.[side];
    if (noise) put(`${side}.noise`, noiseShape(noise, side === "a" ? dIn : dOut), noise.sum);
  }
  return tensors;
}

function noiseShape({ width, outer, inner }: Omit<NoiseBlocks, "sum">, d: number): number[] {
  return [d / (width * outer * inner), width, width];
}

function describeLayer({ name, kind, dIn, dOut, n, a, b, labelled, outputGradients, noise }: LayerMoments): object {
  const blocks = (of: NoiseBlocks | undefined) => of && { width: of.width, outer: of.outer, inner: of.inner };
  const numbers = (side: SideMoments): object => ({
    ...Object.fromEntries(sideNumbers.map((key) => [key, side[key]])),
    ...(side.sample && { coordinates: Array.from(side.sample.coordinates) }),
  });
  return {
    ...{ name, kind, dIn, dOut, n },
    ...(labelled && { classes: labelled.classes }),
    ...(outputGradients && { exactOutputs: outputGradients.exact }),
    ...(noise && {
      noise: { examples: noise.examples, losses: noise.losses, a: blocks(noise.a), b: blocks(noise.b) },
    }),
    ...(a && { a: numbers(a) }),
    b: numbers(b),
  };
}

/**
 * The reason, as text, why moments do not fit into a capture file: rows, or a non-finite sum or weight; undefined if
 * they do.
 */
export function misfitWords({ layers }: Pick<Moments, "layers">): string | undefined {
  for (const layer of layers) {
    if (layer.rows !== undefined) return `rows of layer ${brief(layer.name)} instead of sums`;
    for (const side of ["a", "b"] as const)
      for (const key of ["h2", "h4", "g2", "g4"] as const) {
        const sum = layer[side]?.[key] ?? 0;
        if (!Number.isFinite(sum)) return `${key} = ${sum} on side ${side} of layer ${brief(layer.name)}`;
      }
    for (const { name, data } of tensorsOf(layer)) {
      const odd = oddOne(data);
      if (odd !== undefined) return `${odd} in ${brief(name)}`;
    }
  }
  return undefined;
}

/** Whether the bytes are a capture file, as opposed to a safetensors file of rows. */
export function isMoments(bytes: Uint8Array): boolean {
  return Object.hasOwn(safetensorsMetadata(bytes) ?? {}, "crh");
}

/**
 * Decodes the moments in a capture file from any program. Float32 tensors are widened, and the two triangles of
 * symmetric sums, which may differ by rounding, are averaged.
 *
 * @throws RangeError in one line if the bytes are not a safetensors file (see decodeSafetensors), the document is
 *   missing, of another format or version or incomplete, a tensor belongs to no layer or has another shape than its
 *   layer says, a value is not finite, or a sum of squares is below 0
 */
export function decodeMoments(bytes: Uint8Array): Moments {
  const { moments, names, take } = openMoments(sourceOf(bytes));
  const left = new Set(names);
  const taking: Take = (name, ...form) => {
    left.delete(name);
    return take(name, ...form);
  };
  for (const layer of moments.layers) {
    for (const key of ["a", "b"] as const) fillSide(layer, key, taking);
    fillLabelled(layer, taking);
    fillOutputGradients(layer, taking);
    const gbHa = taking(`${layer.name}.gb_ha`, [layer.dOut, layer.dIn]);
    if (gbHa) layer.gbHa = gbHa;
    fillWeights(layer, taking);
    const bias = taking(`${layer.name}.bias`, [layer.dOut]);
    if (bias) layer.bias = bias;
    fillNoise(layer, taking);
    completeCross(layer);
  }
  for (const name of left)
    throw new RangeError(
      `decodeMoments: expected tensors named after a layer and a sum, got ${brief(name)}; see docs/formats.md`,
    );
  return moments;
}

/** What is read of a layer. */
export interface LayerParts {
  readonly side: Side;
  /** Sums of that side. */
  readonly blocks: readonly Block[];
  /** Whether its weights are, or the Gram matrix that stands in for them where coordinates were sampled. */
  readonly hasWeights: boolean;
}

/**
 * One layer of a capture file with a part of its sums, and of the file no more is read.
 *
 * @returns undefined where the file has no layer of this name
 * @throws RangeError as `decodeMoments`, of what is read
 */
export function decodeLayer(file: ByteSource, name: string, parts: LayerParts): LayerMoments | undefined {
  const { moments, take } = openMoments(file);
  const found = moments.layers.find((one) => one.name === name);
  if (found === undefined) return undefined;
  const { labelled: _, noise: __, outputGradients: ___, ...layer } = found;
  fillBlocks(layer, parts.side, take, parts.blocks);
  if (parts.hasWeights) {
    fillGram(layer, parts.side, take);
    fillWeights(layer, take);
  }
  return layer;
}

/** The document of a capture file, and its tensors as they are asked for. */
function openMoments(file: ByteSource): { moments: Moments; names: readonly string[]; take: Take } {
  const { metadata, names, tensor: tensorCalled } = openSafetensors(file);
  if (!Object.hasOwn(metadata, "crh"))
    throw new RangeError(
      'decodeMoments: expected a key "crh" in the metadata, got none; this is not a capture of moments',
    );
  const moments = readDocument(metadata.crh!, "decodeMoments");
  const take: Take = (name, shape, isSymmetric = false) => {
    const tensor = tensorCalled(name);
    if (!tensor) return undefined;
    const [d] = shape as [number];
    const packed = (d * (d + 1)) / 2;
    const isPacked = isSymmetric && tensor.shape.length === 1 && tensor.shape[0] === packed;
    return isPacked ? fromTriangle(readTensor(name, tensor, [packed]), d) : readTensor(name, tensor, shape);
  };
  return { moments, names, take };
}

/**
 * The document of a capture file without its tensors, from the first bytes up to the end of the header; undefined if it
 * is not a capture.
 *
 * @throws RangeError in one line if the document is of another format or version, or incomplete
 */
export function decodeDocument(bytes: Uint8Array): Moments | undefined {
  const json = safetensorsMetadata(bytes)?.crh;
  return json === undefined ? undefined : readDocument(json, "decodeMoments");
}

function fillSide(layer: LayerMoments, key: Side, take: Take): void {
  fillBlocks(layer, key, take, sideBlocks);
  fillGram(layer, key, take);
}

function fillBlocks(layer: LayerMoments, key: Side, take: Take, blocks: readonly Block[]): void {
  const side = layer[key];
  if (!side) return;
  for (const block of blocks) {
    const shape = isVector(block) ? [side.d] : [side.d, side.d];
    const data = take(`${layer.name}.${key}.${fileNames[block]}`, shape, isSymmetric(block));
    if (data) side[block] = data;
  }
  for (const block of symmetricBlocks) {
    if (!side[block]) continue;
    averageTriangles(side[block], side.d);
    requireSquares(`${layer.name}.${key}.${fileNames[block]}`, side[block], side.d);
  }
}

function fillGram(layer: LayerMoments, key: Side, take: Take): void {
  const side = layer[key];
  const z = side && take(`${layer.name}.${key}.z`, [side.d, side.d]);
  if (z) side.z = z;
}

function fillWeights(layer: LayerMoments, take: Take): void {
  const W = take(`${layer.name}.W`, [layer.dOut, layer.dIn]);
  if (W) layer.W = matrix(layer.dOut, layer.dIn, W);
}

/** (d, d) from the concatenated rows of its upper triangle. */
function fromTriangle(packed: Float64Array, d: number): Float64Array {
  const data = new Float64Array(d * d);
  // Column i of the lower triangle is row i of the upper one.
  for (let i = 0, at = 0; i < d; i++) for (let j = i; j < d; j++) data[j * d + i] = packed[at++]!;
  mirrorLower(data, d);
  return data;
}

/** Sums by class: all five tensors, or none. */
function fillLabelled(layer: LayerMoments, take: Take): void {
  const { name, labelled, dIn, dOut } = layer;
  if (!labelled) return;
  const { classes } = labelled;
  const found = [
    take(`${name}.class_counts`, [classes]),
    take(`${name}.a.class_sum`, [classes, dIn]),
    take(`${name}.a.class_squares`, [classes]),
    take(`${name}.b.class_sum`, [classes, dOut]),
    take(`${name}.b.class_squares`, [classes]),
  ];
  if (found.some((block) => block === undefined))
    throw new RangeError(
      `decodeMoments: expected all sums by class of layer ${brief(name)}, got a part; see docs/formats.md`,
    );
  const [counts, aSums, aSquares, bSums, bSquares] = found as Float64Array[];
  layer.labelled = {
    classes,
    counts: counts!,
    a: { sums: aSums!, squares: aSquares! },
    b: { sums: bSums!, squares: bSquares! },
  };
}

function fillOutputGradients(layer: LayerMoments, take: Take): void {
  const sum = take(`${layer.name}.b.output_gg`, [layer.dOut, layer.dOut]);
  if (sum) layer.outputGradients = { sum, exact: layer.outputGradients?.exact ?? false };
  else delete layer.outputGradients;
}

/** The blocks that the document declares and the file contains. */
function fillNoise({ name, noise, dIn, dOut }: LayerMoments, take: Take): void {
  if (!noise) return;
  for (const side of ["a", "b"] as const) {
    const blocks = noise[side];
    if (!blocks) continue;
    const shape = noiseShape(blocks, side === "a" ? dIn : dOut);
    const sum = take(`${name}.${side}.noise`, shape);
    if (!sum)
      throw new RangeError(
        `decodeMoments: expected ${brief(`${name}.${side}.noise`)} (${shape.join(", ")}), which the document states, got none`,
      );
    for (let start = 0; start < sum.length; start += blocks.width ** 2) {
      const block = sum.subarray(start, start + blocks.width ** 2);
      averageTriangles(block, blocks.width);
      requireSquares(`${name}.${side}.noise`, block, blocks.width);
    }
    noise[side] = { ...blocks, sum };
  }
}

/** @throws RangeError if a sum of squares, on the diagonal of (d, d) sums, is below 0 */
function requireSquares(name: string, sums: Float64Array, d: number): void {
  for (let i = 0; i < d; i++)
    if (sums[i * (d + 1)]! < 0)
      throw new RangeError(
        `decodeMoments: expected ${brief(name)} to have sums of squares on its diagonal, got ${sums[i * (d + 1)]}; the file is damaged`,
      );
}

function readTensor(name: string, { dtype, shape, data }: SafetensorsTensor, expected: number[]): Float64Array {
  if (shape.length !== expected.length || shape.some((extent, i) => extent !== expected[i]))
    throw new RangeError(
      `decodeMoments: expected ${brief(name)} to be (${expected.join(", ")}), got (${shape.join(", ")})`,
    );
  if (data instanceof Float64Array) return finite(name, data, "decodeMoments");
  if (data instanceof Float32Array) return finite(name, new Float64Array(data), "decodeMoments");
  throw new RangeError(`decodeMoments: expected ${brief(name)} in F64 or F32, got ${dtype}; write it as float64`);
}

/** @throws RangeError if a value is NaN or infinite, as after diverged training */
function finite(name: string, data: Float64Array, where: string): Float64Array {
  const odd = oddOne(data);
  if (odd !== undefined)
    throw new RangeError(
      `${where}: expected finite values in ${brief(name)}, got ${odd}; the network or its gradients overflowed`,
    );
  return data;
}

/** The first value that is not finite. */
function oddOne(data: Float64Array): number | undefined {
  for (let k = 0; k < data.length; k++) if (!Number.isFinite(data[k])) return data[k];
  return undefined;
}

/** Moments without their tensors, from the JSON document; every field checked. */
function readDocument(json: string, where: string): Moments {
  const document = parse(json, where);
  if (document.format !== format || document.version !== version)
    throw new RangeError(
      `${where}: expected format ${format} version ${version}, got ${brief(document.format)} version ${brief(document.version)}${isNewer(document) ? "; a newer crh-lab reads it" : ""}`,
    );
  const check = checker(where);
  const step = check.whole(document.step, "step", 0, Number.MAX_SAFE_INTEGER);
  const objective = check.text(document.objective, "objective");
  const source = check.text(document.source, "source");
  const layers = check.list(document.layers, "layers").map((entry) => readLayer(check.record(entry, "layers"), check));
  const names = new Set<string>();
  for (const { name } of layers) {
    if (names.has(name)) throw new RangeError(`${where}: expected one layer of each name, got ${brief(name)} twice`);
    names.add(name);
  }
  const moments: Moments = { step, objective, source, layers };
  if (document.edges !== undefined) moments.edges = readEdges(document.edges, layers, check);
  if (document.losses !== undefined) moments.losses = readLosses(document.losses, check);
  return moments;
}

function readLosses(value: unknown, check: Checker): LossSum {
  const { count, sum } = check.record(value, "losses");
  if (typeof sum !== "number" || !Number.isFinite(sum)) return check.fail("sum of losses", "a finite number", sum);
  return { count: check.whole(count, "count of losses", 1, Number.MAX_SAFE_INTEGER), sum };
}

function isNewer(document: Record<string, unknown>): boolean {
  return document.format === format && typeof document.version === "number" && document.version > version;
}

function readLayer(entry: Record<string, unknown>, check: Checker): LayerMoments {
  const name = check.text(entry.name, "name");
  const kind = kinds.find((known) => known === entry.kind);
  if (!kind) check.fail(`kind of ${brief(name)}`, kinds.join(" or "), entry.kind);
  const dIn = check.whole(entry.dIn, `dIn of ${brief(name)}`, 1, maxDimension);
  const dOut = check.whole(entry.dOut, `dOut of ${brief(name)}`, 1, maxDimension);
  const n = check.whole(entry.n, `n of ${brief(name)}`, 0, Number.MAX_SAFE_INTEGER);
  const readSide = (key: Side, d: number): SideMoments => {
    const side = check.record(entry[key], `side ${key} of ${brief(name)}`);
    const label = (field: string): string => `${field} of side ${key} of ${brief(name)}`;
    const keptH = check.whole(side.keptH, label("keptH"), 0, n);
    const keptG = check.whole(side.keptG, label("keptG"), 0, n);
    const [h2, h4, g2, g4] = (["h2", "h4", "g2", "g4"] as const).map((key) => check.sum(side[key], label(key)));
    const numbers = { keptH, keptG, h2: h2!, h4: h4!, g2: g2!, g4: g4! };
    if (side.coordinates === undefined) return { d, ...numbers };
    const coordinates = readCoordinates(side.coordinates, label("coordinates"), d, check);
    return { d: coordinates.length, sample: { of: d, coordinates }, ...numbers };
  };
  const layer: LayerMoments = { name, kind, dIn, dOut, n, b: readSide("b", dOut) };
  if (entry.a !== undefined) layer.a = readSide("a", dIn);
  const nothing = new Float64Array();
  const empty = { sums: nothing, squares: nothing };
  if (entry.classes !== undefined) {
    const what = `classes of ${brief(name)}`;
    const classes = check.whole(entry.classes, what, 1, maxDimension);
    if (classes !== dOut) check.fail(what, `${dOut}, as its outputs`, classes);
    layer.labelled = { classes, counts: nothing, a: empty, b: empty }; // filled from the tensors
  }
  if (entry.noise !== undefined) layer.noise = readNoise(entry.noise, layer, check);
  if (entry.exactOutputs !== undefined) layer.outputGradients = { sum: nothing, exact: entry.exactOutputs === true };
  return layer;
}

/** Noise sums without their tensors. */
function readNoise(value: unknown, { name, dIn, dOut }: LayerMoments, check: Checker): NoiseSums {
  const what = `noise of ${brief(name)}`;
  const record = check.record(value, what);
  const examples = check.whole(record.examples, `examples in ${what}`, 0, Number.MAX_SAFE_INTEGER);
  const losses = check.whole(record.losses, `losses in ${what}`, 1, Number.MAX_SAFE_INTEGER);
  const noise: NoiseSums = { examples, losses };
  for (const [side, d] of [
    ["a", dIn],
    ["b", dOut],
  ] as const) {
    if (record[side] === undefined) continue;
    const blocks = check.record(record[side], `side ${side} in ${what}`);
    const [width, outer, inner] = (["width", "outer", "inner"] as const).map((key) =>
      check.whole(blocks[key], `${key} of side ${side} in ${what}`, 1, d),
    ) as [number, number, number];
    if (d % (width * outer * inner) !== 0)
      check.fail(`blocks of side ${side} in ${what}`, `parts of ${d} values`, width);
    noise[side] = { width, outer, inner, sum: new Float64Array() };
  }
  return noise;
}

/** Edges between existing layers; an edge to a normalization has its own name. */
function readEdges(value: unknown, layers: readonly LayerMoments[], check: Checker): Edges {
  const record = check.record(value, "edges");
  const sizes = new Map(layers.map((layer) => [layer.name, layer]));
  const layerOf = (name: unknown, what: string): LayerMoments =>
    sizes.get(check.text(name, what)) ?? check.fail(what, "the name of a layer", name);
  const pairs = check.list(record.pairs, "pairs").map((entry): MapEdge => {
    const edge = check.record(entry, "a pair");
    const symmetry = symmetries.find((known) => known === edge.symmetry);
    if (!symmetry) return check.fail("symmetry of a pair", symmetries.join(" or "), edge.symmetry);
    const first = layerOf(edge.first, "first of a pair");
    const second = symmetry === "scale" ? undefined : layerOf(edge.second, "second of a pair");
    const width = check.whole(edge.width, "width of a pair", 1, maxDimension);
    return {
      first: first.name,
      second: check.text(edge.second, "second of a pair"),
      through: check.text(edge.through, "through of a pair"),
      symmetry,
      ...(edge.head !== undefined && { head: check.whole(edge.head, "head of a pair", 0, maxDimension) }),
      width,
      firstEnd: readEnd(edge.firstEnd, first, width, check),
      ...(second && { secondEnd: readEnd(edge.secondEnd, second, width, check) }),
      ...(edge.together !== undefined && { together: check.whole(edge.together, "together of a pair", 1, width) }),
    };
  });
  const broken = check.list(record.broken, "broken").map((entry): BrokenEdge => {
    const edge = check.record(entry, "a broken pair");
    const second = edge.second === null ? null : check.text(edge.second, "second of a broken pair");
    return {
      first: check.text(edge.first, "first of a broken pair"),
      second,
      reason: check.text(edge.reason, "reason"),
    };
  });
  return { pairs, broken };
}

function readEnd(value: unknown, layer: LayerMoments, width: number, check: Checker): EdgeEnd {
  const end = check.record(value, "an end of a pair");
  const side = end.side === "a" || end.side === "b" ? end.side : check.fail("side of a pair", "a or b", end.side);
  const d = side === "a" ? layer.dIn : layer.dOut;
  const outer = check.whole(end.outer, "outer of a pair", 1, d);
  const inner = check.whole(end.inner, "inner of a pair", 1, d);
  const last = d / (outer * inner) - width;
  if (!Number.isInteger(last) || last < 0) check.fail("width of a pair", `at most ${d / (outer * inner)}`, width);
  return { side, from: check.whole(end.from, "from of a pair", 0, last), outer, inner };
}

/** Ascending indices into a row of d values, at least two of them. */
function readCoordinates(value: unknown, what: string, d: number, check: Checker): Uint32Array {
  const list = check.list(value, what);
  if (list.length < 2 || list.length >= d) check.fail(what, `2 to ${d - 1} places`, list.length);
  let least = 0;
  return Uint32Array.from(list, (place) => {
    const found = check.whole(place, `${what}, ascending,`, least, d - 1);
    least = found + 1;
    return found;
  });
}

function parse(json: string, where: string): Record<string, unknown> {
  try {
    const document: unknown = JSON.parse(json);
    if (typeof document === "object" && document !== null) return document as Record<string, unknown>;
  } catch {
    // Python's json writes NaN and Infinity, which are not JSON.
    const odd = /[:,[]\s*(NaN|-?Infinity)\s*[,}\]]/.exec(json)?.[1];
    if (odd !== undefined)
      throw new RangeError(
        `${where}: expected finite numbers under the key "crh", got ${odd}; the network or its gradients overflowed`,
      );
  }
  throw new RangeError(`${where}: expected a JSON object under the key "crh", got something else; the file is damaged`);
}

interface Checker {
  fail(what: string, expected: string, got: unknown): never;
  text(value: unknown, what: string): string;
  list(value: unknown, what: string): unknown[];
  record(value: unknown, what: string): Record<string, unknown>;
  whole(value: unknown, what: string, least: number, most: number): number;
  sum(value: unknown, what: string): number;
}

function checker(where: string): Checker {
  const fail = (what: string, expected: string, got: unknown): never => {
    throw new RangeError(`${where}: expected ${what} to be ${expected}, got ${brief(got)}`);
  };
  return {
    fail,
    text: (value, what) => (typeof value === "string" ? value : fail(what, "a text", value)),
    list: (value, what) => (Array.isArray(value) ? value : fail(what, "a list", value)),
    record: (value, what) =>
      typeof value === "object" && value !== null ? (value as Record<string, unknown>) : fail(what, "an object", value),
    whole: (value, what, least, most) =>
      typeof value === "number" && Number.isSafeInteger(value) && value >= least && value <= most
        ? value
        : fail(what, `a whole number from ${least} to ${most}`, value),
    sum: (value, what) =>
      typeof value === "number" && Number.isFinite(value) && value >= 0
        ? value
        : fail(what, "a finite number >= 0", value),
  };
}

/** A foreign value for an error message: one line, bounded length. */
function brief(value: unknown): string {
  const line = (JSON.stringify(value) ?? "nothing").replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "?");
  return line.length > 60 ? `${line.slice(0, 57)}...` : line;
}
