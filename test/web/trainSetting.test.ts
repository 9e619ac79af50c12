/** @file What the page's trainer tells of a training, on the engine of Node: the numbers of `train`, and commands. */
import { describe, expect, it } from "vitest";
import { nodeEngine } from "../../src/engineNode/nodeEngine.ts";
import { snapshot } from "../../src/measure/snapshot.ts";
import { buildExperiment } from "../../src/settings/settings.ts";
import { train } from "../../src/train/train.ts";
import type { TrainerEvent, TrainRequest } from "../../src/web/trainer/messages.ts";
import { SettingTraining } from "../../src/web/trainer/trainSetting.ts";

const small = { depth: 2, width: 12, inputs: 10, outputs: 8, terms: 10, samples: 200, steps: 40 };

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
  return { training, all, states, metrics, end: training.run(async () => nodeEngine) };
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
