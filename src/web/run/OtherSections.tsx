/** @file Sections that not every run has (heads, symmetric pairs, followed points), and the facts of the run. */
import { useCallback, useMemo } from "react";
import { hasPairs } from "../../findings/pairs/pairSentences.ts";
import { renderClaims } from "../../report/claimsList.ts";
import { renderGlossary } from "../../report/glossary.ts";
import { renderFacts, renderParameters } from "../../report/header.ts";
import { headSections, renderHeads } from "../../report/headSections.ts";
import { renderNotes, renderReproduce, renderSkipped } from "../../report/pageEnd.ts";
import { isAnalysis, type ReportData } from "../../report/reportData.ts";
import { renderSummary } from "../../report/summary.ts";
import { renderSymmetry, symmetrySections } from "../../report/symmetrySection.ts";
import { twopointFigures } from "../../report/twopointFigures.ts";
import { renderTwopoint } from "../../report/twopointSection.ts";
import { LazyFigure } from "../figures/LazyFigure.tsx";
import { LossFigure } from "./CourseSection.tsx";
import { fromReport } from "./fromReport.tsx";
import { unsectioned } from "./LawsSection.tsx";
import { ReportHtml } from "./ReportHtml.tsx";
import type { SectionProps } from "./runContext.ts";

export const hasHeads = ({ snapshots }: ReportData): boolean =>
  snapshots.at(-1)?.layers.some(({ kind }) => kind === "head" || kind === "block") ?? false;
export function hasSymmetry({ snapshots }: ReportData): boolean {
  const last = snapshots.at(-1);
  return last !== undefined && hasPairs(last);
}
export const hasPoints = (data: ReportData): boolean => !isAnalysis(data) && data.twopoint !== undefined;

export function HeadsSection({ data, layers, scale, measured, choose }: SectionProps) {
  const html = useMemo(() => unsectioned(renderHeads(data, []), { keepsTitle: false }), [data]);
  return (
    <>
      <LazyFigure
        title="Attention heads and their baselines over training"
        version={`${measured} ${scale}`}
        draw={() => fromReport("heads", scale, () => headSections(data)[0])}
      />
      <ReportHtml html={html} layers={layers} choose={(layer) => choose({ layer, section: "layer" })} />
    </>
  );
}

export function PairsSection({ data, layers, scale, measured, choose }: SectionProps) {
  const html = useMemo(() => unsectioned(renderSymmetry(data, []), { keepsTitle: false }), [data]);
  return (
    <>
      {symmetryTitles.map((title, i) => (
        <LazyFigure
          key={title}
          title={title}
          version={`${measured} ${scale}`}
          draw={() => fromReport(`pairs-${i}`, scale, () => symmetrySections(data, i)[0])}
        />
      ))}
      <ReportHtml html={html} layers={layers} choose={(layer) => choose({ layer, section: "layer" })} />
    </>
  );
}

const symmetryTitles = [
  "Every symmetric pair",
  "Noise balance over training",
  "Charges over training",
  "Predicted against measured drift of the charges",
];

export function PointsSection(props: SectionProps) {
  const { data, layers, scale, counted, choose } = props;
  const html = useMemo(() => unsectioned(renderTwopoint(data, []), { keepsTitle: false }), [data]);
  return (
    <>
      <ReportHtml html={html} layers={layers} choose={(layer) => choose({ layer, section: "layer" })} />
      {pointTitles.map((title, i) => (
        <LazyFigure
          key={title}
          title={title}
          version={`${counted} ${scale}`}
          draw={() => fromReport(`points-${i}`, scale, () => twopointFigures(data, i)[0])}
        />
      ))}
      {data.snapshots.length === 0 && <LossFigure {...props} />}
    </>
  );
}

const pointTitles = [
  "Two points over training",
  "The theory over depth",
  "The conserved quantity",
  "How far apart the points end",
  "Map of the representation",
];

export function AboutSection({ data, layers, choose }: SectionProps) {
  const chooseLayer = useCallback((layer: string) => choose({ layer, section: "layer" }), [choose]);
  const isMeasured = data.snapshots.length > 0;
  const html = useMemo(
    () => ({
      found: isMeasured ? renderSummary(data) + unsectioned(renderClaims(data)) : "",
      facts: `${renderFacts(data)}<h3>Parameters</h3>${renderParameters(data)}${renderNotes(data)}<h3>Run it again</h3>${renderReproduce(data)}`,
      glossary: isMeasured ? renderGlossary(data) : "",
    }),
    [data, isMeasured],
  );
  const shared = { layers, choose: chooseLayer };
  return (
    <>
      {isMeasured && (
        <>
          <ReportHtml html={html.found} {...shared} />
          <h3 className="run-title">What was skipped, and why</h3>
          <Skipped data={data} />
        </>
      )}
      <ReportHtml html={html.facts} {...shared} />
      {isMeasured && (
        <details>
          <summary>Glossary</summary>
          <ReportHtml html={html.glossary} {...shared} />
        </details>
      )}
    </>
  );
}

function Skipped({ data }: { readonly data: ReportData }) {
  const html = renderSkipped(data).replace(/<h3[^>]*>.*?<\/h3>/, "");
  const left = [...new Set(data.snapshots.flatMap(({ leftOut }) => leftOut ?? []))];
  return (
    <>
      {html === "" ? (
        <p className="soft">Every part of the network was measured.</p>
      ) : (
        <ReportHtml html={html} layers={[]} choose={() => {}} />
      )}
      {left.map((sentence) => (
        <p key={sentence} className="soft">
          {sentence}
        </p>
      ))}
    </>
  );
}
