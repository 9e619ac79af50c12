/**
 * @file What `crh analyze` is given and how it asks: axes of samples, inputs that are the same for all samples, static
 * batches, graphs as one example, next tokens, losses that are not finite, everything missing in one message, files
 * that hold no ONNX model.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { main } from "../../src/cli/main.ts";
import type { DataArray } from "../../src/data/array.ts";
import { encodeNpy } from "../../src/data/npy.ts";
import { encodeSafetensors } from "../../src/formats/safetensors.ts";
import type { Snapshot } from "../../src/measure/snapshot.ts";
import { int } from "../../src/onnx/graph.ts";
import { GraphBuilder, WORKING_OPSET } from "../../src/onnx/graphBuilder.ts";
import { encodeModel } from "../../src/onnx/modelFile.ts";
import { float32 } from "../../src/onnx/tensor.ts";
import { Random } from "../../src/random/random.ts";
import { type Ended, expectOneLine, workplace } from "./builtProgram.ts";
import { testIo } from "./testIo.ts";

const { dir } = workplace();
const home = process.cwd();
afterAll(() => process.chdir(home));

async function crh(words: string): Promise<Ended> {
  process.chdir(dir);
  const io = testIo();
  const code = await main(words.split(" "), io);
  return { code, signal: null, out: io.out(), err: io.err() };
}

type Found = Snapshot & { inputs: { name: string; from: string; samples: number | "same" }[]; notes: string[] };

async function measured(words: string): Promise<Found> {
  const { code, out, err } = await crh(`analyze ${words} --cost economy --json --quiet`);
  expect(err + code).toBe("0");
  return JSON.parse(out) as Found;
}

function normal(shape: readonly number[], seed: number): Float32Array<ArrayBuffer> {
  const data = new Float32Array(shape.reduce((product, extent) => product * extent, 1));
  new Random(seed).fillNormal(data);
  return data;
}

const write = (name: string, bytes: Uint8Array | string) => writeFileSync(join(dir, name), bytes);
const npy = (name: string, array: DataArray) => write(`${name}.npy`, encodeNpy(array));
const floats = (name: string, shape: number[], seed: number) => {
  const data = normal(shape, seed);
  npy(name, { dtype: "float32", shape, data });
  return data;
};
const whole = (name: string, shape: number[], values: ArrayLike<number>) =>
  npy(name, { dtype: "int64", shape, data: BigInt64Array.from(Array.from(values), BigInt) });

function save(name: string, build: (g: GraphBuilder, weight: (name: string, shape: number[]) => string) => void): void {
  const g = new GraphBuilder("net");
  let seed = 1;
  build(g, (of, shape) => g.initializer(`${of}.weight`, float32(normal(shape, seed++), shape)));
  write(`${name}.onnx`, encodeModel({ graph: g.build(), opset: WORKING_OPSET }));
}

const [n, d] = [20, 4];
floats("x", [n, d], 3);
floats("y", [n, 3], 4);
const rga = ({ layers }: Snapshot) => layers.map(({ alignment }) => alignment.raw.b.rga.value!);

/** y = (x W1 + mean over layers of h V) s W2, with h (2, n, 5). */
const withState = (name: string, batch: number | string) =>
  save(name, (g, weight) => {
    const x = g.input("x", "float32", [batch, d]);
    const h = g.input("h", "float32", [2, batch, 5]);
    const s = g.input("s", "float32", []);
    const state = g.op("ReduceMean", [g.op("MatMul", [h, weight("state", [5, 6])]), g.ints([0])], { keepdims: int(0) });
    const sum = g.op("Add", [g.op("MatMul", [x, weight("up", [d, 6])]), state]);
    g.output(g.op("MatMul", [g.op("Mul", [g.op("Relu", [sum]), s]), weight("down", [6, 3])]), "y");
  });

