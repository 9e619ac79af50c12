/**
 * @file A small capture with everything that the format has (docs/formats.md, "Moments"), whose file and sums other
 * programs read in their tests: `capture.safetensors`, and `capture.json` with its document and every tensor as a list
 * of row-major float64, in the shortest decimal that reads back as the same number.
 *
 * Values are quotients of whole numbers, so that every machine makes the same bytes; they are no real network's.
 */
import { decodeSafetensors } from "../../src/formats/safetensors.ts";
import { matrix } from "../../src/linalg/matrix.ts";
import { emptyLayer, type LayerMoments, type Moments, type SideMoments } from "../../src/moments/moments.ts";

/** (count) quotients that have no exact binary form. */
const quotients = (count: number, seed: number): Float64Array =>
  Float64Array.from({ length: count }, (_, k) => ((7 * k + seed) % 23) / (k + 3) - 0.5);

/** (d, d) symmetric, with a positive diagonal. */
function symmetric(d: number, seed: number): Float64Array {
  return Float64Array.from({ length: d * d }, (_, k) => {
    const [i, j] = [Math.floor(k / d), k % d];
    return i === j ? (d + seed) / 3 : (i + j + seed) / 17 / (1 + Math.abs(i - j));
  });
}

function fill(side: SideMoments, seed: number): void {
  const { d } = side;
  Object.assign(side, {
    ...{ keptH: 9, keptG: 8, h2: seed + 1 / 3, h4: seed + 2 / 3, g2: seed + 1 / 7, g4: seed + 2e-300 },
    ...{ hSum: quotients(d, seed), gSum: quotients(d, seed + 1), hnSum: quotients(d, seed + 2) },
    ...{ gnSum: quotients(d, seed + 3), hh: symmetric(d, seed), gg: symmetric(d, seed + 1) },
    ...{ hnhn: symmetric(d, seed + 2), gngn: symmetric(d, seed + 3), gh: quotients(d * d, seed + 4) },
  });
}

function linear(name: string, [dIn, dOut]: readonly [number, number], seed: number): LayerMoments {
  const layer = emptyLayer(name, "linear", dIn, dOut, matrix(dOut, dIn, quotients(dIn * dOut, seed)));
  fill(layer.a!, seed);
  fill(layer.b, seed + 5);
  return Object.assign(layer, {
    n: 10,
    bias: quotients(dOut, seed + 6),
    gbHa: quotients(dIn * dOut, seed + 7),
    outputGradients: { sum: symmetric(dOut, seed + 8), exact: true },
  });
}

/** A map, a classifier's last one, an attention head, and a map of which two outputs of five were measured. */
export function conformanceMoments(): Moments {
  const [up, last] = [linear("blocks.0.up", [3, 4], 1), linear("fc", [4, 2], 2)];
  const noise = { examples: 10, losses: 1 };
  up.noise = { ...noise, b: { width: 4, outer: 1, inner: 1, sum: symmetric(4, 3) } };
  last.noise = { ...noise, a: { width: 4, outer: 1, inner: 1, sum: symmetric(4, 4) } };
  last.labelled = {
    classes: 2,
    counts: Float64Array.of(6, 4),
    a: { sums: quotients(8, 5), squares: Float64Array.of(1 / 3, 2 / 3) },
    b: { sums: quotients(4, 6), squares: Float64Array.of(3 / 7, 5e-324) },
  };
  const head = { ...emptyLayer("blocks.0.attn[1]", "head", 2, 2), n: 10 };
  fill(head.b, 7);
  const wide: LayerMoments = { name: "wide", kind: "conv", dIn: 3, dOut: 5, n: 10, b: { ...head.b } };
  fill(wide.b, 8);
  Object.assign(wide.b, { sample: { of: 5, coordinates: Uint32Array.of(0, 3) }, z: symmetric(2, 9) });
  wide.a = { ...last.a!, d: 3 };
  fill(wide.a, 10);
  const end = { from: 0, outer: 1, inner: 1 };
  const pair = { first: "blocks.0.up", second: "fc", through: "ReLU", symmetry: "rescaling", width: 4 } as const;
  return {
    step: 500,
    objective: "cross-entropy",
    source: "conformance: values without a network",
    layers: [up, last, head, wide],
    edges: {
      pairs: [{ ...pair, firstEnd: { side: "b", ...end }, secondEnd: { side: "a", ...end } }],
      broken: [{ first: "fc", second: null, reason: "it is the last" }],
    },
  };
}

/** What a capture file holds, as JSON. */
export function conformanceRecord(file: Uint8Array): object {
  const { tensors, metadata } = decodeSafetensors(file);
  const listed = [...tensors].map(([name, { shape, data }]) => [name, { shape, values: Array.from(data, Number) }]);
  return { document: JSON.parse(metadata.crh!), tensors: Object.fromEntries(listed) };
}
