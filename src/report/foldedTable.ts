/** @file Tables of many layers, folded away until the reader opens or prints them. */
import type { LayerSnapshot } from "../measure/snapshot.ts";
import { layersInWords } from "./reportData.ts";

/** chosen: tables of more layers are folded away; the figure by depth shows alignments at one glance. */
const maxRows = 12;

/**
 * The table as it is, or behind a line that says how much of it there is.
 *
 * @param atOnce rows that are not folded away
 * @param printed whether paper has a table that is folded away
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
