/**
 * @file metrics.jsonl: one line a step and quantity, {"step":100,"name":"train/loss","value":0.31}. Lines are only ever added
 * at the end. A process that dies in the middle of a line leaves a torn one: readers ignore it, and the next writer cuts it off.
 */
import {
  appendFileSync,
  closeSync,
  existsSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readFileSync,
  readSync,
} from "node:fs";
import { dirname } from "node:path";
import { syncPath, writeWhole, writing } from "./writeFile.ts";

/** A quantity at a step: train/loss, eval/loss, eval/accuracy, lr. Always finite. */
export interface MetricRow {
  readonly step: number;
  readonly name: string;
  readonly value: number;
}

export class MetricsFile {
  readonly path: string;
  /** Whether the file is known to end in a whole line. */
  #whole = false;

  constructor(path: string) {
    this.path = path;
  }

  /**
   * Adds rows at the end.
   *
   * @throws RangeError if a value is not finite (JSON cannot hold it); WriteError when the file system refuses
   */
  append(rows: readonly MetricRow[]): void {
    if (rows.length === 0) return;
    const text = rows.map(encodeRow).join("");
    writing("runs", dirname(this.path), () => {
      if (!this.#whole) cutTornLine(this.path);
      this.#whole = false; // until this write is known to be complete
      appendFileSync(this.path, text);
      this.#whole = true;
    });
  }

  /** All rows in the order of writing. @throws Error naming the line if one that is not the last is damaged */
  rows(): MetricRow[] {
    return this.#lines().map(([, row]) => row);
  }

  /** Keeps the rows with step <= afterStep. */
  truncate(afterStep: number): void {
    if (!existsSync(this.path)) return;
    const kept = this.#lines().filter(([, row]) => row.step <= afterStep);
    writeWhole(this.path, kept.map(([line]) => `${line}\n`).join(""), { sync: true });
    this.#whole = true;
  }

  /** Waits until every row is on the disk. */
  sync(): void {
    writing("runs", dirname(this.path), () => syncPath(this.path));
  }

  #lines(): [line: string, row: MetricRow][] {
    if (!existsSync(this.path)) return [];
    const lines = readFileSync(this.path, "utf8").split("\n");
    lines.pop(); // what follows the last newline: nothing, or a torn line
    const result: [string, MetricRow][] = [];
    for (const [i, line] of lines.entries()) {
      const row = decodeRow(line);
      if (row !== undefined) result.push([line, row]);
      else if (i < lines.length - 1)
        throw new Error(
          `runs: expected {"step", "name", "value"} on line ${i + 1} of ${this.path}, got ${JSON.stringify(line.slice(0, 40))}; delete that line`,
        );
    }
    return result;
  }
}

/** The value of each quantity in the last rows of a file, read from its end: cheap however long the run was. */
export function lastMetrics(path: string, bytes = 16_384): Map<string, number> {
  const last = new Map<string, number>();
  if (!existsSync(path)) return last;
  const descriptor = openSync(path, "r");
  try {
    const { size } = fstatSync(descriptor);
    const start = Math.max(0, size - bytes);
    const buffer = Buffer.alloc(size - start);
    const read = readSync(descriptor, buffer, 0, buffer.length, start);
    const lines = buffer.subarray(0, read).toString("utf8").split("\n");
    for (const line of lines.slice(0, -1)) {
      const row = decodeRow(line); // the first line may be cut, which makes it no row
      if (row !== undefined) last.set(row.name, row.value);
    }
  } finally {
    closeSync(descriptor);
  }
  return last;
}

function encodeRow({ step, name, value }: MetricRow): string {
  if (!Number.isFinite(value))
    throw new RangeError(`runs: expected a finite value of ${name} at step ${step}, got ${value}; stop the run before`);
  return `${JSON.stringify({ step, name, value })}\n`;
}

function decodeRow(line: string): MetricRow | undefined {
  try {
    const row = JSON.parse(line) as Partial<MetricRow> | null;
    if (row === null || typeof row !== "object") return undefined;
    const { step, name, value } = row;
    if (typeof step !== "number" || typeof name !== "string" || typeof value !== "number") return undefined;
    return { step, name, value };
  } catch {
    return undefined;
  }
}

/** Cuts off everything behind the last whole line: a line without its newline, or a last line that is no row. */
function cutTornLine(path: string): void {
  if (!existsSync(path)) return;
  const descriptor = openSync(path, "r+");
  try {
    const { size } = fstatSync(descriptor);
    const end = endOfWholeLines(descriptor, size);
    if (end < size) ftruncateSync(descriptor, end);
  } finally {
    closeSync(descriptor);
  }
}

function endOfWholeLines(descriptor: number, size: number): number {
  for (let stop = size; stop > 0; stop = Math.max(0, stop - BLOCK)) {
    const start = Math.max(0, stop - BLOCK);
    const block = Buffer.alloc(size - start);
    readSync(descriptor, block, 0, block.length, start);
    const newline = block.lastIndexOf(NEWLINE);
    if (newline < 0) continue;
    const begin = newline === 0 ? 0 : block.lastIndexOf(NEWLINE, newline - 1) + 1;
    const isRow = decodeRow(block.toString("utf8", begin, newline)) !== undefined;
    return start + (isRow ? newline + 1 : begin);
  }
  return 0;
}

const NEWLINE = 0x0a;

/** chosen: the end of a file is searched for its last newline in blocks of this size; lines are far shorter. */
const BLOCK = 65_536;
