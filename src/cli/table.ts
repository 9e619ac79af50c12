/**
 * @file Tables for the terminal: aligned columns that fit a width. Names may be shortened, numbers never.
 */
import { printable } from "../formats/printable.ts";

export interface Column {
  readonly header: string;
  readonly align?: "left" | "right";
  /**
   * Least width to which texts of this column are shortened if the table is too wide. Default: never shortened.
   */
  readonly shrinkTo?: number;
  /** Whether its texts are names, which must stay distinct when shortened. Default: false. */
  readonly isName?: boolean;
  /** How a text is shortened to a width. Default: `shortenNames` for names, else `shorten`. */
  readonly shorten?: (text: string, width: number) => string;
  /**
   * Order in which columns are dropped if the table is too wide at least widths: highest number first. Default: never.
   */
  readonly dispensable?: number;
}

/**
 * @param rows one text per column
 * @param options.width line width in characters
 * @param options.dim dims the header (by an escape sequence, on a terminal)
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
  const shown = columns.map(({ isName = false, shorten: cut }, j) => {
    const texts = cells.map((row) => row[j]!);
    return isName ? shortenNames(texts, widths[j]!, cut) : texts.map((text) => (cut ?? shorten)(text, widths[j]!));
  });
  const line = (row: readonly string[]) =>
    row
      .map((text, j) => pad(text, widths[j]!, columns[j]!.align))
      .join(" ".repeat(GAP))
      .trimEnd();
  return `${[dim(line(columns.map(({ header }) => header))), ...cells.map((_, i) => line(shown.map((texts) => texts[i]!)))].join("\n")}\n`;
}

const GAP = 2;

/** The column to drop so that the table fits; undefined if it fits, or none may be dropped. */
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

/** Text padded with spaces to a width. */
export function pad(text: string, width: number, align: "left" | "right" = "left"): string {
  const blanks = " ".repeat(Math.max(0, width - lengthOf(text)));
  return align === "left" ? text + blanks : blanks + text;
}

/** The text with its middle removed if too long, because both ends of "blocks.3.mlp.up" identify layers. */
export function shorten(text: string, width: number): string {
  const letters = [...text];
  if (letters.length <= width) return text;
  if (width <= 1) return "…".slice(0, width);
  const tail = Math.ceil((width - 1) / 2);
  return `${letters.slice(0, width - 1 - tail).join("")}…${letters.slice(-tail).join("")}`;
}

/**
 * A dotted name with as many leading parts abbreviated to their first letter as needed to fit: "t.h.0.attn.c_attn" for
 * "transformer.h.0.attn.c_attn". Numbers and the last part are kept, so that the blocks of a network stay distinct; if
 * that is not enough, the middle is removed.
 */
export function shortenName(name: string, width: number): string {
  const parts = name.split(".").length;
  const cut = Array.from({ length: parts }, (_, k) => initials(name, k)).find((text) => lengthOf(text) <= width);
  return cut ?? shorten(initials(name, parts), width);
}

/** A dotted name whose first `count` parts are abbreviated to their first letters, except numbers and the last part. */
function initials(name: string, count: number): string {
  const parts = name.split(".");
  const isCut = (part: string, i: number) => i < Math.min(count, parts.length - 1) && !/^\d+$/.test(part);
  return parts.map((part, i) => (isCut(part, i) ? [...part].slice(0, 1).join("") : part)).join(".");
}

/** Names shortened by `shortenName`; names with the same first part are abbreviated equally far. */
function evenly(names: readonly string[], width: number): string[] {
  const counts = new Map<string, number>();
  for (const name of names) {
    const [root = "", ...rest] = name.split(".");
    const enough = [...rest.keys()].find((k) => lengthOf(initials(name, k)) <= width) ?? rest.length;
    counts.set(root, Math.max(counts.get(root) ?? 0, enough));
  }
  return names.map((name) => shorten(initials(name, counts.get(name.split(".")[0]!)!), width));
}

/**
 * Names shortened to a width, all equally far and all distinct. Names that would become equal lose their common prefix,
 * "…4.attn"; if that is not enough, they are numbered.
 */
export function shortenNames(
  names: readonly string[],
  width: number,
  cut?: (name: string, width: number) => string,
): string[] {
  const found = new Map<string, string>();
  const taken = new Set<string>();
  const groups = new Map<string, string[]>();
  const different = [...new Set(names)];
  const shorts = cut ? different.map((name) => cut(name, width)) : evenly(different, width);
  for (const [i, name] of different.entries()) {
    const short = shorts[i]!;
    groups.set(short, [...(groups.get(short) ?? []), name]);
  }
  const take = (name: string, short: string) => {
    let free = short;
    for (let k = 2; taken.has(free); k++) free = `${shorten(short, width - 1 - String(k).length)}~${k}`;
    taken.add(free);
    found.set(name, free);
  };
  for (const [short, [only, ...others]] of groups) if (others.length === 0) take(only!, short);
  for (const [short, alike] of groups) {
    if (alike.length < 2) continue;
    const shared = sharedLength(alike);
    const rest = alike.map((name) => `…${[...name].slice(shared).join("")}`);
    const own = rest.map((text) => shorten(text, width));
    const isTelling = new Set(own).size === own.length;
    for (const [i, name] of alike.entries()) take(name, isTelling ? own[i]! : short);
  }
  return names.map((name) => found.get(name)!);
}

/** Length of the common prefix of the names. */
function sharedLength(names: readonly string[]): number {
  const [first = [], ...others] = names.map((name) => [...name]);
  const end = first.findIndex((letter, i) => others.some((other) => other[i] !== letter));
  return end < 0 ? first.length : end;
}

/** Lines of at most `width` characters, broken at spaces if possible. */
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

/** Number of characters of a text. */
export function lengthOf(text: string): number {
  return [...text].length;
}

/**
 * A text with wrapped lines; continuation lines are indented to the last column of their line, or by two characters.
 */
export function wrapColumns(text: string, width: number): string {
  return text
    .split("\n")
    .flatMap((line) => {
      if (lengthOf(line) <= width) return [line];
      const [, first = ""] = /^(\s*\S+(?: \S+)*? {2,})\S/.exec(line) ?? [];
      const [indent = ""] = /^ */.exec(line) ?? [];
      const hang = first !== "" && first.length < width / 2 ? first.length : indent.length + 2;
      const start = hang === first.length ? first : indent;
      return wrap(line.slice(start.length), width - hang).map((part, i) => (i === 0 ? start : " ".repeat(hang)) + part);
    })
    .join("\n");
}

/** Dim text, on outputs that support escape sequences. */
export function dimmer(colour: boolean): (text: string) => string {
  return colour ? (text) => `\u001b[2m${text}\u001b[22m` : (text) => text;
}

/**
 * Tones of text: bold; bold green for relations that hold; yellow for strong ones that do not count; red for lost ones;
 * dim for uninformative values.
 */
export type Tone = "bold" | "holds" | "strong" | "lost" | "quiet";

/** Select Graphic Rendition (ECMA-48, 8.3.117): the codes that turn each tone on and off. */
const tones = {
  bold: [1, 22],
  holds: ["1;32", "22;39"],
  strong: [33, 39],
  lost: [31, 39],
  quiet: [2, 22],
} as const satisfies Record<Tone, readonly [on: number | string, off: number | string]>;

/** Text in a tone, on outputs that support escape sequences. */
export function painter(colour: boolean): (tone: Tone, text: string) => string {
  return (tone, text) => (colour ? `\u001b[${tones[tone][0]}m${text}\u001b[${tones[tone][1]}m` : text);
}
