/**
 * @file Symmetric pairs of exported models against PyTorch in float64 (generate.py): which there are, their charges,
 * and the squared moments of their weights' gradients, example by example.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { toFloat32 } from "../../src/data/array.ts";
import { decodeNpy } from "../../src/data/npy.ts";
import { decodeNpz } from "../../src/data/npz.ts";
import { nodeEngine } from "../../src/engineNode/nodeEngine.ts";
import { frobenius, type Matrix, matrix, trace } from "../../src/linalg/matrix.ts";
import { PairHalves, pairsFrom, pairsOf } from "../../src/measure/network/pairs.ts";
import { pairSums } from "../../src/moments/accumulate/layerSums.ts";
import type { EdgeEnd, MapEdge } from "../../src/moments/edges.ts";
import type { LayerMoments, Moments } from "../../src/moments/moments.ts";
import { decodeMoments, encodeMoments } from "../../src/moments/momentsFile.ts";
import { objective } from "../../src/objectives/objective.ts";
import { decodeModel } from "../../src/onnx/modelFile.ts";
import { float32, type Tensor } from "../../src/onnx/tensor.ts";
import { upgradeModel } from "../../src/onnx/upgrade.ts";
import { sliceBatches, TARGET } from "../../src/probe/feeds.ts";
import { type Measurement, Probe } from "../../src/probe/probe.ts";
import { sharedPath } from "../shared.ts";

interface Expected {
  objective: string;
  pairs: {
    first: string;
    second: string;
    through: string;
    width: number;
    symmetry: string;
    head?: number;
    charge: number[] | { frobenius: number; trace: number; eigenvalues: number[] };
    A: number[][];
    B: number[][];
  }[];
}

/** Float32 against float64, relative to the largest entry, or the norm. */
const CHARGES = 1e-6;
const MOMENTS = 1e-5;

const folder = fileURLToPath(new URL("cases/", import.meta.url));
const read = (name: string, file: string) => readFileSync(join(folder, name, file));

function tensorOf(array: ReturnType<typeof decodeNpy>): Tensor {
  if (array.dtype === "int64") return { dtype: "int64", shape: array.shape, data: array.data as BigInt64Array };
  return float32(toFloat32(array), array.shape);
}

function dataOf(name: string): Record<string, Tensor> {
  const arrays = [...decodeNpz(read(name, "data.npz"))];
  return Object.fromEntries(arrays.map(([key, array]) => [key === "target" ? TARGET : key, tensorOf(array)]));
}

async function measured(name: string, loss: string, batch: number): Promise<Measurement> {
  const model = upgradeModel(decodeModel(read(name, "model.onnx")));
  const probe = new Probe(nodeEngine, model, { objective: objective(loss), pairs: 1024 });
  try {
    return await probe.measure(sliceBatches(dataOf(name), batch));
  } finally {
    await probe.dispose();
  }
}

/** The whole noise moment on one end of an edge. */
function noiseAt({ layers }: Moments, name: string, end: EdgeEnd, width: number): Matrix {
  const { noise } = layers.find((layer) => layer.name === name) as LayerMoments;
  const start = (end.from / width) * width * width;
  const block = noise![end.side]!.sum.subarray(start, start + width * width);
  return matrix(
    width,
    width,
    block.map((value) => value / noise!.examples),
  );
}

function expectNear(found: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number, what: string): void {
  const size = Math.max(...Array.from(expected, Math.abs));
  expect(found.length, what).toBe(expected.length);
  for (let i = 0; i < expected.length; i++)
    expect(Math.abs(found[i]! - expected[i]!), `${what} ${i}: ${found[i]} for ${expected[i]}`).toBeLessThan(
      tolerance * size,
    );
}

