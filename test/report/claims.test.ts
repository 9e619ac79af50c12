import { expect, test } from "vitest";
import type { Snapshot } from "../../src/measure/snapshot.ts";
import { claims } from "../../src/report/claims.ts";
import { renderClaims } from "../../src/report/claimsList.ts";
import type { RunReport } from "../../src/report/reportData.ts";
import { alignmentValue, plantedRun, plantedSnapshot } from "../figures/planted.ts";
import { plantedCourse } from "../figures/plantedHeads.ts";

const run = (snapshots: Snapshot[], config: Record<string, unknown> = {}): RunReport => ({
  ...plantedRun({ d: 6, names: ["x"], steps: [0] }),
  config,
  snapshots,
});
const verdicts = (data: RunReport) => Object.fromEntries(claims(data).map(({ figure, verdict }) => [figure, verdict]));

/** A residual network whose relations all have one value, convolutions another. */
function residual(connected: number, conv: number, objective = "cross-entropy"): Snapshot[] {
  return [0, 100].map((step) => {
    const snapshot = { ...plantedSnapshot(step, ["conv1", "conv2", "fc1", "fc2"]), objective };
    for (const layer of snapshot.layers) {
      if (layer.name.startsWith("conv")) layer.kind = "conv";
      const value = alignmentValue(step === 0 ? 0.3 : layer.kind === "conv" ? conv : connected);
      layer.alignment.paper = { a: { rga: value, rwa: value, gwa: value }, b: { rga: value, rwa: value, gwa: value } };
    }
    return snapshot;
  });
}

test("a network in which everything aligned agrees with the figures of convolutional networks", () => {
  expect(verdicts(run(residual(0.9, 0.8)))).toEqual({
    "Fig. 1": "holds",
    "Fig. 11": "holds",
    "Fig. 12": "holds",
    "Fig. 19": "holds",
  });
});

test("where it did not, the claim does not hold; a smaller run says nothing of the paper's size", () => {
  const weak = residual(0.5, 0.6);
  for (const config of [{}, { preset: "paper" }, { preset: "paper", smaller: [] }]) {
    const found = verdicts(run(weak, config));
    expect(new Set(Object.values(found))).toEqual(new Set(["does not hold"]));
  }
  for (const config of [{ preset: "small" }, { preset: "paper", smaller: ["steps"] }])
    expect(new Set(Object.values(verdicts(run(weak, config))))).toEqual(new Set(["not at this scale"]));
  const [first] = claims(run(weak));
  expect(first!.numbers).toBe("0 of 12 hold; the weakest is backward RGA of fc1 with 0.50");
});

test("self-supervised networks are compared with their own figures", () => {
  expect(Object.keys(verdicts(run(residual(0.9, 0.8, "nt-xent")))).sort()).toEqual(["Fig. 13", "Fig. 6"]);
});

test("heads have to exceed both baselines in every attention layer", () => {
  expect(verdicts(run(plantedCourse()))["Fig. 5"]).toBe("holds");
  expect(verdicts(run(plantedCourse({ others: 0.95 })))["Fig. 5"]).toBe("does not hold");
  expect(verdicts(run(plantedCourse({ start: 0.95 })))["Fig. 5"]).toBe("does not hold");
  const [five] = claims(run(plantedCourse()));
  expect(five!.numbers).toBe(
    "median RGA 0.85; above other heads (median 0.30) in 2 of 2 attention layers, above its own start (median 0.20) in 2 of 2 attention layers",
  );
});

test("where the start is not known, heads are judged by the other heads alone, and the claim says so", () => {
  const [five] = claims(run(plantedCourse().slice(0, 1)));
  expect(five).toMatchObject({ figure: "Fig. 5", verdict: "does not hold" }); // 0.25 is below the 0.90 of other heads
  expect(five!.words).toBe("RGA of heads is stronger than H with the H of other heads");
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

test("the page lists figure, claim, verdict and numbers; without measurements there is no section", () => {
  const html = renderClaims(run(residual(0.9, 0.8)));
  expect(html).toContain("4 of the 4 claims that this network can answer hold here");
  expect(html).toContain(`<td class="verdict good">holds</td>`);
  expect(renderClaims(run([]))).toBe("");
});
