/** @file What the page's trainer tells of a training, on the engine of Node: the numbers of `train`, and commands. */
import { describe, expect, it } from "vitest";
import { nodeEngine } from "../../src/engineNode/nodeEngine.ts";
import { snapshot } from "../../src/measure/snapshot.ts";
import { buildExperiment } from "../../src/settings/settings.ts";
import { train } from "../../src/train/train.ts";
import type { TrainerEvent, TrainRequest } from "../../src/web/trainer/messages.ts";
import { SettingTraining } from "../../src/web/trainer/trainSetting.ts";

const small = { depth: 2, width: 12, inputs: 10, outputs: 8, terms: 10, samples: 200, steps: 40 };

/** Losses of 40 steps whose float32 sums are in another order. */
const ROUNDING = 1e-5;

type Of<T extends TrainerEvent["type"]> = Extract<TrainerEvent, { type: T }>;

/** A training and what it told so far. */
function started(request: TrainRequest, heard: (event: TrainerEvent) => void = () => {}) {
  const events: TrainerEvent[] = [];
  const training = new SettingTraining(request, (event) => {
    events.push(event);
    heard(event);
  });
  const all = <T extends TrainerEvent["type"]>(type: T) =>
    events.filter((event): event is Of<T> => event.type === type);
  const states = () => all("state").map(({ state }) => state);
  const metrics = () => all("progress").flatMap((event) => event.metrics);
  return { training, all, states, metrics, end: training.run(async () => ({ engine: nodeEngine })) };
}

