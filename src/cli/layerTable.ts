/**
 * @file The layout that the tables of layers share: two lines a layer, names on the left, three columns a side under its title; the
 * second line is quieter. Sides stand under each other where the terminal is narrow.
 */

import { printable } from "../formats/printable.ts";
import type { LayerSnapshot } from "../measure/snapshot.ts";
import { hasColour, type Io, widthOf } from "./io.ts";
import { dimmer, pad, painter, shorten, shortenName, type Tone, wrap } from "./table.ts";

export type Side = "a" | "b";
export const sideTitles = { a: "backward (side a)", b: "forward (side b)" } as const satisfies Record<Side, string>;

/** Characters of a cell. */
export const CELL = 12;
/** What stands where there is nothing to say. */
export const NOTHING = "–";
const GAP = "  ";
const LEAST_NAME = 14;

export interface LayerTable {
  /** Above the names. */
  readonly corner: string;
  /** Below a name. */
  readonly below: (layer: LayerSnapshot) => string;
  /** Title of a column, the two lines of its cell for a layer, each of at most `CELL` characters, and the tone of the first. */
  readonly columns: Readonly<Record<Side, readonly Column[]>>;
  /** What the table says, below it. */
  readonly legend: readonly string[];
}

export interface Column {
  readonly title: string;
  readonly cell: (layer: LayerSnapshot) => readonly [first: string, second: string, tone?: Tone | undefined];
}

export interface TableLayout {
  /** Characters on a line; sides are put under each other below 98. */
  readonly width?: number;
  readonly dim?: (text: string) => string;
  /** Sets texts off by their tone; undefined where there are no escape sequences. */
  readonly paint?: ((tone: Tone, text: string) => string) | undefined;
}

/** The layout for where results go: as wide as it is, with escape sequences where it knows them. */
export function layoutOf({ stdout, env }: Pick<Io, "stdout" | "env">): TableLayout {
  const width = widthOf(stdout);
  return hasColour(stdout, env) ? { width, dim: dimmer(true), paint: painter(true) } : { width };
}

/** The table with an empty line and its legend below; ends with a newline. */
export function renderLayerTable(
  layers: readonly LayerSnapshot[],
  { corner, below, columns, legend }: LayerTable,
  { width = 100, dim = (text) => text, paint = (_, text) => text }: TableLayout,
): string {
  const cells = (count: number) => count * (GAP.length + CELL);
  const blocks: Side[][] =
    width >= LEAST_NAME + cells(columns.a.length + columns.b.length) ? [["a", "b"]] : [["a"], ["b"]];
  const most = Math.max(...blocks.map((sides) => sides.reduce((sum, side) => sum + columns[side].length, 0)));
  const lengths = layers.flatMap((layer) => [[...printable(layer.name)].length, below(layer).length + 2]);
  const longest = Math.max(LEAST_NAME, ...lengths);
  const nameWidth = Math.min(longest, Math.max(LEAST_NAME, width - cells(most)));
  const line = (name: string, texts: readonly string[]) =>
    [pad(name, nameWidth), ...texts.map((text) => pad(text, CELL))].join(GAP).trimEnd();
  const lines = blocks.flatMap((sides) => {
    const own = sides.flatMap((side) => columns[side]);
    const titles = sides.map((side) => pad(` ${sideTitles[side]}`, cells(columns[side].length) - GAP.length));
    return [
      dim([pad("", nameWidth), ...titles].join(GAP).trimEnd()),
      dim(
        line(
          corner,
          own.map(({ title }) => ` ${title}`),
        ),
      ),
      ...layers.flatMap((layer) => {
        const found = own.map(({ cell }) => cell(layer));
        return [
          line(
            shortenName(printable(layer.name), nameWidth),
            found.map(([first, , tone]) => (tone ? paint(tone, first) + blanksAfter(first) : first)),
          ),
          dim(
            line(
              shorten(`  ${below(layer)}`, nameWidth),
              found.map(([, second]) => second),
            ),
          ),
        ];
      }),
      "",
    ];
  });
  return `${[...lines, ...legend.flatMap((words) => wrap(words, width)).map(dim)].join("\n")}\n`;
}

/** What fills a text up to the width of a cell: escape sequences around it take no room. */
function blanksAfter(text: string): string {
  return pad(text, CELL).slice(text.length);
}
