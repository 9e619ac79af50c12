import { describe, expect, test } from "vitest";
import type { Claim, ClaimData } from "../../src/findings/claims/claim.ts";
import { claims } from "../../src/findings/claims/claims.ts";
import type { RelationName } from "../../src/measure/phase/phaseTable.ts";
import type { LayerSnapshot, Snapshot } from "../../src/measure/snapshot.ts";
import { alignmentValue, plantedSnapshot } from "../figures/planted.ts";
import { plantedCourse } from "../figures/plantedHeads.ts";
import { logDrift, measuredCourse } from "./plantedChange.ts";

/** A run of the paper's size whose loss stands still. */
const run = (snapshots: Snapshot[], data: Partial<ClaimData> = {}): ClaimData => ({
  snapshots: snapshots.map((one) => ({ ...one, loss: { mean: 1 } })),
  config: { smaller: [] },
  ...data,
});
const named = (data: ClaimData, figure: string): Claim[] => claims(data).filter((one) => one.figure === figure);
const verdicts = (data: ClaimData) => Object.fromEntries(claims(data).map(({ figure, verdict }) => [figure, verdict]));

function relations(layer: LayerSnapshot, value: number): void {
  const one = () => alignmentValue(value, 0.12, 0.001);
  layer.alignment.paper = {
    a: { rga: one(), rwa: one(), gwa: one() },
    b: { rga: one(), rwa: one(), gwa: one() },
  };
}

/** A residual network whose relations all have one value, convolutions another. */
function residual(connected: number, conv: number, objective = "cross-entropy"): Snapshot[] {
  return [0, 100].map((step) => {
    const snapshot = { ...plantedSnapshot(step, ["conv1", "conv2", "fc1", "fc2"]), objective };
    for (const layer of snapshot.layers) {
      if (layer.name.startsWith("conv")) layer.kind = "conv";
      relations(layer, step === 0 ? 0.3 : layer.kind === "conv" ? conv : connected);
    }
    return snapshot;
  });
}

describe("convolutional networks", () => {
  test("one in which everything aligned agrees with their figures", () => {
    expect(verdicts(run(residual(0.95, 0.92)))).toEqual({
      "Fig. 1": "holds",
      "Fig. 11": "holds",
      "Fig. 12": "holds",
      "Fig. 19": "holds",
    });
  });

  test("one in which it did not does not, and the row says by which numbers", () => {
    const found = claims(run(residual(0.5, 0.6)));
    expect(new Set(found.map(({ verdict }) => verdict))).toEqual(new Set(["does not hold"]));
    expect(found[0]!.numbers).toBe("0 of 12 hold; the weakest is backward RGA of fc1 with 0.50");
    for (const { measured, threshold } of found) {
      expect(measured).toContain("paper's convention");
      expect(threshold).not.toBe("");
    }
  });

  test("self-supervised ones are compared with their own figures", () => {
    expect(Object.keys(verdicts(run(residual(0.95, 0.8, "nt-xent")))).sort()).toEqual(["Fig. 13", "Fig. 6"]);
  });

  test("dead layers count in no claim", () => {
    const snapshots = residual(0.95, 0.92);
    relations(snapshots[1]!.layers[2]!, 0.2);
    expect(verdicts(run(snapshots))["Fig. 1"]).toBe("does not hold");
    snapshots[1]!.layers[2]!.dead = ["no-gradient"];
    expect(verdicts(run(snapshots))["Fig. 1"]).toBe("holds");
  });
});

