/** @file The capture that other programs read in their tests is what this one writes and reads, to the last bit. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { decodeSafetensors } from "../../src/formats/safetensors.ts";
import { decodeMoments, encodeMoments } from "../../src/moments/momentsFile.ts";
import { conformanceMoments } from "./moments.ts";

const file = new Uint8Array(readFileSync(new URL("capture.safetensors", import.meta.url)));
const record: {
  document: { step: number; layers: { name: string; b: { h2: number; g4: number } }[] };
  tensors: Record<string, { shape: number[]; values: number[] }>;
} = JSON.parse(readFileSync(new URL("capture.json", import.meta.url), "utf8"));

const bits = (values: ArrayLike<number>) => new BigUint64Array(Float64Array.from(values).buffer);

test("is written in the same bytes", () => {
  expect(Buffer.from(encodeMoments(conformanceMoments())).equals(Buffer.from(file))).toBe(true);
});

test("is read as the moments that were written", () => {
  expect(decodeMoments(file)).toEqual(conformanceMoments());
});

test("has in its JSON every tensor and number, bit by bit", () => {
  const { tensors, metadata } = decodeSafetensors(file);
  expect(Object.keys(record.tensors).sort()).toEqual([...tensors.keys()].sort());
  for (const [name, { shape, values }] of Object.entries(record.tensors)) {
    expect(shape).toEqual(tensors.get(name)!.shape);
    expect(bits(values)).toEqual(bits(tensors.get(name)!.data as Float64Array));
  }
  expect(record.document).toEqual(JSON.parse(metadata.crh!));
});

test("has in its JSON the sums that are read, bit by bit", () => {
  const moments = decodeMoments(file);
  const valuesOf = (name: string) => bits(record.tensors[name]!.values);
  for (const [i, layer] of moments.layers.entries()) {
    expect(bits(layer.b.hh!)).toEqual(valuesOf(`${layer.name}.b.hh`));
    expect(bits(layer.b.gngn!)).toEqual(valuesOf(`${layer.name}.b.gngn`));
    const { h2, g4 } = record.document.layers[i]!.b;
    expect(bits([layer.b.h2, layer.b.g4])).toEqual(bits([h2, g4]));
  }
  const [up, last, , wide] = moments.layers;
  expect(bits(up!.noise!.b!.sum)).toEqual(valuesOf("blocks.0.up.b.noise"));
  expect(bits(last!.labelled!.b.squares)).toEqual(valuesOf("fc.b.class_squares"));
  expect(bits(wide!.b.z!)).toEqual(valuesOf("wide.b.z"));
});
