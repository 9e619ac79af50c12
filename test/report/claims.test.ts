import { expect, test } from "vitest";
import { claims } from "../../src/findings/claims/claims.ts";
import { renderClaims } from "../../src/report/claimsList.ts";
import { courseOf } from "../../src/report/reportData.ts";
import { renderSummary } from "../../src/report/summary.ts";
import { plantedAnalysis, plantedRun } from "../figures/planted.ts";

test("the page has every row of the table with its reason; without measurements there is no section", () => {
  const data = plantedRun({ d: 6 });
  const html = renderClaims(data);
  const found = claims(courseOf(data));
  expect(found.length).toBeGreaterThan(1);
  expect(html).toContain(`of the ${found.length} claims that this network can answer`);
  for (const { figure, verdict } of found) {
    expect(html).toContain(`<th scope="row">${figure}</th>`);
    expect(html).toContain(`">${verdict}</span>`);
  }
  expect(html.match(/<small>measured: /g)).toHaveLength(found.length);
  expect(html.match(/<small>wanted: /g)).toHaveLength(found.length);
  expect(renderClaims({ ...data, snapshots: [] })).toBe("");
});

test("the options of an analysis are not taken for the parameters of a run", () => {
  const data = { ...plantedAnalysis(), config: { decay: 1e-4 } };
  expect(courseOf(data).config).toBeUndefined();
});

test("the summary begins with how far from stationary a run is; an analysis does not", () => {
  expect(renderSummary(plantedRun({ d: 6 }))).toMatch(/^<ul class="summary"><li>How far from stationary: /);
  expect(renderSummary(plantedAnalysis())).not.toContain("stationary");
});
