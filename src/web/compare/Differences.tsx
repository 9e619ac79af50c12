/** @file One row per run: the parameters that distinguish it, and its results. Uncommon values are marked. */
import { useState } from "react";
import { brief, fixed, grouped } from "../../findings/numbers.ts";
import { href } from "../route.ts";
import { type ComparedRun, type ParameterValues, written } from "./differences.ts";

interface DifferencesProps {
  readonly runs: readonly ComparedRun[];
  readonly parameters: readonly ParameterValues[];
  readonly different: readonly ParameterValues[];
}

/** chosen: rows shown at first. */
const MOST_ROWS = 40;

/** chosen: most parameters placed before the results of a run; the others follow the results. */
const MOST_BEFORE = 6;

const medians = (["a", "b"] as const).flatMap((side) =>
  (["rga", "rwa", "gwa"] as const).map((relation) => ({ side, relation })),
);

export function Differences({ runs, parameters, different }: DifferencesProps) {
  const [showsAll, setShowsAll] = useState(false);
  const shown = showsAll ? runs : runs.slice(0, MOST_ROWS);
  const same = parameters.filter(({ different: values }) => values.length === 1);
  const over = new Set(runs.flatMap(({ overview }) => overview.medians?.of ?? []));
  return (
    <section aria-label="Differences">
      <h2>Differences</h2>
      {different.length === 0 && (
        <p className="soft">
          {runs.length === 1 ? "There is only one run." : "All parameters are the same, including the seed."}
        </p>
      )}
      <Runs runs={shown} different={different} />
      {runs.length > MOST_ROWS && (
        <p>
          <button type="button" onClick={() => setShowsAll(!showsAll)}>
            {showsAll ? `The first ${MOST_ROWS}` : `All ${grouped(runs.length)} runs`}
          </button>
        </p>
      )}
      <p className="soft compare-note">
        Marked: values that differ from most runs'. Alignments in the paper's convention at the last measurement,
        medians over{" "}
        {over.has("maps")
          ? over.size > 1
            ? "hidden representations, or all maps"
            : "all maps"
          : "hidden representations"}{" "}
        (a: inputs of layers, backward; b: outputs, forward). The loss is on held-out samples, if there are any.
      </p>
      {same.length > 0 && runs.length > 1 && (
        <details>
          <summary>The same in all runs: {same.length} parameters</summary>
          <dl className="config">
            {same.map(({ name, usual }) => (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{written(usual)}</dd>
              </div>
            ))}
          </dl>
        </details>
      )}
    </section>
  );
}

/** A row per run: the parameters that differ, before or after its results. */
function Runs({ runs, different }: Pick<DifferencesProps, "runs" | "different">) {
  const isMany = different.length > MOST_BEFORE;
  return (
    <div className="wide">
      <table className="compare-table">
        <thead>
          <tr>
            <th scope="col">run</th>
            {isMany && resultTitles}
            {different.map(({ name }) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
            {!isMany && resultTitles}
          </tr>
        </thead>
        <tbody>
          {runs.map(({ summary: { id, info } }, row) => (
            <tr key={id}>
              <th scope="row">
                <a href={href(["run", id])}>
                  <code>{id}</code>
                </a>
                {info !== undefined && info.status !== "finished" && (
                  <span className={`status ${info.status}`}>{info.status}</span>
                )}
              </th>
              {isMany && <Results run={runs[row]!} />}
              {different.map(({ name, values, usual }) => {
                const value = values[row]!;
                return (
                  <td key={name} className={value !== usual && name !== "seed" ? "differs" : ""}>
                    {written(value)}
                  </td>
                );
              })}
              {!isMany && <Results run={runs[row]!} />}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const resultTitles = (
  <>
    <th scope="col">step</th>
    <th scope="col">loss</th>
    {medians.map(({ side, relation }) => (
      <th key={`${side}.${relation}`} scope="col" className={relation}>
        {side}.{relation}
      </th>
    ))}
  </>
);

function Results({ run }: { readonly run: ComparedRun }) {
  const { info, last } = run.summary;
  const found = run.overview.medians;
  return (
    <>
      <td>{info === undefined ? "–" : grouped(info.step)}</td>
      <td>{number(last?.["eval/loss"] ?? last?.["train/loss"])}</td>
      {medians.map(({ side, relation }) => {
        const value = found?.[side][relation] ?? null;
        return (
          <td key={`${side}.${relation}`} data-median={`${side}.${relation}`}>
            {value === null ? "–" : fixed(value, 3)}
          </td>
        );
      })}
    </>
  );
}

const number = (value: number | undefined): string => (value === undefined ? "–" : brief(value));
