/**
 * @file The layout shared by tables of layers: two lines per layer, names on the left, three columns per side under its
 * title; the second line is dimmed. In narrow terminals the sides are stacked. Heads and blocks, which have no weights,
 * follow in their own block, one line each with the values of their output.
 */

import { printable } from "../formats/printable.ts";
import type { LayerSnapshot } from "../measure/snapshot.ts";
import { isMap } from "../moments/moments.ts";
import { hasColour, type Io, widthOf } from "./io.ts";
import { dimmer, lengthOf, pad, painter, shorten, shortenNames, type Tone, wrap } from "./table.ts";

export type Side = "a" | "b";
export const sideTitles = { a: "backward (side a)", b: "forward (side b)" } as const satisfies Record<Side, string>;

/** Characters of a cell. */
export const CELL = 12;
/** Text of an empty cell. */
export const NOTHING = "–";
const GAP = "  ";
const LEAST_NAME = 14;

export interface LayerTable {
  /** Above the names. */
  readonly corner: string;
  /** Below a name. */
  readonly below: (layer: LayerSnapshot) => string;
  /**
   * Title of a column, the two lines of its cell for a layer, of at most `CELL` characters each, and the tone of the
   * first.
   */
  readonly columns: Readonly<Record<Side, readonly Column[]>>;
  /** Title of the second line of a cell. */
  readonly second: string;
  /** Legend below the table. */
  readonly legend: readonly string[];
}

export interface Column {
  readonly title: string;
  readonly cell: (layer: LayerSnapshot) => readonly [first: string, second: string, tone?: Tone | undefined];
  /** Whether heads and blocks have it. */
  readonly ofOutputs?: boolean;
}

export interface TableLayout {
  /** Line width in characters; below 98 the sides are stacked. */
  readonly width?: number;
  readonly dim?: (text: string) => string;
  /** Applies a tone to a text; undefined without escape sequences. */
  readonly paint?: ((tone: Tone, text: string) => string) | undefined;
}

/** The layout for stdout: its width, and escape sequences if supported. */
export function layoutOf({ stdout, env }: Pick<Io, "stdout" | "env">): TableLayout {
  const width = widthOf(stdout);
  return hasColour(stdout, env) ? { width, dim: dimmer(true), paint: painter(true) } : { width };
}

/** The table, an empty line and its legend; ends with a newline. */
export function renderLayerTable(layers: readonly LayerSnapshot[], table: LayerTable, layout: TableLayout): string {
  const { width = 100, dim = (text) => text } = layout;
  const [maps, outputs] = [layers.filter(isMap), layers.filter((layer) => !isMap(layer))];
  const lines = [
    ...(maps.length > 0 || outputs.length === 0 ? mapLines(maps, table, layout) : []),
    ...(outputs.length > 0 ? outputLines(outputs, table, layout) : []),
    ...table.legend.flatMap((words) => wrap(words, width)).map(dim),
  ];
  return `${lines.join("\n")}\n`;
}

/** Two lines per map, an empty line after each block of sides. */
function mapLines(
  maps: readonly LayerSnapshot[],
  { corner, below, columns }: LayerTable,
  { width = 100, dim = (text) => text, paint = (_, text) => text }: TableLayout,
): string[] {
  const cells = (count: number) => count * (GAP.length + CELL);
  const blocks: Side[][] =
    width >= LEAST_NAME + cells(columns.a.length + columns.b.length) ? [["a", "b"]] : [["a"], ["b"]];
  const most = Math.max(...blocks.map((sides) => sides.reduce((sum, side) => sum + columns[side].length, 0)));
  const names = maps.map(({ name }) => printable(name));
  const longest = Math.max(LEAST_NAME, ...names.map(lengthOf), ...maps.map((layer) => below(layer).length + 2));
  const nameWidth = Math.min(longest, Math.max(LEAST_NAME, width - cells(most)));
  const shown = shortenNames(names, nameWidth);
  const line = (name: string, texts: readonly string[]) =>
    [pad(name, nameWidth), ...texts.map((text) => pad(text, CELL))].join(GAP).trimEnd();
  return blocks.flatMap((sides) => {
    const own = sides.flatMap((side) => columns[side]);
    const titles = sides.map((side) => pad(` ${sideTitles[side]}`, cells(columns[side].length) - GAP.length));
    const headings = own.map(({ title }) => ` ${title}`);
    return [
      dim([pad("", nameWidth), ...titles].join(GAP).trimEnd()),
      dim(line(corner, headings)),
      ...maps.flatMap((layer, i) => {
        const found = own.map(({ cell }) => cell(layer));
        const seconds = found.map(([, second]) => second);
        return [
          line(
            shown[i]!,
            found.map(([first, , tone]) => (tone ? paint(tone, first) + blanksAfter(first) : first)),
          ),
          dim(line(shorten(`  ${below(layer)}`, nameWidth), seconds)),
        ];
      }),
      "",
    ];
  });
}

/** One line per head or block, and an empty line. */
function outputLines(
  outputs: readonly LayerSnapshot[],
  { below, columns, second }: LayerTable,
  { width = 100, dim = (text) => text, paint = (_, text) => text }: TableLayout,
): string[] {
  const own = columns.b.filter(({ ofOutputs }) => ofOutputs);
  const corner = [...new Set(outputs.map(({ kind }) => kind))].join(" or ");
  const cells = own.length * 2 * (GAP.length + CELL);
  const kinds = outputs.map(below);
  const kindWidth = Math.max(...kinds.map(lengthOf));
  const names = outputs.map(({ name }) => printable(name));
  const longest = Math.max(LEAST_NAME, ...names.map(lengthOf));
  const isRoomy = width - cells - GAP.length - kindWidth >= Math.min(longest, 2 * LEAST_NAME);
  const nameWidth = Math.min(longest, Math.max(LEAST_NAME, width - cells - (isRoomy ? GAP.length + kindWidth : 0)));
  const shown = shortenNames(names, nameWidth);
  const line = (name: string, texts: readonly string[], kind: string) =>
    [pad(name, nameWidth), ...texts.map((text) => pad(text, CELL)), ...(isRoomy ? [kind] : [])].join(GAP).trimEnd();
  const headings = own.flatMap(({ title }) => [` ${title}`, ` ${second}`]);
  return [
    dim(line(corner, headings, "")),
    ...outputs.map((layer, i) => {
      const found = own.map(({ cell }) => cell(layer));
      const texts = found.flatMap(([first, below, tone]) => [
        tone ? paint(tone, first) + blanksAfter(first) : first,
        dim(below) + blanksAfter(below),
      ]);
      return line(shown[i]!, texts, dim(kinds[i]!));
    }),
    "",
  ];
}

/** Padding of a text to the width of a cell, not counting escape sequences. */
function blanksAfter(text: string): string {
  return pad(text, CELL).slice(text.length);
}
