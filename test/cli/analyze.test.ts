/**
 * @file `crh analyze` on models that the test writes, on a reference model from PyTorch, and on everything that does
 * not fit.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import type { DataArray } from "../../src/data/array.ts";
import { encodeNpy } from "../../src/data/npy.ts";
import type { Snapshot } from "../../src/measure/snapshot.ts";
import { mlp } from "../../src/networks/mlp.ts";
import { GraphBuilder, WORKING_OPSET } from "../../src/onnx/graphBuilder.ts";
import { encodeModel } from "../../src/onnx/modelFile.ts";
import type { Tensor } from "../../src/onnx/tensor.ts";
import { Random } from "../../src/random/random.ts";
import { sharedPath } from "../shared.ts";
import { expectOneLine, workplace } from "./builtProgram.ts";

/** A float32 measurement against float64: rounding of activations and gradients, no more. */
const FLOAT32 = 2e-3;
const FAILED = 1;

const { dir, crh } = workplace();
const relations = ["rga", "rwa", "gwa"] as const;

function normal(shape: readonly number[], seed: number): DataArray {
  const data = new Float32Array(shape.reduce((product, extent) => product * extent, 1));
  new Random(seed).fillNormal(data);
  return { dtype: "float32", shape, data };
}

function labels(values: number[]): DataArray {
  return { dtype: "int64", shape: [values.length], data: BigInt64Array.from(values, BigInt) };
}

const n = 40;
const model = encodeModel({
  graph: mlp({ widths: [6, 9, 4], activation: "tanh" }, new Random(1)).graph,
  opset: WORKING_OPSET,
});
const x = normal([n, 6], 2);

/** A network that takes 40 samples at once and no other number of them. */
function allAtOnce(): Uint8Array {
  const g = new GraphBuilder("all at once");
  const weight = (name: string, shape: number[], seed: number) => g.initializer(name, normal(shape, seed) as Tensor);
  const rows = g.op("Reshape", [g.input("x", "float32", [n, 6]), g.ints([n, 6])]);
  const hidden = g.op("Tanh", [g.op("MatMul", [rows, weight("up.weight", [6, 9], 4)])]);
  g.output(g.op("MatMul", [hidden, weight("down.weight", [9, 4], 5)]), "y");
  return encodeModel({ graph: g.build(), opset: WORKING_OPSET });
}

beforeAll(() => {
  const write = (name: string, bytes: Uint8Array | string) => writeFileSync(join(dir, name), bytes);
  const arrays: Record<string, DataArray> = {
    x,
    y: normal([n, 4], 3),
    labels: labels(Array.from({ length: n }, (_, i) => i % 4)),
    "y of 3 outputs": normal([n, 3], 3),
    "y of 39 samples": normal([39, 4], 3),
    "x of 5 values": normal([n, 5], 2),
    "x flat": normal([n * 6], 2),
    "x empty": normal([0, 6], 2),
    "y empty": normal([0, 4], 2),
    "label 4": labels(Array.from({ length: n }, () => 4)),
    "label -1": labels(Array.from({ length: n }, () => -1)),
    "x with NaN": {
      ...x,
      data: Float32Array.from(x.data as Float32Array, (value, i) => (i === 20 ? Number.NaN : value)),
    },
  };
  for (const [name, array] of Object.entries(arrays)) write(`${name}.npy`, encodeNpy(array));
  write("model.onnx", model);
  write("all at once.onnx", allAtOnce());
  write("cut.onnx", model.slice(0, model.length / 2));
  write("empty.onnx", "");
  write("text.onnx", "this is no model\n");
  write("x cut.npy", encodeNpy(x).slice(0, 500));
  mkdirSync(join(dir, "folder"));
});

function analyze(file: string, inputs: string, targets: string, loss = "mse", ...more: string[]) {
  return crh("analyze", file, "--inputs", `${inputs}.npy`, "--targets", `${targets}.npy`, "--loss", loss, ...more);
}

