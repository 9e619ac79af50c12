/** @file The state at the step shown: in a sentence, as every relation of every layer, and by depth. */
import { useMemo } from "react";
import { alignmentSummary } from "../../figures/alignmentSummary.ts";
import { alignmentsByDepth } from "../../figures/alignmentsByDepth.ts";
import { withStepAxis } from "../../figures/stepAxis.ts";
import { counted, grouped } from "../../findings/numbers.ts";
import { findings } from "../../findings/relationFindings.ts";
import { byWords } from "../../findings/sentences.ts";
import { isMap } from "../../moments/moments.ts";
import { findingSentence, stripKey } from "../../report/firstScreen.ts";
import { fewLayers, isBare, renderMapStrips, renderOtherStrips } from "../../report/relationStrip.ts";
import { isAnalysis, withStart } from "../../report/reportData.ts";
import { LazyFigure } from "../figures/LazyFigure.tsx";
import { LossFigure } from "./CourseSection.tsx";
import { isLog } from "./fromReport.tsx";
import { ReportHtml } from "./ReportHtml.tsx";
import { dataUpTo, type SectionProps } from "./runContext.ts";
import { useSettledStep } from "./stepStore.ts";
import { useInView } from "./useInView.ts";

/** chosen: most layers whose strip is updated while the step slider is dragged. */
const MOST_AT_ONCE = 24;

export function NowSection(props: SectionProps) {
  const { data, run, layers, convention, scale, choose, measured } = props;
  const [place, isSeen] = useInView<HTMLDivElement>();
  const step = useSettledStep(isSeen && layers.length <= MOST_AT_ONCE ? 0 : undefined);
  const settled = useSettledStep();
  const found = useMemo(() => {
    const now = dataUpTo(data, step);
    const all = findings(withStart(now), convention);
    const maps = new Set(all.filter(({ layer }) => isMap(layer)).map(({ layer }) => layer)).size;
    return {
      sentence: findingSentence(now, all),
      strip: `${renderMapStrips(all)}${all.length > 0 ? stripKey(all, isBare(maps)) : ""}${renderOtherStrips(all)}`,
      snapshot: now.snapshots.at(-1),
      isWide: maps > fewLayers,
    };
  }, [data, step, convention]);
  const chooseLayer = useMemo(() => (layer: string) => choose({ layer, section: "layer" }), [choose]);
  if (data.snapshots.length === 0)
    return (
      <>
        <p className="missing">{notMeasured(run)}</p>
        <LossFigure {...props} />
      </>
    );
  const at = isAnalysis(data) || step === undefined ? "" : ` at step ${grouped(step)}`;
  const strip = (
    <>
      <h3 className="run-title">Every relation of every layer{at}</h3>
      <ReportHtml html={found.strip} layers={layers} choose={chooseLayer} />
    </>
  );
  return (
    <div ref={place}>
      <div className="run-finding">
        <p
          className="finding"
          // biome-ignore lint/security/noDangerouslySetInnerHtml: src/report escapes whatever comes from data
          dangerouslySetInnerHTML={{ __html: found.sentence }}
        />
      </div>
      {found.isWide && strip}
      <div className="run-two">
        <div>
          {!found.isWide && strip}
          <LossFigure {...props} />
        </div>
        <LazyFigure
          title="Hidden layers over training"
          version={`${measured} ${convention} ${scale}`}
          draw={() => ({
            title: "Hidden layers over training",
            name: "hidden-layers",
            figure: withStepAxis(isLog(scale), () => alignmentSummary(data.snapshots, convention)),
            missing: fewSteps(data.snapshots.length),
            caption: `Median over the hidden representations and their range, ${byWords(convention)}: inputs of maps 1 to D, outputs of maps 0 to D − 1. Dashed: chance.`,
          })}
        />
      </div>
      <LazyFigure
        title={`The six alignments of every layer, by depth${at}`}
        version={`${measured} ${convention} ${settled}`}
        draw={() => ({
          title: `The six alignments of every layer, by depth${at}`,
          name: "alignments-by-depth",
          figure: found.snapshot && alignmentsByDepth(found.snapshot, { convention }),
          missing: layers.length === 1 ? "There is only one layer." : "No layer was measured.",
          caption: `Layers in order of execution from top to bottom, ${byWords(convention)}: inputs (a, backward) and outputs (b, forward) of each layer (Eqs. 7, 8, 11). Vertical dashes, same colour: chance (Eq. 13); bars behind marks: plus and minus the noise (Eq. 18).`,
        })}
      />
    </div>
  );
}

const fewSteps = (count: number): string =>
  count < 2
    ? `There is ${counted(count, "measurement")}, so there is no curve over training.`
    : "No hidden layer has an alignment at two steps.";

function notMeasured({ isWhole, problem }: SectionProps["run"]): string {
  if (!isWhole) return "Reading the measurements …";
  return problem === undefined ? "The run has no measurement yet." : "No measurement of the run can be read.";
}
