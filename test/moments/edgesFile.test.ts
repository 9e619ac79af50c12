/**
 * @file Pairs and noise in a capture file: exact there and back, merged, and refused in one line where they are
 * damaged.
 */
import { describe, expect, test } from "vitest";
import { decodeSafetensors, encodeSafetensors, type SafetensorsTensor } from "../../src/formats/safetensors.ts";
import { matrix } from "../../src/linalg/matrix.ts";
import type { MapEdge } from "../../src/moments/edges.ts";
import { emptyLayer, type Moments, mergeMoments } from "../../src/moments/moments.ts";
import { decodeMoments, encodeMoments } from "../../src/moments/momentsFile.ts";
import type { NoiseSums } from "../../src/moments/noiseSums.ts";

function paired(scale = 1): Moments {
  const W = matrix(
    4,
    3,
    Array.from({ length: 12 }, (_, k) => k / 7),
  );
  const U = matrix(
    2,
    8,
    Array.from({ length: 16 }, (_, k) => k / 5),
  );
  const [below, above] = [emptyLayer("c1", "conv", 3, 4, W), emptyLayer("fc", "linear", 8, 2, U)];
  const symmetric = (d: number) =>
    Float64Array.from({ length: d * d }, (_, k) => scale * (Math.floor(k / d) + 1) * ((k % d) + 1));
  const noise: NoiseSums = { examples: 5, losses: 2, b: { width: 4, outer: 1, inner: 1, sum: symmetric(4) } };
  Object.assign(below, { n: 10, bias: Float64Array.of(1, 2, 3, 4), noise });
  Object.assign(above, {
    n: 10,
    noise: { examples: 5, losses: 2, a: { width: 4, outer: 1, inner: 2, sum: symmetric(4) } },
  });
  const pair: MapEdge = {
    ...{ first: "c1", second: "fc", through: "ReLU", symmetry: "rescaling", width: 4 },
    firstEnd: { side: "b", from: 0, outer: 1, inner: 1 },
    secondEnd: { side: "a", from: 0, outer: 1, inner: 2 },
  };
  const scaled: MapEdge = {
    ...{ first: "fc", second: "norm", through: "LayerNormalization", symmetry: "scale", width: 2, together: 2 },
    firstEnd: { side: "b", from: 0, outer: 1, inner: 1 },
  };
  const broken = [{ first: "fc", second: null, reason: "its output branches" }];
  return {
    step: 3,
    objective: "mse",
    source: "test",
    layers: [below, above],
    edges: { pairs: [pair, scaled], broken },
  };
}

type Document = {
  edges: { pairs: Record<string, unknown>[]; broken: unknown };
  layers: { noise: { examples: unknown; losses: unknown; b: Record<string, unknown> } }[];
};

function changed(change: (document: Document, tensors: Map<string, SafetensorsTensor>) => void): Uint8Array {
  const { tensors, metadata } = decodeSafetensors(encodeMoments(paired()));
  const document = JSON.parse(metadata.crh!) as Document;
  change(document, tensors);
  return encodeSafetensors(tensors, { crh: JSON.stringify(document) });
}

test("is exact there and back", () => {
  expect(decodeMoments(encodeMoments(paired()))).toEqual(paired());
});

test("merges by sums, and keeps what is no sum", () => {
  const merged = mergeMoments(paired(), paired(3));
  expect(merged.edges).toEqual(paired().edges);
  expect(merged.layers[0]!.bias).toEqual(Float64Array.of(1, 2, 3, 4));
  expect(merged.layers[0]!.noise).toMatchObject({ examples: 10, losses: 2 });
  expect(merged.layers[0]!.noise!.b!.sum).toEqual(paired(4).layers[0]!.noise!.b!.sum);
  const other = paired();
  other.layers[0]!.noise!.losses = 7;
  expect(() => mergeMoments(paired(), other)).toThrow(/expected examples of one number of losses, got 2 and 7/);
});

test("a sum of squares below 0 is refused", () => {
  const moments = paired(1);
  moments.layers[0]!.noise!.b!.sum[5] = -1e303;
  expect(() => decodeMoments(encodeMoments(moments))).toThrow(
    'expected "c1.b.noise" to have sums of squares on its diagonal, got -1e+303',
  );
});

describe("one line refuses", () => {
  test.each<[string, RegExp, (document: Document, tensors: Map<string, SafetensorsTensor>) => void]>([
    [
      "a pair of no layer",
      /first of a pair to be the name of a layer, got "c9"/,
      ({ edges }) => (edges.pairs[0]!.first = "c9"),
    ],
    [
      "an unknown symmetry",
      /symmetry of a pair to be rescaling or rotation or scale, got "mirror"/,
      ({ edges }) => (edges.pairs[0]!.symmetry = "mirror"),
    ],
    [
      "more values than the side has",
      /width of a pair to be at most 4, got 5/,
      ({ edges }) => (edges.pairs[0]!.width = 5),
    ],
    [
      "an end that is none",
      /side of a pair to be a or b, got "c"/,
      ({ edges }) => (edges.pairs[0]!.firstEnd = { side: "c" }),
    ],
    [
      "a start behind the last value",
      /from of a pair to be a whole number from 0 to 0, got 1/,
      ({ edges }) => ((edges.pairs[0]!.firstEnd as Record<string, unknown>).from = 1),
    ],
    ["no list", /broken to be a list, got 3/, ({ edges }) => (edges.broken = 3)],
    [
      "blocks that do not fit",
      /blocks of side b in noise of "c1" to be parts of 4 values, got 3/,
      ({ layers }) => (layers[0]!.noise.b.width = 3),
    ],
    [
      "huge blocks",
      /width of side b in noise of "c1" to be a whole number from 1 to 4, got 1000000000/,
      ({ layers }) => (layers[0]!.noise.b.width = 1e9),
    ],
    [
      "a count below 0",
      /examples in noise of "c1" to be a whole number from 0/,
      ({ layers }) => (layers[0]!.noise.examples = -1),
    ],
    [
      "no losses",
      /losses in noise of "c1" to be a whole number from 1 to \d+, got "many"/,
      ({ layers }) => (layers[0]!.noise.losses = "many"),
    ],
    [
      "a tensor that is missing",
      /expected "c1.b.noise" \(1, 4, 4\), which the document states, got none/,
      (_, tensors) => tensors.delete("c1.b.noise"),
    ],
    [
      "a tensor of another shape",
      /expected "c1.b.noise" to be \(1, 4, 4\), got \(2, 8\)/,
      (_, tensors) => tensors.set("c1.b.noise", { dtype: "F64", shape: [2, 8], data: new Float64Array(16) }),
    ],
  ])("%s", (_, message, change) => {
    const read = () => decodeMoments(changed((document, tensors) => void change(document, tensors)));
    expect(read).toThrow(message);
    expect(read).toThrow(/^[^\n]*$/);
  });
});
