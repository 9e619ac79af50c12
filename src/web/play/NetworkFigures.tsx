/** @file The figures of one network while it trains. */
import { lazy, memo, Suspense, useMemo, useState } from "react";
import { lossColour } from "../../figures/palette.ts";
import { grouped, scientific } from "../../findings/numbers.ts";
import type { Convention } from "../../measure/snapshot.ts";
import { alignmentEquation, lossEquation, matricesEquation, relationsEquation } from "../../report/equations.ts";
import { nearestStep } from "../run/steps.ts";
import { changesInWords, differences } from "./address.ts";
import { Caption } from "./Caption.tsx";
import { Heat } from "./Heat.tsx";
import { LayerStrip } from "./LayerStrip.tsx";
import { type Line, Lines, type LinesProps } from "./Lines.tsx";
import { isUnderWay, isWaiting, type Matrices, type PlayData } from "./playData.ts";
import { engineWords } from "./RunsOn.tsx";
import { HIDDEN, relationLines } from "./relationLines.ts";
import { Spectra } from "./Spectra.tsx";
import { StepSlider } from "./StepSlider.tsx";

/** The code that draws them is larger than the rest of the playground. */
const KeptFigures = lazy(() => import("./KeptFigures.tsx"));

export interface Shown {
  readonly convention: Convention;
  /** What the curves of relations show: a layer's name, or HIDDEN. */
  readonly scope: string;
  /** The layer whose matrices and spectra are shown. */
  readonly layer: string;
  readonly isLogSteps: boolean;
}

export interface NetworkFiguresProps {
  readonly title: string;
  readonly play: PlayData;
  readonly other: PlayData | undefined;
  /** Past plays, drawn behind. */
  readonly compared: readonly PlayData[];
  readonly shown: Shown;
  readonly choose: (scope: string) => void;
  /** Called when an entry of a matrix is read. */
  readonly onRead: () => void;
}

export const NetworkFigures = memo(function NetworkFigures(props: NetworkFiguresProps) {
  const { title, play, other, compared, shown, choose, onRead } = props;
  const { convention, scope, layer } = shown;
  const { snapshots, matrices } = play;
  const [wanted, look] = useState<number>();
  const measured = useMemo(() => snapshots.map(({ step }) => step), [snapshots]);
  const isEarlier = wanted !== undefined && measured.includes(wanted);
  const looked = isEarlier ? wanted : undefined;
  const [first, last] = [snapshots[0], isEarlier ? snapshots.find(({ step }) => step === wanted) : snapshots.at(-1)];
  const found = last?.layers.find(({ name }) => name === layer);
  return (
    <section className="play-network" aria-label={title}>
      <header>
        <h2>{title}</h2>
        {other !== undefined && <Differing play={play} other={other} />}
        <Progress play={play} />
        <RunningOn play={play} />
      </header>
      {play.problem !== undefined && (
        <p className="problem" role="alert">
          {play.problem}
        </p>
      )}
      {first === undefined || last === undefined ? (
        <p className="missing">
          {play.state === "failed" ? "Nothing was measured." : "Loading the engine; measuring before the first step …"}
        </p>
      ) : (
        <>
          <Courses {...{ play, compared, shown, looked }} step={last.step} />
          <StepSlider steps={measured} wanted={looked} look={look} />
          <div data-tour="strip">
            <LayerStrip {...{ first, last, convention, scope, choose }} />
            <Caption>
              At step {grouped(last.step)}: filled marks show this step, open ones the start, dashes chance; ✓ marks
              relations that hold by the reports' rule. Choose a layer's name to show it above and below.
            </Caption>
          </div>
          <MatrixFigures
            {...{ play, layer, onRead }}
            heat={matricesAt(matrices, { layer, convention, step: looked })}
            step={last.step}
            measurements={measured.length}
          />
          {found !== undefined && (
            <>
              <div className="play-courses two" data-tour="spectra">
                <Spectra layer={found} side="a" convention={convention} />
                <Spectra layer={found} side="b" convention={convention} />
              </div>
              <Caption>Eigenvalues by rank, relative to the largest of each matrix; both axes are logarithmic.</Caption>
            </>
          )}
          {!isUnderWay(play) && (
            <details className="play-kept">
              <summary>Figures to save</summary>
              <Suspense fallback={<p className="soft">Loading …</p>}>
                <KeptFigures play={play} layer={layer} convention={convention} />
              </Suspense>
            </details>
          )}
        </>
      )}
    </section>
  );
});

/** The parameters that differ from the other network's. */
function Differing({ play, other }: { readonly play: PlayData; readonly other: PlayData }) {
  const differing = differences(play.given, other.given);
  if (differing.length === 0) return null;
  return (
    <p className="differing">
      {differing.map((key) => (
        <span key={key}>
          <code>{key}</code> {play.given[key] ?? String(play.built?.parameters[key] ?? "")}
        </span>
      ))}
    </p>
  );
}

interface CoursesProps extends Pick<NetworkFiguresProps, "play" | "compared" | "shown"> {
  /** The earlier step that is looked at. */
  readonly looked: number | undefined;
  /** The step shown: that one, or the last. */
  readonly step: number;
}

