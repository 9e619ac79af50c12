/**
 * @file The two-point theory of a run in the terminal: the finding in the layer shown first, then one row per hidden
 * layer.
 *
 *     Hidden layer 2 follows the two-point theory, in the rich regime.
 *     R² is 0.982 (H), 0.995 (Y) and 0.947 (w); H ends at 0.536 where the theory says 0.546.
 *
 *     layer    etaH    ±    etaY    ±  R2 dh2    dy2      w    end  theory  regime  status
 */
import {
  headline,
  headlineLayer,
  layersSentence,
  leftOutSentence,
  ratesSentence,
  statusMeaning,
} from "../findings/twopoint/sentences.ts";
import type { TwopointRecord } from "../findings/twopoint/twopointRecord.ts";
import { printable } from "../formats/printable.ts";
import type { TableLayout } from "./layerTable.ts";
import { wrap } from "./table.ts";
import { renderFits } from "./twoPointTables.ts";

/**
 * chosen: most layers shown, evenly spaced, including the layer shown first; the report has all.
 */
const MOST_ROWS = 24;

/** Sentences and table; ends with a newline. */
export function renderTwopointTable(
  record: TwopointRecord,
  { width = 100, dim = (text) => text, paint = (_, text) => text }: TableLayout = {},
): string {
  const { claim, details } = headline(record);
  const lines = (text: string): string[] => (text === "" ? [] : wrap(printable(text), width));
  const fit = headlineLayer(record);
  const said = [
    ...lines(`${claim}.`).map((line) => paint("bold", line)),
    ...lines(details),
    ...(fit ? lines(ratesSentence(fit)) : []),
  ];
  if (fit === undefined) return `${said.join("\n")}\n`;
  const shown = shortened(record);
  const statuses = [...new Set(shown.map(({ status }) => status))].filter((status) => status !== "ok");
  const below = [
    layersSentence(record),
    ...(shown.length < record.layers.length
      ? [`${shown.length} of ${record.layers.length} hidden layers are shown; the report has all`]
      : []),
    "± is half of the joint 95 % interval; end and theory: final H = |dh|²",
    ...statuses.map((status) => `${status}: ${statusMeaning[status]}`),
    leftOutSentence(record),
  ];
  return `${said.join("\n")}\n\n${renderFits(shown, { width, dim })}\n${below.flatMap(lines).map(dim).join("\n")}\n`;
}

function shortened({ layers, layer }: TwopointRecord): TwopointRecord["layers"] {
  if (layers.length <= MOST_ROWS) return layers;
  const stride = Math.ceil(layers.length / (MOST_ROWS - 2));
  return layers.filter((one, i) => i % stride === 0 || i === layers.length - 1 || String(one.layer) === layer);
}
