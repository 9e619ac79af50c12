/** @file All sweeps with their progress, or one of them as a grid of its runs. */
import { formatDuration } from "../../formats/quantities.ts";
import type { SweepSummary } from "../../sweeps/shownSweep.ts";
import { Problem } from "../ErrorNote.tsx";
import { href, type Route } from "../route.ts";
import { listSweeps } from "../source/httpSource.ts";
import { useAsync } from "../useAsync.ts";
import { SweepGrid } from "./SweepGrid.tsx";
import "./sweeps.css";
import { useTicks } from "./useTicks.ts";

export default function SweepsView({ route }: { readonly route: Route }) {
  const [, name] = route.path;
  return name === undefined ? <AllSweeps /> : <SweepGrid name={name} />;
}

function AllSweeps() {
  const ticks = useTicks(true);
  const { value, error } = useAsync(`sweeps ${ticks}`, listSweeps);
  if (error !== undefined && value === undefined) return <Problem error={error} />;
  if (value === undefined) return <p className="soft">Reading the sweeps …</p>;
  if (value.length === 0) return <NoSweeps />;
  return (
    <section>
      <h1>Sweeps</h1>
      <div className="wide">
        <table className="sweeps-table">
          <thead>
            <tr>
              <th>Sweep</th>
              <th>Done</th>
              <th className="number">Jobs</th>
              <th className="number">Failed</th>
              <th className="number">Running</th>
              <th className="number">Left</th>
            </tr>
          </thead>
          <tbody>
            {value.toReversed().map((sweep) => (
              <Row key={sweep.name} sweep={sweep} />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Row({ sweep }: { readonly sweep: SweepSummary }) {
  const { name, problem } = sweep;
  if (problem !== undefined)
    return (
      <tr>
        <td>{name}</td>
        <td colSpan={5} className="soft">
          <span className="status damaged">damaged</span> {problem}
        </td>
      </tr>
    );
  const { jobs, done, failed, running, secondsLeft } = sweep;
  return (
    <tr>
      <td className="name">
        <a href={href(["sweeps", name])}>{name}</a>
      </td>
      <td>
        <progress value={done + failed} max={jobs} aria-label={`${done} of ${jobs} jobs of ${name} are done`} />
      </td>
      <td className="number">
        {done.toLocaleString("en")} / {jobs.toLocaleString("en")}
      </td>
      <td className={`number ${failed > 0 ? "bad" : "soft"}`}>{failed}</td>
      <td className="number">{running}</td>
      <td className="number soft">
        {secondsLeft === null || done + failed === jobs ? "" : formatDuration(1000 * secondsLeft)}
      </td>
    </tr>
  );
}

function NoSweeps() {
  return (
    <section>
      <h1>No sweeps yet</h1>
      <p>A sweep is many runs over values of parameters, on this machine or on a cluster. In a terminal:</p>
      <pre>crh sweep fc2 decay=1e-6,1e-5,1e-4 width=50,100 seed=0..2 --jobs 2</pre>
    </section>
  );
}
