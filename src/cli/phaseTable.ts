/**
 * @file The phases of all layers as a table below that of the laws: the labels by covariances and by the paper's
 * convention, the shares of the rows among the draws, and the directions used (theory.md Eqs. 52, 86, 87).
 */
import { isDecided, labelShort, phasesSentence, sharesInWords } from "../findings/laws.ts";
import type { LayerSnapshot } from "../measure/snapshot.ts";
import type { TableLayout } from "./layerTable.ts";
import { renderTable, wrap } from "./table.ts";

/**
 * The table with its sentence, ending with a newline; only the sentence if no layer is in a phase or has shares; ""
 * without phases.
 */
export function renderPhaseTable(layers: readonly LayerSnapshot[], layout: TableLayout = {}): string {
  const { width = 100, dim = (text) => text } = layout;
  const sentence = phasesSentence(layers);
  if (sentence === "") return "";
  const told = layers.filter(({ phase }) => phase && (isTold(phase) || isDecided(phase.paper.label)));
  const summary = `${wrap(sentence, width).join("\n")}\n`;
  if (told.length === 0) return summary;
  const by = told[0]!.phase!.convention === "raw" ? "raw" : "covariance";
  const table = renderTable(
    [
      { header: "layer", shrinkTo: 14, isName: true },
      { header: by },
      { header: "paper" },
      { header: "shares of the rows", shrinkTo: 16 },
      { header: "live", align: "right" },
      { header: "decades of Z", align: "right" },
    ],
    told.map(({ name, phase }) => [
      name,
      labelShort(phase!.label),
      labelShort(phase!.paper.label),
      phase!.weights ? sharesInWords(phase!.weights) : "–",
      phase!.live ? String(phase!.live.rank) : "–",
      phase!.live ? phase!.live.decades.toFixed(1) : "–",
    ]),
    { width, dim },
  );
  const legend =
    "phase by covariances and by the paper's convention; shares of draws of groups and directions that are nearest to each row, by " +
    "covariances; live: directions of W that carry 99 % of H and G, and the decades of Z over them";
  return `${table}\n${summary}${wrap(legend, width).map(dim).join("\n")}\n`;
}

/** Whether there is more than "undecided" or "no row". */
function isTold({ label, weights }: NonNullable<LayerSnapshot["phase"]>): boolean {
  return isDecided(label) || (weights !== undefined && weights["no row"] < 0.95);
}
