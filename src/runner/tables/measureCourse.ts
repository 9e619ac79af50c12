/** @file One measure of one run over its steps, by the names that `crh compare --y` knows. */
import { measureCalled, wholeValue } from "../../tables/measures.ts";
import { allMetrics } from "../../tables/metricsTable.ts";
import { runSource } from "./runFolders.ts";

export interface MeasureCourse {
  /** Name with its convention: "paper.b.rga". */
  readonly name: string;
  readonly meaning: string;
  /** What the value of a step is a median over; null where it is the measure itself. */
  readonly over: "hidden representations" | "all layers" | null;
  /** (T) ascending steps that have a value. */
  readonly steps: readonly number[];
  readonly values: readonly number[];
}

/**
 * The value of a whole run (`wholeValue`), or a quantity of metrics.jsonl, at every step that has one.
 *
 * @param dir folder of the run
 */
export function measureCourse(dir: string, name: string): MeasureCourse {
  const measure = measureCalled(name);
  const run = runSource(dir);
  const found = new Map<number, number>();
  let over: MeasureCourse["over"] = null;
  if (measure.kind === "metric") {
    for (const row of allMetrics(run)) if (row.name === name) found.set(row.step, row.value);
  } else
    for (const snapshot of run.snapshots()) {
      const whole = wholeValue(measure, snapshot);
      over = whole.over;
      if (whole.value !== null) found.set(snapshot.step, whole.value);
    }
  const ordered = [...found].sort(([x], [y]) => x - y);
  return {
    name: measure.name,
    meaning: measure.meaning,
    over,
    steps: ordered.map(([step]) => step),
    values: ordered.map(([, value]) => value),
  };
}
