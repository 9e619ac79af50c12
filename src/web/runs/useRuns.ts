/** @file All runs of the server, kept up to date by its events. Their overviews are read as rows come into view. */
import { useCallback, useEffect, useReducer, useRef, useState } from "react";
import type { RunOverview } from "../../report/runOverview.ts";
import type { RunSummary } from "../../runs/listRuns.ts";
import { followRuns, listRuns, overviews } from "../source/httpSource.ts";

/** chosen: overviews per request, about as many as a table shows rows. */
const BATCH = 25;

/** chosen: milliseconds after which the overview of a training run is out of date. */
const FRESH = 3000;

export interface Runs {
  /** Undefined until they are read. */
  readonly all: readonly RunSummary[] | undefined;
  readonly error: Error | undefined;
  readonly isConnected: boolean;
  readonly overview: (id: string) => RunOverview | undefined;
  /** Requests overviews of these runs, in this order. */
  readonly want: (ids: readonly string[]) => void;
  readonly drop: (id: string) => void;
  /** Reads the list again. */
  readonly reload: () => void;
}

export function useRuns(): Runs {
  const [all, setAll] = useState<readonly RunSummary[]>();
  const [error, setError] = useState<Error>();
  const [isConnected, setConnected] = useState(true);
  const drop = useCallback((id: string) => setAll((before) => before?.filter((run) => run.id !== id)), []);
  const reload = useCallback(() => void listRuns().then(setAll, setError), []);
  useEffect(
    () =>
      followRuns({
        run: (summary) => setAll((before) => before && withRun(before, summary)),
        removed: drop,
        runs: (ids) => setAll((before) => before?.filter(({ id }) => ids.includes(id))),
        connected: (isNow) => {
          setConnected(isNow);
          if (isNow) reload(); // after events begin, so that nothing is missed in between
        },
      }),
    [drop, reload],
  );
  const { overview, want } = useOverviews(all);
  return { all, error, isConnected, overview, want, drop, reload };
}

/** The list with a new or changed run in it. */
export function withRun(all: readonly RunSummary[], summary: RunSummary): readonly RunSummary[] {
  const at = all.findIndex(({ id }) => id === summary.id);
  return at < 0 ? [summary, ...all] : all.with(at, summary);
}

function useOverviews(all: readonly RunSummary[] | undefined): Pick<Runs, "overview" | "want"> {
  const known = useRef(new Map<string, { readonly at: number; readonly value: RunOverview }>());
  const asked = useRef(new Set<string>());
  const runs = useRef(all);
  runs.current = all;
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  const want = useCallback((ids: readonly string[]) => {
    const running = new Set(runs.current?.filter(({ info }) => info?.status === "running").map(({ id }) => id));
    const isOld = (id: string) => {
      const found = known.current.get(id);
      return found === undefined || (running.has(id) && Date.now() - found.at > FRESH);
    };
    const missing = ids.filter((id) => isOld(id) && !asked.current.has(id)).slice(0, BATCH);
    if (missing.length === 0) return;
    for (const id of missing) asked.current.add(id);
    overviews(missing)
      .then((found) => {
        for (const value of found) known.current.set(value.id, { at: Date.now(), value });
        redraw();
      })
      .catch(() => {}) // the server is unreachable; the rows ask again
      .finally(() => {
        for (const id of missing) asked.current.delete(id);
      });
  }, []);
  return { overview: (id) => known.current.get(id)?.value, want };
}
