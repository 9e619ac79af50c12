/**
 * @file Moments merge by addition (theory.md Eq. 9): batches, shards, processes and machines are all the same operation.
 */
import { type LayerMoments, type Moments, type SideMoments, sideBlocks, sideNumbers } from "./moments.ts";

/** Between the sources of merged moments, each named once, in alphabetical order. */
const sourceSeparator = " + ";

/**
 * Sum of two sets of moments of the same network at the same step.
 *
 * @returns new moments; neither argument is changed or shared. A block is present where both sides have it, because a sum over
 *   part of the samples would be wrong; a layer over no samples changes nothing. W may be stated by one of the two.
 * @throws RangeError naming what differs: step, objective, or a layer's name, kind, shape or weights
 *
 * Commutative, and associative up to the rounding of float64 sums.
 */
export function mergeMoments(x: Moments, y: Moments): Moments {
  for (const key of ["step", "objective"] as const)
    if (x[key] !== y[key])
      throw new RangeError(
        `mergeMoments: expected one ${key}, got ${x[key]} and ${y[key]}; merge shards of one capture`,
      );
  if (x.layers.length !== y.layers.length)
    throw new RangeError(
      `mergeMoments: expected the same layers, got ${x.layers.length} and ${y.layers.length} of them`,
    );
  const sources = new Set([...x.source.split(sourceSeparator), ...y.source.split(sourceSeparator)]);
  const layers = x.layers.map((layer, i) => mergeLayer(layer, y.layers[i]!));
  return { step: x.step, objective: x.objective, source: [...sources].sort().join(sourceSeparator), layers };
}

function mergeLayer(x: LayerMoments, y: LayerMoments): LayerMoments {
  for (const key of ["name", "kind", "dIn", "dOut"] as const)
    if (x[key] !== y[key])
      throw new RangeError(`mergeMoments: expected one ${key} for layer ${x.name}, got ${x[key]} and ${y[key]}`);
  if (x.W && y.W && !sameValues(x.W.data, y.W.data))
    throw new RangeError(
      `mergeMoments: expected the same weights in layer ${x.name}, got two; merge shards of one model`,
    );
  const parts = x.n > 0 && y.n > 0 ? [x, y] : x.n > 0 ? [x] : y.n > 0 ? [y] : [x, y];
  const merged: LayerMoments = {
    name: x.name,
    kind: x.kind,
    dIn: x.dIn,
    dOut: x.dOut,
    n: x.n + y.n,
    b: sumSides(parts.map((part) => part.b)),
  };
  const a = parts.flatMap((part) => part.a ?? []);
  if (a.length === parts.length) merged.a = sumSides(a);
  const gbHa = sumBlocks(parts.map((part) => part.gbHa));
  if (gbHa) merged.gbHa = gbHa;
  const W = x.W ?? y.W;
  if (W) merged.W = W;
  return merged;
}

function sumSides(parts: SideMoments[]): SideMoments {
  const sum: SideMoments = { d: parts[0]!.d, keptH: 0, keptG: 0, h2: 0, h4: 0, g2: 0, g4: 0 };
  for (const key of sideNumbers) for (const part of parts) sum[key] += part[key];
  for (const key of sideBlocks) {
    const block = sumBlocks(parts.map((part) => part[key]));
    if (block) sum[key] = block;
  }
  return sum;
}

/** A new array with the sum, or undefined where one of the blocks is missing. */
function sumBlocks(blocks: (Float64Array | undefined)[]): Float64Array | undefined {
  let sum: Float64Array | undefined;
  for (const block of blocks) {
    if (!block) return undefined;
    if (!sum) sum = block.slice();
    else for (let i = 0; i < sum.length; i++) sum[i]! += block[i]!;
  }
  return sum;
}

function sameValues(x: Float64Array, y: Float64Array): boolean {
  return x.length === y.length && x.every((value, i) => Object.is(value, y[i]));
}
