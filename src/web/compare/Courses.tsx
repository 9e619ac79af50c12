/** @file A measure over the steps of all runs: overlaid or side by side, one curve per run or medians of groups. */
import { useEffect, useMemo, useState } from "react";
import { type Chart, charts } from "../../figures/charts.ts";
import type { LegendEntry } from "../../figures/legend.ts";
import { isLogSpaced } from "../../figures/stepAxis.ts";
import { called } from "../../figures/sweepCurves.ts";
import { counted, grouped } from "../../findings/numbers.ts";
import { isLogRange } from "../../tables/spacing.ts";
import { compareCells } from "../../tables/sweepCells.ts";
import type { Cell } from "../../tables/table.ts";
import { LazyFigure } from "../figures/LazyFigure.tsx";
import { setParams, useParam } from "../route.ts";
import { courseOf, type MeasureCourse } from "../source/httpSource.ts";
import { coloursOf, groupCurves, type RunCourse, runCurves } from "./curves.ts";
import { type ComparedRun, type ParameterValues, tellingParameter } from "./differences.ts";
import { MeasureField } from "./MeasureField.tsx";

interface CoursesProps {
  readonly runs: readonly ComparedRun[];
  readonly different: readonly ParameterValues[];
}

/** chosen: most runs that are drawn one by one by default, and most panels side by side. */
const MOST_SINGLE = 12;
const MOST_BESIDE = 36;
/** chosen: most entries in a legend. */
const MOST_LEGEND = 12;

