/** @file `crh explain` and the table of laws on planted layers: what they say is what was planted. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { explainCommand } from "../../src/cli/commands/explain.ts";
import { explainLayer } from "../../src/cli/explainLayer.ts";
import { renderLawsTable } from "../../src/cli/lawsTable.ts";
import { snapshot } from "../../src/measure/snapshot.ts";
import { emptyLayer, mergeMoments } from "../../src/moments/moments.ts";
import { plantedGroups } from "../measure/plantedLayers.ts";
import { momentsOf } from "../moments/cases.ts";
import { testIo } from "./testIo.ts";

const dir = mkdtempSync(join(tmpdir(), "crh-explain-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const groups = plantedGroups({ row: "6", d: 30, seed: 2, samples: 12_000 }, 8).map((group) => momentsOf([group]));
const planted = snapshot(groups.reduce(mergeMoments), { groups });
const [layer] = planted.layers as [(typeof planted.layers)[0]];

describe("the table of laws", () => {
  test.each([100, 80])("fits %d columns and has the planted phase and exponents", (width) => {
    const text = renderLawsTable(planted, { width });
    for (const line of text.split("\n")) expect([...line].length).toBeLessThanOrEqual(width);
    expect(text).toContain("phase 6");
    const row = text.split("\n").find((line) => line.startsWith(layer.name))!;
    const [hg, hz] = row.trim().split(/\s+/).slice(1).map(Number);
    expect(hg).toBeCloseTo(1, 1);
    expect(hz).toBeCloseTo(2, 1);
  });

  test("is left out where no exponent was measured", () => {
    expect(renderLawsTable(snapshot(momentsOf([emptyLayer("wide", "head", 1, 1100)])))).toBe("");
  });
});

describe("explainLayer", () => {
  test("names the phase and the exponent of side b with its interval", () => {
    const found = explainLayer(layer);
    expect(found.summary).toContain("it is in phase 6");
    expect(found.laws.find((line) => line.startsWith("forward H ~ G^s"))).toMatch(/s = (2\.9|3\.0)\d, 95 % within/);
    expect(found.doubts.join(" ")).toContain("before training are not known");
  });

  test("compares with the start where it is known", () => {
    const { relations, doubts } = explainLayer(layer, layer);
    expect(relations.find((line) => line.startsWith("backward RGA"))).toMatch(/did so from the start: .*it began at/);
    expect(doubts.join(" ")).not.toContain("before training");
  });

  test("says that few rows are few", () => {
    const few = plantedGroups({ row: "6", d: 30, seed: 2, samples: 200 }, 2).map((group) => momentsOf([group]));
    const found = snapshot(few.reduce(mergeMoments), { groups: few }).layers[0]!;
    expect(explainLayer(found).doubts.join(" ")).toContain("200 rows are few for 30 dimensions");
  });
});

describe("crh explain", () => {
  const file = join(dir, "measured.json");
  writeFileSync(file, JSON.stringify({ run: "somewhere", final: planted }));

  test("reads the JSON of a measurement; one layer in full, all of them briefly", async () => {
    const [one, all] = [testIo(), testIo()];
    await explainCommand(file, layer.name, { in: dir }, one);
    await explainCommand(file, undefined, { in: dir }, all);
    for (const io of [one, all])
      for (const line of io.out().split("\n")) expect([...line].length).toBeLessThanOrEqual(100);
    expect(one.out()).toContain("Laws between spectra");
    expect(all.out()).not.toContain("Laws between spectra");
    expect(all.out()).toContain(`${layer.name} is a linear map from`);
  });

  test("--json has the same sentences", async () => {
    const io = testIo();
    await explainCommand(file, layer.name, { in: dir, json: true }, io);
    expect(JSON.parse(io.out()).layers).toEqual([JSON.parse(JSON.stringify(explainLayer(layer)))]);
  });

  test("a wrong name, a file that is no measurement and a run that is not there are refused in one line", async () => {
    const io = testIo();
    const wrong = join(dir, "wrong.json");
    writeFileSync(wrong, "{");
    await expect(explainCommand(file, "plantd", { in: dir }, io)).rejects.toThrow(/did you mean planted\?/);
    await expect(explainCommand(wrong, undefined, { in: dir }, io)).rejects.toThrow(/which is neither/);
    await expect(explainCommand("nothing", undefined, { in: dir }, io)).rejects.toThrow(/crh runs lists them/);
  });
});
