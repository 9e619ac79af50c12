/**
 * @file Runs side by side: their differences, a measure over their steps, and a measure over any of their parameters.
 * All choices are in the address: "#/compare?run=A&run=B&x=decay&y=b.rga".
 */
import { useMemo } from "react";
import { Problem } from "../ErrorNote.tsx";
import type { Route } from "../route.ts";
import { listRuns, overviews } from "../source/httpSource.ts";
import { useAsync } from "../useAsync.ts";
import "./compare.css";
import { Courses } from "./Courses.tsx";
import { Differences } from "./Differences.tsx";
import { type ComparedRun, differing, parametersAmong } from "./differences.ts";
import { HiddenBeside } from "./HiddenBeside.tsx";
import { OverParameter } from "./OverParameter.tsx";
import { RunPicker } from "./RunPicker.tsx";

/** chosen: overviews per request, as many as the server gives. */
const BATCH = 100;

export default function CompareView({ route }: { readonly route: Route }) {
  const ids = useMemo(() => [...new Set(route.params.getAll("run"))], [route.params]);
  const list = useAsync("runs", listRuns);
  const read = useAsync(ids.length === 0 ? undefined : ids.join(), () => overviewsOf(ids));
  const runs = useMemo(() => {
    const known = new Map(list.value?.map((summary) => [summary.id, summary]));
    return (read.value ?? []).flatMap((overview): ComparedRun[] => {
      const summary = known.get(overview.id);
      return summary === undefined || overview.problem !== undefined || !ids.includes(overview.id)
        ? []
        : [{ summary, overview }];
    });
  }, [list.value, read.value, ids]);
  const problems = [
    ...(read.value ?? []).flatMap(({ id, problem }) => (problem === undefined ? [] : [`${id}: ${problem}`])),
  ];
  const parameters = useMemo(() => parametersAmong(runs), [runs]);
  const different = useMemo(() => differing(parameters), [parameters]);
  const error = list.error ?? read.error;
  return (
    <div className="compare">
      <h1>Compare</h1>
      {error && <Problem error={error} />}
      <RunPicker all={list.value} ids={ids} />
      {problems.map((problem) => (
        <Problem key={problem} error={new Error(problem)} />
      ))}
      {ids.length > 0 && runs.length === 0 && (read.isLoading || list.isLoading) && (
        <p className="soft">Reading the runs …</p>
      )}
      {runs.length > 0 && (
        <>
          <Differences runs={runs} parameters={parameters} different={different} />
          <Courses runs={runs} different={different} />
          {runs.length > 1 && runs.length <= 4 && <HiddenBeside ids={runs.map(({ summary }) => summary.id)} />}
          <OverParameter runs={runs} parameters={parameters} different={different} />
        </>
      )}
    </div>
  );
}

async function overviewsOf(ids: readonly string[]) {
  const batches = Array.from({ length: Math.ceil(ids.length / BATCH) }, (_, i) =>
    ids.slice(BATCH * i, BATCH * (i + 1)),
  );
  const found = [];
  for (const batch of batches) found.push(...(await overviews(batch)));
  return found;
}
