/** @file Laws of the whole network beyond alignments: phases, change, ranks, residuals, collapse. */
import { useMemo } from "react";
import { renderCollapse } from "../../report/collapseTable.ts";
import type { FigureSection } from "../../report/figureBlock.ts";
import { rankSection } from "../../report/figureSections.ts";
import { deepSections } from "../../report/headSections.ts";
import { changeSection, collapseSection, phaseSection } from "../../report/lawSections.ts";
import { renderLaws } from "../../report/lawsTable.ts";
import type { ReportData } from "../../report/reportData.ts";
import { LazyFigure } from "../figures/LazyFigure.tsx";
import { fromReport } from "./fromReport.tsx";
import { ReportHtml } from "./ReportHtml.tsx";
import { dataUpTo, type SectionProps } from "./runContext.ts";
import { useSettledStep } from "./stepStore.ts";

/** Undefined if there is nothing to draw. */
const drawn = (section: FigureSection | undefined) => (section?.shown === undefined ? undefined : section);

const figures: readonly [name: string, title: string, make: (data: ReportData) => FigureSection | undefined][] = [
  ["phases", "The phase of every layer over training", (data) => drawn(phaseSection(data))],
  ["change", "Change of the representation between measurements", (data) => drawn(changeSection(data))],
  ["rank-alignment", "Rank of the representation against its alignment", rankSection],
  ["collapse", "Neural collapse over training", (data) => drawn(collapseSection(data))],
  ["conventions", "Second moments against covariances", (data) => deepSections(data)[0]],
];

export function LawsSection({ data, layers, scale, measured, choose }: SectionProps) {
  const step = useSettledStep();
  const html = useMemo(() => {
    const now = dataUpTo(data, step);
    return unsectioned(renderLaws(now)) + unsectioned(renderCollapse(now));
  }, [data, step]);
  if (data.snapshots.length === 0) return <p className="missing">The run has no measurement yet.</p>;
  return (
    <>
      {figures.map(([name, title, make]) => (
        <LazyFigure
          key={name}
          title={title}
          version={`${measured} ${scale}`}
          draw={() => fromReport(name, scale, () => make(data))}
        />
      ))}
      {html === "" ? (
        <p className="missing">
          Exponents, phases and residuals were not measured up to this step: a run measures laws only at its last step,
          unless <code>--cost standard</code> requests them each time.
        </p>
      ) : (
        <ReportHtml html={html} layers={layers} choose={(layer) => choose({ layer, section: "layer" })} />
      )}
    </>
  );
}

/**
 * The content of a section of the report, without its frame.
 *
 * @param keepsTitle whether its own heading stays; all headings move one level down
 */
export function unsectioned(html: string, { keepsTitle = true } = {}): string {
  const content = html.replace(/^<section[^>]*>/, "").replace(/<\/section>$/, "");
  if (!keepsTitle) return content.replace(/<h2>.*?<\/h2>/, "");
  return content.replace(/<h3>(.*?)<\/h3>/g, "<h4>$1</h4>").replace(/<h2>(.*?)<\/h2>/, "<h3>$1</h3>");
}
