/** @file The table of all runs: search, filter, sort, select for comparison, remove with undo. */
import { useEffect, useMemo, useRef, useState } from "react";
import type { RunSummary } from "../../runs/listRuns.ts";
import { Problem } from "../ErrorNote.tsx";
import { href, setParams, useParam } from "../route.ts";
import { removeRun, restoreRun } from "../source/httpSource.ts";
import { NoRuns } from "./NoRuns.tsx";
import { RunRow } from "./RunRow.tsx";
import "./runs.css";
import { matching, type Order, type SortKey, sorted, states, tellingParameters } from "./table.ts";
import { useRuns } from "./useRuns.ts";
import { useWindow } from "./useWindow.ts";

/** Pixels of a row, as in runs.css. */
const ROW = 44;

interface Column {
  readonly title: string;
  readonly by?: SortKey;
  readonly className?: string;
  /** Whether the first click sorts descending. */
  readonly descending?: boolean;
}

const columns: readonly Column[] = [
  { title: "Run", by: "name" },
  { title: "State", by: "state" },
  { title: "Progress", by: "progress", className: "number", descending: true },
  { title: "Distinguishing parameters", className: "telling" },
  { title: "Loss", by: "loss", className: "number" },
  { title: "Six alignments", by: "alignment", descending: true },
  { title: "Started", by: "started", className: "started", descending: true },
  { title: "Time", by: "time", className: "number time", descending: true },
];

export default function RunsView() {
  const { all, error, isConnected, overview, want, drop, reload } = useRuns();
  const [search] = useParam("search");
  const [state] = useParam("state");
  const [setting] = useParam("setting");
  const [sort, setSort] = useParam("sort", "-started");
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const { removed, failure, remove, undo, forget } = useRemoving(drop, reload);
  const order: Order = { by: sort.replace(/^-/, "") as SortKey, descending: sort.startsWith("-") };
  const shown = all && sorted(matching(all, { search, state, setting }, overview), order, overview);
  const telling = useTelling(all, overview);
  const body = useRef<HTMLTableSectionElement>(null);
  const [from, to] = useWindow(body, shown?.length ?? 0, ROW);
  const inView = (shown ?? []).slice(from, to);
  const needsAll = search !== "" || order.by === "alignment"; // only overviews hold parameters and alignments
  useWanted(want, [...inView, ...((needsAll && all) || [])]);

  if (error !== undefined) return <Problem error={error} />;
  if (shown === undefined) return <p className="soft">Reading the runs …</p>;
  if (all!.length === 0 && removed.length === 0) return <NoRuns />;

  const toggle = (id: string) => {
    const next = new Set(chosen);
    if (!next.delete(id)) next.add(id);
    setChosen(next);
  };
  const selected = shown.filter(({ id }) => chosen.has(id)).map(({ id }) => id);
  const removeSelected = async () => {
    await remove(selected);
    setChosen(new Set());
  };
  const count = `${shown.length === all!.length ? "" : `${shown.length.toLocaleString("en")} of `}${all!.length.toLocaleString("en")} ${all!.length === 1 ? "run" : "runs"}`;
  return (
    <section className="runs">
      <div className="runs-head">
        <h1>Runs</h1>
        <p className="soft" aria-live="polite">
          {count}
          {isConnected ? "" : " – the server cannot be reached; retrying"}
        </p>
      </div>
      <Tools runs={all!} selected={selected} remove={removeSelected} />
      {failure !== undefined && <Problem error={failure} />}
      <div className="wide">
        <table className="runs-table">
          <thead>
            <tr>
              <th className="pick">
                <input
                  type="checkbox"
                  aria-label="Select all that are shown"
                  checked={selected.length > 0 && selected.length === shown.length}
                  onChange={() => setChosen(new Set(selected.length > 0 ? [] : shown.map(({ id }) => id)))}
                />
              </th>
              {columns.map((column) => (
                <Head key={column.title} column={column} order={order} set={setSort} />
              ))}
            </tr>
          </thead>
          <tbody ref={body}>
            {from > 0 && <Gap rows={from} />}
            {inView.map((run) => (
              <RunRow
                key={run.id}
                run={run}
                overview={overview(run.id)}
                telling={telling.get(run.id) ?? []}
                isChosen={chosen.has(run.id)}
                toggle={toggle}
              />
            ))}
            {to < shown.length && <Gap rows={shown.length - to} />}
          </tbody>
        </table>
      </div>
      {shown.length === 0 && (
        <p className="missing">
          No run matches.{" "}
          <button type="button" onClick={() => setParams({ search: undefined, state: undefined, setting: undefined })}>
            Show all
          </button>
        </p>
      )}
      {removed.length > 0 && <RemovedNote {...{ removed, undo, forget }} />}
    </section>
  );
}