test("samples along a later axis, numbers and zeros; fixed batches of 1 and of 8 measure the same samples", async () => {
  const h = floats("h", [2, n, 5], 5);
  const first = new Float32Array(h.length);
  for (let i = 0; i < n; i++)
    for (let l = 0; l < 2; l++) first.set(h.subarray((l * n + i) * 5, (l * n + i + 1) * 5), (i * 2 + l) * 5);
  npy("h_first", { dtype: "float32", shape: [n, 2, 5], data: first });
  npy("s", { dtype: "float32", shape: [], data: Float32Array.of(0.5) });
  npy("zero", { dtype: "float32", shape: [2, n, 5], data: new Float32Array(2 * n * 5) });
  const rest = "--targets y.npy --loss mse";
  withState("free", "n");
  const free = await measured(`free.onnx --inputs x=x.npy h=h.npy@axis=1 s=0.5 ${rest}`);
  expect(free.inputs).toEqual([
    { name: "x", from: "x.npy", samples: 0 },
    { name: "h", from: "h.npy", samples: 1 },
    { name: "s", from: "0.5", samples: "same" },
  ]);
  expect(free.notes[0]).toContain("lie along axis 1 in the model, (2, n, 5), and in the file");
  const others = await Promise.all([measured(`free.onnx --inputs x=x.npy h=h_first.npy s=s.npy@same ${rest}`)]);
  withState("one", 1);
  others.push(await measured(`one.onnx --inputs x=x.npy h=h.npy@axis=1 s=0.5 ${rest}`));
  for (const other of others) {
    expect(other.samples).toBe(n);
    expect(other.loss.mean).toBeCloseTo(free.loss.mean!, 5);
    for (const [i, value] of rga(other).entries()) expect(value).toBeCloseTo(rga(free)[i]!, 4);
  }
  const zeros = await measured(`free.onnx --inputs x=x.npy h=zeros s=0.5 ${rest}`);
  const zero = await measured(`free.onnx --inputs x=x.npy h=zero.npy@axis=1 s=0.5 ${rest}`);
  expect(zeros.loss.mean).toBe(zero.loss.mean);
  expect(zeros.loss.mean).not.toBeCloseTo(free.loss.mean!, 3);
  withState("eight", 8);
  const sixteen = await measured(`free.onnx --inputs x=x.npy h=h.npy@axis=1 s=0.5 ${rest} --samples 16`);
  const { code, out, err } = await crh(
    `analyze eight.onnx --inputs x=x.npy h=h.npy@axis=1 s=0.5 ${rest} --batch 8 --cost economy --json`,
  );
  const eight = JSON.parse(out) as Found;
  expect([code, eight.samples % 4]).toEqual([0, 0]);
  if (eight.samples === 16) {
    expect(err).toContain("The last 4 samples fill no batch of 8");
    expect(eight.notes.join()).toContain("The last 4 samples fill no batch of 8");
    expect(eight.loss.mean).toBeCloseTo(sixteen.loss.mean!, 5);
  } else expect(eight.loss.mean).toBeCloseTo(free.loss.mean!, 5);
});

test("samples that fill no batch of the only size are said, and too few are refused", async () => {
  save("static", (g, weight) => {
    const x = g.op("MatMul", [g.input("x", "float32", [8, d]), weight("up", [d, 6])]);
    const mixed = g.op("Reshape", [g.op("Reshape", [x, g.ints([8, 3, 2])]), g.ints([8, 6])]);
    g.output(g.op("MatMul", [g.op("Relu", [mixed]), weight("down", [6, 3])]), "y");
  });
  const rest = "--targets y.npy --loss mse";
  const { samples, notes } = await measured(`static.onnx --inputs x.npy ${rest}`);
  expect([samples, notes]).toEqual([
    16,
    ["The last 4 samples fill no batch of 8, the only size that the model takes: not measured."],
  ]);
  floats("x5", [5, d], 3);
  floats("y5", [5, 3], 4);
  expectOneLine(
    await crh("analyze static.onnx --inputs x5.npy --targets y5.npy --loss mse --json"),
    1,
    /^crh analyze: expected at least 8 samples, the only batch that the model takes, got 5/,
  );
});

test("what does not lie as the model has it is refused with the words that say how", async () => {
  const rest = "--targets y.npy --loss mse --json";
  const refused = async (inputs: string, message: RegExp, code = 1) =>
    expectOneLine(await crh(`analyze free.onnx --inputs ${inputs} ${rest}`), code, message);
  await refused(
    "x=x.npy h=h.npy s=0.5",
    /or state that samples are along another axis .*: --inputs h=h\.npy@axis=1 or h=h\.npy@same$/m,
  );
  await refused(
    "x=x.npy h=zeros s=s.npy",
    /got shape \(\); values shared by all samples are given as --inputs s=s\.npy@same or s=0\.5$/m,
  );
  await refused("x=x.npy g=h.npy", /^crh analyze: expected the name of an input .*, got g; known: x, h, s/, 2);
  await refused(
    "x=x.npy h=h.npy@axes=1 s=1",
    /expected @axis=NUMBER or @same behind a file in --inputs, got @axes=1/,
    2,
  );
  await refused("x=x.npy h=h.npy@axis=3 s=1", /as @axis in --inputs, got 3; axes count from 0/);
});

