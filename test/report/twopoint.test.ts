/** The page of runs that follow points, alone and beside alignments; that terminal, page and explain say the same. */
import { parseHTML } from "linkedom";
import { describe, expect, test } from "vitest";
import { renderTwopointTable } from "../../src/cli/twopointTable.ts";
import { explainTwopoint } from "../../src/findings/explain/explainTwopoint.ts";
import { brief } from "../../src/findings/numbers.ts";
import { headline, layersSentence } from "../../src/findings/twopoint/sentences.ts";
import { type ReportData, renderReport, reportFigures } from "../../src/report/report.ts";
import { plantedRun } from "../figures/planted.ts";
import { plantedFollowed, plantedRates } from "../findings/twopoint/planted.ts";

const twopoint = plantedFollowed();
const measured = () => plantedRun({ d: 12, names: ["layers.0", "layers.1", "layers.2"] });
const alone = { ...measured(), snapshots: [], twopoint };
const both = { ...measured(), twopoint };
function page(data: ReportData) {
  const { document } = parseHTML(renderReport(data));
  for (const packed of document.querySelectorAll("script")) packed.remove();
  return document;
}
const sections = (data: ReportData) => [...page(data).querySelectorAll("section")].map(({ id }) => id);

describe("the page of a run that follows points and measures nothing else", () => {
  test("begins with the theory, has no section on alignments and says why", () => {
    expect(sections(alone)).toEqual(["twopoint", "summary", "figures", "equations", "parameters", "reproduce"]);
    const text = page(alone).querySelector("#summary")!.textContent!;
    expect(text).toContain("Alignments were not measured: the setting's only samples are the 2 followed points");
    expect(page(alone).querySelector("main")!.textContent).not.toMatch(/undefined|NaN|null/);
  });

  test("has no link to a place that is not there", () => {
    const document = page(alone);
    for (const link of document.querySelectorAll('a[href^="#"]'))
      expect(document.getElementById(link.getAttribute("href")!.slice(1)), link.getAttribute("href")!).not.toBeNull();
  });

  test("has what was found in its first sentence, then its course", () => {
    const section = page(alone).querySelector("#twopoint")!;
    const { claim, details } = headline(twopoint.fits);
    expect(section.querySelector(".finding")!.textContent).toBe(`${claim}. ${details}`);
    expect(section.querySelector("figure")!.querySelectorAll(".panels svg")).toHaveLength(4);
  });

  test("has a row for every layer, with the planted rates and what each status means", () => {
    const section = page(alone).querySelector("#twopoint")!;
    const rows = [...section.querySelectorAll("tbody tr")].map((row) =>
      [...row.children].map((cell) => cell.textContent!),
    );
    expect(rows).toHaveLength(3);
    plantedRates.forEach(({ etaH, etaY }, i) => {
      expect(rows[i]![1]).toMatch(new RegExp(`^${brief(etaH)}`));
      expect(rows[i]![2]).toMatch(new RegExp(`^${brief(etaY)}`));
    });
    for (const { status } of twopoint.fits.layers) expect(section.textContent).toContain(`${status}: `);
  });

  test("says what contradicts the equations where the layer is looked at first", () => {
    const fits = { ...twopoint.fits, layer: "2" };
    const data = { ...alone, twopoint: { ...twopoint, fits } };
    expect(page(data).querySelector(".finding")!.textContent).toMatch(
      /^Hidden layer 2 .*H falls by 40 % while w < 0, where by the equations it can only rise, for any rates\.$/,
    );
  });
});

describe("the page of a run with both", () => {
  test("has the theory before the finding on alignments, and every other section", () => {
    expect(sections(both).slice(0, 3)).toEqual(["twopoint", "finding", "summary"]);
    expect(sections(both)).toEqual(expect.arrayContaining(["figures", "layers", "alignments", "glossary"]));
  });

  test("numbers its figures through, the same on the page and in files", () => {
    const ids = [...page(both).querySelectorAll("figure[id^=figure-]")].map(({ id }) => Number(id.slice(7)));
    expect(ids).toEqual(ids.map((_, i) => i + 1));
    const names = reportFigures(both).map(({ name }) => name);
    expect(names.slice(0, 5)).toEqual([
      "00-hidden-layers",
      "01-two-points",
      "02-two-points-by-depth",
      "03-conserved",
      "04-loss",
    ]);
  });
});

test("pairs and map are drawn where there are enough points, with names escaped", () => {
  const points = ["<b>x</b> 0", "<b>x</b> 1", "y 0", "y 1", "y 2"];
  const data = { ...alone, twopoint: plantedFollowed({ points, target: (p, q) => p + q, falling: false }) };
  const html = renderReport(data);
  expect(html).not.toContain("<b>x</b>");
  const names = reportFigures(data).map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(["04-pair-distances", "05-representation-map"]));
});

test("a run whose points have one target has a page that says so", () => {
  const data = { ...alone, twopoint: plantedFollowed({ target: () => 0, falling: false }) };
  expect(page(data).querySelector(".finding")!.textContent).toMatch(/^No pair of followed points differs/);
});

describe("terminal, page and explain", () => {
  const oneLine = (text: string) => text.replace(/\s+/g, " ");
  const text = oneLine(page(alone).querySelector("#twopoint")!.textContent!);

  test("say the same sentences", () => {
    const { claim, details } = headline(twopoint.fits);
    const table = oneLine(renderTwopointTable(twopoint.fits, { width: 80 }));
    for (const sentence of [claim, details, layersSentence(twopoint.fits)]) {
      expect(table).toContain(sentence);
      expect(text).toContain(sentence);
    }
    const own = explainTwopoint(twopoint).find(({ layer }) => layer === "1")!;
    expect(own.summary).toBe(`${claim}: R² 1.000 (H), 1.000 (Y) and 1.000 (w).`);
    for (const sentence of own.sentences.filter((one) => !one.startsWith("H ends")))
      expect(text).toContain(sentence.replaceAll("η_", "η"));
  });

  test("the table fits its width and has a row a layer; of many layers some are left to the report", () => {
    for (const width of [80, 100]) {
      const lines = renderTwopointTable(twopoint.fits, { width }).split("\n");
      for (const line of lines) expect([...line].length).toBeLessThanOrEqual(width);
      expect(lines.filter((line) => /^[012] +\d/.test(line))).toHaveLength(3);
    }
    const layers = Array.from({ length: 60 }, (_, i) => ({ ...twopoint.fits.layers[0]!, layer: String(i) }));
    const many = renderTwopointTable({ ...twopoint.fits, layer: "31", layers });
    const shown = many.split("\n").flatMap((line) => /^(\d+) +0\./.exec(line)?.[1] ?? []);
    expect(shown.length).toBeLessThanOrEqual(24);
    expect(shown).toEqual(expect.arrayContaining(["0", "31", "59"]));
    expect(many).toContain("of 60 hidden layers are shown; the report has all");
  });

  test("explain has the contradiction beside the layer that it is in", () => {
    expect(explainTwopoint(twopoint).map(({ contradiction }) => contradiction.length)).toEqual([0, 0, 1]);
  });
});
