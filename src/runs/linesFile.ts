/**
 * @file Append-only files with one row per line. A process that dies while writing leaves an incomplete last line;
 * readers ignore it, and the next writer removes it.
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

/** How rows are written as lines. */
export interface LineFormat<Row> {
  /** First line of the file, if it has one. */
  readonly header?: string;
  /** The contents of a line, for messages: '{"step", "name", "value"}'. */
  readonly expected: string;
  /** The line of a row, with the newline. @throws RangeError if a value is not finite */
  encode(row: Row): string;
  /** The row of a line; undefined if the line is not a row. */
  decode(line: string): Row | undefined;
}

export class LinesFile<Row extends { readonly step: number }> {
  readonly path: string;
  readonly #format: LineFormat<Row>;
  /** Whether the file is known to end with a complete line. */
  #whole = false;

  constructor(path: string, format: LineFormat<Row>) {
    this.path = path;
    this.#format = format;
  }

  /**
   * Adds rows at the end.
   *
   * @throws RangeError if a value is not finite; WriteError when the file system refuses
   */
  append(rows: readonly Row[]): void {
    if (rows.length === 0) return;
    const text = rows.map((row) => this.#format.encode(row)).join("");
    writing("runs", dirname(this.path), () => {
      if (!this.#whole) this.#cutTornLine();
      const isNew = this.#format.header !== undefined && !existsSync(this.path);
      this.#whole = false; // until this write has completed
      appendFileSync(this.path, isNew ? `${this.#format.header}\n${text}` : text);
      this.#whole = true;
    });
  }

  /** All rows in the order of writing. @throws Error naming the line if one other than the last is damaged */
  rows(): Row[] {
    return this.#lines().map(([, row]) => row);
  }

  /** Keeps the rows with step <= afterStep. */
  truncate(afterStep: number): void {
    if (!existsSync(this.path)) return;
    const { header } = this.#format;
    const kept = this.#lines().filter(([, row]) => row.step <= afterStep);
    const lines = [...(header === undefined ? [] : [header]), ...kept.map(([line]) => line)];
    writeWhole(this.path, lines.map((line) => `${line}\n`).join(""), { sync: true });
    this.#whole = true;
  }

  /** Waits until every row is on the disk. */
  sync(): void {
    if (existsSync(this.path)) writing("runs", dirname(this.path), () => syncPath(this.path));
  }

  #lines(): [line: string, row: Row][] {
    if (!existsSync(this.path)) return [];
    const { header, decode, expected } = this.#format;
    const lines = readFileSync(this.path, "utf8").split("\n");
    lines.pop(); // what follows the last newline: nothing, or an incomplete line
    const result: [string, Row][] = [];
    for (const [i, line] of lines.entries()) {
      if (i === 0 && line === header) continue;
      const row = decode(line);
      if (row !== undefined) result.push([line, row]);
      else if (i < lines.length - 1)
        throw new Error(
          `runs: expected ${expected} on line ${i + 1} of ${this.path}, got ${JSON.stringify(line.slice(0, 40))}; delete that line`,
        );
    }
    return result;
  }

  /** Removes everything after the last complete row: a line without newline, or a last line that is not a row. */
  #cutTornLine(): void {
    if (!existsSync(this.path)) return;
    const descriptor = openSync(this.path, "r+");
    try {
      const { size } = fstatSync(descriptor);
      const end = this.#endOfWholeLines(descriptor, size);
      if (end < size) ftruncateSync(descriptor, end);
    } finally {
      closeSync(descriptor);
    }
  }

  #endOfWholeLines(descriptor: number, size: number): number {
    const { header, decode } = this.#format;
    for (let stop = size; stop > 0; stop = Math.max(0, stop - BLOCK)) {
      const start = Math.max(0, stop - BLOCK);
      const block = Buffer.alloc(size - start);
      readSync(descriptor, block, 0, block.length, start);
      const newline = block.lastIndexOf(NEWLINE);
      if (newline < 0) continue;
      const begin = newline === 0 ? 0 : block.lastIndexOf(NEWLINE, newline - 1) + 1;
      const line = block.toString("utf8", begin, newline);
      const isWhole = decode(line) !== undefined || (start + begin === 0 && line === header);
      return start + (isWhole ? newline + 1 : begin);
    }
    return 0;
  }
}

const NEWLINE = 0x0a;

/** chosen: block size for finding the last newline of a file; lines are far shorter. */
const BLOCK = 65_536;
