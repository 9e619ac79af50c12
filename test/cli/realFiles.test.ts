/**
 * @file `crh analyze` on models and files as users have them: several outputs, a softmax at the end, arrays in
 * archives, labels in columns or one-hot, dimensions of -1; devices, pipes, links and inputs where a file is to be read
 * or written.
 */
import { execFileSync } from "node:child_process";
import { existsSync, lstatSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
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

/** The program in this process, in the folder of the files. */
async function crh(...args: string[]): Promise<Ended> {
  process.chdir(dir);
  const io = testIo();
  const code = await main(args, io);
  return { code, signal: null, out: io.out(), err: io.err() };
}
const FAILED = 1;
const [n, d, classes] = [30, 5, 3];

function normal(shape: readonly number[], seed: number): Float32Array<ArrayBuffer> {
  const data = new Float32Array(shape.reduce((product, extent) => product * extent, 1));
  new Random(seed).fillNormal(data);
  return data;
}

type Ends = (g: GraphBuilder, hidden: string, logits: string) => void;

/** A network of two maps, whose outputs `ends` declares. */
function model(ends: Ends, batch: "n" | undefined = "n"): Uint8Array {
  const g = new GraphBuilder("net");
  const weight = (name: string, shape: number[], seed: number) =>
    g.initializer(name, float32(normal(shape, seed), shape));
  const x = g.input("x", "float32", [batch, d]);
  const hidden = g.op("Relu", [g.op("MatMul", [x, weight("up.weight", [d, 7], 1)])]);
  ends(g, hidden, g.op("MatMul", [hidden, weight("down.weight", [7, classes], 2)]));
  return encodeModel({ graph: g.build(), opset: WORKING_OPSET });
}

const softmax = (g: GraphBuilder, of: string) => g.op("Softmax", [of], { axis: int(1) });

const models: Readonly<Record<string, Ends>> = {
  logits: (g, _, y) => void g.output(y, "y"),
  "hidden first": (g, h, y) => {
    g.output(h, "hidden");
    g.output(y, "y");
  },
  "label first": (g, _, y) => {
    g.output(g.op("ArgMax", [y], { axis: int(1), keepdims: int(0) }), "label");
    g.output(y, "y");
  },
  "label alone": (g, _, y) => void g.output(g.op("ArgMax", [y], { axis: int(1), keepdims: int(0) }), "label"),
  "logits first": (g, h, y) => {
    g.output(y, "y");
    g.output(h, "hidden");
  },
  softmax: (g, _, y) => void g.output(softmax(g, y), "p"),
  "softmax reshaped": (g, _, y) => void g.output(g.op("Reshape", [softmax(g, y), g.ints([-1, classes])]), "p"),
  "log softmax": (g, _, y) => void g.output(g.op("LogSoftmax", [y], { axis: int(1) }), "p"),
  sigmoid: (g, _, y) => void g.output(g.op("Sigmoid", [y]), "p"),
};

beforeAll(() => {
  const write = (name: string, bytes: Uint8Array | string) => writeFileSync(join(dir, name), bytes);
  for (const [name, ends] of Object.entries(models)) write(`${name}.onnx`, model(ends));
  const x: DataArray = { dtype: "float32", shape: [n, d], data: normal([n, d], 3) };
  const label = Array.from({ length: n }, (_, i) => (i * 7) % classes);
  const oneHot = label.flatMap((k) => Array.from({ length: classes }, (_, j) => Number(j === k)));
  write("x.npy", encodeNpy(x));
  const int64 = (shape: number[], values: number[]): DataArray => ({
    ...{ dtype: "int64", shape },
    data: BigInt64Array.from(values, BigInt),
  });
  write("labels.npy", encodeNpy(int64([n], label)));
  write("column.npy", encodeNpy(int64([n, 1], label)));
  write("one-hot.npy", encodeNpy({ dtype: "float32", shape: [n, classes], data: Float32Array.from(oneHot) }));
  write(
    "two hot.npy",
    encodeNpy({ dtype: "float32", shape: [n, classes], data: Float32Array.from(oneHot, (v) => v || 1) }),
  );
  const other = { dtype: "F32" as const, shape: [n, d], data: normal([n, d], 9) };
  const own = { dtype: "F32" as const, shape: [n, d], data: x.data as Float32Array };
  write(
    "with x.safetensors",
    encodeSafetensors(
      new Map([
        ["x", own],
        ["z_test", other],
      ]),
    ),
  );
  write(
    "without x.safetensors",
    encodeSafetensors(
      new Map([
        ["a", own],
        ["b", other],
      ]),
    ),
  );
  write("one.safetensors", encodeSafetensors(new Map([["anything", own]])));
});

const usual = [
  "--inputs",
  "x.npy",
  "--targets",
  "labels.npy",
  "--loss",
  "cross-entropy",
  "--cost",
  "economy",
  "--json",
];

async function measured(...args: string[]): Promise<{ found: Snapshot; err: string }> {
  const { code, out, err } = await crh("analyze", ...args);
  expect(err + code).toMatch(/0$/);
  return { found: JSON.parse(out) as Snapshot, err };
}

async function refused(message: RegExp, ...args: string[]): Promise<void> {
  expectOneLine(await crh("analyze", ...args), FAILED, message);
}

let known: Promise<number> | undefined;
/** Of the model that ends in logits, measured once. */
const lossOfLogits = () => {
  known ??= lossOf("logits.onnx", ...usual);
  return known;
};
const lossOf = async (...args: string[]) => (await measured(...args)).found.loss.mean!;

describe("several outputs", () => {
  test("the first that cannot be the one is refused with the list; --output names another", async () => {
    await refused(
      /expected --output NAME .*\(hidden, y\), got none; its first, hidden, does not depend/,
      "hidden first.onnx",
      ...usual,
    );
    await refused(/\(label, y\), got none; its first, label, is no float/, "label first.onnx", ...usual);
    await refused(
      /expected an output of the model \(label, y\) as --output, got z/,
      "label first.onnx",
      "--output",
      "z",
      ...usual,
    );
    await refused(
      /expected an output of real numbers, got label of int64; choose another by --output: y\n/,
      "label first.onnx",
      "--output",
      "label",
      ...usual,
    );
    await refused(
      /expected an output of real numbers, got label of int64; export .* the logits/,
      "label alone.onnx",
      ...usual,
    );
    const expected = await lossOfLogits();
    for (const name of ["hidden first", "label first"])
      expect(await lossOf(`${name}.onnx`, "--output", "y", ...usual)).toBe(expected);
  });

  test("the first that can be is taken, and said", async () => {
    const { found, err } = await measured("logits first.onnx", ...usual);
    expect(err).toContain("The loss is taken of y, the first of the outputs y, hidden");
    expect(found.loss.mean).toBe(await lossOfLogits());
  });
});

describe("a model that ends in probabilities", () => {
  test.each(["softmax", "softmax reshaped"])("%s: cross-entropy and nll are of what is before it", async (name) => {
    const expected = await lossOfLogits();
    const { found, err } = await measured(`${name}.onnx`, ...usual);
    expect(err).toContain("The model ends in Softmax: the loss uses its input");
    expect(found.loss.mean).toBeCloseTo(expected, 6);
    const nll = await measured(`${name}.onnx`, ...usual, "--loss", "nll");
    expect(nll.err).toContain("The model ends in Softmax: nll takes the logarithm");
    expect(nll.found.loss.mean).toBeCloseTo(expected, 6);
    expect(nll.found.layers.map((layer) => layer.name)).toEqual(["up", "down"]);
  });

  test("log-probabilities are nll's own, and cross-entropy does not change them", async () => {
    const expected = await lossOfLogits();
    for (const loss of ["nll", "cross-entropy"])
      expect(await lossOf("log softmax.onnx", ...usual, "--loss", loss)).toBeCloseTo(expected, 6);
  });

  test("a sigmoid is taken off for bce-with-logits, kept for bce, and questioned for classes", async () => {
    const targets = ["--inputs", "x.npy", "--targets", "one-hot.npy", "--cost", "economy", "--json"];
    const expected = await lossOf("logits.onnx", ...targets, "--loss", "bce-with-logits");
    expect(await lossOf("sigmoid.onnx", ...targets, "--loss", "bce-with-logits")).toBeCloseTo(expected, 6);
    expect(await lossOf("sigmoid.onnx", ...targets, "--loss", "bce")).toBeCloseTo(expected, 4);
    expect((await measured("sigmoid.onnx", ...usual)).err).toContain("The model ends in Sigmoid");
  });
});

describe("arrays", () => {
  test("of an archive the one of the input's name, or the only one; else refused with their names", async () => {
    const expected = await lossOfLogits();
    const rest = usual.slice(2);
    for (const file of ["with x", "one"])
      expect(await lossOf("logits.onnx", "--inputs", `x=${file}.safetensors`, ...rest)).toBe(expected);
    await refused(
      /expected one array in without x.safetensors, or one called x, got a, b/,
      "logits.onnx",
      "--inputs",
      "x=without x.safetensors",
      ...rest,
    );
  });

  test("labels in a column or one-hot are class indices; rows that are neither are refused with their shape", async () => {
    const expected = await lossOfLogits();
    for (const file of ["column", "one-hot"])
      expect(await lossOf("logits.onnx", ...usual, "--targets", `${file}.npy`)).toBe(expected);
    await refused(
      /one-hot rows, got targets \(30, 3\) whose row 0 is neither/,
      "logits.onnx",
      ...usual,
      "--targets",
      "two hot.npy",
    );
  });
});

test("a batch that the model has along its second axis is found there, and said", async () => {
  const overTime = (timeFirst: boolean) => {
    const g = new GraphBuilder("steps");
    const x = g.input("x", "float32", timeFirst ? [4, "n", d] : ["n", 4, d]);
    const w = g.initializer("w", float32(normal([d, classes], 1), [d, classes]));
    const steps = g.op("MatMul", [x, w]);
    g.output(g.op("ReduceMean", [steps, g.ints([timeFirst ? 0 : 1])], { keepdims: int(0) }), "y");
    return encodeModel({ graph: g.build(), opset: WORKING_OPSET });
  };
  writeFileSync(join(dir, "time first.onnx"), overTime(true));
  writeFileSync(join(dir, "samples first.onnx"), overTime(false));
  writeFileSync(join(dir, "steps.npy"), encodeNpy({ dtype: "float32", shape: [n, 4, d], data: normal([n, 4, d], 5) }));
  const rest = ["--inputs", "steps.npy", ...usual.slice(2)];
  const [first, second] = [await measured("samples first.onnx", ...rest), await measured("time first.onnx", ...rest)];
  expect(second.err).toContain("The samples of x lie along axis 1 in the model");
  expect(second.found.loss.mean).toBeCloseTo(first.found.loss.mean!, 6);
  expect(second.found.layers[0]!.samples).toBe(4 * n);
  const text = (axis: string) => {
    const g = new GraphBuilder("text");
    const x = g.input("x", "float32", axis === "one" ? [1, "T", d] : [4, axis, d]);
    const w = g.initializer("w", float32(normal([d, classes], 1), [d, classes]));
    g.output(g.op("ReduceMean", [g.op("MatMul", [x, w]), g.ints([1])], { keepdims: int(0) }), "y");
    return encodeModel({ graph: g.build(), opset: WORKING_OPSET });
  };
  for (const axis of ["one", "sequence_length"]) {
    writeFileSync(join(dir, "text.onnx"), text(axis));
    expect((await measured("text.onnx", ...rest)).err).not.toContain("lie along axis");
  }
  const rga = ({ found }: typeof first) => found.layers[0]!.alignment.paper.b.rga.value!;
  expect(rga(second)).toBeCloseTo(rga(first), 5);
});

describe("what is no file, or is another", () => {
  test.skipIf(process.platform === "win32")(
    "a pipe and a device are refused at once, to read and to write",
    async () => {
      execFileSync("mkfifo", [join(dir, "pipe")]);
      for (const path of ["pipe", "/dev/zero"]) {
        const message = new RegExp(`${path}: expected a file of bytes, got a device or a pipe`);
        await refused(message, "logits.onnx", "--inputs", path, ...usual.slice(2));
        await refused(message, "logits.onnx", ...usual, "--targets", path);
        await refused(message, path, ...usual);
        await refused(
          new RegExp(`${path}: expected the name of a file to write`),
          "logits.onnx",
          ...usual,
          "--out",
          path,
        );
      }
      expect(lstatSync(join(dir, "pipe")).isFIFO()).toBe(true);
    },
  );

  test("an input is not written over, and a link stays one", async () => {
    const before = readFileSync(join(dir, "logits.onnx"));
    for (const name of ["logits.onnx", "x.npy", "labels.npy"])
      await refused(
        /expected the name of a file to write, got one that is read/,
        "logits.onnx",
        ...usual,
        "--out",
        name,
      );
    expect(readFileSync(join(dir, "logits.onnx"))).toEqual(before);
    writeFileSync(join(dir, "target"), "old");
    symlinkSync(join(dir, "target"), join(dir, "link"));
    await measured("logits.onnx", ...usual, "--out", "link");
    expect(lstatSync(join(dir, "link")).isSymbolicLink()).toBe(true);
    expect(readFileSync(join(dir, "target"), "utf8")).toContain("<html");
    expect(existsSync(join(dir, "pipe 2"))).toBe(false);
  });

  test("ten thousand threads, and as many layers, are refused at once", async () => {
    const threads = await crh("analyze", "logits.onnx", ...usual, "--threads", "10000");
    expectOneLine(threads, 2, /expected at most 256 as --threads, got 10000/);
    const depth = await crh("run", "fc2", "depth=100000000", "width=1", "--steps", "5");
    expectOneLine(depth, 2, /expected depth to be 10,000 at most/);
  });
});