test("a graph is one example: the loss is the sum over its nodes, and its gradient that of the sum", async () => {
  const network = (name: string, given: boolean) =>
    save(name, (g, weight) => {
      const x = g.input("x", "float32", given ? ["nodes", d] : [1, n, d]);
      const A = g.input("A", "float32", given ? ["nodes", "nodes"] : [1, n, n]);
      const up = g.op("MatMul", [A, g.op("MatMul", [x, weight("up", [d, 6])])]);
      g.output(g.op("MatMul", [A, g.op("MatMul", [g.op("Relu", [up]), weight("down", [6, 3])])]), "y");
    });
  network("graph", true);
  network("sequence", false);
  const A = floats("A", [n, n], 6);
  npy("A1", { dtype: "float32", shape: [1, n, n], data: A });
  npy("x1", { dtype: "float32", shape: [1, n, d], data: normal([n, d], 3) });
  const labels = Array.from({ length: n }, (_, i) => i % 3);
  whole("nodes", [n], labels);
  whole("nodes1", [1, n], labels);
  const graph = await measured(
    "graph.onnx --inputs x=x.npy@same A=A.npy@same --targets nodes.npy --loss cross-entropy",
  );
  const sequence = await measured("sequence.onnx --inputs x=x1.npy A=A1.npy --targets nodes1.npy --loss cross-entropy");
  expect(graph.notes.at(-1)).toMatch(
    /^All inputs are fed unsplit: the data are one example, its loss is the sum over its 20 rows/,
  );
  expect(graph.samples).toBe(n);
  expect(graph.loss.mean).toBeCloseTo(sequence.loss.mean!, 5);
  for (const [i, value] of rga(graph).entries()) expect(value).toBeCloseTo(rga(sequence)[i]!, 4);
});

test("next-token is cross-entropy with the tokens one further along, of which the last has none", async () => {
  const T = 6;
  const tokens = Array.from({ length: n * T }, (_, i) => (i * i + 3 * i) % 7);
  whole("tokens", [n, T], tokens);
  whole(
    "next",
    [n, T],
    tokens.map((_, i) => ((i + 1) % T === 0 ? -100 : tokens[i + 1]!)),
  );
  save("lm", (g, weight) => {
    const ids = g.input("ids", "int64", ["n", T]);
    const mask = g.op("Cast", [g.input("mask", "int64", ["n", T])], { to: int(1) });
    const embedded = g.op("Gather", [g.initializer("embedding", float32(normal([7, d], 9), [7, d])), ids]);
    const kept = g.op("Mul", [embedded, g.op("Unsqueeze", [mask, g.ints([2])])]);
    g.output(
      g.op("MatMul", [g.op("Relu", [g.op("MatMul", [kept, weight("up", [d, 6])])]), weight("down", [6, 7])]),
      "logits",
    );
  });
  const explicit = await measured("lm.onnx --inputs ids=tokens.npy mask=1 --targets next.npy --loss cross-entropy");
  for (const words of ["ids=tokens.npy mask=1 --loss next-token=ids"]) {
    const next = await measured(`lm.onnx --inputs ${words}`);
    expect([next.loss, next.samples, next.layers]).toEqual([explicit.loss, explicit.samples, explicit.layers]);
    expect(next.notes.join()).toContain(
      "Targets: ids one position further along; the last position of a sample has none.",
    );
  }
  whole("ones", [n, T], new Array(n * T).fill(1));
  expectOneLine(
    await crh("analyze lm.onnx --inputs ids=tokens.npy mask=ones.npy --loss next-token"),
    1,
    /got ids, mask; say which: --loss next-token=ids/,
  );
  const { out } = await crh(
    "analyze lm.onnx --inputs ids=tokens.npy mask=1 --loss next-token=ids --cost economy --quiet",
  );
  expect(out).toMatch(/\n\s*100 rows of 20 samples, paper convention/);
  expectOneLine(
    await crh("analyze lm.onnx --inputs ids=tokens.npy mask=1 --targets next.npy --loss mse --json --quiet"),
    1,
    /^crh analyze: mse: expected float32 targets of shape \(20, 6, 7\) .*, got float32 \(20, 6\); .* or take cross-entropy/,
  );
});

