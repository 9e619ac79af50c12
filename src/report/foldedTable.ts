/** @file Tables of many layers, folded until the reader opens or prints them. */
import type { LayerSnapshot } from "../measure/snapshot.ts";
import { layersInWords } from "./reportData.ts";

/** chosen: tables of more layers are folded; the figure by depth shows the alignments at a glance. */
const maxRows = 12;

/**
 * The table as it is, or folded under a line that says how long it is.
 *
 * @param atOnce most rows of a table that is not folded
 * @param printed whether a folded table is printed
 */
export function folded(
  layers: readonly LayerSnapshot[],
  table: string,
  { atOnce = maxRows, printed = true } = {},
): string {
  return layers.length > atOnce
    ? `<details${printed ? ' class="table"' : " data-screen"}><summary>Table of ${layersInWords(layers)}</summary>${table}</details>`
    : table;
}