/** Loss and alignments over steps. */
function Courses({ play, compared, shown: { convention, scope, isLogSteps }, looked, step }: CoursesProps) {
  const { snapshots, training, unseen } = play;
  const steps = Math.max(play.built?.steps ?? 1, ...compared.map((one) => one.step));
  const relations = useMemo(
    () => (["a", "b"] as const).map((side) => relationLines(snapshots, compared, { scope, convention, side })),
    [snapshots, compared, scope, convention],
  );
  const losses = useMemo(() => lossLines({ training, unseen }, compared), [training, unseen, compared]);
  const changes = useAppliedChanges(play);
  const axis = { steps, isLogSteps, changes, looked };
  const of = scope === HIDDEN ? "hidden medians" : scope;
  return (
    <>
      <div className="play-courses">
        <div data-tour="loss">
          <Lines
            title="loss"
            label={`Loss over steps: ${scientific(unseen.at(-1)?.value ?? 0)} on unseen samples at step ${step}`}
            lines={losses}
            {...axis}
            isLog
          />
        </div>
        <div data-tour="relations" className="pair">
          {(["a", "b"] as const).map((side, i) => (
            <Lines
              key={side}
              title={
                <>
                  {side === "a" ? "backward (a)" : "forward (b)"} <small>{of}</small>
                </>
              }
              label={`Alignments of side ${side} over steps, ${of}`}
              lines={relations[i]!}
              {...axis}
              range={[Math.min(0, lowest(relations[i]!)), 1]}
            />
          ))}
        </div>
      </div>
      <Caption formula={lossEquation(play.built?.objective) + relationsEquation + alignmentEquation}>
        Six alignments over steps;{" "}
        {scope === HIDDEN ? "bands: lowest to highest hidden layer" : "bands: ± standard error"}; dotted: chance. The
        loss has a logarithmic axis: grey on the samples of each step, violet on unseen ones.
        {changes.length > 0 && " Vertical lines: a parameter was changed."}
      </Caption>
    </>
  );
}

/** The changes of parameters up to the current step, in words; the same array until another one is applied. */
function useAppliedChanges({ changes, step }: PlayData): NonNullable<LinesProps["changes"]> {
  const applied = changes.filter((change) => change.step <= step).length;
  return useMemo(
    () => changes.slice(0, applied).map((change) => ({ step: change.step, words: changesInWords([change]) })),
    [changes, applied],
  );
}

interface MatrixFiguresProps extends Pick<NetworkFiguresProps, "play" | "onRead"> {
  /** Undefined if the layer has none. */
  readonly heat: Matrices | undefined;
  readonly layer: string;
  /** The step that is looked at. */
  readonly step: number;
  /** Number of measurements so far. */
  readonly measurements: number;
}

/** H, G and Z of the layer, or why they are missing. */
function MatrixFigures({ play, heat, layer, step, measurements, onRead }: MatrixFiguresProps) {
  if (heat === undefined)
    return (
      <p className="soft">
        {play.state === "running"
          ? "The matrices come with the next measurement."
          : isWaiting(play)
            ? ""
            : "This play kept no matrices of this layer and convention."}
      </p>
    );
  return (
    <>
      <Heat found={heat} onRead={onRead} />
      <Caption formula={matricesEquation}>
        Matrices of {layer}, each divided by the mean of its diagonal; one colour scale per side.
        {heat.step !== step && ` Those of step ${grouped(step)} were not kept; the nearest are shown.`}
        {play.matrices.length < measurements &&
          ` Those of ${play.matrices.length} of ${measurements} measurements are kept, evenly spaced in the logarithm of the step.`}
      </Caption>
    </>
  );
}

/** The matrices nearest to a step, or the last ones. */
function matricesAt(
  kept: readonly Matrices[],
  {
    layer,
    convention,
    step,
  }: { readonly layer: string; readonly convention: Convention; readonly step: number | undefined },
): Matrices | undefined {
  const own = kept.filter(({ look }) => look.layer === layer && look.convention === convention);
  const steps = own.map((one) => one.step);
  const nearest = step === undefined ? steps.at(-1) : nearestStep(steps, step);
  return own.find((one) => one.step === nearest);
}

function lowest(lines: readonly Line[]): number {
  let low = 0;
  for (const { points } of lines) for (const [, value] of points) low = Math.min(low, value);
  return Math.floor(low * 4) / 4;
}

function lossLines(play: Pick<PlayData, "training" | "unseen">, compared: readonly PlayData[]): Line[] {
  const points = (rows: PlayData["unseen"]) => rows.map(({ step, value }) => [step, value] as const);
  return [
    ...compared.map(
      ({ number, unseen }): Line => ({
        name: `unseen of ${number}`,
        colour: lossColour.eval,
        kind: "past",
        points: points(unseen),
      }),
    ),
    { name: "training", colour: lossColour.train, points: points(play.training) },
    { name: "unseen", colour: lossColour.eval, points: points(play.unseen) },
  ];
}

const stateWords = {
  preparing: "preparing",
  running: "training",
  paused: "paused",
  finished: "done",
  stopped: "stopped",
  failed: "failed",
} as const;
const stateClass = {
  preparing: "running",
  running: "running",
  paused: "",
  finished: "finished",
  stopped: "",
  failed: "failed",
} as const;

function Progress({ play: { state, step, built, loss, rate } }: { readonly play: PlayData }) {
  return (
    <p className="progress">
      <span className={`status ${stateClass[state]}`}>{stateWords[state]}</span> step {grouped(step)}
      {built && <> of {grouped(built.steps)}</>}
      {loss !== undefined && <> · loss {scientific(loss)}</>}
      {state === "running" && rate !== undefined && <> · {grouped(Math.round(rate))} steps per second</>}
    </p>
  );
}

function RunningOn({ play }: { readonly play: PlayData }) {
  return (
    <p className="soft running-on" role="status">
      {engineWords(play)}
    </p>
  );
}