describe("why a claim does not hold", () => {
  const weak = residual(0.5, 0.6);
  const first = (data: Partial<ClaimData>, snapshots = weak) => {
    const { verdict, because } = claims(run(snapshots, data))[0]!;
    return [verdict, because];
  };
  const loss = (half: number, end: number) =>
    [45, 50, 95, 100].map((step) => ({ step, name: "train/loss", value: step > 50 ? end : half }));

  test("a network smaller than the paper's is the reason where training was over", () => {
    const config = { smaller: ["width", "steps"] };
    expect(first({ config })).toEqual(["not at this scale", "smaller than the paper's: width"]);
    expect(first({ config: { preset: "small" } })[0]).toBe("not at this scale"); // runs of earlier versions
    expect(first({ config: { preset: "paper" } })[0]).toBe("does not hold");
    expect(first({ config: { preset: "nonlinear", smaller: [] } })[0]).toBe("does not hold");
  });

  test("training is the reason where the loss still falls, whatever the size", () => {
    const metrics = loss(1, 0.74);
    for (const smaller of [[], ["width"]])
      expect(first({ config: { smaller }, metrics })).toEqual([
        "too early",
        "the loss fell by 26 % over the last half of the steps",
      ]);
    expect(first({ metrics: loss(1, 0.97) })[0]).toBe("does not hold");
    expect(first({ metrics: loss(1, 1.4) })[0]).toBe("does not hold");
  });

  test("or where representations still change, steps are missing, or are fewer than the paper's", () => {
    const drifting = measuredCourse(logDrift(0, 1));
    const weakAnd = residual(0.5, 0.6).map((one, i) => ({ ...one, step: [0, 100_000][i]! }));
    weakAnd[1]!.layers[0]!.changeSinceHalf = drifting.at(-1)!.layers[0]!.changeSinceHalf!;
    expect(first({}, weakAnd)).toEqual(["too early", "representations changed by 7.4 % since step 45,204"]);
    const since = weakAnd[1]!.layers[0]!.changeSinceHalf!;
    weakAnd[1]!.layers[0]!.change = { ...since, since: 60_000 }; // as much over a shorter time: a fluctuation
    expect(first({}, weakAnd)[0]).toBe("does not hold");
    expect(first({ step: 60, steps: 100 })).toEqual(["too early", "the run is at step 60 of 100"]);
    expect(first({ config: { smaller: ["steps"] } })).toEqual(["too early", "fewer steps than the paper's"]);
  });

  test("what holds holds at any size and step, and an analysis knows neither", () => {
    const strong = residual(0.95, 0.92);
    expect(first({ config: { smaller: ["width"] }, metrics: loss(1, 0.5) }, strong)[0]).toBe("holds");
    expect(claims({ snapshots: weak.slice(1) })[0]!.verdict).toBe("does not hold");
  });
});

describe("Fig. 8 and Eq. 10, over hidden representations", () => {
  /** Maps of which the hidden sides have one value, data and output 0.3; further values by layer, side and relation. */
  function perceptron(values: Record<string, number> = {}, hidden = 0.95): Snapshot[] {
    return [0, 100].map((step) => {
      const snapshot = plantedSnapshot(step, ["l0", "l1", "l2", "l3"]);
      for (const [i, layer] of snapshot.layers.entries()) {
        relations(layer, step === 0 ? 0.2 : hidden);
        if (step === 0) continue;
        for (const side of ["a", "b"] as const)
          for (const relation of ["rga", "rwa", "gwa"] as const satisfies readonly RelationName[]) {
            const isEnd = (i === 0 && side === "a") || (i === 3 && side === "b");
            const value = values[`${layer.name}.${side}.${relation}`] ?? (isEnd ? 0.3 : undefined);
            if (value !== undefined) layer.alignment.paper[side]![relation] = alignmentValue(value, 0.12, 0.001);
          }
      }
      return snapshot;
    });
  }
  const at = (decay: number | undefined, snapshots = perceptron()) =>
    run(snapshots, { config: { smaller: [], ...(decay === undefined ? {} : { decay }) } });
  const strong = "all six relations hold strongly at a large weight decay";

  test("data and output are not in it, and are named apart", () => {
    const [six, one] = named(at(1e-4), "Fig. 8");
    expect(six).toMatchObject({ statement: strong, verdict: "holds" });
    expect(one).toMatchObject({
      verdict: "holds",
      statement: "at least one forward and backward relation holds strongly",
    });
    expect(six!.numbers).toBe(
      "medians at decay 0.0001: backward RGA 0.95 (3 of 3 hold), RWA 0.95 (3 of 3 hold), GWA 0.95 (3 of 3 hold); " +
        "forward RGA 0.95 (3 of 3 hold), RWA 0.95 (3 of 3 hold), GWA 0.95 (3 of 3 hold). " +
        "Apart from these: data side RGA 0.30, RWA 0.30, GWA 0.30; output side RGA 0.30, RWA 0.30, GWA 0.30",
    );
    expect(one!.numbers).toContain("a forward one in 3 of 3, a backward one in 3 of 3. Apart");
  });

  test("the first half is said of large decay alone, the second of any", () => {
    for (const decay of [1e-4, 4e-5, 1e-3]) expect(named(at(decay), "Fig. 8")).toHaveLength(2);
    for (const decay of [2e-5, 1e-6, 0, undefined]) {
      const found = named(at(decay), "Fig. 8");
      expect(found.map(({ statement }) => statement)).toEqual([
        "at least one forward and backward relation holds strongly",
      ]);
    }
  });

  test("one relation that fails in most of them is enough against the first half, a side without any against the second", () => {
    const weakRga = perceptron({ "l1.a.rga": 0.5, "l2.a.rga": 0.5 });
    expect(named(at(1e-4, weakRga), "Fig. 8").map(({ verdict }) => verdict)).toEqual(["does not hold", "holds"]);
    const noForward = perceptron({ "l1.b.rga": 0.5, "l1.b.rwa": 0.5, "l1.b.gwa": 0.5 });
    expect(named(at(1e-4, noForward), "Fig. 8").map(({ verdict }) => verdict)).toEqual(["holds", "does not hold"]);
    noForward[1]!.layers[1]!.dead = ["no-gradient"];
    expect(named(at(1e-4, noForward), "Fig. 8").map(({ verdict }) => verdict)).toEqual(["holds", "holds"]);
  });

  test("Eq. 10 is said of small decay alone", () => {
    const leading = { "l0.b.rwa": 0.97, "l1.b.rwa": 0.97, "l1.a.gwa": 0.97, "l2.a.gwa": 0.97 };
    expect(named(at(1e-6, perceptron(leading)), "Eq. 10")[0]!.verdict).toBe("holds");
    expect(named(at(1e-6, perceptron({ "l1.a.rga": 0.99, "l2.a.rga": 0.99, ...leading })), "Eq. 10")[0]!.verdict).toBe(
      "does not hold",
    );
    for (const decay of [1e-4, 1e-5, 0, undefined]) expect(named(at(decay, perceptron(leading)), "Eq. 10")).toEqual([]);
  });
});

