/** @file When the networks of the playground's tour have shown what they are to show. */
import { describe, expect, it } from "vitest";
import { differences } from "../../src/web/play/address.ts";
import { type Given, playDefaults } from "../../src/web/play/defaults.ts";
import { newPlay, type PlayData } from "../../src/web/play/playData.ts";
import { areCompared, beside, ENOUGH, isOwn } from "../../src/web/play/tourPlans.ts";

const usual = playDefaults.fc2;
const trained = (step: number, given: Given = usual): PlayData => ({
  ...newPlay(1, { setting: "fc2", given, changes: [], device: "automatic" }),
  step,
});

describe("the tour of the playground", () => {
  it.each([
    ["decay", "0"],
    ["phi", "0.5"],
  ])("compares two networks that differ in %s alone, both trained long enough", (key, value) => {
    const { a, b } = beside(key, value);
    expect(differences(a, b!)).toEqual([key]);
    expect(areCompared(trained(ENOUGH, a), trained(ENOUGH, b), key)).toBe(true);
    expect(areCompared(trained(ENOUGH, a), trained(ENOUGH - 1, b), key)).toBe(false);
    expect(areCompared(trained(ENOUGH, a), trained(ENOUGH, { ...a, width: "5" }), key)).toBe(false);
    expect(areCompared(trained(ENOUGH, a), undefined, key)).toBe(false);
  });

  it("ends with a network of one's own, whatever is changed in it, once it trains", () => {
    expect(isOwn(trained(10))).toBe(false);
    expect(isOwn(trained(0, { ...usual, batch: "8" }))).toBe(false);
    expect(isOwn(trained(10, { ...usual, batch: "8" }))).toBe(true);
  });
});
