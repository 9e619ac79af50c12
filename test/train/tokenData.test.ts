import { expect, test } from "vitest";
import { tokensInMemory } from "../../src/data/tokens.ts";
import { Random } from "../../src/random/random.ts";
import { tokenFeeds, tokenStream } from "../../src/train/tokenData.ts";

const tokens = tokensInMemory(Uint16Array.from({ length: 50 }, (_, i) => i));
const make = () => tokenStream(tokens, { batch: 40, context: 4, random: new Random(2) });

test("windows begin anywhere, their targets are one further along", async () => {
  const { "data/x": x, "data/target": target } = await make().draw(5);
  expect(x!.shape).toEqual([5, 40, 4]);
  expect(Array.from(target!.data, Number)).toEqual(Array.from(x!.data, (value: unknown) => Number(value) + 1));
  const starts = Array.from(x!.data, Number).filter((_, i) => i % 4 === 0);
  Array.from(x!.data, Number).forEach((value, i) => {
    expect(value).toBe(starts[Math.floor(i / 4)]! + (i % 4));
  });
  expect([Math.min(...starts), Math.max(...starts), new Set(starts).size]).toEqual([0, 45, 46]);
});

test("the stream is saved and resumed exactly", async () => {
  const [first, second] = [make(), make()];
  await first.draw(3);
  second.restore(JSON.parse(JSON.stringify(first.state())));
  expect(await second.draw(2)).toEqual(await first.draw(2));
});

test("windows to measure on follow each other, or are spread evenly", () => {
  const starts = (samples: number) =>
    tokenFeeds(tokens, { context: 7, samples, batch: 3 }).map(({ x, target }) => {
      expect(Number(target!.data[0])).toBe(Number(x!.data[0]) + 1);
      return Array.from(x!.data, Number).filter((_, i) => i % 7 === 0);
    });
  expect(starts(100)).toEqual([[0], [7], [14], [21], [28], [35], [42]]); // for as many groups of samples
  expect(starts(3)).toEqual([[0], [14], [28]]);
  const sizes = tokenFeeds(tokens, { context: 1, samples: 100, batch: 3 }).map(({ x }) => x!.shape[0]);
  expect(sizes).toEqual([...Array(16).fill(3), 1]);
});

test("fewer tokens than a window and its target are refused", () => {
  expect(() => tokenStream(tokens, { batch: 1, context: 50, random: new Random(1) })).toThrow(
    "tokens: expected at least 51 of them for a context of 50, got 50",
  );
  expect(() => tokenFeeds(tokens, { context: 50, samples: 1, batch: 1 })).toThrow("at least 51");
});
