import { describe, expect, test } from "vitest";
import { type Augmentation, cropFlip, simclr } from "../../../src/data/augment/augmentation.ts";
import { randomRectangle } from "../../../src/data/augment/crop.ts";
import { AugmentedStream, type StreamOptions } from "../../../src/data/augment/stream.ts";
import { Random } from "../../../src/random/random.ts";
import { augmentThreads } from "../../../src/workers/augmentThreads.ts";
import { builtEntry } from "../../builtEntry.ts";

const shape = { channels: 3, height: 8, width: 8 };
const images = Uint8Array.from({ length: 20 * 192 }, (_, i) => (i * 37 + (i >> 5)) % 256);
const entry = builtEntry("workers/augmentWorker.js");

function stream(augmentation: Augmentation, options: Partial<StreamOptions> = {}): AugmentedStream {
  const defaults = { batch: 6, views: 2, random: new Random(3) };
  return new AugmentedStream({ images, shape, augmentation }, { ...defaults, ...options });
}

async function take(source: AugmentedStream, count: number) {
  const batches = await source.next(count);
  return batches.map(({ values, samples }) => ({ values: Array.from(values), samples: Array.from(samples) }));
}

describe("an augmented stream", () => {
  test.each([cropFlip, simclr, { kind: "none" }] as const)(
    "is the same with 0, 1 and 3 threads: $kind",
    async (recipe) => {
      const expected = await take(stream(recipe), 7);
      for (const workers of [1, 3]) {
        const source = stream(recipe, { maker: augmentThreads(workers, entry) });
        expect([...(await take(source, 2)), ...(await take(source, 5))]).toEqual(expected);
        await source.close();
      }
    },
  );

  test("goes on from its state as if nothing had been, whatever was made ahead", async () => {
    const expected = await take(stream(simclr), 9);
    const first = stream(simclr, { maker: augmentThreads(2, entry) });
    await first.next(4);
    const state = JSON.parse(JSON.stringify(first.state()));
    await first.close();
    const second = stream(simclr, { maker: augmentThreads(2, entry) });
    await second.next(1);
    second.restore(state);
    expect(await take(second, 5)).toEqual(expected.slice(4));
    await second.close();
  });

  test("can be closed and drawn from again at the same place", async () => {
    const expected = await take(stream(cropFlip), 4);
    const source = stream(cropFlip, { maker: augmentThreads(1, entry) });
    await source.next(2);
    await source.close();
    expect(await take(source, 2)).toEqual(expected.slice(2));
    await source.close();
  });

  test("draws the same view of a sample whatever the batch, and others in another epoch or view", async () => {
    const bySample = async (batch: number, epochs: number) => {
      const views = new Map<string, number[]>();
      for (const { values, samples } of await stream(simclr, { batch }).next((20 / batch) * epochs))
        samples.forEach((sample, i) => {
          for (const view of [0, 1])
            views.set(
              `${[...views.keys()].filter((key) => key.startsWith(`${sample}/${view}`)).length}:${sample}/${view}`,
              Array.from(values.subarray((view * batch + i) * 192, (view * batch + i + 1) * 192)),
            );
        });
      return views;
    };
    const [fives, tens] = [await bySample(5, 1), await bySample(10, 1)];
    expect(fives.size).toBe(40);
    for (const [key, values] of fives) expect(tens.get(key)).toEqual(values);
    expect(fives.get("0:4/0")).not.toEqual(fives.get("0:4/1"));
    const [one, two] = await take(stream(simclr, { batch: 20 }), 2);
    const at = (epoch: typeof one, sample: number) => epoch!.samples.indexOf(sample) * 192;
    expect(one!.values.slice(at(one, 4), at(one, 4) + 192)).not.toEqual(
      two!.values.slice(at(two, 4), at(two, 4) + 192),
    );
  });

  test("stays in [0, 1], its bytes are pixels of the image or the border", async () => {
    const [view] = await take(stream(simclr, { batch: 20 }), 1);
    expect(Math.min(...view!.values)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...view!.values)).toBeLessThanOrEqual(1);
    const [crop] = await take(stream({ kind: "crop-flip", padding: 0 }, { batch: 20, views: 1 }), 1);
    crop!.samples.forEach((sample, i) => {
      const row = (from: ArrayLike<number>, at: number) => Array.from({ length: 8 }, (_, x) => from[at + x]!);
      const [got, had] = [row(crop!.values, i * 192), row(images, sample * 192)];
      expect([had, had.toReversed()]).toContainEqual(got);
    });
  });

  test("a thread that fails is one line for whoever draws, and for everyone after", async () => {
    const source = stream(cropFlip, {
      maker: augmentThreads(1, new URL('data:text/javascript,throw new Error("no"+String.fromCharCode(10)+"memory")')),
    });
    const line = "augmentation: expected batches from its threads, got no memory; try workers=0";
    await expect(source.next(1)).rejects.toThrow(line);
    await expect(source.next(1)).rejects.toThrow(line);
    await source.close();
  });

  test("refuses a batch larger than the set, a state of another batch or set, a number of threads that is none", async () => {
    expect(() => stream(cropFlip, { batch: 21 })).toThrow("expected a batch of 1 to 20 samples, got 21");
    expect(() => augmentThreads(0.5)).toThrow("expected 0 to 64 workers, got 0.5");
    expect(() => stream(cropFlip).restore(stream(cropFlip, { batch: 5 }).state())).toThrow(
      "the batch of 5 of the checkpoint",
    );
  });
});

test("rectangles keep to the shares and ratios asked for, and cover them", () => {
  const random = new Random(1);
  const extent = { height: 32, width: 32 };
  const drawn = Array.from({ length: 4000 }, () => randomRectangle(random, extent, [0.08, 1], [3 / 4, 4 / 3]));
  for (const { top, left, height, width } of drawn) {
    expect(top + height).toBeLessThanOrEqual(32);
    expect(left + width).toBeLessThanOrEqual(32);
    expect(Math.min(top, left)).toBeGreaterThanOrEqual(0);
  }
  const shares = drawn.map(({ height, width }) => (height * width) / 1024);
  expect(Math.min(...shares)).toBeGreaterThan(0.06);
  expect(Math.min(...shares)).toBeLessThan(0.1);
  expect(Math.max(...shares)).toBeGreaterThan(0.97);
  // Areas are uniform but for the tries that do not fit, which are the large ones.
  const small = shares.filter((share) => share < 0.31).length / 4000;
  expect(small).toBeGreaterThan(0.25);
  expect(small).toBeLessThan(0.34);
  const flat = randomRectangle(random, { height: 8, width: 64 }, [1, 1], [1, 1]);
  expect(flat).toEqual({ top: 0, left: 28, height: 8, width: 8 });
});
