/**
 * @file Further figures of deep networks: attention heads with their baselines, and second moments against covariances.
 */

import { conventions } from "../figures/conventions.ts";
import { headsOverTime } from "../figures/headsOverTime.ts";
import { counted, fixed } from "../findings/numbers.ts";
import { byStep } from "../findings/relationFindings.ts";
import { median } from "../measure/median.ts";
import { isMap } from "../moments/moments.ts";
import { renderOutputTable } from "./alignmentTable.ts";
import { type FigureSection, shownAs } from "./figureBlock.ts";
import { folded } from "./foldedTable.ts";
import type { ReportData } from "./reportData.ts";

/** Further figures of deep networks that can be drawn. */
export function deepSections(data: ReportData): FigureSection[] {
  return [conventionSection(data)].filter(({ shown }) => shown !== undefined);
}

/** The figures of single attention heads that can be drawn. */
export function headSections(data: ReportData): FigureSection[] {
  return [baselineSection(data)].filter(({ shown }) => shown !== undefined);
}

/** The section of attention heads and blocks: their course and a table; "" without any. @param figures HTML */
export function renderHeads(data: ReportData, figures: readonly string[]): string {
  const table = renderOutputTable(data, "paper");
  if (table === "") return "";
  const others = byStep(data.snapshots)
    .at(-1)!
    .layers.filter((layer) => !isMap(layer));
  const title = others.every(({ kind }) => kind === "block") ? "Blocks" : "Attention heads";
  const note = `${title === "Blocks" ? "Blocks" : "Heads"} have no weights of their own, so they have only RGA of their output; by the paper's convention, rows normalised and centred.`;
  return `<section id="heads"><h2>${title}</h2>${figures.join("\n")}<h3>In numbers</h3><p class="soft note">${note}</p>${folded(others, `<div class="wide">${table}</div>`)}</section>`;
}

function baselineSection({ snapshots }: ReportData): FigureSection {
  const heads =
    byStep(snapshots)
      .at(-1)
      ?.layers.filter(({ kind }) => kind === "head") ?? [];
  const rga = median(heads.map((head) => head.alignment.paper.b.rga.value));
  const others = median(heads.map((head) => head.baselines?.otherHeads.paper?.median ?? null));
  const found =
    rga === null || others === null
      ? ""
      : `At the last measurement RGA of ${counted(heads.length, "head")} is ${fixed(rga, 2)}, H with H of the other heads ${fixed(others, 2)} (medians). `;
  return {
    title: "Attention heads and their baselines over training",
    ...shownAs(headsOverTime(snapshots), "heads"),
    caption: [
      `${found}One panel for each attention layer; lines are medians over its heads, bands reach from the lowest to the highest. Dashed: chance, the value for unrelated matrices with the same spectra, which for a flat spectrum is that of the paper's random projections (Eq. 78).`,
    ],
    counterpart: "Figs. 5 and 15",
    terms: ["alignment", "null"],
  };
}

function conventionSection({ snapshots }: ReportData): FigureSection {
  const deep =
    byStep(snapshots)
      .at(-1)
      ?.layers.some(({ kind }) => kind !== "linear") ?? false;
  return {
    title: "Second moments against covariances",
    ...(deep ? shownAs(conventions(snapshots), "conventions") : {}),
    caption: [
      "Each point is a layer: forward RGA of plain second moments against forward RGA of covariances of normalised rows. On the dashed diagonal both conventions agree. The mean ratio is the share of the mean in a second moment; near 0, second moments are covariances.",
    ],
    counterpart: "Figs. 9 and 10",
    terms: ["alignment", "conventions"],
  };
}
