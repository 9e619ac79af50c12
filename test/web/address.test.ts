/** @file The playground in the address, and the steps that it measures at. */
import { describe, expect, it } from "vitest";
import { addressOf, changesInWords, differences, planOf } from "../../src/web/play/address.ts";
import { measuredSteps, playDefaults } from "../../src/web/play/defaults.ts";
import { newPlay, told } from "../../src/web/play/playData.ts";

/** What the address becomes. */
function written(plan: ReturnType<typeof planOf>, before = ""): string {
  const params = new URLSearchParams(before);
  for (const [key, value] of Object.entries(addressOf(plan, params)))
    if (value === undefined) params.delete(key);
    else params.set(key, value);
  return params.toString();
}

describe("the playground's address", () => {
  it("is empty for the playground's own settings", () => {
    const plan = planOf(new URLSearchParams());
    expect(plan).toEqual({ setting: "fc2", a: playDefaults.fc2, b: undefined });
    expect(written(plan)).toBe("");
  });

  it("says what differs, of the second network what differs from the first, and is read again", () => {
    const a = { ...playDefaults.fc1, lr: "0.1" };
    const plan = { setting: "fc1" as const, a, b: { ...a, decay: "0" } };
    const text = written(plan, "layer=layers.2&lr=7&b.width=3&two=1");
    expect(Object.fromEntries(new URLSearchParams(text))).toEqual({
      layer: "layers.2",
      setting: "fc1",
      lr: "0.1",
      two: "1",
      "b.decay": "0",
    });
    expect(planOf(new URLSearchParams(text))).toEqual(plan);
    expect(differences(plan.a, plan.b)).toEqual(["decay"]);
  });

  it("says what changes while they train, and at which step", () => {
    const a = [
      { step: 120, values: { lr: "1e-3", decay: "0" } },
      { step: 300, values: { schedule: "cosine" } },
    ];
    const plan = { ...planOf(new URLSearchParams("two=1")), changes: { a, b: [{ step: 5, values: { lr: "0.1" } }] } };
    const text = written(plan);
    expect(text).toContain("then=120_lr_1e-3*120_decay_0*300_schedule_cosine&");
    expect(planOf(new URLSearchParams(text))).toEqual(plan);
    expect(written({ ...plan, b: undefined, changes: { a: [] } }, text)).toBe("");
    expect(planOf(new URLSearchParams("then=x_lr_1*9_lr*_*7_lr_2")).changes).toEqual({
      a: [{ step: 7, values: { lr: "2" } }],
    });
    expect(changesInWords(a)).toBe("at step 120 lr = 1e-3, decay = 0; at step 300 schedule = cosine");
  });

  it("takes a setting that there is not for fc2, and no inherited name for a setting", () => {
    expect(planOf(new URLSearchParams("setting=toString")).setting).toBe("fc2");
  });
});

describe("measured steps of a play", () => {
  it.each([1, 4, 5, 100, 3000, 100_000])("ascend from 0 to %i, 150 at most", (steps) => {
    const found = measuredSteps(steps);
    expect([found[0], found.at(-1)]).toEqual([0, steps]);
    expect(found).toEqual([...new Set(found)].sort((x, y) => x - y));
    expect(found.length).toBeLessThanOrEqual(150);
  });

  it("end also where steps are no number that can be", () => {
    for (const steps of [Number.NaN, -1]) expect(measuredSteps(steps)).toEqual([steps]);
    expect(measuredSteps(Number.POSITIVE_INFINITY).at(-1)).toBe(Number.POSITIVE_INFINITY);
  });
});

describe("a play", () => {
  it("gathers what a training tells, and keeps what was there before", () => {
    const play = newPlay(1, { setting: "fc2", given: playDefaults.fc2, changes: [], device: "automatic" });
    const metrics = [
      { step: 5, name: "train/loss", value: 2 },
      { step: 5, name: "lr", value: 0.1 },
      { step: 5, name: "eval/loss", value: 3 },
    ];
    const progress = { type: "progress", step: 7, loss: 1.5, rate: undefined, metrics, followed: [] } as const;
    const next = told(told(play, { type: "state", state: "running" }), progress);
    expect(next).toMatchObject({ state: "running", step: 7, loss: 1.5 });
    expect([next.training.map(({ value }) => value), next.unseen.map(({ value }) => value)]).toEqual([[2], [3]]);
    const later = told(next, { ...progress, step: 8, loss: undefined, metrics: [] });
    expect([later.step, later.loss, later.training]).toEqual([8, 1.5, next.training]);
    expect(told(later, { type: "failed", message: "no" }).problem).toBe("no");
    expect(play.step).toBe(0);
  });
});