test("a loss that is not finite names the first sample and the first value", async () => {
  save("exp", (g, weight) => {
    const x = g.op("MatMul", [g.input("x", "float32", ["n", d]), weight("up", [d, 6])]);
    const big = g.op("Exp", [x], {}, { name: "/act/Exp" });
    g.output(g.op("MatMul", [big, weight("down", [6, 3])]), "y");
  });
  const data = normal([n, d], 3);
  for (const i of [13, 17]) data.subarray(i * d, (i + 1) * d).fill(i === 13 ? 1e4 : -1e4);
  npy("large", { dtype: "float32", shape: [n, d], data });
  const { notes, loss } = await measured("exp.onnx --inputs large.npy --targets y.npy --loss mse");
  expect(loss.mean).toBeNull();
  expect(notes.at(-1)).toMatch(
    /^The loss is not finite: that of sample 13 \(from 0\) is the first, where the output \S*exp\S* of Exp in act is the first value/,
  );
  npy("nan", { dtype: "float32", shape: [n, d], data: data.map((v, i) => (i === 7 * d ? Number.NaN : v)) });
  expectOneLine(
    await crh("analyze exp.onnx --inputs nan.npy --targets y.npy --loss mse --quiet --json"),
    1,
    /got NaN in sample 7/,
  );
});

test("targets whose samples lie along a later axis, of the file alone and of the model's output too", async () => {
  const T = 3;
  const perStep = (name: string, shape: (number | string)[]) => {
    const g = new GraphBuilder("net");
    const weight = (of: string, size: number[]) => g.initializer(`${of}.weight`, float32(normal(size, size[0]!), size));
    const x = g.input("x", "float32", [...shape, d]);
    const hidden = g.op("Tanh", [g.op("MatMul", [x, weight("up", [d, 5])])]);
    g.output(g.op("MatMul", [hidden, weight("down", [5, 2])]), "y");
    const outputs = [{ name: "y", dtype: "float32" as const, shape: [...shape, 2] }];
    write(`${name}.onnx`, encodeModel({ graph: { ...g.build(), outputs }, opset: WORKING_OPSET }));
  };
  perStep("timeFirst", [T, "n"]);
  perStep("batchFirst", ["n", T]);
  const swapped = (name: string, width: number, data: Float32Array) =>
    npy(name, {
      dtype: "float32",
      shape: [T, n, width],
      data: Float32Array.from(data, (_, k) => {
        const [t, i, j] = [Math.floor(k / (n * width)), Math.floor(k / width) % n, k % width];
        return data[(i * T + t) * width + j]!;
      }),
    });
  swapped("xTime", d, floats("xBatch", [n, T, d], 8));
  swapped("yTime", 2, floats("yBatch", [n, T, 2], 9));
  const rest = "--loss mse --batch 8";
  const twin = await measured(`batchFirst.onnx --inputs xBatch.npy --targets yBatch.npy ${rest}`);
  const found = await measured(`timeFirst.onnx --inputs x=xTime.npy@axis=1 --targets yTime.npy@axis=1 ${rest}`);
  const file = await measured(`batchFirst.onnx --inputs xBatch.npy --targets yTime.npy@axis=1 ${rest}`);
  for (const other of [found, file]) {
    expect(other.samples).toBe(twin.samples);
    expect(other.loss.mean).toBeCloseTo(twin.loss.mean!, 6);
    for (const [i, value] of rga(other).entries()) expect(value).toBeCloseTo(rga(twin)[i]!, 5);
  }
  expect(found.notes.join()).toContain("The samples of y lie along axis 1 in the model, (3, n, 2)");
  const refused = async (targets: string, line: RegExp) =>
    expectOneLine(await crh(`analyze batchFirst.onnx --inputs xBatch.npy --targets ${targets} ${rest}`), 2, line);
  await refused(
    "yTime.npy@same",
    /^crh analyze: expected targets of each sample in --targets, got yTime\.npy@same; leave/,
  );
  await refused("yTime.npy@axis=x", /expected @axis=NUMBER behind a file in --targets, got @axis=x/);
  expectOneLine(
    await crh(`analyze batchFirst.onnx --inputs xBatch.npy --targets yTime.npy@axis=3 ${rest}`),
    1,
    /expected an axis of yTime\.npy, of shape \(3, 20, 2\), as @axis in --targets, got 3; axes count from 0/,
  );
  expectOneLine(
    await crh(`analyze batchFirst.onnx --inputs xBatch.npy --targets yTime.npy ${rest}`),
    1,
    /expected targets of shape \(20, 20, 2\), got \(3, 20, 2\); .*; --targets FILE@axis=1 has its samples along axis 1/,
  );
});

