/**
 * @file Tables as comma-separated values (RFC 4180): the numbers of a figure.
 */

export type Cell = string | number | null | undefined;

/**
 * One header line, then one line per row. A missing or non-finite number is an empty cell. Lines end with a line feed.
 */
export function toCsv(header: readonly string[], rows: Iterable<readonly Cell[]>): string {
  return [csvLine(header), ...Array.from(rows, csvLine)].join("");
}

/** One line of such a table, with its line feed. */
export function csvLine(cells: readonly Cell[]): string {
  return `${cells.map(cell).join(",")}\n`;
}

function cell(value: Cell): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return Number.isFinite(value) ? String(value) : "";
  return /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}

/** The number with `digits` significant digits, to keep large tables small. */
export function significant(value: number, digits: number): number {
  return Number(value.toPrecision(digits));
}
