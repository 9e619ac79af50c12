/**
 * @file Real images through loadArrays and fitArray reach trained models as they were trained: accuracies and logits
 * are the known ones.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { toFloat32 } from "../../src/data/array.ts";
import { type FitOptions, fitArray } from "../../src/data/fitArray.ts";
import { labelsOf, loadArrays } from "../../src/data/loadArrays.ts";
import { nodeEngine } from "../../src/engineNode/nodeEngine.ts";
import type { Model } from "../../src/onnx/graph.ts";
import { decodeModel } from "../../src/onnx/modelFile.ts";
import type { Tensor } from "../../src/onnx/tensor.ts";
import { upgradeModel } from "../../src/onnx/upgrade.ts";
import { sharedPath } from "../shared.ts";

/** Sums of some thousand float32 products in another order. */
const LOGIT_TOLERANCE = 1e-3;

const read = (path: string) => new Uint8Array(readFileSync(path));

async function accuracy(
  model: Model,
  file: string,
  labels: Int32Array | undefined,
  options: FitOptions,
  batch: number,
) {
  const loaded = loadArrays(read(file), { name: file });
  const [input] = model.graph.inputs;
  const layout = loaded.layout === undefined ? {} : { layout: loaded.layout };
  const fitted = fitArray(loaded.arrays.get("data")!, input!, { isPixels: loaded.isPixels, ...layout, ...options });
  const y = labels ?? loaded.labels!;
  const program = await nodeEngine.compile(model, { threads: 2 });
  let correct = 0;
  for (let from = 0; from < y.length; from += batch) {
    const to = Math.min(y.length, from + batch);
    const [output] = Object.values(await program.run({ [input!.name]: fitted.rows(from, to) as Tensor }));
    const logits = output!.data as Float32Array;
    const classes = logits.length / (to - from);
    for (let i = 0; i < to - from; i++) {
      const row = logits.subarray(i * classes, (i + 1) * classes);
      if (row.indexOf(Math.max(...row)) === y[from + i]) correct++;
    }
  }
  await program.dispose();
  return correct / y.length;
}

const resnet = sharedPath("data/models-cifar10-resnet");
const cifar = sharedPath("data/cifar-10-original-subset");
test.skipIf(resnet === undefined || cifar === undefined)(
  "ResNet-20 knows 91.7 % of the original CIFAR-10 test images",
  async () => {
    const model = upgradeModel(decodeModel(read(join(resnet!, "resnet20.onnx"))));
    const normalize = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
    expect(await accuracy(model, join(cifar!, "test_batch.bin.gz"), undefined, { normalize }, 100)).toBeCloseTo(
      0.917,
      3,
    );
  },
);

test.skipIf(resnet === undefined)("ResNet-20 gives the expected logits of the expected inputs", async () => {
  const model = upgradeModel(decodeModel(read(join(resnet!, "resnet20.onnx"))));
  const name = "resnet20.expected.safetensors";
  const arrays = [...loadArrays(read(join(resnet!, name)), { name }).arrays.values()];
  const [x, logits] = [4, 2].map((rank) => arrays.find(({ shape }) => shape.length === rank)!);
  const program = await nodeEngine.compile(model);
  const [output] = Object.values(
    await program.run({ input: fitArray(x!, model.graph.inputs[0]!).rows(0, 8) as Tensor }),
  );
  await program.dispose();
  for (const [i, value] of toFloat32(logits!).entries())
    expect(Math.abs((output!.data as Float32Array)[i]! - value)).toBeLessThan(LOGIT_TOLERANCE);
});

const small = sharedPath("data/models-small");
const mnist = sharedPath("data/mnist");
test.skipIf(small === undefined || mnist === undefined)(
  "the MNIST model, a batch of one and bytes as they are, knows 98 % and more",
  async () => {
    const model = upgradeModel(decodeModel(read(join(small!, "mnist-8.cntk.onnx"))));
    const y = labelsOf(
      loadArrays(read(join(mnist!, "t10k-labels-idx1-ubyte.gz")), { name: "labels" }),
      "labels",
      10_000,
    );
    const images = join(mnist!, "t10k-images-idx3-ubyte.gz");
    expect(await accuracy(model, images, y.subarray(0, 2000), { pixels: "raw" }, 1)).toBeCloseTo(0.984, 3);
  },
);