describe("a model in an ONNX file", () => {
  test("is measured with every key of a snapshot, and nothing else on stdout", async () => {
    const { code, out, err } = await analyze("model.onnx", "x", "y", "mse", "--json");
    expect([code, err]).toEqual([0, ""]);
    const measured = JSON.parse(out) as Snapshot;
    expect(Object.keys(measured)).toEqual([
      "schema",
      "step",
      "loss",
      "samples",
      "objective",
      "layers",
      "skipped",
      "pairs",
      "unpaired",
      "inputs",
      "notes",
    ]);
    expect(measured).toMatchObject({
      schema: "crh-lab/snapshot@1",
      step: 0,
      samples: n,
      objective: "mse",
      skipped: [],
    });
    expect(measured.layers.map(({ name, dIn, dOut }) => [name, dIn, dOut])).toEqual([
      ["layers.0", 6, 9],
      ["layers.1", 9, 4],
    ]);
    expect(measured.layers[1]!.alignment.paper.b.rga.noise).toBeGreaterThan(0);
  });

  test("has an accuracy under cross-entropy", async () => {
    const { out } = await analyze("model.onnx", "x", "labels", "cross-entropy", "--json");
    const { accuracy, loss } = JSON.parse(out) as Snapshot;
    expect(accuracy! * n).toBeCloseTo(Math.round(accuracy! * n), 6);
    expect(loss.mean).toBeGreaterThan(0);
  });

  test("is a table without --json", async () => {
    const { code, out } = await analyze("model.onnx", "x", "y");
    expect(code).toBe(0);
    expect(out).toMatch(/ a\.rga .*\nlayers\.0 [\s\S]*\n\s*40 samples, paper convention, loss /);
    expect(out).toMatch(/^no symmetric pair: layers\.0 → layers\.1 \(Tanh is not positively homogeneous/m);
  });
});

describe("all samples in one batch", () => {
  test.each([n, n + 1])("are measured in groups where the model takes fewer: --batch %d", async (batch) => {
    const words = ["labels", "cross-entropy", "--json", "--batch"] as const;
    const [whole, half] = await Promise.all(
      [batch, n / 2].map(async (size) => {
        const { code, out, err } = await analyze("model.onnx", "x", ...words, `${size}`);
        expect([code, err]).toEqual([0, ""]);
        return (JSON.parse(out) as Snapshot).layers[1]!.alignment.paper.b.rga;
      }),
    );
    expect(whole!.value).toBeCloseTo(half!.value!, 5);
    expect(whole!.noise).toBeGreaterThan(0);
  });

  test.each(["economy", "standard", "full"])("have no noise where the model takes no fewer: cost %s", async (cost) => {
    const words = ["labels", "cross-entropy", "--cost", cost, "--out", `${cost}.html`] as const;
    const table = await analyze("all at once.onnx", "x", ...words, "--quiet");
    expect([table.code, table.err]).toEqual([0, ""]);
    expect(table.out).toMatch(/\nup [\s\S]*\ndown [\s\S]*standard error unknown: there is one group of samples/);
    const { out } = await analyze("all at once.onnx", "x", ...words, "--json");
    const { layers, samples } = JSON.parse(out) as Snapshot;
    expect(samples).toBe(n);
    expect(layers).toHaveLength(2);
    for (const { alignment } of layers)
      for (const { a, b } of [alignment.paper, alignment.raw])
        for (const relation of relations)
          for (const side of [a!, b]) expect(side[relation]).toMatchObject({ value: expect.any(Number), noise: null });
  });
});

describe("what does not fit is one line", () => {
  test.each<[string, string, string, string, RegExp]>([
    [
      "nowhere.onnx",
      "x",
      "y",
      "mse",
      /^crh analyze: expected a file .* at nowhere\.onnx, got none \(ENOENT\); check the path$/m,
    ],
    [
      "folder",
      "x",
      "y",
      "mse",
      /^crh analyze: expected a file .* at folder, got a folder \(EISDIR\); check the path$/m,
    ],
    ["empty.onnx", "x", "y", "mse", /^crh analyze: expected an ONNX model/],
    ["text.onnx", "x", "y", "mse", /^crh analyze: expected an ONNX model/],
    ["cut.onnx", "x", "y", "mse", /^crh analyze: expected an ONNX model/],
    ["x.npy", "x", "y", "mse", /^crh analyze: expected an ONNX model/],
    ["model.onnx", "nowhere", "y", "mse", /^crh analyze: expected a file .* at nowhere\.npy, got none/],
    ["model.onnx", "x cut", "y", "mse", /^crh analyze: x cut\.npy: expected /],
    [
      "model.onnx",
      "x",
      "y of 3 outputs",
      "mse",
      /^crh analyze: mse: expected float32 targets of shape \(\d+, 4\) .*; pass the targets of/,
    ],
    [
      "model.onnx",
      "x",
      "y of 39 samples",
      "mse",
      /^crh analyze: expected targets of shape \(40, 4\), got \(39, 4\); pass the/,
    ],
    ["model.onnx", "x", "labels", "mse", /^crh analyze: mse: expected float32 targets of shape /],
    [
      "model.onnx",
      "x",
      "y",
      "cross-entropy",
      /^crh analyze: expected a class index for each sample, or one-hot rows, got targets \(40, 4\)/,
    ],
    [
      "model.onnx",
      "x",
      "label 4",
      "cross-entropy",
      /^crh analyze: cross-entropy: expected class indices 0 to 3 .*, got 4; check/,
    ],
    [
      "model.onnx",
      "x",
      "label -1",
      "cross-entropy",
      /^crh analyze: cross-entropy: expected class indices 0 to 3 .*, got -1; check/,
    ],
    ["model.onnx", "x of 5 values", "y", "mse", /^crh analyze: input x: expected shape \(n, 6\), got \(40, 5\)/],
    ["model.onnx", "x flat", "y", "mse", /^crh analyze: input x: expected shape \(n, 6\), got \(240\)/],
    ["model.onnx", "x empty", "y empty", "mse", /^crh analyze: input x: expected samples along the first axis, got/],
    ["model.onnx", "x with NaN", "y", "mse", /^crh analyze: input x: expected finite numbers, got NaN/],
  ])("%s, %s, %s, %s", async (file, inputs, targets, loss, line) => {
    expectOneLine(await analyze(file, inputs, targets, loss, "--json"), FAILED, line);
  });
});

const reference = sharedPath("reference/mlp-relu-mse");
test.skipIf(reference === undefined)("PyTorch's mlp-relu-mse: loss and all alignments", async () => {
  const file = (name: string) => join(reference!, name);
  const words = ["--inputs", file("x.npy"), "--targets", file("y.npy"), "--loss", "mse", "--json"];
  const { code, out } = await crh("analyze", file("model.onnx"), ...words);
  expect(code).toBe(0);
  const measured = JSON.parse(out) as Snapshot;
  const expected = JSON.parse(readFileSync(file("expected.json"), "utf8"));
  expect(Math.abs(measured.loss.mean! * measured.samples - expected.loss_sum) / expected.loss_sum).toBeLessThan(
    FLOAT32,
  );
  expect(measured.layers).toHaveLength(expected.layers.length);
  measured.layers.forEach(({ name, alignment }, i) => {
    for (const convention of ["paper", "raw"] as const)
      for (const side of ["a", "b"] as const)
        for (const relation of relations) {
          const difference =
            alignment[convention][side]![relation].value! - expected.layers[i][convention][side][relation];
          expect(Math.abs(difference), `${name} ${convention} ${side}.${relation}`).toBeLessThan(FLOAT32);
        }
  });
});
