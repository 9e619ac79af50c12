/** @file Sections of the page as reviewed text: markup is left out, a line a row. */
import { parseHTML } from "linkedom";
import { expect, test } from "vitest";
import { renderFacts, renderParameters } from "../../src/report/header.ts";
import { renderHeads } from "../../src/report/headSections.ts";
import type { RunReport } from "../../src/report/reportData.ts";
import { withIndices } from "../../src/report/withIndices.ts";
import { plantedRun } from "../figures/planted.ts";
import { plantedCourse } from "../figures/plantedHeads.ts";

/** What a reader sees of a piece of HTML, cells parted by bars. */
function seen(html: string): string {
  const { document } = parseHTML(`<main>${html}</main>`);
  const rows = [...document.querySelectorAll("h2, h3, p, summary, tr, dl > div")];
  return rows
    .map((row) => [...(row.children.length > 0 && /^(TR|DIV)$/.test(row.tagName) ? row.children : [row])])
    .map((cells) => cells.map((cell) => cell.textContent!.trim().replace(/\s+/g, " ")).join(" | "))
    .join("\n");
}

test("parameters stand once, with what they mean, without those that nothing reads; how a run was carried out is apart", () => {
  const run = plantedRun({ d: 4, names: ["fc.0", "fc.1"], steps: [0, 10] }) as RunReport;
  const config = {
    lr: 0.1,
    points: "offset",
    optimizer: "sgd",
    momentum: 0.9,
    beta1: 0.9,
    syre: false,
    syreSize: 0.01,
    schedule: "constant",
    period: 10,
    run: { points: 6, threads: 2, keep: null },
  };
  const notes = ["lr = 0.1: learning rate. Paper.", "points = offset: where the points lie."];
  expect(seen(renderParameters({ ...run, config, notes }))).toMatchInlineSnapshot(`
    "lr | 0.1 | learning rate. Paper.
    points | offset | where the points lie.
    optimizer | sgd
    momentum | 0.9
    syre | false
    schedule | constant
    Not used with these choices: syreSize, beta1 and period.
    Execution options
    points | 6
    threads | 2"
  `);
  expect(seen(renderFacts(run))).toContain("seed | 0");
});

test("heads have a section of their own, each by block and head with a link to its figures", () => {
  const run = plantedRun({ d: 4, names: ["fc.0", "fc.1"], steps: [0, 10] });
  const html = renderHeads({ ...run, snapshots: plantedCourse() }, ["<figure></figure>"]);
  expect(seen(html)).toMatchInlineSnapshot(`
    "Attention heads
    In numbers
    Heads have no weights of their own, so they have only RGA of their output; by the paper's convention, rows normalised and centred.
    output of | RGA H ∝ G | H with H of the other heads
    block 0, head 0head, 8 | 0.800 ± 0.010null 0.12 · start 0.20 | 0.30
    block 0, head 1head, 8 | 0.900 ± 0.010null 0.12 · start 0.20 | 0.30
    block 1, head 0head, 8 | 0.800 ± 0.010null 0.12 · start 0.20 | 0.30
    block 1, head 1head, 8 | 0.900 ± 0.010null 0.12 · start 0.20 | 0.30"
  `);
  const { document } = parseHTML(html);
  for (const link of document.querySelectorAll("th a")) expect(link.getAttribute("href")).toMatch(/^#layer-/);
  expect(renderHeads(run, [])).toBe("");
});

test("single letters get their indices, names keep their underscores", () => {
  expect(withIndices("A = E[G_Uᵀ G_U] at η_h of h.0.attn.c_attn and x_y_z, so η_y.")).toBe(
    "A = E[G<sub>U</sub>ᵀ G<sub>U</sub>] at η<sub>h</sub> of h.0.attn.c_attn and x_y_z, so η<sub>y</sub>.",
  );
});
