/**
 * @file The numbers of a run over steps for programs that show training curves: the lines of metrics.jsonl by name (for
 * an analysis, loss and accuracy), and every alignment as "paper.b.rga/layers.1".
 */
import { alignmentsTable } from "../alignmentsTable.ts";
import { allMetrics } from "../metricsTable.ts";
import { type MetricOf, type RunSource, rowsOf } from "../table.ts";
import type { ScalarEvent } from "./tensorboardEvents.ts";

/** The quantities of metrics.jsonl, each once; for an analysis, loss and accuracy. */
function ownMetrics(run: RunSource): Iterable<MetricOf> {
  return run.isAnalysis ? allMetrics(run) : run.metrics();
}

/** The series of a run in a chart: its metrics and, for an analysis, which may have none, its alignments. */
export function* chartMetrics(run: RunSource): Generator<MetricOf> {
  yield* ownMetrics(run);
  if (run.isAnalysis) yield* alignments(run);
}

/** The numbers as events, one per step; metrics first, then alignments. */
export function* scalarEvents(run: RunSource): Generator<ScalarEvent> {
  const wallTime = Date.parse(run.info.startedAt) / 1000;
  yield* bySteps(ownMetrics(run), wallTime);
  yield* bySteps(alignments(run), wallTime);
}

function* alignments(run: RunSource): Generator<MetricOf> {
  const place = Object.fromEntries(alignmentsTable.columns.map(({ name }, i) => [name, i]));
  for (const { row } of rowsOf(run, [alignmentsTable])) {
    const of = (name: string) => row[place[name]!];
    const value = of("value");
    if (typeof value !== "number") continue;
    yield {
      step: Number(of("step")),
      name: `${of("convention")}.${of("side")}.${of("relation")}/${of("layer")}`,
      value,
    };
  }
}

/** Groups consecutive rows of one step. */
function* bySteps(rows: Iterable<MetricOf>, wallTime: number): Generator<ScalarEvent> {
  let step: number | undefined;
  let scalars: { tag: string; value: number }[] = [];
  for (const row of rows) {
    if (step !== undefined && row.step !== step) {
      yield { wallTime, step, scalars };
      scalars = [];
    }
    step = row.step;
    scalars.push({ tag: row.name, value: row.value });
  }
  if (step !== undefined) yield { wallTime, step, scalars };
}
