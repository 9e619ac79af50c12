/** @file A loss curve the width of a word; logarithmic if the loss is positive and spans a factor of five. */
import type { MetricSeries } from "../../runs/metricSeries.ts";

const [WIDTH, HEIGHT, EDGE] = [96, 24, 2];

/** chosen: as in the figure of the loss (src/figures/loss.ts). */
const LOGARITHMIC = 5;

export function Sparkline({ series }: { readonly series: MetricSeries | undefined }) {
  if (series === undefined || series.values.length < 2) return null;
  const least = Math.min(...series.values);
  const isLog = least > 0 && Math.max(...series.values) > LOGARITHMIC * least;
  const values = series.values.map((value) => (isLog ? Math.log(value) : value));
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const [first, last] = [series.steps[0]!, series.steps.at(-1)!];
  const x = (step: number) => EDGE + ((step - first) / (last - first || 1)) * (WIDTH - 2 * EDGE);
  const y = (value: number) => HEIGHT - EDGE - ((value - low) / (high - low || 1)) * (HEIGHT - 2 * EDGE);
  const path = values.map(
    (value, i) => `${i === 0 ? "M" : "L"}${x(series.steps[i]!).toFixed(1)},${y(value).toFixed(1)}`,
  );
  return (
    <svg className="spark" width={WIDTH} height={HEIGHT} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} aria-hidden="true">
      <path d={path.join("")} fill="none" stroke="currentColor" strokeWidth="1.4" strokeLinejoin="round" />
    </svg>
  );
}
