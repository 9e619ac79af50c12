/**
 * @file Tables for the terminal: aligned columns that fit a width. Names may be shortened, numbers never.
 */
import { printable } from "../formats/printable.ts";

export interface Column {
  readonly header: string;
  readonly align?: "left" | "right";
  /** Least width to which long texts of this column are shortened when the table is too wide. Default: never shortened. */
  readonly shrinkTo?: number;
  /** How a text is shortened to a width. Default: `shorten`. */
  readonly shorten?: (text: string, width: number) => string;
  /**
   * Left out where the table is too wide with every column at its least width: the highest number first. Default:
   * never.
   */
  readonly dispensable?: number;
}

/**
 * @param rows one text a column
 * @param options.width characters on a line
 * @param options.dim makes the header quiet (an escape sequence, on a terminal)
 */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  options: { width?: number; dim?: (text: string) => string } = {},
): string {
  const { width = 100, dim = (text) => text } = options;
  const dropped = dispensed(columns, rows, width);
  if (dropped !== undefined) {
    const without = <T>(list: readonly T[]) => list.filter((_, j) => j !== dropped);
    return renderTable(without(columns), rows.map(without), options);
  }
  const cells = rows.map((row) => row.map(printable));
  const widths = columns.map(({ header }, j) => Math.max(header.length, ...cells.map((row) => lengthOf(row[j]!))));
  let excess = widths.reduce((sum, one) => sum + one, GAP * (columns.length - 1)) - width;
  for (const [j, { shrinkTo }] of columns.entries()) {
    if (shrinkTo === undefined || excess <= 0) continue;
    const narrower = Math.max(Math.min(shrinkTo, widths[j]!), widths[j]! - excess);
    excess -= widths[j]! - narrower;
    widths[j] = narrower;
  }
  const line = (row: readonly string[]) =>
    row
      .map((text, j) => pad((columns[j]!.shorten ?? shorten)(text, widths[j]!), widths[j]!, columns[j]!.align))
      .join(" ".repeat(GAP))
      .trimEnd();
  return `${[dim(line(columns.map(({ header }) => header))), ...cells.map(line)].join("\n")}\n`;
}

const GAP = 2;

/** The column that has to go for the table to fit; undefined where it fits, or nothing may go. */
function dispensed(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number,
): number | undefined {
  const least = columns.map(({ header, shrinkTo }, j) => {
    const widest = Math.max(header.length, ...rows.map((row) => lengthOf(printable(row[j]!))));
    return Math.min(widest, Math.max(header.length, shrinkTo ?? widest));
  });
  if (least.reduce((sum, one) => sum + one, GAP * (columns.length - 1)) <= width) return undefined;
  const order = columns.flatMap(({ dispensable }, j) => (dispensable === undefined ? [] : [{ dispensable, j }]));
  return order.sort((x, y) => y.dispensable - x.dispensable)[0]?.j;
}

/** Text filled with blanks to a width. */
export function pad(text: string, width: number, align: "left" | "right" = "left"): string {
  const blanks = " ".repeat(Math.max(0, width - lengthOf(text)));
  return align === "left" ? text + blanks : blanks + text;
}

/** The text with its middle left out where it is too long: both ends of "blocks.3.mlp.up" tell layers apart. */
export function shorten(text: string, width: number): string {
  const letters = [...text];
  if (letters.length <= width) return text;
  if (width <= 1) return "…".slice(0, width);
  const tail = Math.ceil((width - 1) / 2);
  return `${letters.slice(0, width - 1 - tail).join("")}…${letters.slice(-tail).join("")}`;
}

/**
 * A dotted name with as many of its parts cut to their first letter, from the front, as it takes to fit: "t.h.0.attn.c_attn" for
 * "transformer.h.0.attn.c_attn". Numbers and the last part stay whole, so that the blocks of a network are told apart; where that is
 * not enough the middle is left out.
 */
export function shortenName(name: string, width: number): string {
  const parts = name.split(".");
  for (let i = 0; i < parts.length - 1 && [...parts.join(".")].length > width; i++)
    if (!/^\d+$/.test(parts[i]!)) parts[i] = [...parts[i]!].slice(0, 1).join("");
  const short = parts.join(".");
  return [...short].length <= width ? short : shorten(name, width);
}

/** Lines of at most `width` characters, broken at blanks where there are any. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && lengthOf(line) + 1 + lengthOf(word) > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

function lengthOf(text: string): number {
  return [...text].length;
}

/** Quiet text, on outputs that know escape sequences. */
export function dimmer(colour: boolean): (text: string) => string {
  return colour ? (text) => `\u001b[2m${text}\u001b[22m` : (text) => text;
}

/**
 * How a text is set off: bold; bold and green for what holds; yellow for what is strong and does not count; red for what was lost; quiet
 * for what says nothing.
 */
export type Tone = "bold" | "holds" | "strong" | "lost" | "quiet";

/** Select Graphic Rendition (ECMA-48, 8.3.117): what turns each tone on, and off again. */
const tones = {
  bold: [1, 22],
  holds: ["1;32", "22;39"],
  strong: [33, 39],
  lost: [31, 39],
  quiet: [2, 22],
} as const satisfies Record<Tone, readonly [on: number | string, off: number | string]>;

/** Texts in their tone, on outputs that know escape sequences. */
export function painter(colour: boolean): (tone: Tone, text: string) => string {
  return (tone, text) => (colour ? `\u001b[${tones[tone][0]}m${text}\u001b[${tones[tone][1]}m` : text);
}