test("all that is missing is asked for at once, with the model's names; a model that an option took is found", async () => {
  expectOneLine(
    await crh("analyze free.onnx"),
    2,
    /^crh analyze: expected --inputs, --targets and --loss, got none of them; free\.onnx takes x float32 \(n, 4\), h float32 \(2, n, 5\), s float32 \(\) and gives y.*: crh analyze free\.onnx --inputs x=x\.npy h=zeros s=NUMBER --targets targets\.npy --loss LOSS; LOSS is mse, .*next-token/,
  );
  expectOneLine(
    await crh("analyze free.onnx --inputs x=x.npy --loss mse"),
    2,
    /expected --inputs for h, s and --targets, got none of them; .*--inputs x=x\.npy h=zeros s=NUMBER --targets targets\.npy --loss mse/,
  );
  expectOneLine(await crh("analyze --inputs x.npy"), 2, /^crh analyze: expected the file of a model, got none/);
  const { code } = await crh(
    "analyze --targets y.npy --loss mse --cost economy --json --quiet --inputs x.npy static.onnx",
  );
  expect(code).toBe(0);
  expectOneLine(
    await crh("analyze static.onnx --inputs x.npy --targets y.npy --loss mse --layers uo --quiet"),
    2,
    /^crh analyze: expected a layer that --layers uo names, got none of 2: did you mean up\?; without --layers all are/,
  );
});

test("bytes of two axes are no images: they are taken as they are, which is said", async () => {
  npy("bytes", { dtype: "uint8", shape: [n, d], data: Uint8Array.from({ length: n * d }, (_, i) => i) });
  npy("numbers", { dtype: "float32", shape: [n, d], data: Float32Array.from({ length: n * d }, (_, i) => i) });
  const rest = "--targets y.npy --loss mse --batch 8";
  const bytes = await measured(`static.onnx --inputs bytes.npy ${rest}`);
  expect(bytes.notes[0]).toBe("Input x: bytes taken as they are; --pixels unit scales them to [0, 1].");
  expect(bytes.loss).toEqual((await measured(`static.onnx --inputs numbers.npy ${rest}`)).loss);
  const scaled = await measured(`static.onnx --inputs bytes.npy ${rest} --pixels unit`);
  expect(scaled.notes[0]).toBe("Input x: scaled bytes to [0, 1].");
});

test.each<[string, Uint8Array | string, RegExp]>([
  ["gpt.pt", "PK\u0003\u0004......archive/data.pkl", /a file of PyTorch \(gpt\.pt\); in Python, torch\.onnx\.export/],
  ["old.pkl", Uint8Array.of(0x80, 2, 0x8a), /a Python pickle.*torch\.onnx\.export/],
  ["w.safetensors", encodeSafetensors(new Map()), /weights in safetensors, without the network/],
  ["net.h5", Uint8Array.of(0x89, 0x48, 0x44, 0x46, 13, 10), /a file of HDF5, as Keras has them/],
  ["net.tflite", "\u001c\0\0\0TFL3....", /a model of TensorFlow Lite .*tf2onnx/],
  ["graph.pb", "node", /a graph of TensorFlow .*tf2onnx/],
  ["lfs.onnx", "version https://git-lfs.github.com/spec/v1\noid sha256:1", /a pointer of git-lfs .*git lfs pull/],
  ["page.onnx", "<!DOCTYPE html><html>", /a page of HTML .*download the file itself/],
])("%s is recognised, with the cure", async (name, bytes, message) => {
  write(name, bytes);
  expectOneLine(
    await crh(`analyze ${name}`),
    1,
    new RegExp(`^crh analyze: expected an ONNX model, got ${message.source}`),
  );
});

test("a folder of TensorFlow is recognised, with the cure", async () => {
  mkdirSync(join(dir, "saved"));
  write("saved/saved_model.pb", "");
  expectOneLine(
    await crh("analyze saved"),
    1,
    /got a folder \(saved\) of TensorFlow; python -m tf2onnx\.convert --saved-model saved/,
  );
});
