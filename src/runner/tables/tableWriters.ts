/** @file Streaming writers of tables: CSV and Parquet. */
import { closeSync, openSync, writeSync } from "node:fs";
import { ByteWriter, ParquetWriter } from "hyparquet-writer";
import { csvLine } from "../../figures/csv.ts";
import type { Cell, Column, ColumnType } from "../../tables/table.ts";

/** A row of a table with the columns of its run. */
export interface WholeRow {
  readonly before: readonly Cell[];
  readonly own: readonly Cell[];
  readonly after: readonly Cell[];
}

/** Accepts rows; files are complete only after closing. */
export interface RowWriter {
  add(row: WholeRow): void;
  close(): void;
}

/** Writes text in pieces. */
class TextFile {
  readonly #descriptor: number;
  #pieces: string[] = [];
  #size = 0;

  constructor(path: string) {
    this.#descriptor = openSync(path, "w");
  }

  write(text: string): void {
    this.#pieces.push(text);
    this.#size += text.length;
    if (this.#size > PIECE) this.#flush();
  }

  close(): void {
    this.#flush();
    closeSync(this.#descriptor);
  }

  #flush(): void {
    writeSync(this.#descriptor, this.#pieces.join(""));
    this.#pieces = [];
    this.#size = 0;
  }
}

/** chosen: characters written at a time. */
const PIECE = 1 << 20;

/** A header line, then one line per row; booleans as words, missing values empty. */
export function csvWriter(path: string, columns: readonly Column[]): RowWriter {
  const file = new TextFile(path);
  file.write(csvLine(columns.map(({ name }) => name)));
  const text = (cell: Cell) => (typeof cell === "boolean" ? String(cell) : cell);
  return {
    add: ({ before, own, after }) => file.write(csvLine([...before, ...own, ...after].map(text))),
    close: () => file.close(),
  };
}

/** chosen: rows per group, which are held in memory. */
const GROUP = 20_000;

const parquetTypes = {
  text: { type: "BYTE_ARRAY", converted_type: "UTF8" },
  integer: { type: "INT64" },
  number: { type: "DOUBLE" },
  boolean: { type: "BOOLEAN" },
} as const satisfies Readonly<Record<ColumnType, object>>;

/** Nullable columns in row groups, compressed with Snappy. */
export function parquetWriter(path: string, columns: readonly Column[]): RowWriter {
  const bytes = new ByteWriter();
  const descriptor = openSync(path, "w");
  const schema = [
    { name: "root", num_children: columns.length },
    ...columns.map(({ name, type }) => ({ name, repetition_type: "OPTIONAL" as const, ...parquetTypes[type] })),
  ];
  const parquet = new ParquetWriter({ writer: bytes, schema, createdBy: "crh-lab" });
  let rows: WholeRow[] = [];
  const drain = () => {
    writeSync(descriptor, new Uint8Array(bytes.buffer, 0, bytes.index));
    bytes.index = 0;
  };
  const flush = () => {
    if (rows.length > 0)
      parquet.write({
        columnData: columns.map(({ name, type }, j) => ({
          name,
          data: rows.map((row) => stored(cellAt(row, j), type)),
        })),
        rowGroupSize: GROUP,
      });
    rows = [];
    drain();
  };
  return {
    add(row) {
      rows.push(row);
      if (rows.length === GROUP) flush();
    },
    close() {
      flush();
      parquet.finish();
      drain();
      closeSync(descriptor);
    },
  };
}

function cellAt({ before, own, after }: WholeRow, j: number): Cell {
  if (j < before.length) return before[j] ?? null;
  const inner = j - before.length;
  return (inner < own.length ? own[inner] : after[inner - own.length]) ?? null;
}

function stored(cell: Cell, type: ColumnType): Cell | bigint {
  return type === "integer" && typeof cell === "number" ? BigInt(cell) : cell;
}
