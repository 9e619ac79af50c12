/** Every key that the project writes is explained in docs/formats.md. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { statusMeaning } from "../../src/findings/twopoint/sentences.ts";
import { decodeSafetensors } from "../../src/formats/safetensors.ts";
import { matrix } from "../../src/linalg/matrix.ts";
import { snapshot } from "../../src/measure/snapshot.ts";
import { addRows } from "../../src/moments/addRows.ts";
import { emptyLayer, type Moments, mergeMoments } from "../../src/moments/moments.ts";
import { encodeMoments } from "../../src/moments/momentsFile.ts";
import { Random } from "../../src/random/random.ts";
import { picturesRecord } from "../../src/runner/records/pictures.ts";
import { watchedRecord } from "../../src/runner/records/watched.ts";
import { encodeCheckpoint } from "../../src/train/checkpoint.ts";
import { plantedFollowed } from "../findings/twopoint/planted.ts";

const text = readFileSync(new URL("../../docs/formats.md", import.meta.url), "utf8");
/**
 * What stands in backquotes, as it is and split into words: names of keys, of tensors after their layer, and values.
 */
const explained = new Set([...text.matchAll(/`([^`\n]+)`/g)].flatMap(([, code]) => [code!, ...code!.split(/[^\w-]+/)]));

const random = new Random(1);
const values = (n: number): Float64Array => Float64Array.from({ length: n }, () => random.normal());

function moments(): Moments {
  const W = matrix(2, 3, Float64Array.from([1, 2, 3, 4, 5, 7]));
  const linear = emptyLayer("L", "linear", 3, 2, W);
  addRows(linear, { ha: values(24), hb: values(16), gb: values(16) });
  const head = emptyLayer("head", "head", 1, 1);
  addRows(head, { hb: values(8), gb: values(8) });
  return { step: 3, objective: "mse", source: "random numbers", layers: [linear, head] };
}

/** Names of all keys, at any depth. */
function keysOf(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [];
  if (Array.isArray(value)) return value.flatMap(keysOf);
  return Object.entries(value).flatMap(([key, inner]) => [key, ...keysOf(inner)]);
}

const unexplained = (keys: readonly string[]): string[] => [...new Set(keys)].filter((key) => !explained.has(key));

describe("docs/formats.md", () => {
  it("explains every key of a snapshot, and every status that occurs", async () => {
    const halves = [moments(), moments()] as const;
    const skipped = [{ node: "conv", reason: "unknown" }];
    const record = await snapshot(mergeMoments(...halves), {
      groups: halves,
      loss: 1,
      accuracy: 0.5,
      skipped,
      cost: "full",
    });
    expect(unexplained(keysOf(record))).toEqual([]);
    const statuses = [...JSON.stringify(record).matchAll(/"status":"([^"]+)"/g)].map((match) => match[1]!);
    expect(statuses).toContain("undefined-1x1");
    expect(unexplained(statuses)).toEqual([]);
  });

  it("explains every tensor and key of a capture", () => {
    const { tensors, metadata } = decodeSafetensors(encodeMoments(moments()));
    const names = [...tensors.keys()].map((name) => name.slice(name.lastIndexOf(".") + 1));
    expect(unexplained(names)).toEqual([]);
    expect(unexplained(keysOf(JSON.parse(metadata.crh!)))).toEqual([]);
  });

  it("explains every key of the records of followed points, every status and the columns of trajectories.csv", () => {
    const { followed, fits, rows } = plantedFollowed({
      points: ["0", "1", "2"],
      target: (p, q) => (q === 1 ? 0 : p + q),
    });
    expect(unexplained([...keysOf(followed), ...keysOf(fits), ...keysOf(rows[0])])).toEqual([]);
    expect(unexplained(Object.keys(statusMeaning))).toEqual([]);
    expect(unexplained([followed.schema, fits.schema])).toEqual([]);
  });

  it("explains every key of the record of watched numbers", () => {
    const group = { title: "Charge", axis: "C", quantities: { C: "charge" }, expected: { "at rest": 0 } };
    const record = watchedRecord({ groups: [group], of: () => ({}) });
    expect(unexplained([record.schema, ...keysOf(record)])).toEqual([]);
  });

  it("explains every key of the record of images", () => {
    const drawn = { title: "drawn", width: 2, height: 1, columns: 1, pixels: Float64Array.of(0, 1) };
    const record = picturesRecord([drawn], 3);
    expect(unexplained([record.schema, ...keysOf(record)])).toEqual([]);
  });

  it("explains every tensor and key of a checkpoint", () => {
    const values = new Map([["layers.0.weight", { dtype: "float32", shape: [1], data: Float32Array.of(1) } as const]]);
    const bytes = encodeCheckpoint({
      step: 1,
      parameters: values,
      optimizer: new Map(["momentum", "mean", "square"].map((state) => [state, values])),
      data: { n: 1, batch: 1, epoch: 0, given: 0, generator: [1] },
      window: { sum: 0, count: 0 },
    });
    const { tensors, metadata } = decodeSafetensors(bytes);
    expect(unexplained([...tensors.keys()].flatMap((name) => name.split("/")[0]!))).toEqual([]);
    expect(unexplained([...tensors.keys()].flatMap((name) => name.split("/")[1]!.split(".").at(-1)!))).toEqual([]);
    expect(unexplained(keysOf(JSON.parse(metadata.crh!)))).toEqual([]);
  });
});
