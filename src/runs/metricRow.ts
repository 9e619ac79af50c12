/** @file A row of metrics.jsonl, and the reader of its line. */

/** A quantity at a step: train/loss, eval/loss, eval/accuracy, lr. Always finite. */
export interface MetricRow {
  readonly step: number;
  readonly name: string;
  readonly value: number;
}

/** The row of a line; undefined if the line is not a row. */
export function decodeMetricRow(line: string): MetricRow | undefined {
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