describe.each(readdirSync(folder))("the pairs of %s", (name) => {
  const { pairs: expected, objective: loss } = JSON.parse(read(name, "expected.json").toString()) as Expected;
  const key = (pair: { first: string; second: string; through: string; head?: number | undefined }) =>
    `${pair.first} ${pair.second} ${pair.through} ${pair.head}`;

  test.each([7, 64])("in batches of %i have PyTorch's charges and squared gradients", async (batch) => {
    const { total, groups } = await measured(name, loss, batch);
    const { pairs } = pairsOf(total, groups)!;
    const two = pairs.filter(({ symmetry }) => symmetry !== "scale");
    expect(two.map(key).sort()).toEqual(expected.map(key).sort());
    for (const reference of expected) {
      const of = two.find((pair) => key(pair) === key(reference))!;
      expect([of.symmetry, of.width, of.status]).toEqual([reference.symmetry, reference.width, "ok"]);
      if (Array.isArray(reference.charge)) expectNear(of.charge as number[], reference.charge, CHARGES, key(of));
      else {
        const { frobenius, trace, eigenvalues } = of.charge as {
          frobenius: number;
          trace: number;
          eigenvalues: number[];
        };
        expectNear([frobenius, trace], [reference.charge.frobenius, reference.charge.trace], CHARGES, key(of));
        expectNear(eigenvalues, reference.charge.eigenvalues, CHARGES, key(of));
      }
      const edge = total.edges!.pairs.find((one) => key(one) === key(reference)) as MapEdge;
      const A = noiseAt(total, edge.second, edge.secondEnd!, edge.width);
      const B = noiseAt(total, edge.first, edge.firstEnd, edge.width);
      expectNear(A.data, reference.A.flat(), MOMENTS, `A of ${key(of)}`);
      expectNear(B.data, reference.B.flat(), MOMENTS, `B of ${key(of)}`);
      expect(of.noiseBalance.n).toBe(Object.values(dataOf(name))[0]!.shape[0]);
      expect(Math.abs(of.noiseBalance.ratio! - trace(A) / trace(B))).toBeLessThan(1e-12 * of.noiseBalance.ratio!);
    }
  });

  test("measured a layer at a time, before sums are put together, are those of the whole", async () => {
    const whole = await measured(name, loss, 16);
    const model = upgradeModel(decodeModel(read(name, "model.onnx")));
    const probe = new Probe(nodeEngine, model, { objective: objective(loss), pairs: 1024 });
    const batches = () => sliceBatches(dataOf(name), 16);
    let halves: PairHalves | undefined;
    for (const layer of whole.total.layers) {
      const { groups } = await probe.measureSums(batches(), { layers: [layer.name], batches: [...batches()].length });
      halves ??= new PairHalves(groups[0]!.edges!);
      halves.add(
        [pairSums(groups.map(({ layers }) => layers[0]!))],
        groups.map(({ layers }) => [layers[0]!.layer]),
      );
    }
    await probe.dispose();
    const [found, expected] = [pairsFrom(halves!, 0).pairs, pairsOf(whole.total, whole.groups)!.pairs];
    expect(found.map(({ charge }) => charge)).toEqual(expected.map(({ charge }) => charge));
    for (const [i, { noiseBalance, drift }] of found.entries()) {
      const of = expected[i]!;
      for (const key of ["alignment", "ratio", "residual", "n"] as const)
        expect(noiseBalance[key] ?? 0).toBeCloseTo(of.noiseBalance[key] ?? 0, 5);
      expect(drift.mean?.norm ?? 0).toBeCloseTo(of.drift.mean?.norm ?? 0, 6);
      expect(drift.mean === null).toBe(of.drift.mean === null);
    }
  });

  test("survive a file of moments", async () => {
    const { total, groups } = await measured(name, loss, 16);
    expect(decodeMoments(encodeMoments(total))).toEqual(total);
    expect(pairsOf(decodeMoments(encodeMoments(total)), groups.map(encodeMoments).map(decodeMoments))).toEqual(
      pairsOf(total, groups),
    );
  });
});

const reference = sharedPath("reference");

test.skipIf(reference === undefined)(
  "the reference network has the charges and moments of independent code",
  async () => {
    const file = (path: string) => readFileSync(join(reference!, path));
    const tensor = (path: string) => tensorOf(decodeNpy(file(path)));
    const model = upgradeModel(decodeModel(file("mlp-relu-mse/model.onnx")));
    const probe = new Probe(nodeEngine, model, { objective: objective("mse"), pairs: 1024 });
    const whole = { x: tensor("mlp-relu-mse/x.npy"), [TARGET]: tensor("mlp-relu-mse/y.npy") };
    const { total, groups } = await probe.measure(sliceBatches(whole, 20));
    await probe.dispose();
    const { pairs } = pairsOf(total, groups)!;
    type Entries = Record<"trace" | "frobenius" | "00" | "01" | "12" | "last", number>;
    const expected = JSON.parse(file("symmetry/charges.json").toString()).pairs as {
      charges: number[];
      A: Entries;
      B: Entries;
      align: Record<"pearson_diagonal" | "cosine_diagonal" | "ratio", number>;
    }[];
    expect(pairs.length).toBe(expected.length);
    for (const [i, { charges, A, B, align }] of expected.entries()) {
      const { charge, noiseBalance } = pairs[i]!;
      expectNear(charge as number[], charges, 1e-6, `charges ${i}`);
      const edge = total.edges!.pairs[i]!;
      for (const [found, entries] of [
        [noiseAt(total, edge.second, edge.secondEnd!, edge.width), A],
        [noiseAt(total, edge.first, edge.firstEnd, edge.width), B],
      ] as const) {
        expectNear([trace(found), frobenius(found)], [entries.trace, entries.frobenius], 1e-6, `moments ${i}`);
        const at = (row: number, column: number) => found.data[row * found.cols + column]!;
        const last = found.rows - 1;
        const few = [at(0, 0), at(0, 1), at(1, 2), at(last, last)];
        const largest = entries.trace / 10; // entries of dead neurons are 0 and have no relative error
        few.forEach((value, k) => {
          expect(Math.abs(value - [entries["00"], entries["01"], entries["12"], entries.last][k]!)).toBeLessThan(
            1e-6 * largest,
          );
        });
      }
      expect(Math.abs(noiseBalance.alignment! - align.pearson_diagonal)).toBeLessThan(1e-6);
      expect(Math.abs(noiseBalance.cosine! - align.cosine_diagonal)).toBeLessThan(1e-6);
      expect(Math.abs(noiseBalance.ratio! / align.ratio - 1)).toBeLessThan(1e-6);
    }
  },
);