/** Asks for the overviews of runs again and again: the next batch of them, and those of runs that train. */
function useWanted(want: ReturnType<typeof useRuns>["want"], runs: readonly RunSummary[]): void {
  const ids = runs.map(({ id }) => id).join();
  useEffect(() => {
    const ask = () => want(ids === "" ? [] : ids.split(","));
    ask();
    const timer = setInterval(ask, 500);
    return () => clearInterval(timer);
  }, [ids, want]);
}

/** Removes runs and restores them; `removed` are those that can be restored. */
function useRemoving(drop: (id: string) => void, reload: () => void) {
  const [removed, setRemoved] = useState<readonly string[]>([]);
  const [failure, setFailure] = useState<Error>();
  const remove = async (ids: readonly string[]) => {
    const gone: string[] = [];
    setFailure(undefined);
    for (const id of ids) {
      try {
        await removeRun(id);
        gone.push(id);
        drop(id);
      } catch (reason) {
        setFailure(reason as Error);
      }
    }
    setRemoved(gone);
  };
  const undo = async () => {
    setRemoved([]);
    try {
      for (const id of removed) await restoreRun(id);
    } catch (reason) {
      setFailure(reason as Error);
    }
    reload();
  };
  return { removed, failure, remove, undo, forget: () => setRemoved([]) };
}

interface ToolsProps {
  readonly runs: readonly RunSummary[];
  readonly selected: readonly string[];
  readonly remove: () => Promise<void>;
}

/** Search, filters, and what can be done with the selected runs. */
function Tools({ runs, selected, remove }: ToolsProps) {
  const [search, setSearch] = useParam("search");
  const [state, setState] = useParam("state");
  const [setting, setSetting] = useParam("setting");
  const settings = [...new Set(runs.flatMap(({ info }) => info?.setting ?? []))].sort();
  return (
    <div className="runs-tools">
      <input
        type="search"
        placeholder="Search: name, decay=0.001, seed=2 …"
        aria-label="Search runs"
        value={search}
        onChange={(event) => setSearch(event.target.value)}
      />
      <select aria-label="State" value={state} onChange={(event) => setState(event.target.value)}>
        <option value="">any state</option>
        {states.map((one) => (
          <option key={one}>{one}</option>
        ))}
      </select>
      <select aria-label="Setting" value={setting} onChange={(event) => setSetting(event.target.value)}>
        <option value="">any setting</option>
        {settings.map((one) => (
          <option key={one}>{one}</option>
        ))}
      </select>
      <span className="runs-actions">
        {selected.length >= 2 && (
          <a className="button primary" href={href(["compare"], { run: selected })}>
            Compare {selected.length}
          </a>
        )}
        {selected.length >= 1 && (
          <button type="button" onClick={() => void remove()}>
            Remove {selected.length}
          </button>
        )}
      </span>
    </div>
  );
}

interface RemovedNoteProps {
  readonly removed: readonly string[];
  readonly undo: () => Promise<void>;
  readonly forget: () => void;
}

/** Says which runs were removed, and offers to restore them. */
function RemovedNote({ removed, undo, forget }: RemovedNoteProps) {
  return (
    <p className="toast" role="status">
      {removed.length === 1 ? `${removed[0]} was removed.` : `${removed.length} runs were removed.`} They are in the
      folder .removed.{" "}
      <button type="button" onClick={undo}>
        Undo
      </button>{" "}
      <button type="button" aria-label="Close this message" onClick={forget}>
        ×
      </button>
    </p>
  );
}

function Head({ column, order, set }: { column: Column; order: Order; set: (sort: string) => void }) {
  const { title, by, className, descending = false } = column;
  if (by === undefined) return <th className={className}>{title}</th>;
  const isHere = order.by === by;
  const next = isHere ? !order.descending : descending;
  return (
    <th className={className} aria-sort={isHere ? (order.descending ? "descending" : "ascending") : "none"}>
      <button type="button" className="sort" onClick={() => set(`${next ? "-" : ""}${by}`)}>
        {title}
        <span aria-hidden="true">{isHere ? (order.descending ? " ▾" : " ▴") : ""}</span>
      </button>
    </th>
  );
}

/** Space for rows that are out of view. */
function Gap({ rows }: { readonly rows: number }) {
  return (
    <tr style={{ height: rows * ROW }}>
      <td colSpan={columns.length + 1} />
    </tr>
  );
}

function useTelling(all: ReturnType<typeof useRuns>["all"], overview: ReturnType<typeof useRuns>["overview"]) {
  const known = all?.filter(({ id }) => overview(id) !== undefined).length ?? 0;
  // biome-ignore lint/correctness/useExhaustiveDependencies: recomputed when another overview is known
  return useMemo(() => tellingParameters(all ?? [], overview), [all, known]);
}
