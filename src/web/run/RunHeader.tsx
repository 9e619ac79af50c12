/** @file The header of a run: name, state, progress, parameters, errors. */
import { brief, dateTime, duration, fixed, grouped } from "../../findings/numbers.ts";
import type { RunSummary } from "../../runs/listRuns.ts";
import { href } from "../route.ts";
import { useAsync } from "../useAsync.ts";
import { chosenParameters } from "./parameters.ts";
import type { WatchedRun } from "./useRun.ts";

interface RunHeaderProps {
  readonly run: WatchedRun;
  readonly id: string;
  /** Whether a server has the run, and thus its report and other runs for comparison. */
  readonly isServed: boolean;
}

export function RunHeader({ run, id, isServed }: RunHeaderProps) {
  const { summary, frame, isConnected, isRemoved } = run;
  const { info } = summary;
  const setting = info?.setting ?? String(frame.config.setting ?? "");
  const { value: chosen = [] } = useAsync(`${id} ${setting}`, () => chosenParameters(setting, frame.config));
  return (
    <header className="run-head">
      <p className="run-eyebrow soft">
        {setting}
        {info === undefined ? "" : `, seed ${info.seed}`}
        {info && `, started ${dateTime(info.startedAt)}`}
        {isServed && (
          <>
            {" · "}
            <a href={`api/runs/${encodeURIComponent(id)}/report`} target="_blank" rel="noreferrer">
              Report
            </a>
            {" · "}
            <a href={href(["compare"], { run: [id] })}>Compare</a>
          </>
        )}
      </p>
      <h1>
        {id} <span className={`status ${info?.status ?? ""}`}>{info?.status ?? "not known"}</span>
      </h1>
      <Progress summary={summary} />
      {info?.error !== undefined && <p className="problem">{info.error}</p>}
      {isRemoved && <p className="problem">This run was removed; the page shows what was read before.</p>}
      <p className="run-connection soft" role="status">
        {isConnected ? "" : "The server cannot be reached; the page continues automatically once it can."}
      </p>
      {chosen.length > 0 && (
        <dl className="run-chosen" aria-label="Parameters that differ from the setting's defaults">
          {chosen.map(({ name, value, usual, meaning }) => (
            <div key={name} title={`${meaning}; default ${usual}`}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      )}
    </header>
  );
}

/** Progress, with the most recent numbers. */
function Progress({ summary: { info, last = {} } }: { readonly summary: RunSummary }) {
  if (info === undefined) return null;
  const { status, step, steps, startedAt, durationMs, stepsPerSecond } = info;
  const done = Math.max(step, 0);
  const spent = durationMs ?? Date.now() - Date.parse(startedAt);
  const left = status === "running" && done > 0 && spent > 0 ? (spent / done) * (steps - done) : undefined;
  const facts = [
    `step ${grouped(done)} of ${grouped(steps)}`,
    ...(status === "running" ? [] : [`took ${duration(spent)}`]),
    ...(left === undefined ? [] : [`about ${duration(left)} left`]),
    ...(stepsPerSecond === undefined ? [] : [`${brief(stepsPerSecond)} steps/s`]),
  ];
  const numbers: [string, string | undefined][] = [
    ["training loss", numberOf(last["train/loss"])],
    ["evaluation loss", numberOf(last["eval/loss"])],
    ["accuracy", last["eval/accuracy"] === undefined ? undefined : `${fixed(100 * last["eval/accuracy"], 2)} %`],
  ];
  return (
    <div className="run-progress">
      <progress max={Math.max(1, steps)} value={done} aria-label="Steps done" />
      <span>{facts.join(" · ")}</span>
      {numbers.map(
        ([name, value]) =>
          value !== undefined && (
            <span key={name} data-metric={name}>
              <span className="soft">{name}</span> {value}
            </span>
          ),
      )}
    </div>
  );
}

const numberOf = (value: number | undefined): string | undefined => (value === undefined ? undefined : brief(value));
