/**
 * @file Checks that captures are of one network, and that shards belong to one step. The first difference is reported
 * in one line that names both files.
 */
import { type LayerMoments, type Moments, type SideMoments, sideBlocks } from "../../../moments/moments.ts";

/** Moments, or their metadata without tensors. */
export interface NamedMoments {
  readonly path: string;
  readonly moments: Moments;
}

/** @throws RangeError naming both files and the difference: objective, layers, coordinates, or common edges */
export function requireSameNetwork(first: NamedMoments, next: NamedMoments): void {
  const cure = "captures in one folder must be of one network";
  requireAlike(first, next, networkFacts, cure);
  if (first.moments.edges && next.moments.edges) requireAlike(first, next, edgeFacts, cure);
}

/** @throws RangeError also where weights, biases or the kinds of sums differ */
export function requireShards(first: NamedMoments, next: NamedMoments): void {
  requireSameNetwork(first, next);
  requireAlike(
    withSamples(first, next),
    withSamples(next, first),
    sumFacts,
    "shards of a step must have the same sums",
  );
  for (const [i, layer] of first.moments.layers.entries()) {
    const other = next.moments.layers[i]!;
    const arrays = [
      ["weights W", layer.W?.data, other.W?.data],
      ["bias", layer.bias, other.bias],
      ["weights z", layer.a?.z, other.a?.z],
      ["weights z", layer.b.z, other.b.z],
    ] as const;
    for (const [what, x, y] of arrays)
      if (x !== undefined && y !== undefined && x.some((value, k) => value !== y[k]))
        throw new RangeError(
          `ingest: expected the ${what} of layer ${layer.name} in ${next.path} as in ${first.path}, got others; shards of a step are of the same weights`,
        );
  }
}

/** The layers with samples in both files; only these are compared by sums. */
function withSamples({ path, moments }: NamedMoments, other: NamedMoments): NamedMoments {
  const layers = moments.layers.filter(({ n }, i) => n > 0 && other.moments.layers[i]!.n > 0);
  return { path, moments: { ...moments, layers } };
}

/** The properties compared, in the words of the message, in order. */
type Facts = (moments: Moments) => Iterable<readonly [what: string, value: string]>;

function requireAlike(first: NamedMoments, next: NamedMoments, facts: Facts, cure: string): void {
  const [expected, found] = [new Map(facts(first.moments)), new Map(facts(next.moments))];
  for (const what of new Set([...expected.keys(), ...found.keys()])) {
    const [x, y] = [expected.get(what) ?? "none", found.get(what) ?? "none"];
    if (x === y) continue;
    const got = brief(x) === brief(y) ? "others" : brief(y);
    throw new RangeError(
      `ingest: expected ${what} in ${next.path} to be ${brief(x)}, as in ${first.path}, got ${got}; ${cure}`,
    );
  }
}

/** chosen: most letters of a value in a message. */
const MOST_LETTERS = 60;

function brief(value: string): string {
  return value.length > MOST_LETTERS ? `${value.slice(0, MOST_LETTERS - 3)}...` : value;
}

function* networkFacts({ objective, layers }: Moments): ReturnType<Facts> {
  yield ["the objective", objective];
  for (const layer of layers) yield [`layer ${layer.name}`, layerInWords(layer)];
  yield ["the order of layers", layers.map(({ name }) => name).join(", ")];
  for (const { name, a, b } of layers) {
    if (a) yield [`coordinates of side a of layer ${name}`, coordinatesInWords(a)];
    yield [`coordinates of side b of layer ${name}`, coordinatesInWords(b)];
  }
}

function* edgeFacts({ edges }: Moments): ReturnType<Facts> {
  for (const pair of edges?.pairs ?? []) {
    const head = pair.head === undefined ? "" : `, head ${pair.head}`;
    yield [`the pair ${pair.first} and ${pair.second}${head}`, JSON.stringify(pair)];
  }
}

function layerInWords({ kind, dIn, dOut, labelled }: LayerMoments): string {
  return `${kind} ${dIn} → ${dOut}${labelled ? " with sums by class" : ""}`;
}

function coordinatesInWords({ d, sample }: SideMoments): string {
  return sample === undefined ? `all ${d}` : `${d} of ${sample.of}: ${sample.coordinates.join(" ")}`;
}

/** A sum that only some shards have would cover part of the samples, and leaving it out would lose data. */
function* sumFacts({ layers }: Moments): ReturnType<Facts> {
  for (const layer of layers) {
    const { name, gbHa, noise, outputGradients } = layer;
    for (const side of ["a", "b"] as const) {
      const sums = layer[side];
      if (sums) yield [`sums of side ${side} of layer ${name}`, sideBlocks.filter((key) => sums[key]).join(" ")];
      const blocks = noise?.[side];
      if (blocks === undefined) continue;
      const { width, outer, inner } = blocks;
      yield [`noise of side ${side} of layer ${name}`, `of width ${width}, ${outer} outer, ${inner} inner`];
    }
    if (noise) yield [`losses of an example of layer ${name}`, String(noise.losses)];
    const more = Object.entries({ gbHa, outputGradients }).flatMap(([key, value]) => (value ? [key] : []));
    yield [`further sums of layer ${name}`, more.join(" ") || "none"];
  }
}
