import { describe, expect, it } from "vitest";
import { renderPhaseTable } from "../../src/cli/phaseTable.ts";
import { lawConvention, phaseInWords, phasesSentence, sharesInWords } from "../../src/findings/laws.ts";
import { layerSnapshot } from "../../src/measure/layerSnapshot.ts";
import { mergeGroups, type PlantedRow, plantedGroups } from "../measure/plantedLayers.ts";

const planted = async (row: PlantedRow, d = 24) => {
  const groups = plantedGroups({ row, d, samples: 4000, seed: 1 }, 16);
  return { ...(await layerSnapshot(mergeGroups(groups), groups)), name: `of ${row}` };
};
const [five, six, none] = [await planted("5"), await planted("6"), await planted("none")];

describe("phases in words", () => {
  it("count the rows by both conventions", () => {
    expect(phasesSentence([five, six, none])).toBe(
      "By covariances 2 of 3 layers are in a phase (5 in 1 and 6 in 1); by the paper's convention 2 (5 in 1 and 6 in 1).",
    );
    expect(phaseInWords(six.phase!)).toBe("it is in phase 6 by covariances and by the paper's convention");
    expect(lawConvention(six)).toBe("covariance");
  });

  it("a network in no phase is one sentence, not a table", () => {
    const table = renderPhaseTable([none, { ...none, name: "again" }]);
    expect(table).toContain("None of 2 layers is in a phase");
    expect(table).not.toContain("shares of the rows");
    expect(renderPhaseTable([{ ...none, phase: null }])).toBe("");
  });

  it("shares say which rows the draws are nearest to, and how many are near none", () => {
    expect(sharesInWords({ ...none.phase!.weights!, "no row": 0.25, "6": 0.75 })).toBe("6 75 %, no row 25 %");
    expect(six.phase!.weights!["6"]).toBeGreaterThan(0.9);
    expect(none.phase!.weights!["no row"]).toBeCloseTo(1, 12);
    const sum = Object.values(five.phase!.weights!).reduce((x, y) => x + y, 0);
    expect(sum).toBeCloseTo(1, 12);
    expect(five.phase!.ranges).toHaveLength(2);
    expect(renderPhaseTable([five, six])).toMatch(/of 5\s+phase 5\s+phase 5\s+5 \d+ %/);
  });
});
