/**
 * @file What a table of runs shows for each run besides its summary: its parameters, its loss as a sparkline, and the
 * medians of the six alignments at its last measurement.
 */
import { hiddenMedians, type SideValues } from "../findings/hiddenMedians.ts";
import { median } from "../measure/median.ts";
import { relationNames } from "../measure/phase/phaseTable.ts";
import type { Snapshot } from "../measure/snapshot.ts";
import { isMap } from "../moments/moments.ts";
import type { MetricRow } from "../runs/metricRow.ts";
import { type MetricSeries, seriesOf } from "../runs/metricSeries.ts";

export interface RunOverview {
  readonly id: string;
  readonly config?: Readonly<Record<string, unknown>>;
  /** Loss of held-out samples, else of training batches. */
  readonly spark?: MetricSeries;
  /** By the paper's convention, over the hidden representations of a chain of maps, else over all maps. */
  readonly medians?: {
    readonly step: number;
    readonly of: "hidden" | "maps";
    readonly a: SideValues;
    readonly b: SideValues;
  };
  /** What is wrong with the run; then everything else is missing. */
  readonly problem?: string;
}

/** chosen: most points of a sparkline. */
const SPARK_POINTS = 40;

/**
 * chosen: fewest evaluations that make a curve; below it, the loss of training batches is used if it has more points.
 */
const FEW = 8;

const mostRows = (series: readonly MetricSeries[]): MetricSeries | undefined =>
  series.toSorted((x, y) => y.rows - x.rows)[0];

/** @param snapshot the last measurement, where there is one */
export function runOverview(
  id: string,
  config: Readonly<Record<string, unknown>>,
  metrics: readonly MetricRow[],
  snapshot: Snapshot | undefined,
): RunOverview {
  const series = seriesOf(metrics, { names: ["eval/loss", "train/loss"], points: SPARK_POINTS });
  const spark = series.find(({ name, rows }) => name === "eval/loss" && rows >= FEW) ?? mostRows(series);
  const medians = snapshot && mediansOf(snapshot);
  return {
    id,
    config,
    ...(spark === undefined ? {} : { spark }),
    ...(medians === undefined ? {} : { medians }),
  };
}

function mediansOf(snapshot: Snapshot): RunOverview["medians"] {
  const { step } = snapshot;
  const hidden = hiddenMedians(snapshot, "paper");
  if (hidden !== undefined) return { step, of: "hidden", a: hidden.a, b: hidden.b };
  const maps = snapshot.layers.filter((layer) => isMap(layer) && layer.dead === undefined);
  if (maps.length === 0) return undefined;
  const over = (side: "a" | "b") =>
    Object.fromEntries(
      relationNames.map((name) => [
        name,
        median(maps.map(({ alignment }) => alignment.paper[side]?.[name].value ?? null)),
      ]),
    ) as SideValues;
  return { step, of: "maps", a: over("a"), b: over("b") };
}