describe("transformers", () => {
  test("heads have to exceed both baselines in every attention layer", () => {
    expect(verdicts(run(plantedCourse()))["Fig. 5"]).toBe("holds");
    expect(verdicts(run(plantedCourse({ others: 0.95 })))["Fig. 5"]).toBe("does not hold");
    expect(verdicts(run(plantedCourse({ start: 0.95 })))["Fig. 5"]).toBe("does not hold");
    expect(named(run(plantedCourse()), "Fig. 5")[0]!.numbers).toBe(
      "median RGA 0.85; above other heads (median 0.30) in 2 of 2 attention layers, above its own start (median 0.20) in 2 of 2 attention layers",
    );
  });

  test("where the start is not known, they are judged by the other heads alone, and the row says so", () => {
    const [five] = named(run(plantedCourse().slice(0, 1)), "Fig. 5");
    expect(five!.verdict).toBe("does not hold"); // 0.25 is below the 0.90 of other heads
    expect(five!.measured).not.toContain("at the start");
    expect(five!.numbers).toContain("its own start is not known");
  });

  test("second moments, means and the course of heads are judged by their numbers", () => {
    const course = plantedCourse();
    expect(verdicts(run(course))).toMatchObject({
      "Fig. 9": "holds",
      "Fig. 10": "does not hold",
      "Fig. 15": "does not hold",
    });
    for (const { layers } of course)
      for (const { meanRatio } of layers) meanRatio.b = { h: { value: 0.05, n: 9 }, g: { value: 0.001, n: 9 } };
    expect(verdicts(run(course))["Fig. 10"]).toBe("holds");
    for (const { layers, step } of course)
      if (step > 0) for (const layer of layers) layer.alignment.paper.b.rga = alignmentValue(0.9);
    expect(verdicts(run(course))["Fig. 15"]).toBe("holds");
  });
});

test("without measurements there is no row, and a row is plain data", () => {
  expect(claims({ snapshots: [] })).toEqual([]);
  const found = claims(run(residual(0.95, 0.8)));
  expect(JSON.parse(JSON.stringify(found))).toEqual(found);
});
