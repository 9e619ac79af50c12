/**
 * @file A measure of all runs over any of their parameters, with its spread over runs that agree: the numbers and the
 * picture of `crh compare --x --y`. Over weight decay these are Figs. 16 to 18 of arXiv 2410.03006.
 */
import { brief, counted } from "../../findings/numbers.ts";
import { Problem } from "../ErrorNote.tsx";
import { FigureBlock } from "../figures/FigureBlock.tsx";
import { setParams, useParam } from "../route.ts";
import { type Compared, compareRuns } from "../source/httpSource.ts";
import { useAsync } from "../useAsync.ts";
import { type ComparedRun, type ParameterValues, tellingParameter, written } from "./differences.ts";
import { MeasureField } from "./MeasureField.tsx";

interface OverParameterProps {
  readonly runs: readonly ComparedRun[];
  readonly parameters: readonly ParameterValues[];
  readonly different: readonly ParameterValues[];
}

/** chosen: most rows of a table that is open at first. */
const MOST_ROWS = 16;

export function OverParameter({ runs, parameters, different }: OverParameterProps) {
  const usual = tellingParameter(different)?.name ?? "seed";
  const [x] = useParam("x", usual);
  const [y, setY] = useParam("y", "b.rga");
  const [by] = useParam("by");
  const [group] = useParam("group");
  const [heat] = useParam("heat");
  const ids = runs.map(({ summary }) => summary.id);
  const chosen = Object.fromEntries(Object.entries({ by, group, heat }).filter(([, value]) => value !== ""));
  const { value, error, isLoading } = useAsync(JSON.stringify([ids, x, y, by, group, heat]), () =>
    compareRuns({ runs: ids, x, y, ...chosen }),
  );
  const others = parameters.filter((one) => !different.includes(one)).map(({ name }) => name);
  const names = [...different.map(({ name }) => name), ...others];
  const select = (
    label: string,
    key: string,
    value: string,
    none: string | undefined,
    extra: readonly string[] = [],
  ) => (
    <label>
      {label}{" "}
      <select
        value={value}
        onChange={({ target }) => setParams({ [key]: target.value === "" ? undefined : target.value })}
      >
        {none !== undefined && <option value="">{none}</option>}
        {[...extra, ...names].map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
    </label>
  );
  return (
    <section aria-label="Over parameters">
      <h2>Over a parameter</h2>
      <div className="compare-tools">
        {select("Parameter", "x", x, undefined)}
        <MeasureField label="Measure" value={y} change={setY} />
        {select("Curves by", "by", by, "nothing", ["layer"])}
        {select("Panels by", "group", group, "nothing")}
        {select("Heat map over", "heat", heat, "none")}
        <span className="soft" role="status">
          {isLoading ? "Reading …" : ""}
        </span>
      </div>
      {error !== undefined && <Problem error={error} />}
      {value !== undefined && error === undefined && <Answer found={value} />}
    </section>
  );
}

function Answer({ found }: { readonly found: Compared }) {
  const { name, meaning, axes, sweep, figure, over } = found;
  const command = `crh compare .. --x ${axes.x} --y ${name}${axes.by ? ` --by ${axes.by}` : ""}${axes.group ? ` --group ${axes.group}` : ""}${axes.heat ? ` --heat ${axes.heat}` : ""}`;
  return (
    <>
      <FigureBlock
        title={`${meaning} over ${axes.x}`}
        name={`compare-${axes.x}-${name}`}
        figure={figure ?? undefined}
        missing="No run has a value."
        caption={
          <>
            Median and quartiles over {counted(sweep.runs, "run")}
            {over === null ? "" : `; ${over}`}. The same in the terminal: <code>{command}</code>.
          </>
        }
      />
      <Notes found={found} />
      {sweep.cells.length > 0 && <Cells found={found} />}
    </>
  );
}

/** What the numbers depend on, and what was left out. */
function Notes({ found: { sweep } }: { readonly found: Compared }) {
  const left = Map.groupBy(sweep.leftOut, ({ reason }) => reason);
  return (
    <ul className="compare-notes soft">
      {[...left].map(([reason, own]) => (
        <li key={reason}>
          Left out, {counted(own.length, "run")}, {reason}:{" "}
          {own
            .slice(0, 3)
            .map(({ run, detail }) => `${run} (${detail})`)
            .join(", ")}
          {own.length > 3 ? ` and ${own.length - 3} more` : ""}
        </li>
      ))}
      {sweep.differing.length > 0 && (
        <li>
          The runs differ in{" "}
          {sweep.differing
            .slice(0, 8)
            .map(
              ({ parameter, values }) =>
                `${parameter} (${values.slice(0, 3).map(written).join(", ")}${values.length > 3 ? ", …" : ""})`,
            )
            .join(", ")}
          {sweep.differing.length > 8 ? ` and ${sweep.differing.length - 8} more` : ""} too; medians may mix them.
        </li>
      )}
    </ul>
  );
}

function Cells({ found: { axes, sweep } }: { readonly found: Compared }) {
  const keys = (["group", "by", "heat", "x"] as const).filter((key) => axes[key] !== undefined);
  const table = (
    <div className="wide">
      <table className="compare-table compare-cells">
        <thead>
          <tr>
            {keys.map((key) => (
              <th key={key} scope="col">
                {axes[key]}
              </th>
            ))}
            {["n", "median", "q1", "q3", "min", "max"].map((title) => (
              <th key={title} scope="col">
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {sweep.cells.map((cell) => (
            <tr key={JSON.stringify([cell.group, cell.by, cell.heat, cell.x])}>
              {keys.map((key) => (
                <th key={key} scope="row">
                  {written(cell[key])}
                </th>
              ))}
              <td>{cell.n}</td>
              {[cell.median, cell.low, cell.high, cell.least, cell.most].map((value, i) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: five columns in their order
                <td key={i}>{i > 0 && cell.n === 1 ? "–" : brief(value)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
  return sweep.cells.length <= MOST_ROWS ? (
    table
  ) : (
    <details>
      <summary>Table of {counted(sweep.cells.length, "group")}</summary>
      {table}
    </details>
  );
}
