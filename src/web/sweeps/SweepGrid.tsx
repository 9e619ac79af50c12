/** @file One sweep as a live grid: one square per job, coloured by its state or by a measure. */
import { useEffect, useRef, useState } from "react";
import { relations } from "../../figures/palette.ts";
import { formatDuration, formatQuantity } from "../../formats/quantities.ts";
import type { RunOverview } from "../../report/runOverview.ts";
import type { ShownJob, ShownSweep } from "../../sweeps/shownSweep.ts";
import { Problem } from "../ErrorNote.tsx";
import { href, useParam } from "../route.ts";
import { overviews, sweepCalled } from "../source/httpSource.ts";
import { useAsync } from "../useAsync.ts";
import { type Axis, axesOf, cellsOf, textOf } from "./grid.ts";
import { useTicks } from "./useTicks.ts";

const measures = [
  "state",
  "loss",
  ...(["a", "b"] as const).flatMap((side) => relations.map((one) => `${side}.${one}`)),
];

/** chosen: overviews per request. */
const BATCH = 25;

export function SweepGrid({ name }: { readonly name: string }) {
  const { value, error, isDone } = useSweep(name);
  const [x, setX] = useParam("x");
  const [y, setY] = useParam("y");
  const [measure, setMeasure] = useParam("colour", "state");
  const found = useOverviews(value?.jobs, measure !== "state");
  if (error !== undefined && value === undefined) return <Problem error={error} />;
  if (value === undefined) return <p className="soft">Reading the sweep …</p>;
  const { status, jobs, argv } = value;
  const axes = axesOf(jobs);
  const across = axes.find((axis) => axis.name === x) ?? axes[0] ?? { name: "", values: [""] };
  const down = axes.find((axis) => axis.name === y) ??
    axes.find((axis) => axis !== across) ?? { name: "", values: [""] };
  const range = rangeOf(jobs, measure, found);
  const runs = jobs.flatMap(({ run, state }) => (run !== undefined && state === "done" ? [run] : []));
  return (
    <section className="sweep">
      <p className="soft eyebrow">
        <a href={href(["sweeps"])}>Sweeps</a>
      </p>
      <h1>{name}</h1>
      <Progress status={status} isDone={isDone} />
      <div className="sweep-tools">
        <Choice label="across" value={across.name} options={axes.map((axis) => axis.name)} set={setX} />
        <Choice label="down" value={down.name} options={axes.map((axis) => axis.name)} set={setY} />
        <Choice label="colour" value={measure} options={measures} set={setMeasure} />
        {runs.length > 1 && (
          <a className="button" href={href(["compare"], { run: runs.slice(0, 200) })}>
            Compare its runs
          </a>
        )}
      </div>
      <Squares {...{ jobs, across, down, measure, found, range }} />
      <Key measure={measure} range={range} />
      {status.failures.length > 0 && (
        <>
          <h2>Failures</h2>
          <ul>
            {status.failures.map(({ job, error: line }) => (
              <li key={job}>
                <code>{job}</code> {line}
              </li>
            ))}
          </ul>
        </>
      )}
      <h2>Made by</h2>
      <pre>crh {argv.join(" ")}</pre>
    </section>
  );
}

/** The sweep as it is now, read again until all its jobs have ended. */
function useSweep(name: string) {
  const [isDone, setDone] = useState(false);
  const ticks = useTicks(!isDone);
  const { value, error } = useAsync(`${name} ${ticks}`, () => sweepCalled(name));
  useEffect(() => {
    if (value !== undefined) setDone(value.status.done + value.status.failed === value.status.jobs);
  }, [value]);
  return { value, error, isDone };
}

function Progress({ status, isDone }: { readonly status: ShownSweep["status"]; readonly isDone: boolean }) {
  return (
    <>
      <p aria-live="polite">
        {status.done.toLocaleString("en")} of {status.jobs.toLocaleString("en")} jobs done
        {status.failed > 0 && <span className="bad">, {status.failed} failed</span>}
        {status.running > 0 && `, ${status.running} running`}
        {status.secondsLeft !== null && !isDone && `, ${formatDuration(1000 * status.secondsLeft)} left`}
      </p>
      <progress value={status.done + status.failed} max={status.jobs} aria-label="Jobs done" />
    </>
  );
}

interface SquaresProps extends Pick<SquareProps, "measure" | "range"> {
  readonly jobs: readonly ShownJob[];
  readonly across: Axis;
  readonly down: Axis;
  /** Overviews by run. */
  readonly found: ReadonlyMap<string, RunOverview>;
}

