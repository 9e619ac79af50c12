/**
 * @file Trained models of others, on real data, through the built program: the ResNet-20 of CIFAR-10, an MNIST network
 * of opset 8, a transformer; and moments that go out by `analyze --moments` and come back by `ingest`.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { nodeEngine } from "../../src/engineNode/nodeEngine.ts";
import { decodeSafetensors } from "../../src/formats/safetensors.ts";
import type { Snapshot } from "../../src/measure/snapshot.ts";
import { decodeModel } from "../../src/onnx/modelFile.ts";
import { float32 } from "../../src/onnx/tensor.ts";
import { upgradeModel } from "../../src/onnx/upgrade.ts";
import { sharedPath } from "../shared.ts";
import { expectOneLine, workplace } from "./builtProgram.ts";

const resnet = sharedPath("data/models-cifar10-resnet");
const cifar = sharedPath("data/cifar-10-original-subset/test_batch.bin.gz");
const small = sharedPath("data/models-small/mnist-8.cntk.onnx");
const mnist = sharedPath("data/mnist/t10k-images-idx3-ubyte.gz");
const gpt = sharedPath("reference/gpt-ce");
const MINUTE = 60_000;

const { crh, dir } = workplace();

async function measured(...words: string[]): Promise<Snapshot> {
  const { code, out, err } = await crh("analyze", ...words, "--loss", "cross-entropy", "--json");
  expect(code, err).toBe(0);
  expect(err).toMatch(/^(crh: Input .*\n)*$/); // what was done to the data, and nothing else
  return JSON.parse(out) as Snapshot;
}

describe.skipIf(resnet === undefined || cifar === undefined)("the trained ResNet-20", () => {
  test("has the logits of its expected file", async () => {
    const { tensors } = decodeSafetensors(readFileSync(join(resnet!, "resnet20.expected.safetensors")));
    const [input, logits] = ["input", "logits"].map((name) => tensors.get(name)!);
    const model = upgradeModel(decodeModel(readFileSync(join(resnet!, "resnet20.onnx"))));
    const program = await nodeEngine.compile(model);
    const out = await program.run({ input: float32(input!.data as Float32Array, input!.shape) });
    await program.dispose();
    (out.logits!.data as Float32Array).forEach((value, i) => {
      expect(Math.abs(value - Number(logits!.data[i]))).toBeLessThan(1e-4 * 20);
    });
  });

  test("is 91.7 % accurate on the original images; all 20 maps are measured", { timeout: 3 * MINUTE }, async () => {
    const normalize = ["--normalize", "mean=0.485,0.456,0.406", "std=0.229,0.224,0.225"];
    const model = join(resnet!, "resnet20.onnx");
    const words = [model, "--inputs", cifar!, ...normalize];
    const { accuracy, layers, samples, skipped } = await measured(...words, "--cost", "economy");
    expect(samples).toBe(761);
    expect(Math.round(1000 * accuracy!)).toBe(917);
    expect(layers.length).toBe(20);
    expect(skipped).toEqual([]);
    expect(layers.map(({ kind }) => kind)).toEqual([...Array(19).fill("conv"), "linear"]);
    expect(layers[1]!.name).toBe("layer1.0.conv1");
    const values = layers.flatMap(({ alignment }) => [alignment.paper.a!, alignment.paper.b]);
    for (const { rga, rwa, gwa } of values) for (const { value } of [rga, rwa, gwa]) expect(value).toBeGreaterThan(0);
    // What a layer has beyond alignments, of one convolution and the last map, as cost standard has it
    const some = await measured(...words, "--samples", "200", "--layers", "layer1.0.conv1", layers[19]!.name);
    expect(some.layers.map(({ phase, ranks }) => [phase != null, ranks.paper.a !== null])).toEqual([
      [true, true],
      [true, true],
    ]);
  });
});

test.skipIf(small === undefined || mnist === undefined)(
  "the MNIST network of opset 8, exported for one image at a time, finds its labels beside the images",
  { timeout: MINUTE },
  async () => {
    const { accuracy, layers } = await measured(small!, "--inputs", mnist!, "--pixels", "raw", "--samples", "300");
    expect(accuracy).toBeGreaterThan(0.98);
    expect(layers.map(({ kind, dIn, dOut }) => [kind, dIn, dOut])).toEqual([
      ["conv", 25, 8],
      ["conv", 200, 16],
      ["linear", 256, 10],
    ]);
  },
);

describe.skipIf(gpt === undefined)("the transformer", () => {
  const words = () => [join(gpt!, "model.onnx"), "--inputs", join(gpt!, "x.npy"), "--targets", join(gpt!, "y.npy")];

  test("--layers and --cost choose what is measured", async () => {
    const { layers, skipped } = await measured(...words(), "--layers", "up.*", "attn.1.*", "--cost", "economy");
    const maps = layers.filter(({ kind }) => kind === "linear").map(({ name }) => name);
    expect(maps).toEqual(["up.0", "attn.1.qkv", "attn.1.proj", "up.1"]);
    expect(layers[0]!.ranks.raw.b.H.status).toBe("not-measured");
    expect(skipped).toContainEqual({ node: "down.0", reason: "not among the layers asked for" });
  });

  test("moments written by analyze and read by ingest give the same alignments, and are refused twice", async () => {
    const file = join(dir, "gpt.safetensors");
    const direct = await measured(...words(), "--cost", "full", "--moments", file);
    const { out } = await crh("ingest", file, "--json");
    const back = JSON.parse(out) as Snapshot;
    expect(withoutNoise(back.layers)).toEqual(withoutNoise(direct.layers));
    const twice = await crh("ingest", file, file, "--json");
    expectOneLine(twice, 1, /^crh ingest: expected every shard once, got the same samples in .*gpt\.safetensors/);
  });
});

/** What rests on the sums of all samples alone: noise and exponents need groups of them, NC4 the samples themselves. */
function withoutNoise(layers: Snapshot["layers"]): unknown {
  const resting = new Set(["noise", "corrected", "groups", "heavyGroups", "exponents", "phase", "tailExponent", "nc4"]);
  const rest = (key: string, value: unknown) => (resting.has(key) ? undefined : value);
  return JSON.parse(JSON.stringify(layers, rest));
}
