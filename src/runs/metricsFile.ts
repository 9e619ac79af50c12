/** @file metrics.jsonl: one line per step and quantity, {"step":100,"name":"train/loss","value":0.31}. */
import { closeSync, existsSync, fstatSync, openSync, readSync } from "node:fs";
import { LinesFile } from "./linesFile.ts";
import { decodeMetricRow, type MetricRow } from "./metricRow.ts";

export type { MetricRow } from "./metricRow.ts";

export const metricsFile = (path: string): LinesFile<MetricRow> =>
  new LinesFile(path, { expected: '{"step", "name", "value"}', encode: encodeRow, decode: decodeMetricRow });

/**
 * The value of each quantity in the last rows of a file, read from its end, so that the cost does not depend on the
 * length of the run.
 */
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
      const row = decodeMetricRow(line); // the first line may be cut and is then not a row
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
