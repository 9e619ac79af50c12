/**
 * @file A measure of many runs over their parameters as a table: one row for each group of runs, and notes on how the
 * numbers were obtained, which runs are left out and why, and in which other parameters the runs differ.
 */
import { printable } from "../formats/printable.ts";
import { formatCount } from "../formats/quantities.ts";
import { type ComparedSweep, overWords } from "../runner/tables/compareSweep.ts";
import type { LeftOut, LeftOutReason, Sweep, SweepCell } from "../tables/sweepCells.ts";
import type { Cell } from "../tables/table.ts";
import { type Column, renderTable, wrap } from "./table.ts";

/** chosen: most rows shown; --csv has all. */
const MOST_ROWS = 100;
/** chosen: most runs and parameters that are named. */
const MOST_NAMES = 3;
const MOST_PARAMETERS = 8;

/** The table with its notes; ends with a newline. */
export function renderSweep(found: ComparedSweep, width: number, dim: (text: string) => string): string {
  const { axes, sweep } = found;
  const keys = (
    [
      ["group", axes.group],
      ["by", axes.by],
      ["heat", axes.heat],
      ["x", axes.x],
    ] as const
  ).filter(([, name]) => name !== undefined);
  const columns: Column[] = [
    ...keys.map(([key, name]): Column => {
      const isNumeric = sweep.cells.every((cell) => typeof cell[key] === "number");
      return { header: printable(name!), ...(isNumeric ? { align: "right" } : { shrinkTo: 14, isName: true }) };
    }),
    ...["n", "median", "q1", "q3"].map((header): Column => ({ header, align: "right" })),
    ...["min", "max"].map((header, k): Column => ({ header, align: "right", dispensable: k + 1 })),
  ];
  const rows = sweep.cells
    .slice(0, MOST_ROWS)
    .map((cell) => [...keys.map(([key]) => keyText(cell[key])), ...numbers(cell)]);
  const notes = notesOf(found).flatMap((note) => wrap(printable(note), width));
  const table = rows.length === 0 ? "" : renderTable(columns, rows, { width, dim });
  return `${table}${notes.map((line) => `${dim(line)}\n`).join("")}`;
}

const keyText = (value: Cell): string => (value === null ? "–" : String(value));

/** A single run has no spread. */
function numbers({ n, median, low, high, least, most }: SweepCell): string[] {
  const spread = n > 1 ? [low, high, least, most].map(digits) : ["–", "–", "–", "–"];
  return [String(n), digits(median), ...spread];
}

/** The number with four digits. */
function digits(value: number): string {
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) return value.toExponential(3);
  return Number(value.toPrecision(4)).toString();
}

function notesOf({ measure, axes, at, sweep }: ComparedSweep): string[] {
  const { cells, runs, unfinished, missing } = sweep;
  const over = overWords(sweep);
  const hidden = cells.length - MOST_ROWS;
  const repeated = cells.filter((cell) => axes.x !== "seed" && cell.seeds < cell.n && axes.by !== "seed").length;
  return [
    ...(hidden > 0 ? [`${formatCount(hidden)} rows more; --csv FILE has all`] : []),
    `${measure.name}${measure.meaning === measure.name ? "" : `: ${measure.meaning}`}${over === undefined ? "" : `; ${over}`}; ${whenWords(at, sweep)}`,
    `median and quartiles over ${runs === 1 ? "1 run" : `${formatCount(runs)} runs`}; n are the runs of a row`,
    ...(unfinished > 0
      ? [`${runWords(unfinished)} of them failed or stopped at a later step, or are still running`]
      : []),
    ...(missing > 0 ? [`${formatCount(missing)} values of layers are missing in these runs and in no row`] : []),
    ...(repeated > 0 ? [`doubt: in ${formatCount(repeated)} rows several runs have the same seed`] : []),
    ...leftOutNotes(sweep.leftOut),
    ...differingNotes(sweep),
  ];
}

function whenWords(at: ComparedSweep["at"], { steps }: Sweep): string {
  if (at !== "last") return `at step ${formatCount(at)}`;
  if (steps === null) return "at the last measurement";
  const [first, last] = steps;
  return first === last
    ? `at the last step, ${formatCount(last)}`
    : `at the last step, ${formatCount(first)} to ${formatCount(last)}`;
}

const reasons: Readonly<Record<LeftOutReason, string>> = {
  failed: "failed",
  unfinished: "not finished (--at STEP includes unfinished runs)",
  "no measurement": "without this measurement",
  "no value": "without a value",
  "no parameter": "without a requested parameter",
  unreadable: "not readable",
};

/** "left out, 2 runs failed: fc2-1a2b3c (the loss is NaN), .." */
function leftOutNotes(leftOut: readonly LeftOut[]): string[] {
  return Object.entries(reasons).flatMap(([reason, words]) => {
    const own = leftOut.filter((one) => one.reason === reason);
    if (own.length === 0) return [];
    const named = own.slice(0, MOST_NAMES).map(({ run, detail }) => `${run} (${detail})`);
    const more = own.length > MOST_NAMES ? ` and ${formatCount(own.length - MOST_NAMES)} more` : "";
    return [`left out, ${runWords(own.length)} ${words}: ${named.join(", ")}${more}`];
  });
}

/** Parameters that differ between runs and are on no axis; medians mix their values. */
function differingNotes({ differing }: Sweep): string[] {
  if (differing.length === 0) return [];
  const named = differing.slice(0, MOST_PARAMETERS).map(({ parameter, values }) => {
    const few = values.slice(0, MOST_NAMES).map(keyText).join(", ");
    return `${parameter} (${few}${values.length > MOST_NAMES ? ", .." : ""})`;
  });
  const more = differing.length > MOST_PARAMETERS ? ` and ${differing.length - MOST_PARAMETERS} more` : "";
  return [`doubt: the runs differ in ${named.join(", ")}${more} as well; medians may mix them`];
}

const runWords = (count: number): string => (count === 1 ? "1 run" : `${formatCount(count)} runs`);
