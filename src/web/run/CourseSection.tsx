/** @file Loss, accuracy and all else that the run watched, over its steps. */
import { lossFigure } from "../../figures/loss.ts";
import { isLogSpaced, withStepAxis } from "../../figures/stepAxis.ts";
import { grouped } from "../../findings/numbers.ts";
import { pictureSections, watchedSections } from "../../report/figureSections.ts";
import { isAnalysis, type ReportData, type RunReport } from "../../report/reportData.ts";
import { LazyFigure } from "../figures/LazyFigure.tsx";
import { fromReport, isLog } from "./fromReport.tsx";
import { rowsOf } from "./liveSeries.ts";
import type { SectionProps } from "./runContext.ts";

/** Loss, accuracy and perplexity. */
export function LossFigure({ data, run, snapshots, scale, counted }: SectionProps) {
  if (isAnalysis(data)) return null;
  const own = snapshots.length > 1 ? isLogSpaced(snapshots.map(({ step }) => step)) : undefined;
  const rows = Math.max(0, ...run.series.map((series) => series.rows));
  const isThinned = run.series.some(({ low }) => low !== undefined);
  return (
    <LazyFigure
      title="Loss over training"
      version={`${counted} ${scale}`}
      draw={() => ({
        title: "Loss over training",
        name: "loss",
        figure: withStepAxis(isLog(scale), () => lossFigure(rowsOf(run.series), isLog(scale) ?? own)),
        missing: "The run recorded no loss.",
        caption: `Loss per sample on training batches and on the evaluated samples, with accuracy or perplexity if the task has one (Eqs. 23, 24).${isThinned ? ` Of ${grouped(rows)} rows, figure and CSV have means over short intervals; metrics.jsonl has every row.` : ""}`,
      })}
    />
  );
}

/** Whether the run watched anything besides its loss. */
export const isWatched = (data: ReportData): data is RunReport =>
  !isAnalysis(data) && ((data.watched?.groups.length ?? 0) > 0 || data.pictures !== undefined);

/** Everything that the run watched besides its loss. */
export function WatchedSection({ data, run, scale, counted }: SectionProps) {
  if (!isWatched(data)) return null;
  const groups = data.watched?.groups ?? [];
  return (
    <>
      {groups.map(({ title }, i) => (
        <LazyFigure
          key={title}
          title={title}
          version={`${counted} ${scale}`}
          draw={() =>
            fromReport(`watched-${i + 1}`, scale, () => watchedSections({ ...data, metrics: rowsOf(run.series) })[i])
          }
        />
      ))}
      {data.pictures && (
        <LazyFigure
          title="Images made by the decoder"
          version={counted}
          draw={() => fromReport("pictures", scale, () => pictureSections(data)[0])}
        />
      )}
    </>
  );
}
