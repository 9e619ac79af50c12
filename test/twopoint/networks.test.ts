/**
 * Networks trained here, held against the equations: where they hold exactly, where they are fitted, and where they
 * end.
 */
import { describe, expect, it } from "vitest";
import { nodeEngine } from "../../src/engineNode/nodeEngine.ts";
import { findPreset } from "../../src/settings/presets.ts";
import { train } from "../../src/train/train.ts";
import { fitTwoPoint, type TwoPointFit } from "../../src/twopoint/fitTwoPoint.ts";
import { twoPointTheory } from "../../src/twopoint/theory.ts";
import type { LayerTrajectory } from "../../src/twopoint/trajectory.ts";
import { buildExperiment, loadedSetting } from "../settings/loadedSettings.ts";

const [dx2, dy2] = [1, 0.5];

/** The trajectory of one hidden layer of a run of `twopoint`. */
async function trajectory(given: Record<string, unknown>, preset = "paper"): Promise<LayerTrajectory> {
  const all = { ...findPreset(loadedSetting("twopoint"), preset).parameters, ...given };
  const { experiment, parameters } = buildExperiment("twopoint", all);
  const layer = parameters.layer as number;
  const found = { layer, step: [] as number[], dh2: [] as number[], dy2: [] as number[], w: [] as number[] };
  await train(nodeEngine, experiment, {
    steps: parameters.steps as number,
    milestones: { measure: [], record: [], checkpoint: [] },
    observer: {
      onFollowed(looks) {
        for (const { step, dh2: h, dy2: y, w } of looks) {
          found.step.push(step);
          found.dh2.push(h[layer]![0]!);
          found.dy2.push(y[0]!);
          found.w.push(w[0]!);
        }
      },
    },
  });
  return found;
}

/** Largest deviation of H, Y and w from the solution from their start, each over its variable's largest value. */
function deviations(found: LayerTrajectory, eta: number): [number, number, number] {
  const start = { dh2: found.dh2[0]!, dy2: found.dy2[0]!, w: found.w[0]! };
  const said = twoPointTheory({ dx2, dy2, etaH: eta, etaY: eta }, start, found.step);
  return (["dh2", "dy2", "w"] as const).map((name) => {
    const values = Array.from(found[name]);
    const most = Math.max(...values.map(Math.abs));
    return Math.max(...values.map((value, i) => Math.abs(value - said[name][i]!))) / most;
  }) as [number, number, number];
}

describe("a linear network with one hidden layer and small steps", () => {
  const exact = { architecture: "linear", depth: 1, width: 30, inputs: 4, outputs: 3, layer: 0 };
  const centred = { points: "centred", biases: false, gain: 0.41, lr: 0.02, steps: 18_000 };
  // The loss is a mean over three outputs, which divides both rates (docs/theory.md, The two-point theory).
  const eta = centred.lr / 2 / 3;

  it.each([0, 1])("obeys the equations without a fit if its decoder has the least norm, seed %i", async (seed) => {
    const found = await trajectory({ ...exact, ...centred, decoder: "minimal-norm", seed });
    expect(found.dh2[found.dh2.length - 1]).toBeGreaterThan(1.5 * found.dh2[0]!); // it has learned features
    expect(Math.max(...deviations(found, eta))).toBeLessThan(1e-3);
  });

  it.each([0, 1])("and departs from them by a quarter and more with a decoder as drawn, seed %i", async (seed) => {
    const w = deviations(await trajectory({ ...exact, ...centred, seed }), eta)[2];
    expect(w).toBeGreaterThan(0.2);
    expect(w).toBeLessThan(0.5);
  });
});

describe("4 layers of 100", () => {
  it("follow the fitted theory in the mean of five seeds, and end where it says", async () => {
    const all = await Promise.all([0, 1, 2, 3, 4].map((seed) => trajectory({ seed }, "4x100")));
    const fits = all.map((found) => fitTwoPoint(found, { dx2, dy2 }));
    const mean = (of: (fit: TwoPointFit) => number) => fits.reduce((sum, fit) => sum + of(fit) / fits.length, 0);
    expect(fits.map(({ status }) => status)).toEqual(fits.map(() => "ok"));
    expect(mean(({ r2 }) => r2.dh2!)).toBeGreaterThan(0.99);
    expect(mean(({ r2 }) => r2.dy2!)).toBeGreaterThan(0.99);
    expect(mean(({ r2 }) => r2.w!)).toBeGreaterThan(0.97);
    for (const { finalDistance } of fits)
      expect(Math.abs(finalDistance.measured! / finalDistance.predicted! - 1)).toBeLessThan(0.05);
    const doubled = all.map((found) => fitTwoPoint(found, { dx2, dy2, system: "dy2-doubled" }));
    doubled.forEach(({ cost }, i) => {
      expect(cost!.normalised).toBeGreaterThan(3 * fits[i]!.cost!.normalised);
    });
  });

  it.each([
    ["4 layers of 100, gain 2.5", { gain: 2.5, lr: 5e-4 }, 0.1],
    ["4 layers of 100, gain 3", { gain: 3, lr: 2e-4 }, 0.1],
    ["2 layers of 500, gain 2.5", { depth: 2, width: 500, layer: 1, gain: 2.5, lr: 0.002 }, 0.055],
  ])("keep their distance from large weights, in the median of three seeds: %s", async (_, given, most) => {
    const changes = [];
    for (const seed of [3, 4, 5]) {
      const { dh2, w } = await trajectory({ steps: 3000, seed, ...given }, "lazy");
      const last = dh2.length - 1;
      changes.push(Math.abs(dh2[last]! / dh2[0]! - 1));
      expect(Math.abs(w[last]!)).toBeLessThan(0.01); // it has learned
    }
    expect(changes.sort((x, y) => x - y)[1]).toBeLessThan(most);
  });
});