export function Courses({ runs, different }: CoursesProps) {
  const [measure, setMeasure] = useParam("course", "loss");
  const firstOther = tellingParameter(different)?.name ?? "run";
  const usualColour = runs.length <= 7 || different.length === 0 ? "run" : firstOther;
  const [colour] = useParam("colour", usualColour);
  const [layout] = useParam("layout", runs.length <= MOST_SINGLE ? "overlay" : "groups");
  const [scale] = useParam("scale", "");
  const ids = useMemo(() => runs.map(({ summary }) => summary.id), [runs]);
  const { found, problems, isReading, version } = useCourses(ids, measure);
  const courses = useMemo(() => {
    const values = different.find(({ name }) => name === colour)?.values;
    return ids.flatMap((id, i): RunCourse[] => {
      const own = found.get(id);
      return own === undefined || own.steps.length === 0
        ? []
        : [{ id, steps: own.steps, values: own.values, value: values === undefined ? id : values[i]! }];
    });
  }, [ids, different, colour, found]);
  const first = found.values().next().value;
  const isGrouped = layout === "groups" && colour !== "run";
  const options = { colour, layout, scale, label: first?.meaning ?? measure };
  return (
    <section aria-label="Courses">
      <h2>Over training</h2>
      <div className="compare-tools">
        <MeasureField label="Measure" value={measure} change={setMeasure} />
        <label>
          Colour{" "}
          <select value={colour} onChange={({ target }) => setParams({ colour: target.value })}>
            <option value="run">each run</option>
            {different.map(({ name }) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
        <label>
          Curves{" "}
          <select value={layout} onChange={({ target }) => setParams({ layout: target.value })}>
            <option value="overlay">each run, overlaid</option>
            <option value="beside" disabled={runs.length > MOST_BESIDE}>
              each run, side by side
            </option>
            <option value="groups">medians of runs with the same colour</option>
          </select>
        </label>
        <label>
          Steps{" "}
          <select value={scale} onChange={({ target }) => setParams({ scale: target.value || undefined })}>
            <option value="">as measured</option>
            <option value="log">logarithmic</option>
            <option value="linear">linear</option>
          </select>
        </label>
        <span className="soft" role="status">
          {isReading ? `${grouped(found.size)} of ${grouped(ids.length)} read` : ""}
        </span>
      </div>
      {problems.slice(0, 3).map((problem) => (
        <p key={problem} className="problem">
          {problem}
        </p>
      ))}
      <LazyFigure
        title={options.label}
        version={`${version} ${colour} ${layout} ${scale} ${measure} ${ids.length}`}
        draw={() => ({
          title: upper(options.label),
          name: `courses-${measure}`,
          figure: courses.length === 0 ? undefined : drawnCourses(courses, options),
          missing: isReading ? "Reading …" : `None of ${counted(ids.length, "run")} has ${measure}.`,
          caption: captionOf(first, { isGrouped, runs: courses.length, all: ids.length }),
        })}
      />
    </section>
  );
}

const upper = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

function captionOf(
  course: MeasureCourse | undefined,
  { isGrouped, runs, all }: { readonly isGrouped: boolean; readonly runs: number; readonly all: number },
): string {
  const over = course?.over == null ? "" : ` For each run: median over ${course.over}.`;
  const groups = isGrouped
    ? " Lines: medians over the runs of one colour, at steps that at least half of them have; bands: quartiles."
    : "";
  const missing = runs < all ? ` ${counted(all - runs, "run")} without a value left out.` : "";
  return `${counted(runs, "run")}.${over}${groups}${missing}`;
}

interface DrawOptions {
  readonly colour: string;
  readonly layout: string;
  readonly scale: string;
  readonly label: string;
}

function drawnCourses(courses: readonly RunCourse[], { colour, layout, scale, label }: DrawOptions) {
  const colours = coloursOf(courses.map(({ value }) => value));
  const name = (value: Cell, runs: number) =>
    `${colour === "run" ? String(value) : called(colour, value)}${colour === "run" ? "" : `, n ${runs}`}`;
  const steps = courses.flatMap((course) => course.steps);
  const log = scale === "" ? isLogSpaced(courses[0]!.steps) : scale === "log";
  const values = courses.flatMap((course) => course.values);
  const spread = label.length > 44 ? `${label.slice(0, 42)}…` : label;
  const chart = (title: string, own: readonly RunCourse[], ofGroups: boolean): Chart => ({
    title,
    x: { label: "step", steps: true, log, domain: log ? logEnds(steps) : [0, Math.max(1, maximum(steps))] },
    y: { label: spread, log: isLogRange(values) },
    curves: ofGroups ? groupCurves(own, colours, name) : runCurves(own, colours),
  });
  const counts = Map.groupBy(courses, ({ value }) => value);
  const entries = [...colours].sort(([x], [y]) => compareCells(x, y));
  const legend: LegendEntry[] =
    entries.length <= MOST_LEGEND
      ? entries.map(([value, hue]) => ({
          text: colour === "run" ? String(value) : called(colour, value),
          colour: hue,
          samples: layout === "groups" && counts.get(value)!.length > 1 ? ["line", "band"] : ["line"],
        }))
      : [
          {
            text:
              colour === "run"
                ? "first to last run"
                : `${colour}: ${called("", entries[0]![0]).trim()} to ${called("", entries.at(-1)![0]).trim()}`,
            colour: "currentColor",
            samples: ["ramp"],
          },
        ];
  if (layout === "beside" && courses.length <= MOST_BESIDE)
    return charts(
      courses.map((course) => chart(course.id, [course], false)),
      { columns: 3, ...(colour === "run" ? {} : { legend }) },
    );
  return charts([chart("", courses, layout === "groups")], { columns: 1, ...roomOf(), legend });
}

/** Size of the single panel in pixels. It is smaller on a narrow screen, so that its text keeps its size. */
function roomOf(): { width: number; height: number } {
  const width = Math.max(320, Math.min(900, innerWidth - 56));
  return { width, height: Math.max(260, Math.min(380, width * 0.75)) };
}

/** The first step above 0, and the last; a logarithmic axis has no step 0. */
function logEnds(steps: readonly number[]): [number, number] {
  const least = steps.reduce((low, step) => (step > 0 && step < low ? step : low), Number.POSITIVE_INFINITY);
  const most = maximum(steps);
  return Number.isFinite(least) && most > least ? [least, most] : [1, Math.max(2, most)];
}

const maximum = (values: readonly number[]): number => values.reduce((most, value) => Math.max(most, value), 0);

/** chosen: courses that are read at the same time. */
const AT_ONCE = 5;

/** Reads the courses of all runs, a few at a time, and keeps them. */
function useCourses(ids: readonly string[], measure: string) {
  const [state, setState] = useState({ found: new Map<string, MeasureCourse>(), problems: [] as string[], version: 0 });
  const [isReading, setReading] = useState(false);
  useEffect(() => {
    let isCurrent = true;
    const found = new Map<string, MeasureCourse>();
    const problems = new Set<string>();
    const waiting = [...ids];
    let told = 0;
    const tell = () => {
      told = performance.now();
      setState(({ version }) => ({ found: new Map(found), problems: [...problems], version: version + 1 }));
    };
    const read = async () => {
      for (let id = waiting.shift(); id !== undefined && isCurrent; id = waiting.shift()) {
        try {
          found.set(id, await courseOf(id, measure));
        } catch (error) {
          problems.add((error as Error).message);
        }
        if (isCurrent && performance.now() - told > 500) tell();
      }
    };
    setReading(true);
    void Promise.all(Array.from({ length: AT_ONCE }, read)).then(() => {
      if (!isCurrent) return;
      setReading(false);
      tell();
    });
    return () => {
      isCurrent = false;
    };
  }, [ids, measure]);
  return { ...state, isReading };
}
