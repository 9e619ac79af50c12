/**
 * @file A run, live: its facts, findings and figures, from any source (a server or a dropped folder). The address holds
 * the whole view: step, layer, side, convention, scale of steps, order of neurons, section.
 */
import { type ReactNode, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { isLogSpaced } from "../../figures/stepAxis.ts";
import { type Convention, conventions, isMap, type Side } from "../../moments/moments.ts";
import { penultimate } from "../../report/chosenLayers.ts";
import { contentStyle } from "../../report/contentStyle.ts";
import { Problem } from "../ErrorNote.tsx";
import { markStep, onStepChosen } from "../figures/crosshair.ts";
import { setParams, useRoute } from "../route.ts";
import type { RunSource } from "../source/runSource.ts";
import { isWatched, WatchedSection } from "./CourseSection.tsx";
import { KeyHelp, useKeys } from "./KeyHelp.tsx";
import { LawsSection } from "./LawsSection.tsx";
import { LayerSection } from "./LayerSection.tsx";
import { LayersSection } from "./LayersSection.tsx";
import { NowSection } from "./NowSection.tsx";
import {
  AboutSection,
  HeadsSection,
  hasHeads,
  hasPoints,
  hasSymmetry,
  PairsSection,
  PointsSection,
} from "./OtherSections.tsx";
import { showElement } from "./ReportHtml.tsx";
import { RunHeader } from "./RunHeader.tsx";
import type { SectionProps } from "./runContext.ts";
import { Scrubber, type StepScale } from "./Scrubber.tsx";
import { StepContext, StepStore } from "./stepStore.ts";
import { nearestStep } from "./steps.ts";
import { reportOf, useRun } from "./useRun.ts";
import "./run.css";

export interface RunPageProps {
  readonly source: RunSource;
  readonly id: string;
  /** Whether a server has it, and thus its report. Default false. */
  readonly isServed?: boolean;
}

export function RunPage({ source, id, isServed = false }: RunPageProps) {
  const { run, error } = useRun(source, id);
  useContentStyle();
  if (error !== undefined) return <Problem error={error} />;
  if (run === undefined) return <p className="soft">Reading the run …</p>;
  if (run.summary.problem !== undefined) return <Problem error={new Error(run.summary.problem)} />;
  return <Shown {...{ source, id, isServed, run }} />;
}

interface ShownProps extends Required<RunPageProps> {
  readonly run: NonNullable<ReturnType<typeof useRun>["run"]>;
}

function Shown({ source, id, isServed, run }: ShownProps) {
  const { params } = useRoute();
  const { snapshots, frame } = run;
  const status = run.summary.info?.status;
  // biome-ignore lint/correctness/useExhaustiveDependencies: recomputed for measurements, not for every row of metrics
  const data = useMemo(() => reportOf(run), [snapshots, frame, status]);
  const layers = useMemo(
    () => [...new Set(snapshots.toReversed().flatMap((snapshot) => snapshot.layers.map(({ name }) => name)))],
    [snapshots],
  );
  const store = useStepFromAddress(params.get("step"));
  const steps = useMemo(() => snapshots.map(({ step }) => step), [snapshots]);
  useEffect(() => store.offer(steps), [store, steps]);
  const chosen = params.get("layer");
  const layer = chosen !== null && layers.includes(chosen) ? chosen : (firstShown(snapshots.at(-1)) ?? "");
  const side: Side = params.get("side") === "b" ? "b" : "a";
  const convention = conventions.find((one) => one === params.get("convention")) ?? "paper";
  const scale = (["log", "linear"] as const).find((one) => one === params.get("scale")) ?? "";
  const choose = useCallback((changes: Readonly<Record<string, string | undefined>>) => {
    setParams(changes);
    if (changes.section !== undefined) showElement(`run-${changes.section}`);
  }, []);
  const measured = useVersion(snapshots);
  const counted = `${useVersion(run.series)} ${measured}`;
  const shared: SectionProps = {
    ...{ source, id, run, data, snapshots, layers, layer, side, convention, scale, choose, measured, counted },
  };
  const [isHelping, setHelping] = useState(false);
  const showsLog = scale === "" ? isLogSpaced(steps) : scale === "log";
  useKeys({
    store,
    steps,
    layers,
    layer,
    side,
    convention,
    choose,
    turnScale: () => choose({ scale: showsLog ? "linear" : "log" }),
    showHelp: () => setHelping((before) => !before),
  });
  useSharedStep(store, steps);
  useSectionOfAddress(params.get("section"), run.isWhole);
  const sections = sectionsOf(shared, run.isWhole);
  return (
    <StepContext.Provider value={store}>
      <div className="run">
        <RunHeader {...{ run, id, isServed }} />
        {run.problem !== undefined && <Problem error={new Error(run.problem)} />}
        <nav className="run-nav" aria-label="Sections">
          {sections.map(([name, title]) => (
            <button key={name} type="button" onClick={() => choose({ section: name })}>
              {title}
            </button>
          ))}
        </nav>
        {sections.map(([name, title, content]) => (
          <section key={name} id={`run-${name}`} className={`run-section run-of-${name}`} aria-label={title}>
            <h2 className={name === "now" ? "unseen" : ""}>{title}</h2>
            {content}
          </section>
        ))}
        {isHelping && <KeyHelp close={() => setHelping(false)} />}
        {snapshots.length > 0 && (
          <Scrubber
            snapshots={snapshots}
            momentSteps={run.momentSteps}
            convention={convention}
            setConvention={(next: Convention) => choose({ convention: next === "paper" ? undefined : next })}
            scale={scale}
            setScale={(next: StepScale) => choose({ scale: next === "" ? undefined : next })}
            showHelp={() => setHelping(true)}
          />
        )}
      </div>
    </StepContext.Provider>
  );
}

/** The sections of a run for which there is something to show: name, title and content. */
function sectionsOf(shared: SectionProps, isWhole: boolean): [string, string, ReactNode][] {
  const { data, snapshots } = shared;
  const isMeasured = snapshots.length > 0 || !isWhole || !hasPoints(data);
  return [
    ...(isMeasured ? [part("now", "Finding", <NowSection {...shared} />)] : []),
    ...(hasPoints(data) ? [part("points", "Two points", <PointsSection {...shared} />)] : []),
    ...(isWatched(data) ? [part("watched", "Watched", <WatchedSection {...shared} />)] : []),
    ...(snapshots.length === 0
      ? []
      : [
          part("layers", "Layer by layer", <LayersSection {...shared} />),
          part("layer", "Matrices and spectra", <LayerSection {...shared} />),
          part("laws", "Phases and laws", <LawsSection {...shared} />),
          ...(hasHeads(data) ? [part("heads", "Heads", <HeadsSection {...shared} />)] : []),
          ...(hasSymmetry(data) ? [part("pairs", "Symmetry and noise", <PairsSection {...shared} />)] : []),
        ]),
    part("about", "About the run", <AboutSection {...shared} />),
  ];
}

const part = (name: string, title: string, content: ReactNode): [string, string, ReactNode] => [name, title, content];

/** The penultimate map, the one that the paper examines first. */
function firstShown(last: ShownProps["run"]["snapshots"][number] | undefined): string | undefined {
  const maps = last?.layers.filter(isMap) ?? [];
  return (maps[penultimate(maps.length)] ?? last?.layers[0])?.name;
}

function useStepFromAddress(text: string | null): StepStore {
  const wanted = text !== null && /^\d+$/.test(text) ? Number(text) : undefined;
  const [store] = useState(() => new StepStore(wanted));
  useEffect(() => store.addressSays(wanted), [store, wanted]);
  useEffect(() => () => store.leave(), [store]);
  return store;
}

/** Marks the step shown in all figures; a click on a step in a figure goes to it. */
function useSharedStep(store: StepStore, steps: readonly number[]): void {
  useEffect(() => {
    const mark = () => markStep(store.followsLast ? undefined : store.step);
    mark();
    const leave = store.subscribe(mark);
    return () => {
      leave();
      markStep(undefined);
    };
  }, [store]);
  useEffect(() => onStepChosen((step) => store.look(nearestStep(steps, step))), [store, steps]);
}

/** A name that changes whenever the value does. */
function useVersion(value: unknown): string {
  const known = useRef({ value, count: 0 });
  if (known.current.value !== value) known.current = { value, count: known.current.count + 1 };
  return String(known.current.count);
}

/** Scrolls once to the section of a link, when the page has grown that far. */
function useSectionOfAddress(section: string | null, isWhole: boolean): void {
  const hasGone = useRef(false);
  useEffect(() => {
    if (!isWhole || hasGone.current) return;
    hasGone.current = true;
    if (section !== null && /^\w+$/.test(section)) document.getElementById(`run-${section}`)?.scrollIntoView();
  }, [section, isWhole]);
}

/** Gives the report's tables and strips the same look here as in the report. */
function useContentStyle(): void {
  useEffect(() => {
    if (document.getElementById("report-style") !== null) return;
    const style = document.createElement("style");
    style.id = "report-style";
    style.textContent = contentStyle(".run");
    document.head.prepend(style);
  }, []);
}
