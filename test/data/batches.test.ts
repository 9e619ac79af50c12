import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { gatherRows, ShuffledIndices } from "../../src/data/batches.ts";
import { Random } from "../../src/random/random.ts";
import { oneLineError } from "./cases.ts";

const take = (stream: ShuffledIndices, count: number): number[][] =>
  Array.from({ length: count }, () => {
    const out = new Int32Array(stream.batch);
    stream.next(out);
    return Array.from(out);
  });
const sizes = fc.integer({ min: 1, max: 40 }).chain((n) => fc.tuple(fc.constant(n), fc.integer({ min: 1, max: n })));

describe("ShuffledIndices", () => {
  test("gives each index at most once an epoch, whole batches only", () => {
    fc.assert(
      fc.property(sizes, fc.integer(), ([n, batch], seed) => {
        const stream = new ShuffledIndices(n, batch, new Random(seed));
        for (let epoch = 0; epoch < 3; epoch++) {
          const indices = take(stream, Math.floor(n / batch)).flat();
          expect(stream.epoch).toBe(epoch);
          expect(new Set(indices).size).toBe(n - (n % batch));
          expect(indices.every((index) => index >= 0 && index < n)).toBe(true);
        }
      }),
    );
  });

  test("changes the order, and the samples that it drops, with the epoch", () => {
    const stream = new ShuffledIndices(1000, 300, new Random(1));
    const [first, second] = [take(stream, 3).flat(), take(stream, 3).flat()];
    expect(first).not.toEqual(second);
    expect(first.toSorted()).not.toEqual(second.toSorted());
  });

  test("goes on from a saved state exactly, in mid-epoch too, after a round trip through JSON", () => {
    fc.assert(
      fc.property(sizes, fc.integer(), fc.nat(30), ([n, batch], seed, drawn) => {
        const stream = new ShuffledIndices(n, batch, new Random(seed));
        take(stream, drawn);
        const saved = JSON.stringify(stream.state());
        const restored = ShuffledIndices.fromState(JSON.parse(saved), n);
        expect(JSON.stringify(restored.state())).toBe(saved);
        expect(take(restored, 20)).toEqual(take(stream, 20));
        expect(restored.state()).toEqual(stream.state());
      }),
    );
  });

  test("a state does not change while its stream goes on", () => {
    const stream = new ShuffledIndices(10, 5, new Random(2));
    const state = stream.state();
    const before = JSON.stringify(state);
    take(stream, 7);
    expect(JSON.stringify(state)).toBe(before);
  });

  test("refuses a batch larger than the set, other data, and a damaged state, in one line", () => {
    for (const [n, batch] of [
      [0, 1],
      [5, 6],
      [5, 0],
      [5, 1.5],
    ] as const)
      oneLineError(() => new ShuffledIndices(n, batch, new Random(0)));
    const state = new ShuffledIndices(10, 3, new Random(0)).state();
    expect(oneLineError(() => ShuffledIndices.fromState(state, 11))).toContain("resume with the same data");
    for (const change of [{ given: 4 }, { given: -1 }, { epoch: 0.5 }, { generator: [] }, { batch: 11 }])
      oneLineError(() => ShuffledIndices.fromState({ ...state, ...change }, 10));
    oneLineError(() => new ShuffledIndices(5, 2, new Random(0)).next(new Int32Array(3)));
  });
});

describe("gatherRows", () => {
  const x = Uint8Array.of(0, 255, 51, 102, 153, 204);

  test("copies the rows asked for, repeated ones too", () => {
    const out = new Uint8Array(4);
    gatherRows(x, Int32Array.of(2, 0), out);
    expect(out).toEqual(Uint8Array.of(153, 204, 0, 255));
    gatherRows(x, Uint32Array.of(1, 1), out);
    expect(out).toEqual(Uint8Array.of(51, 102, 51, 102));
  });

  test("refuses indices outside the set and room for broken rows", () => {
    oneLineError(() => gatherRows(x, Int32Array.of(3), new Uint8Array(2)));
    oneLineError(() => gatherRows(x, Int32Array.of(-1), new Uint8Array(2)));
    oneLineError(() => gatherRows(x, Int32Array.of(0, 1), new Uint8Array(5)));
  });
});
