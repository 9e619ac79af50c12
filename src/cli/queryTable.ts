/**
 * @file The answer of a query as a table that fits the terminal: its first rows, and as many columns as fit. A note
 * below says what is left out.
 */
import { printable } from "../formats/printable.ts";
import { formatCount } from "../formats/quantities.ts";
import type { AnswerColumn, AnswerSink } from "../runner/tables/queryRuns.ts";
import type { Cell } from "../tables/table.ts";
import { type Column, lengthOf, renderTable, wrap } from "./table.ts";

/** chosen: most rows shown. */
const MOST_ROWS = 100;
/** chosen: longer texts are shortened if the table is too wide. */
const LEAST_TEXT = 16;
/** chosen: digits of a number; --csv and --json have all. */
const DIGITS = 6;
const GAP = 2;

/** Keeps the first rows of an answer and counts the others. */
export class QueryTable implements AnswerSink {
  #columns: readonly AnswerColumn[] = [];
  readonly #rows: (readonly Cell[])[] = [];
  #count = 0;

  begin(columns: readonly AnswerColumn[]): void {
    this.#columns = columns;
  }

  row(cells: readonly Cell[]): void {
    if (this.#count++ < MOST_ROWS) this.#rows.push(cells);
  }

  /** The table with a note on what is left out; ends with a newline. */
  render(width: number, dim: (text: string) => string): string {
    const texts = this.#rows.map((row) => row.map(textOf));
    const shown = this.#fitting(texts, width);
    const columns = this.#columns.slice(0, shown).map(
      ({ name, isNumeric }): Column => ({
        header: printable(name),
        ...(isNumeric ? { align: "right" as const } : { shrinkTo: LEAST_TEXT }),
      }),
    );
    const table = renderTable(
      columns,
      texts.map((row) => row.slice(0, shown)),
      { width, dim },
    );
    const notes = this.#notes(shown).flatMap((note) => wrap(note, width));
    return `${table}${notes.map((line) => `${dim(line)}\n`).join("")}`;
  }

  /** Number of leading columns that fit, at least one. */
  #fitting(texts: readonly (readonly string[])[], width: number): number {
    let used = -GAP;
    const end = this.#columns.findIndex(({ name, isNumeric }, j) => {
      const widest = Math.max(0, ...texts.map((row) => lengthOf(printable(row[j]!))));
      used += GAP + Math.max(lengthOf(name), isNumeric ? widest : Math.min(widest, LEAST_TEXT));
      return used > width;
    });
    return end === -1 ? this.#columns.length : Math.max(1, end);
  }

  #notes(shown: number): string[] {
    const rest = this.#count - this.#rows.length;
    const hidden = this.#columns.slice(shown).map(({ name }) => printable(name));
    const isRounded = this.#rows.some((row) => row.some((cell) => textOf(cell) !== String(cell ?? "")));
    return [
      ...(this.#count === 0 ? ["no rows"] : []),
      ...(rest > 0 ? [`${formatCount(rest)} more rows; --csv prints all ${formatCount(this.#count)}`] : []),
      ...(hidden.length > 0 ? [`no room for ${hidden.join(", ")}; --csv prints all columns`] : []),
      ...(isRounded ? [`numbers to ${DIGITS} digits; --csv has them whole`] : []),
    ];
  }
}

function textOf(cell: Cell): string {
  if (cell === null) return "";
  if (typeof cell !== "number" || Number.isInteger(cell)) return String(cell);
  return String(Number(cell.toPrecision(DIGITS)));
}
