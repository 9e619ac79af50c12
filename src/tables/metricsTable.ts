/**
 * @file Losses and other quantities over steps. The lines of metrics.jsonl under their own names; measures of the
 * evaluated samples also under short names, `loss` and `accuracy`.
 */
import { columnsOf, type MetricOf, type RunSource, type TableOfRun } from "./table.ts";

/** Short names of quantities. */
const SHORT: Readonly<Record<string, string>> = { "eval/loss": "loss", "eval/accuracy": "accuracy" };

export const metricsTable: TableOfRun = {
  name: "metrics",
  meaning: "a quantity at a step",
  columns: columnsOf({ step: "integer", name: "text", value: "number" }),
  *rows(run) {
    for (const { step, name, value } of allMetrics(run)) yield [step, name, value];
  },
};

/** All quantities of a run; for an analysis, loss and accuracy of the measured samples. */
export function* allMetrics(run: RunSource): Generator<MetricOf> {
  for (const row of run.metrics()) {
    yield row;
    const name = Object.hasOwn(SHORT, row.name) ? SHORT[row.name] : undefined;
    if (name !== undefined) yield { ...row, name };
  }
  if (!run.isAnalysis) return;
  for (const { step, loss, accuracy } of run.snapshots()) {
    if (loss.mean !== null) yield { step, name: "loss", value: loss.mean };
    if (accuracy !== undefined) yield { step, name: "accuracy", value: accuracy };
  }
}