/** The table of two axes: in each cell the jobs with its two values. */
function Squares({ jobs, across, down, measure, found, range }: SquaresProps) {
  const cells = cellsOf(jobs, across.name, down.name);
  return (
    <div className="wide">
      <table className="sweep-grid">
        <thead>
          <tr>
            <th scope="col" className="soft">
              {down.name} \ {across.name}
            </th>
            {across.values.map((one) => (
              <th key={one} scope="col">
                {one}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {down.values.map((row) => (
            <tr key={row}>
              <th scope="row">{row}</th>
              {across.values.map((column) => (
                <td key={column}>
                  <div className="cell">
                    {(cells.get(`${row}|${column}`) ?? []).map((job) => (
                      <Square
                        key={job.id}
                        job={job}
                        measure={measure}
                        overview={found.get(job.run ?? "")}
                        range={range}
                      />
                    ))}
                  </div>
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface ChoiceProps {
  readonly label: string;
  readonly value: string;
  readonly options: readonly string[];
  readonly set: (value: string) => void;
}

function Choice({ label, value, options, set }: ChoiceProps) {
  return (
    <label>
      <span className="soft">{label}</span>{" "}
      <select value={value} onChange={(event) => set(event.target.value)}>
        {options.map((one) => (
          <option key={one}>{one}</option>
        ))}
      </select>
    </label>
  );
}

interface SquareProps {
  readonly job: ShownJob;
  readonly measure: string;
  readonly overview: RunOverview | undefined;
  readonly range: readonly [number, number];
}

function Square({ job, measure, overview, range }: SquareProps) {
  const value = measure === "state" ? undefined : valueIn(overview, measure);
  const parameters = Object.keys(job.values).map((key) => `${key}=${textOf(job, key)}`);
  const words = [
    [job.setting, ...parameters].join(" "),
    job.state,
    ...(value === undefined ? [] : [`${measure} ${formatQuantity(value)}`]),
  ].join("; ");
  const share = value === undefined ? undefined : (value - range[0]) / (range[1] - range[0] || 1);
  const className = `square ${measure === "state" || share === undefined ? job.state : "measured"}`;
  const style = share === undefined ? undefined : ({ "--share": `${Math.round(100 * share)}%` } as React.CSSProperties);
  return job.run === undefined ? (
    <span className={className} style={style} title={words} role="img" aria-label={words} />
  ) : (
    <a className={className} style={style} title={words} href={href(["run", job.run])}>
      <span className="unseen">{words}</span>
    </a>
  );
}

function Key({ measure, range }: { readonly measure: string; readonly range: readonly [number, number] }) {
  if (measure !== "state")
    return (
      <p className="key soft">
        <span className="scale">
          {formatQuantity(range[0])} <span className="ramp" aria-hidden="true" /> {formatQuantity(range[1])}
        </span>
        <span>
          {measure === "loss" ? "loss" : `${measure}, median over the hidden representations, paper’s convention`}
        </span>
      </p>
    );
  return (
    <p className="key soft">
      {(["done", "running", "waiting", "failed"] as const).map((state) => (
        <span key={state}>
          <span className={`square ${state}`} aria-hidden="true" /> {state}
        </span>
      ))}
    </p>
  );
}

function valueIn(overview: RunOverview | undefined, measure: string): number | undefined {
  if (measure === "loss") return overview?.spark?.values.at(-1);
  const [side, relation] = measure.split(".") as ["a" | "b", (typeof relations)[number]];
  return overview?.medians?.[side]?.[relation] ?? undefined;
}

/** The range of colours: 0 to 1 for alignments, the range of the values for losses. */
function rangeOf(
  jobs: readonly ShownJob[],
  measure: string,
  found: ReadonlyMap<string, RunOverview>,
): [number, number] {
  if (measure !== "loss") return [0, 1];
  const values = jobs.flatMap(({ run }) => valueIn(found.get(run ?? ""), measure) ?? []);
  return values.length === 0 ? [0, 1] : [Math.min(...values), Math.max(...values)];
}

/** Overviews of finished jobs, read in batches once a measure is chosen. */
function useOverviews(jobs: readonly ShownJob[] | undefined, isWanted: boolean): ReadonlyMap<string, RunOverview> {
  const [found, setFound] = useState<ReadonlyMap<string, RunOverview>>(new Map());
  const isReading = useRef(false);
  useEffect(() => {
    if (!isWanted || isReading.current) return;
    const missing = (jobs ?? []).flatMap(({ run, state }) =>
      run !== undefined && state === "done" && !found.has(run) ? [run] : [],
    );
    if (missing.length === 0) return;
    isReading.current = true;
    overviews(missing.slice(0, BATCH))
      .then((read) => {
        isReading.current = false;
        setFound((before) => new Map([...before, ...read.map((one): [string, RunOverview] => [one.id, one])]));
      })
      .catch(() => {
        isReading.current = false; // the next reading of the sweep asks again
      });
  }, [jobs, isWanted, found]);
  return found;
}
