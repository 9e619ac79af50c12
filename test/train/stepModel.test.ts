/** @file Steps of a network some of whose convolutions take Winograd's form. */
import { expect, test } from "vitest";
import type { Engine } from "../../src/engine/engine.ts";
import { nodeEngine } from "../../src/engineNode/nodeEngine.ts";
import { resnet18 } from "../../src/networks/resnet18.ts";
import { objective } from "../../src/objectives/objective.ts";
import { float32, int64 } from "../../src/onnx/tensor.ts";
import { Random } from "../../src/random/random.ts";
import { optimizer } from "../../src/train/optimizer.ts";
import { train } from "../../src/train/train.ts";

/** Float32 sums of some hundred products in another order, through 20 layers and three steps. */
const REORDERED = 1e-3;
const STEPS = 3;

/** Parameters after three steps of a ResNet whose last stage has 128 channels, images of two pixels a side. */
async function trained(engine: Engine): Promise<number[]> {
  const x = new Float32Array(8 * 3 * 16 * 16);
  new Random(1).fillNormal(x);
  const images = float32(x, [1, 8, 3, 16, 16]);
  const target = int64([0, 1, 2, 3, 0, 1, 2, 3], [1, 8]);
  const result = await train(
    engine,
    {
      network: resnet18({ outputs: 4, width: 1 / 4, side: 16 }, new Random(0)),
      objective: objective("cross-entropy"),
      optimizer: optimizer({ kind: "sgd", momentum: 0.9 }),
      schedule: () => 0.01,
      data: {
        inputShape: images.shape.slice(1),
        target: { ...target, shape: [8] },
        draw: async () => ({ "data/x": images, "data/target": target }),
        prepare: (g) => ({
          x: g.input("data/x", "float32", ["K", 8, 3, 16, 16]),
          target: g.input("data/target", "int64", ["K", 8]),
        }),
        state: () => null,
        restore: () => {},
      },
      evaluation: async () => [],
      evaluationName: "nothing",
    },
    { steps: STEPS, milestones: { measure: [], record: [1, 2, 3], checkpoint: [] }, threads: 2 },
  );
  return [...result.parameters.values()].flatMap(({ data }) => Array.from(data as Float32Array));
}

test("an engine that prefers products takes the same steps but for rounding, and twice the same in every bit", async () => {
  const direct = await trained({ ...nodeEngine, prefersProducts: false });
  const [once, again] = [await trained(nodeEngine), await trained(nodeEngine)];
  expect(once).toEqual(again);
  expect(once).not.toEqual(direct); // else no convolution took the other form
  const norm = (values: readonly number[]) => Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0));
  expect(norm(once.map((value, i) => value - direct[i]!)) / norm(direct)).toBeLessThan(REORDERED);
});
