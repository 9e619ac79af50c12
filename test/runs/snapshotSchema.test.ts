/**
 * @file Snapshots of strangers: one that is as docs/formats.md has it passes, one with a text for a number or markup
 * for a word does not.
 */
import { describe, expect, test } from "vitest";
import { snapshot } from "../../src/measure/snapshot.ts";
import { snapshotFault } from "../../src/runs/snapshotSchema.ts";
import { layerCase, layerOf, momentsOf } from "../moments/cases.ts";

// biome-ignore lint/suspicious/noExplicitAny: what a stranger writes has any type
async function changed(change: (value: any) => void): Promise<unknown> {
  const value = JSON.parse(JSON.stringify(await snapshot(momentsOf([layerOf(layerCase(1, 60, 5, 3))], "test"))));
  change(value);
  return value;
}

test("what is measured passes", async () => {
  expect(snapshotFault(await changed(() => {}))).toBeUndefined();
});

describe("refused is", () => {
  // biome-ignore lint/suspicious/noExplicitAny: as above
  test.each<[string, RegExp, (value: any) => void]>([
    [
      "markup for a phase",
      /layers\.0\.phase\.label/,
      ({ layers }) => (layers[0].phase.label = "<meta http-equiv=refresh>"),
    ],
    ["a text for a number of samples", /layers\.0\.samples/, ({ layers }) => (layers[0].samples = "<b>5</b>")],
    [
      "a text for an alignment",
      /layers\.0\.alignment\.paper\.a\.rga\.value/,
      ({ layers }) => (layers[0].alignment.paper.a.rga.value = "0.9"),
    ],
    ["another kind", /layers\.0\.kind/, ({ layers }) => (layers[0].kind = "<i>")],
    [
      "markup for a status",
      /status/,
      ({ layers }) => (layers[0].alignment.raw.b.rga = { value: null, n: 5, status: "<script>" }),
    ],
    [
      "an alignment of an unknown number of rows",
      /layers\.0\.alignment\.paper\.a\.rga\.n: expected number, got none/,
      ({ layers }) => delete layers[0].alignment.paper.a.rga.n,
    ],
    [
      "a spectrum of no rows",
      /layers\.0\.spectra\.covariance\.b\.G\.dimension/,
      ({ layers }) => (layers[0].spectra.covariance.b.G.dimension = 0),
    ],
    [
      "a phase with more than all of its draws",
      /layers\.0\.phase\.weights\.crh/,
      ({ layers }) => (layers[0].phase.weights = { crh: 1e308 }),
    ],
    [
      "a number of irrelevant directions that is missing",
      /layers\.0\.irrelevant\.b\.count/,
      ({ layers }) => delete layers[0].irrelevant.b.count,
    ],
    [
      "no chance of irrelevant directions that there are",
      /layers\.0\.irrelevant\.b: expected a chance above 0/,
      ({ layers }) => Object.assign(layers[0].irrelevant.b, { count: 1, chance: 0 }),
    ],
    [
      "a slope that is missing",
      /layers\.0\.exponents\.raw\.b\.hz\.value/,
      ({ layers }) => delete layers[0].exponents.raw.b.hz.value,
    ],
    ["no list of layers", /layers/, (value) => (value.layers = {})],
    ["a loss that is none", /loss/, (value) => (value.loss = 3)],
  ])("%s", async (_, message, change) => {
    expect(snapshotFault(await changed((value) => void change(value)))).toMatch(message);
  });
});
