/**
 * @file The figures that deep networks add: attention heads beside their baselines, and second moments beside
 * covariances.
 */

import { conventions } from "../figures/conventions.ts";
import { headsOverTime } from "../figures/headsOverTime.ts";
import { counted, fixed } from "../findings/numbers.ts";
import { byStep } from "../findings/relationFindings.ts";
import { median } from "../measure/median.ts";
import { type FigureSection, shownAs } from "./figureBlock.ts";
import type { ReportData } from "./reportData.ts";

/** Those that can be drawn. */
export function headSections(data: ReportData): FigureSection[] {
  return [baselineSection(data), conventionSection(data)].filter(({ shown }) => shown !== undefined);
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
    title: "Attention heads beside their baselines over training",
    ...shownAs(headsOverTime(snapshots), "heads"),
    caption: [
      `${found}One panel for each attention layer; lines are medians over its heads, bands reach from the lowest to the highest. Dashed: chance, what unrelated matrices of the same spectra show, as random projections of the paper do for a flat one (Eq. 78).`,
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
    title: "Second moments beside covariances",
    ...(deep ? shownAs(conventions(snapshots), "conventions") : {}),
    caption: [
      "Each point is a layer: forward RGA of plain second moments against that of covariances of normalised rows; on the dashed diagonal it does not matter which are compared. The mean ratio is the share of the mean in a second moment: near 0, second moments are covariances.",
    ],
    counterpart: "Figs. 9 and 10",
    terms: ["alignment", "conventions"],
  };
}
