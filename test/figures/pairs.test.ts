/**
 * @file Figures of symmetric pairs on planted ones: every value in the table, nothing that is no number, undefined
 * where nothing is.
 */
import { describe, expect, test } from "vitest";
import { chargeDrift } from "../../src/figures/chargeDrift.ts";
import { chargesOverTime } from "../../src/figures/chargesOverTime.ts";
import { noiseBalanceOverTime } from "../../src/figures/noiseBalanceOverTime.ts";
import { pairsByDepth } from "../../src/figures/pairsByDepth.ts";
import { plantedRun, plantedSnapshot } from "./planted.ts";
import {
  noBalance,
  noDrift,
  plantedHeads,
  plantedPair,
  plantedScale,
  runWithPairs,
  withPairs,
} from "./plantedPairs.ts";
import { expectClean, rowsOf, textsOf } from "./svg.ts";

const { snapshots } = runWithPairs();
const last = snapshots.at(-1)!;
const plain = plantedSnapshot(0, ["a", "b"]);

describe("pairs by depth", () => {
  test("has a row a pair, with balance, ratio and RGA of what is shared", () => {
    const figure = pairsByDepth(last)!;
    expectClean(figure);
    expect(figure.panels).toHaveLength(3);
    const rows = rowsOf(figure.csv);
    expect(rows.map(({ first }) => first)).toEqual(["layers.0", "layers.1", "layers.2", "layers.3", "layers.4"]);
    expect(Number(rows[0]!.ratio)).toBeCloseTo(4 ** (1 / 6), 12);
    expect(Number(rows[0]!.rga)).toBe(last.layers[1]!.alignment.paper.a!.rga.value);
    expect(textsOf(figure.svg).filter((text) => text === "layers.0 → layers.1")).toHaveLength(3);
  });

  test("draws the heads of an attention in one row, and leaves the noise out where it was not measured", () => {
    const heads = pairsByDepth(withPairs(plain, plantedHeads(0, 12)))!;
    expectClean(heads);
    expect(rowsOf(heads.csv)).toHaveLength(12);
    const blind = plantedPair({ rest: { noiseBalance: noBalance("not-measured"), drift: noDrift("not-measured") } });
    expect(pairsByDepth(withPairs(plain, [blind]))!.panels).toHaveLength(1);
    expect(pairsByDepth(withPairs(plain, [plantedScale("conv1")]))).toBeUndefined();
    expect(pairsByDepth(plain)).toBeUndefined();
  });
});

describe("courses of pairs", () => {
  test("have every step, and the same bytes twice", () => {
    for (const draw of [noiseBalanceOverTime, chargesOverTime, chargeDrift] as const) {
      const figure = draw(snapshots)!;
      expectClean(figure);
      expect(draw(snapshots)!.svg).toBe(figure.svg);
    }
    expect(rowsOf(noiseBalanceOverTime(snapshots)!.csv)).toHaveLength(5 * 6);
    const charges = rowsOf(chargesOverTime(snapshots)!.csv);
    expect(charges).toHaveLength(5 * 6);
    expect(charges[0]).toMatchObject({ charges: "4", least: "-0.1", most: "0.1" });
    expect(Number(charges[0]!.sum)).toBeCloseTo(0.01, 12);
    expect(rowsOf(chargeDrift(snapshots)!.csv)).toHaveLength(5 * 5);
    expect(textsOf(chargeDrift(snapshots)!.svg)).toContain("hidden by rounding");
  });

  test("leave out the ranges of heads that would hide one another", () => {
    const words = (blocks: number) => {
      const pairs = Array.from({ length: blocks }, (_, block) => plantedHeads(block, 3)).flat();
      return textsOf(noiseBalanceOverTime(snapshots.map((one) => withPairs(one, pairs)))!.svg).join(" ");
    };
    expect(words(2)).toContain("heads: their range");
    expect(words(12)).toContain("heads: medians only");
  });

  test("are missing where there is one step, or no pair", () => {
    for (const draw of [noiseBalanceOverTime, chargesOverTime, chargeDrift] as const) {
      expect(draw([snapshots[0]!])).toBeUndefined();
      expect(draw(plantedRun({ d: 4 }).snapshots)).toBeUndefined();
    }
  });

  test("of scales, of heads and of pairs without noise have no number that is none", () => {
    const blind = plantedPair({ rest: { noiseBalance: noBalance("not-measured"), drift: noDrift("not-measured") } });
    const mixed = snapshots.map((one) => withPairs(one, [...plantedHeads(0, 3), plantedScale("conv1"), blind]));
    expectClean(noiseBalanceOverTime(mixed)!);
    expectClean(chargesOverTime(mixed)!);
    expectClean(chargesOverTime(mixed, { of: "scale" })!);
    expect(chargeDrift(mixed)).toBeUndefined();
  });
});