describe("the trainer of the page", () => {
  it("tells losses, measurements and matrices of a training, which are those of train", async () => {
    const look = { layer: "layers.1", convention: "paper" } as const;
    const heard = started({ setting: "fc2", parameters: small, options: { measure: [10], moments: true, look } });
    await heard.end;
    expect(heard.states()).toEqual(["preparing", "running", "finished"]);
    const { experiment } = await buildExperiment("fc2", small);
    const losses: number[] = [];
    const { measurement } = await train(nodeEngine, experiment, {
      steps: 40,
      milestones: { measure: [0, 10, 40], record: Array.from({ length: 40 }, (_, i) => i + 1), checkpoint: [] },
      observer: {
        onMetrics: (rows) => losses.push(...rows.filter(({ name }) => name === "train/loss").map(({ value }) => value)),
      },
    });
    const told = heard.metrics().filter(({ name }) => name === "train/loss");
    expect(told.map(({ step }) => step)).toEqual(losses.map((_, i) => i + 1));
    expect(Math.max(...told.map(({ value }, i) => Math.abs(value - losses[i]!)))).toBeLessThan(1e-5);
    const snapshots = heard.all("snapshot").map((event) => event.snapshot);
    expect(snapshots.map(({ step }) => step)).toEqual([0, 10, 40]);
    const expected = await snapshot(measurement!.total, measurement);
    const rga = (one: typeof expected) => one.layers.map(({ alignment }) => alignment.paper.b.rga.value!);
    const apart = rga(snapshots[2]!).map((value, i) => Math.abs(value - rga(expected)[i]!));
    expect(Math.max(...apart)).toBeLessThan(1e-4);
    expect(snapshots[1]!.layers[1]!.residuals).toBeDefined();
    expect(snapshots[1]!.layers[1]!.phase).toBeUndefined(); // laws wait for the last measurement
    expect(snapshots[2]!.layers[1]!.phase).toBeDefined();
    const matrices = heard.all("matrices");
    expect(matrices.map(({ step }) => step)).toEqual([0, 10, 40]);
    expect(matrices[0]!.matrices.map(({ side, name, d }) => `${side}${name}${d}`)).toEqual([
      ...["aH12", "aG12", "aZ12"],
      ...["bH12", "bG12", "bZ12"],
    ]);
    expect(heard.all("moments").map(({ step }) => step)).toEqual([0, 10, 40]);
  });

  it("waits, takes single steps that end with a measurement, and stops", async () => {
    const heard = started({ setting: "fc2", parameters: small, options: { measure: [], paused: true } }, (event) => {
      if (event.type !== "state" || event.state !== "paused") return;
      const steps = heard.all("snapshot").map((one) => one.snapshot.step);
      if (steps.length === 1) heard.training.tell({ type: "step", steps: 3 });
      else if (steps.length === 2) heard.training.tell({ type: "step", steps: 1 });
      else heard.training.tell({ type: "stop" });
    });
    await heard.end;
    expect(heard.all("snapshot").map((one) => one.snapshot.step)).toEqual([0, 3, 4]);
    expect(heard.states()).toEqual([
      "preparing",
      ...["paused", "running"],
      ...["paused", "running"],
      ...["paused", "stopped"],
    ]);
  });

  it("hands over the kept matrices of another layer, as they were at each step, when that is looked at", async () => {
    const looks = (["layers.0", "layers.1"] as const).map((layer) => ({ layer, convention: "covariance" }) as const);
    const one = started({ setting: "fc2", parameters: small, options: { measure: [10, 20], look: looks[1] } });
    await one.end;
    const other = started({ setting: "fc2", parameters: small, options: { measure: [10, 20], look: looks[0] } });
    await other.end;
    other.training.tell({ type: "look", look: looks[1] });
    const later = other.all("matrices").slice(4);
    expect(later.map(({ step, look }) => [step, look.layer])).toEqual(
      [40, 0, 10, 20].map((step) => [step, "layers.1"]),
    );
    expect(later[0]!.kept).toEqual([0, 10, 20, 40]);
    expect(later.toSorted((x, y) => x.step - y.step).map(({ matrices }) => matrices)).toEqual(
      one.all("matrices").map(({ matrices }) => matrices),
    );
  });

  /** Losses of a training of fc2 whose changes are known beforehand. */
  async function lossesWith(changes: TrainRequest["changes"], more: Record<string, unknown> = {}): Promise<number[]> {
    const request = { setting: "fc2", parameters: { ...small, ...more }, options: { measure: [] } };
    const heard = started(changes === undefined ? request : { ...request, changes });
    await heard.end;
    expect(heard.all("failed")).toEqual([]);
    return heard.metrics().flatMap(({ name, value }) => (name === "train/loss" ? [value] : []));
  }
  const apart = (one: readonly number[], other: readonly number[]) =>
    Math.max(...one.map((value, i) => Math.abs(value - other[i]!)));

  it.each(["sgd", "adam", "adamw"])("takes the steps of %s where nothing changes, to rounding", async (optimizer) => {
    for (const decay of [0, 0.01]) {
      const plain = await lossesWith(undefined, { optimizer, decay, lr: 0.02 });
      expect(plain).toHaveLength(40);
      expect(apart(await lossesWith([], { optimizer, decay, lr: 0.02 }), plain)).toBeLessThan(ROUNDING);
    }
  });

  it("changes rate, decay and momentum at their steps, as a checkpoint does that goes on with others", async () => {
    const stages: [number, Record<string, number>][] = [
      [15, {}],
      [28, { lr: 0.02 }],
      [40, { lr: 0.02, decay: 0.05, momentum: 0.5 }],
    ];
    const losses: number[] = [];
    let resume: Uint8Array | undefined;
    for (const [steps, values] of stages) {
      const { experiment } = await buildExperiment("fc2", { ...small, ...values });
      await train(nodeEngine, experiment, {
        steps,
        milestones: { measure: [], record: Array.from({ length: 40 }, (_, i) => i + 1), checkpoint: [steps] },
        ...(resume && { resume }),
        observer: {
          onMetrics: (rows) => losses.push(...rows.flatMap((row) => (row.name === "train/loss" ? [row.value] : []))),
          onCheckpoint: (_, bytes) => {
            resume = bytes;
          },
        },
      });
    }
    const changed = await lossesWith([
      { step: 15, values: { lr: "0.02" } },
      { step: 28, values: { decay: "0.05", momentum: "0.5" } },
    ]);
    expect(changed).toHaveLength(40);
    expect(apart(changed, losses)).toBeLessThan(ROUNDING);
    expect(apart(changed, await lossesWith([]))).toBeGreaterThan(10 * ROUNDING);
  });

  it("takes a change by hand from its next step on, says which, and takes the same steps where that is given", async () => {
    const request = { setting: "fc2", parameters: small, options: { measure: [], paused: true }, changes: [] };
    const heard = started(request, (event) => {
      if (event.type !== "state" || event.state !== "paused") return;
      if (heard.all("snapshot").length === 1) heard.training.tell({ type: "step", steps: 7 });
      else {
        heard.training.tell({ type: "adjust", values: { lr: "0.3" } });
        heard.training.tell({ type: "adjust", values: { decay: "0.02" } });
        heard.training.tell({ type: "resume" });
      }
    });
    await heard.end;
    const { changes } = heard.all("changed").at(-1)!;
    expect(changes).toEqual([{ step: 7, values: { lr: "0.3", decay: "0.02" } }]);
    expect(heard.all("built")[0]!.built.adjustable).toEqual(expect.arrayContaining(["lr", "decay", "momentum"]));
    const rates = heard.metrics().filter(({ name }) => name === "lr");
    expect(new Set(rates.filter(({ step }) => step > 7).map(({ value }) => value))).toEqual(new Set([0.3]));
    const losses = heard.metrics().flatMap(({ name, value }) => (name === "train/loss" ? [value] : []));
    expect(await lossesWith(changes)).toEqual(losses);
  });

  it("refuses to change what is part of the network", async () => {
    const wrong = started({ setting: "fc2", parameters: small, changes: [{ step: 3, values: { width: "20" } }] });
    await wrong.end;
    expect(wrong.all("failed")[0]!.message).toContain("got width; start again with it");
  });

  it("tells what a setting watches and follows", async () => {
    const scalar = started({ setting: "scalar", parameters: { steps: 30 } });
    await scalar.end;
    const names = scalar.all("built")[0]!.built.watched.flatMap(({ quantities }) => Object.keys(quantities));
    expect(names.length).toBeGreaterThan(0);
    expect(scalar.metrics().some(({ name }) => name === `watch/${names[0]}`)).toBe(true);
    const two = started({ setting: "twopoint", parameters: { steps: 30 } });
    await two.end;
    const { followed } = two.all("built")[0]!.built;
    expect(followed?.pairs).toHaveLength(1);
    const looks = two.all("progress").flatMap((event) => event.followed);
    expect(looks[0]!.step).toBe(0);
    expect(looks.at(-1)!.step).toBe(30);
  });

  it("says in one line what cannot be, and where a loss is no number", async () => {
    const wrong = started({ setting: "fc2", parameters: { widht: 5 } });
    await wrong.end;
    expect(wrong.states()).toEqual(["preparing", "failed"]);
    expect(wrong.all("failed")[0]!.message).toContain('got "widht"; did you mean width?');
    const lost = started({ setting: "fc2", parameters: { ...small, lr: 1e4 } });
    await lost.end;
    expect(lost.all("failed")[0]!.diverged).toBeGreaterThan(0);
  });
});
