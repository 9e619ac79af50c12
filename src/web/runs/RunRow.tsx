/** @file One run in the table. */
import { memo } from "react";
import { formatDuration, formatQuantity } from "../../formats/quantities.ts";
import type { RunOverview } from "../../report/runOverview.ts";
import type { RunSummary } from "../../runs/listRuns.ts";
import { href } from "../route.ts";
import { SixMarks } from "./SixMarks.tsx";
import { Sparkline } from "./Sparkline.tsx";
import { lossOf, stateOf } from "./table.ts";

/** chosen: parameters that fit side by side. */
const MOST_PARAMETERS = 4;

export interface RunRowProps {
  readonly run: RunSummary;
  readonly overview: RunOverview | undefined;
  readonly telling: readonly (readonly [string, string])[];
  readonly isChosen: boolean;
  readonly toggle: (id: string) => void;
}

export const RunRow = memo(function RunRow({ run, overview, telling, isChosen, toggle }: RunRowProps) {
  const { id, info, problem } = run;
  const state = stateOf(run);
  const loss = lossOf(run);
  const said = problem ?? info?.error ?? overview?.problem;
  return (
    <tr className={isChosen ? "chosen" : undefined}>
      <td className="pick">
        <input type="checkbox" aria-label={`Select ${id}`} checked={isChosen} onChange={() => toggle(id)} />
      </td>
      <td className="name">
        {info === undefined ? (
          <Name id={id} />
        ) : (
          <a href={href(["run", id])}>
            <Name id={id} />
          </a>
        )}
      </td>
      <td title={said}>
        <span className={`status ${state}`}>{state}</span>
      </td>
      <td className="number">{info && <Progress info={info} />}</td>
      <td className="telling" title={said ?? telling.map((pair) => pair.join("=")).join(" ")}>
        {said !== undefined ? (
          <span className="said">{said}</span>
        ) : (
          telling.slice(0, MOST_PARAMETERS).map(([key, value]) => (
            <span key={key} className="pair">
              <span className="soft">{key}</span> {value}
            </span>
          ))
        )}
        {said === undefined && telling.length > MOST_PARAMETERS && (
          <span className="soft">+{telling.length - MOST_PARAMETERS}</span>
        )}
      </td>
      <td className="number loss">
        <Sparkline series={overview?.spark} />
        <span>{loss === undefined ? "" : formatQuantity(loss)}</span>
      </td>
      <td>
        <SixMarks medians={overview?.medians} />
      </td>
      <td className="soft started">{info?.startedAt.slice(0, 16).replace("T", " ")}</td>
      <td className="number time">{info?.durationMs === undefined ? "" : formatDuration(info.durationMs)}</td>
    </tr>
  );
});

/** The name of a run; a narrow page omits its date. */
function Name({ id }: { readonly id: string }) {
  const [, date = "", rest = id] = /^(\d{4}-\d\d-\d\d-)(.+)$/.exec(id) ?? [];
  return (
    <>
      <span className="date">{date}</span>
      {rest}
    </>
  );
}

function Progress({ info: { step, steps, status } }: { readonly info: NonNullable<RunSummary["info"]> }) {
  if (steps === 0) return "–";
  const text =
    step === steps ? step.toLocaleString("en") : `${step.toLocaleString("en")} / ${steps.toLocaleString("en")}`;
  return (
    <>
      {text}
      {status === "running" && <progress value={step} max={steps} aria-label="Steps done" />}
    </>
  );
}
