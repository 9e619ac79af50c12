/** @file Layers measured on a sample of coordinates against the same layers measured whole (theory.md Eq. 77). */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { decodeNpy } from "../../src/data/npy.ts";
import { nodeEngine } from "../../src/engineNode/nodeEngine.ts";
import { gram } from "../../src/linalg/matrix.ts";
import { snapshot } from "../../src/measure/snapshot.ts";
import { type LayerMoments, type Moments, mergeMoments, type SideMoments } from "../../src/moments/moments.ts";
import { decodeMoments, encodeMoments } from "../../src/moments/momentsFile.ts";
import { objective } from "../../src/objectives/objective.ts";
import { decodeModel } from "../../src/onnx/modelFile.ts";
import type { Tensor } from "../../src/onnx/tensor.ts";
import { upgradeModel } from "../../src/onnx/upgrade.ts";
import { sliceBatches, TARGET } from "../../src/probe/feeds.ts";
import { type Measurement, Probe } from "../../src/probe/probe.ts";
import type { ProbeOptions } from "../../src/probe/probeOptions.ts";
import { sharedPath } from "../shared.ts";

/** The same float32 products in another order of summation, relative to the largest sum. */
const FLOAT32 = 1e-5;
const LIMIT = 20;

const folder = sharedPath("reference");

async function measure(name: string, options: Partial<ProbeOptions>): Promise<Measurement> {
  const read = (file: string) => readFileSync(join(folder!, name, file));
  const model = upgradeModel(decodeModel(read("model.onnx")));
  const whole = { x: decodeNpy(read("x.npy")) as Tensor, [TARGET]: decodeNpy(read("y.npy")) as Tensor };
  const probe = new Probe(nodeEngine, model, { objective: objective("cross-entropy"), ...options });
  const measured = await probe.measure(sliceBatches(whole, 64));
  await probe.dispose();
  return measured;
}

describe.skipIf(folder === undefined).each(["gpt-ce", "resnet-ce"])("%s, sides of more than 20 sampled", (name) => {
  const both = Promise.all([
    measure(name, { cross: false }),
    measure(name, { largest: LIMIT, beyond: "sample", sampleSeed: 3 }),
  ]);

  test("its sums are those of the whole layer at the chosen coordinates", async () => {
    const [whole, part] = await both;
    expect(part.total.layers.map((layer) => layer.name)).toEqual(whole.total.layers.map((layer) => layer.name));
    let sampled = 0;
    part.total.layers.forEach((layer, i) => {
      const full = whole.total.layers[i]!;
      for (const side of ["a", "b"] as const) {
        if (layer[side] === undefined) continue;
        sampled += layer[side].sample === undefined ? 0 : 1;
        expectPart(layer[side], full[side]!, `${layer.name}.${side}`);
        if (full.W && layer[side].z) expectSame(layer[side].z, at(gram(full.W, side).data, layer[side], full[side]!.d));
      }
    });
    expect(sampled).toBeGreaterThan(5);
  });

  test("its snapshot says so, with a sampling error and without ranks", async () => {
    const { total, groups } = (await both)[1];
    const { layers } = await snapshot(total, { groups, cost: "full" });
    const found = layers.find((layer) => layer.sampled?.a != null && layer.sampled.a.of > LIMIT)!;
    expect(found.sampled!.a).toEqual({ coordinates: LIMIT, of: found.dIn });
    expect(found.ranks.paper.a!.H).toMatchObject({ numerical: null, status: "sampled-coordinates" });
    expect(found.alignment.paper.a!.rga.samplingError).toBeGreaterThan(0);
    expect(found.alignment.paper.a!.rga.noise).not.toBeNull();
    expect(found.exponents).toBeUndefined();
  });

  test("its moments survive a file, and merge with those of the same coordinates alone", async () => {
    const [whole, { groups, total }] = await both;
    const [first, second] = groups.slice(0, 2).map((half) => decodeMoments(encodeMoments(half)));
    expect(decodeMoments(encodeMoments(total))).toEqual(total);
    expect(withoutCross(mergeMoments(first!, second!))).toEqual(withoutCross(total)); // groups of a map have none
    expect(() => mergeMoments(whole.total, total)).toThrow(/one sample of coordinates/);
    const other = await measure(name, { largest: LIMIT, beyond: "sample", sampleSeed: 4 });
    expect(() => mergeMoments(other.total, total)).toThrow(/one sample of coordinates/);
  });
});

function withoutCross({ layers, ...moments }: Moments) {
  const without = (side: SideMoments | undefined) => side && { ...side, gh: undefined };
  return { ...moments, layers: layers.map((layer) => ({ ...layer, a: without(layer.a), b: without(layer.b) })) };
}

function expectPart(part: SideMoments, whole: SideMoments, what: string): void {
  for (const block of ["hSum", "gSum", "hnSum", "gnSum", "hh", "gg", "hnhn", "gngn"] as const)
    expectSame(part[block]!, at(whole[block]!, part, whole.d), `${what}.${block}`);
  for (const key of ["h2", "h4", "g2", "g4", "keptH", "keptG"] as const) expectClose(part[key], whole[key]);
}

/** Entries of a vector (d) or matrix (d, d) at the coordinates of a part. */
function at(values: Float64Array, { sample, d }: SideMoments, whole: number): Float64Array {
  const places = sample?.coordinates ?? Uint32Array.from({ length: d }, (_, i) => i);
  if (values.length === whole) return Float64Array.from(places, (i) => values[i]!);
  return Float64Array.from({ length: d * d }, (_, e) => values[places[Math.floor(e / d)]! * whole + places[e % d]!]!);
}

function expectSame(found: Float64Array, expected: Float64Array, what = ""): void {
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const worst = found.reduce((most, value, i) => Math.max(most, Math.abs(value - expected[i]!)), 0);
  expect(found.length, what).toBe(expected.length);
  expect(worst, what).toBeLessThanOrEqual(FLOAT32 * largest);
}

function expectClose(found: number, expected: number): void {
  expect(Math.abs(found - expected)).toBeLessThanOrEqual(FLOAT32 * Math.abs(expected));
}

test("coordinates that are no ascending places in a row are refused", () => {
  const side = (d: number, coordinates?: number[]): SideMoments => ({
    d,
    keptH: 0,
    keptG: 0,
    h2: 0,
    h4: 0,
    g2: 0,
    g4: 0,
    ...(coordinates && { sample: { of: 9, coordinates: Uint32Array.from(coordinates) } }),
  });
  const file = (coordinates: number[]) => {
    const layer: LayerMoments = { name: "x", kind: "head", dIn: 9, dOut: 9, n: 1, b: side(2, coordinates) };
    return () => decodeMoments(encodeMoments({ step: 0, objective: "mse", source: "", layers: [layer] }));
  };
  expect(file([1, 8])().layers[0]!.b.sample!.coordinates).toEqual(Uint32Array.of(1, 8));
  expect(file([8, 1])).toThrow(/ascending/);
  expect(file([1, 9])).toThrow(/ascending/);
  expect(file([1])).toThrow(/2 to 8 places/);
});
