/**
 * @file The figures of laws over all layers: phases, change, collapse. Each caption begins with the finding and its
 * certainty.
 */

import { changeOverTime } from "../figures/changeOverTime.ts";
import { collapseOverTime } from "../figures/collapseOverTime.ts";
import { phaseMap } from "../figures/phaseMap.ts";
import { representationChanges } from "../findings/lastHalf.ts";
import { isDecided, phasesSentence } from "../findings/laws.ts";
import { grouped } from "../findings/numbers.ts";
import { byStep } from "../findings/relationFindings.ts";
import { changeInWords } from "../findings/stationarity.ts";
import { type FigureSection, shownAs } from "./figureBlock.ts";
import type { ReportData } from "./reportData.ts";

/** All sections in order. Phases and change are drawn where they were measured. */
export function lawSections(data: ReportData): FigureSection[] {
  const drawn = (section: FigureSection) =>
    section.shown === undefined && section.missing === undefined ? [] : [section];
  return [...drawn(phaseSection(data)), ...drawn(changeSection(data)), ...drawn(collapseSection(data))];
}

export function phaseSection(data: ReportData): FigureSection {
  const decided = data.snapshots.some(({ layers }) =>
    layers.some(({ phase }) => phase && (isDecided(phase.label) || (phase.weights && phase.weights["no row"] < 0.5))),
  );
  return {
    title: "The phase of every layer over training",
    ...(decided ? shownAs(phaseMap(data.snapshots), "phases") : {}),
    caption: [
      `${foundPhases(data)}A cell is divided by the shares of its draws of groups and directions among the rows of the table of phases (Eqs. 50, 87), by covariances; draws of no row leave it empty. A bold label is strict: relations and exponents all agree (Eq. 52); a grey one has half of the draws. No cell where phases were not measured at that step.`,
    ],
    counterpart: "Table 1",
    terms: ["phase", "relations"],
  };
}

function foundPhases({ snapshots }: ReportData): string {
  const sentence = phasesSentence(byStep(snapshots).at(-1)?.layers ?? []);
  return sentence === "" ? "" : `${sentence} `;
}

export function collapseSection(data: ReportData): FigureSection {
  return {
    title: "Neural collapse over training",
    ...shownAs(collapseOverTime(data.snapshots), "collapse"),
    caption: [
      "Features that enter the classifier's last map, on the measured samples (Eqs. 67 to 70): variability within classes relative to that between classes, angles of class means compared with those of a simplex, the classifier's weights compared with the means, and the share of samples whose nearest class mean differs from the network's prediction. All fall to 0 at full collapse. Bands: plus and minus the split-half noise.",
    ],
    counterpart: "Section 7.3 (no figure)",
    terms: [],
  };
}

export function changeSection(data: ReportData): FigureSection {
  return {
    title: "Change of the representation between measurements",
    ...shownAs(changeOverTime(data.snapshots), "change"),
    caption: [
      `${foundChange(data)}Relative change of the covariance of each layer's normalised input since the previous measurement, divided by the steps between (Eq. 64): 0 for a stationary representation. Both use the same samples, so their sampling noise is shared. A layer whose input did not change has no line.`,
    ],
    counterpart: "Fig. 21",
    terms: ["change"],
  };
}

/**
 * The change over the last factor of two in steps. Per step, even a drift in log t and a random walk slow down.
 */
function foundChange({ snapshots }: ReportData): string {
  const last = representationChanges(snapshots)[0];
  if (last === undefined) return "";
  return `From step ${grouped(last.since)} to ${grouped(last.step)} hidden representations changed by ${changeInWords(last)} (median, paper's convention). `;
}
