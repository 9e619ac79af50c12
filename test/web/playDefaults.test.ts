/** @file What the playground and its tour promise to be seen, seen: trained on the engine of Node with the same numbers. */
import { beforeAll, describe, expect, it } from "vitest";
import { nodeEngine } from "../../src/engineNode/nodeEngine.ts";
import { hiddenMedians } from "../../src/findings/hiddenMedians.ts";
import type { Snapshot } from "../../src/measure/snapshot.ts";
import { type Given, playDefaults } from "../../src/web/play/defaults.ts";
import { SettingTraining } from "../../src/web/trainer/trainSetting.ts";

const STEPS = 1500;

/** The six hidden medians at steps, RGA, RWA, GWA of side a, then of side b. */
async function medians(given: Given, measure: readonly number[]): Promise<number[][]> {
  const snapshots: Snapshot[] = [];
  const request = {
    setting: "fc2",
    parameters: { ...given, steps: STEPS },
    options: { measure, cost: "economy" },
  } as const;
  const training = new SettingTraining(request, (event) => event.type === "snapshot" && snapshots.push(event.snapshot));
  await training.run(async () => ({ engine: nodeEngine }));
  return snapshots.map((one) => {
    const { a, b } = hiddenMedians(one, "paper")!;
    return [a.rga, a.rwa, a.gwa, b.rga, b.rwa, b.gwa].map((value) => value!);
  });
}

describe("the playground's own settings", () => {
  let usual: number[][];
  beforeAll(async () => {
    usual = await medians(playDefaults.fc2, [300]);
  });

  it("let all six hidden medians pass 0.6 within 300 steps, from below", () => {
    expect(Math.min(...usual[0]!)).toBeLessThan(0.4);
    expect(Math.min(...usual[1]!)).toBeGreaterThan(0.6);
    expect(Math.min(...usual[2]!)).toBeGreaterThan(0.7);
  });

  it("keep the relations lower, and let them fall again, without weight decay", async () => {
    const [, , middle, end] = await medians({ ...playDefaults.fc2, decay: "0" }, [100, 500]);
    const least = (values: number[] | undefined) => Math.min(...values!);
    expect(least(end)).toBeLessThan(least(usual[2]) - 0.1);
    expect(least(end)).toBeLessThan(least(middle));
  });

  it("let RGA break where inputs are mixed, and GWA of side a hold", async () => {
    const end = (await medians({ ...playDefaults.fc2, phi: "0.5" }, [])).at(-1)!;
    expect(Math.max(end[0]!, end[3]!)).toBeLessThan(0.5);
    expect(Math.min(usual[2]![0]!, usual[2]![3]!)).toBeGreaterThan(0.7);
    expect(end[2]).toBeGreaterThan(0.8);
  });
});
