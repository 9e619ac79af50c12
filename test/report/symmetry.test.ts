/** @file The page's section on symmetric pairs. */
import { parseHTML } from "linkedom";
import { describe, expect, test } from "vitest";
import { driveSentence, pairsHeadline } from "../../src/findings/pairs/pairSentences.ts";
import { pairGroups } from "../../src/measure/network/pairGroups.ts";
import { renderReport, reportFigures } from "../../src/report/report.ts";
import type { ReportData } from "../../src/report/reportData.ts";
import { renderSymmetry } from "../../src/report/symmetrySection.ts";
import { plantedAnalysis, plantedRun } from "../figures/planted.ts";
import { plantedHeads, plantedPair, plantedScale, runWithPairs, withPairs } from "../figures/plantedPairs.ts";

/** Without moments, whose matrices take the time. */
function page({ moments: _, ...data }: ReportData) {
  return parseHTML(renderReport(data as ReportData)).document;
}
const run = runWithPairs();
const document = page(run);
const analysis = (...change: Parameters<typeof withPairs> extends [unknown, ...infer R] ? R : never): ReportData => {
  const data = plantedAnalysis();
  return { ...data, snapshots: data.snapshots.map((one) => withPairs(one, ...change)) };
};

describe("the section on symmetry and noise", () => {
  test("begins with the finding and its picture, and has courses, table and words", () => {
    const section = document.querySelector("#symmetry")!;
    const { claim } = pairsHeadline(run.snapshots.at(-1)!);
    expect(section.querySelector(".finding b")!.textContent).toBe(claim);
    const titles = [...section.querySelectorAll("figure h3")].map((one) => one.textContent);
    expect(titles.map((title) => title!.replace(/^Figure \d+\. /, ""))).toEqual([
      "Every symmetric pair at step 10,000",
      "Noise balance over training",
      "Charges over training",
      "Predicted against measured drift of the charges",
    ]);
    for (const group of pairGroups(run.snapshots.at(-1)!.pairs))
      expect(section.textContent).toContain(driveSentence(group));
    expect(section.querySelectorAll("table tbody tr")).toHaveLength(5);
    expect(document.querySelector('nav a[href="#symmetry"]')!.textContent).toBe("Symmetry");
  });

  test("links only to what the glossary has, and the figures are numbered through", () => {
    for (const link of document.querySelectorAll('#symmetry a[href^="#"]'))
      expect(document.querySelector(link.getAttribute("href")!)).not.toBeNull();
    const numbers = [...document.querySelectorAll('main > section > figure[id^="figure-"]')].map((one) =>
      Number(one.id.slice("figure-".length)),
    );
    expect(numbers).toEqual(numbers.map((_, i) => i + 1));
    const { moments: _, ...bare } = run;
    const names = reportFigures(bare).map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names.some((name) => /^\d\d-charge-drift$/.test(name))).toBe(true);
  });

  test("of an analysis has the pairs alone, with what breaks symmetries, escaped", () => {
    const evil = [{ first: "<b>up</b>", second: null, reason: "its output <i>branches</i>" }];
    const section = page(analysis([plantedPair(), plantedScale("conv1"), ...plantedHeads(0, 12)], evil)).querySelector(
      "#symmetry",
    )!;
    expect(section.querySelectorAll("figure")).toHaveLength(1);
    expect(section.textContent).toContain("What breaks symmetries");
    expect(section.textContent).toContain("its output <i>branches</i>: <b>up</b>");
    expect(section.textContent).toContain("1 map before a normalization");
    expect(section.querySelectorAll("table tbody tr")).toHaveLength(2);
  });

  test("says that no two maps share a symmetry and why, and is absent where pairs were not looked for", () => {
    const none = page(analysis([], [{ first: "a", second: "b", reason: "Tanh stands in between" }]));
    expect(none.querySelector("#symmetry")!.textContent).toContain(
      "No two neighbouring maps share a symmetry. No symmetry: a → b (Tanh stands in between).",
    );
    expect(none.querySelector("#term-charge")).toBeNull();
    for (const data of [plantedRun({ d: 4 }), plantedAnalysis(), analysis([])])
      expect(renderSymmetry(data, [])).toBe("");
  });
});
