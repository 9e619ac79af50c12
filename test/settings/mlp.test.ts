/** @file mlp on a small synthetic image set in IDX files, read from a folder as the command line reads it. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { dataFolder } from "../../src/disk/dataFolder.ts";
import { nodeEngine } from "../../src/engineNode/nodeEngine.ts";
import { initialParameters } from "../../src/networks/network.ts";
import { parseParameters } from "../../src/parameters/parse.ts";
import { type Feeds, TARGET } from "../../src/probe/feeds.ts";
import type { Experiment } from "../../src/train/experiment.ts";
import { milestones } from "../../src/train/milestones.ts";
import { train } from "../../src/train/train.ts";
import { idxSet, writeIdxSet } from "./idxSet.ts";
import { loadedSetting } from "./loadedSettings.ts";

/** Mean and deviation of float32 pixels against their exact 0 and 1. */
const FLOAT32 = 1e-5;

const root = mkdtempSync(join(tmpdir(), "crh-mlp-"));
const [plain, packed] = [join(root, "plain"), join(root, "packed")];
writeIdxSet(plain, idxSet());
writeIdxSet(packed, idxSet(), true);
afterAll(() => rmSync(root, { recursive: true, force: true }));

const setting = loadedSetting("mlp");
const tiny = { hidden: "10,6", batch: 20, steps: 60, lr: 0.1 };

function build(folder: string, given: Record<string, unknown> = {}): Experiment {
  return setting.build(parseParameters(setting, { ...tiny, ...given }) as never, dataFolder(folder));
}

const values = (batches: readonly Feeds[], name: string) =>
  batches.flatMap((batch) => Array.from(batch[name]!.data as ArrayLike<number | bigint>, Number));

describe("the experiment", () => {
  test("has the widths asked for between pixels and classes", () => {
    const shapes = [...initialParameters(build(plain).network).values()].map(({ shape }) => shape.join("x"));
    expect(shapes).toEqual(["10x16", "10", "6x10", "6", "3x6", "3"]);
  });

  test("is the same from plain and from packed files", async () => {
    const [one, two] = [build(plain), build(packed)];
    expect(await two.evaluation(nodeEngine)).toEqual(await one.evaluation(nodeEngine));
    expect(two.test!()).toEqual(one.test!());
    const { data: first } = one;
    expect(await two.data.draw(4)).toEqual(await first.draw(4));
  });

  test("measures `samples` of the part asked for, and loss and accuracy on the whole test set", async () => {
    expect(values(await build(plain).evaluation(nodeEngine), TARGET)).toEqual(
      Array.from({ length: 45 }, (_, i) => i % 3),
    );
    const some = await build(plain, { samples: 7, measureOn: "train" });
    expect(values(await some.evaluation(nodeEngine), TARGET)).toEqual([0, 1, 2, 0, 1, 2, 0]);
    expect(some.evaluationName).toBe("7 train samples");
    expect(values(some.test!(), TARGET)).toHaveLength(45);
  });

  test("normalizes with mean and deviation of the training pixels, or not at all", async () => {
    const trained = await build(plain, { measureOn: "train" }).evaluation(nodeEngine);
    const x = values(trained, "x");
    const mean = x.reduce((sum, value) => sum + value, 0) / x.length;
    const square = x.reduce((sum, value) => sum + value * value, 0) / x.length;
    expect(Math.abs(mean)).toBeLessThan(FLOAT32);
    expect(Math.abs(square - 1)).toBeLessThan(FLOAT32);
    const raw = values(await build(plain, { normalize: "false" }).evaluation(nodeEngine), "x");
    expect(Math.min(...raw)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...raw)).toBeLessThanOrEqual(1);
  });

  test("regresses on one-hot rows with mse", async () => {
    const [batch] = await build(plain, { objective: "mse" }).evaluation(nodeEngine);
    expect(Array.from(batch![TARGET]!.data as Float32Array).slice(0, 9)).toEqual([1, 0, 0, 0, 1, 0, 0, 0, 1]);
  });

  test("learns stripes", async () => {
    const experiment = build(packed);
    const result = await train(nodeEngine, experiment, { steps: 60, milestones: milestones({ steps: 60, every: 60 }) });
    expect(result.measurement!.accuracy).toBe(1);
    expect(result.measurement!.total.layers.map(({ name }) => name)).toEqual(["layers.0", "layers.1", "layers.2"]);
  });
});

describe("what does not fit is refused in one line", () => {
  test("no folder, an empty one, a missing one", () => {
    const parameters = parseParameters(setting, {}) as never;
    expect(() => setting.build(parameters, {})).toThrow(
      /^mlp: expected a folder with IDX files, got none; pass --data/,
    );
    expect(() => build(root)).toThrow(
      /^idx folder: expected a file train-images-idx3-ubyte or .*, got none of them; [^\n]*$/,
    );
    expect(() => build(join(root, "none"))).toThrow(/^run: expected a folder of data, got .*, which is not there/);
    expect(() => build(join(plain, "t10k-labels-idx1-ubyte"))).toThrow(/which is a file; check --data$/);
  });

  test("a batch larger than the set", () => {
    expect(() => build(plain, { batch: 121 })).toThrow(
      "mlp: expected a batch of at most 120 samples, got 121; lower batch",
    );
  });

  test.each(["train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"])(
    "%s cut anywhere, plain or packed",
    (name) => {
      const files = idxSet();
      const whole = files.get(name)!;
      for (const length of [0, 3, 7, Math.floor(whole.length / 2), whole.length - 1]) {
        const folder = join(root, "cut");
        writeIdxSet(folder, files.set(name, whole.slice(0, length)));
        expect(() => build(folder)).toThrow(new RegExp(`^${name}: expected [^\\n]+$`));
        rmSync(folder, { recursive: true });
      }
    },
  );
});
