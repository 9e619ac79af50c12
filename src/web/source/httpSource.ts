/** @file Runs of the server from which the page was loaded. */
import type { Figure } from "../../figures/figure.ts";
import type { Snapshot } from "../../measure/snapshot.ts";
import type { RunOverview } from "../../report/runOverview.ts";
import type { RunSummary } from "../../runs/listRuns.ts";
import type { MetricSeries } from "../../runs/metricSeries.ts";
import type { MetricRow } from "../../runs/metricsFile.ts";
import type { ShownSweep, SweepSummary } from "../../sweeps/shownSweep.ts";
import type { Sweep, SweepAxes } from "../../tables/sweepCells.ts";
import type { MatrixPlace, RunDetails, RunFollower, RunSource, SquareMatrix } from "./runSource.ts";

/** A refusal by the server, in its own words. */
export class ServerError extends Error {
  override name = "ServerError";
}

/** Sends the token that follows #, if any, and removes it from the address. */
export async function enterSession(): Promise<void> {
  const token = /^#token=([\w-]+)$/.exec(location.hash)?.[1];
  if (token === undefined) return;
  history.replaceState(null, "", location.pathname);
  await fetch("api/session", { method: "POST", body: token });
}

async function ask(path: string, init?: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, init);
  } catch {
    throw new ServerError("The server cannot be reached. It may have been stopped; crh lab starts it.");
  }
  if (response.ok) return response;
  const said = (await response.json().catch(() => undefined)) as { error?: string } | undefined;
  throw new ServerError(said?.error ?? `The server answered ${response.status} to ${path}.`);
}

const get = async <T>(path: string): Promise<T> => (await ask(path)).json() as Promise<T>;
const at = (id: string): string => `api/runs/${encodeURIComponent(id)}`;

/** Whether this page has a server with runs; a static site, which is marked as such, has none. */
export async function hasServer(): Promise<boolean> {
  if ("static" in document.documentElement.dataset) return false;
  try {
    const response = await fetch("api/version");
    return response.ok && (response.headers.get("content-type") ?? "").includes("json");
  } catch {
    return false;
  }
}

export const listRuns = (): Promise<RunSummary[]> => get("api/runs");
export const overviews = (ids: readonly string[]): Promise<RunOverview[]> =>
  get(`api/overviews?${new URLSearchParams(ids.map((id) => ["run", id]))}`);
/** One measure of one run over its steps, with the names of `crh compare --y`. */
export interface MeasureCourse {
  readonly name: string;
  readonly meaning: string;
  readonly over: string | null;
  readonly steps: readonly number[];
  readonly values: readonly number[];
}

export const courseOf = (id: string, measure: string): Promise<MeasureCourse> =>
  get(`${at(id)}/course?${new URLSearchParams({ y: measure })}`);

/** A question to `crh compare --x --y`. */
export interface CompareQuestion {
  readonly runs: readonly string[];
  readonly x: string;
  readonly y: string;
  readonly by?: string;
  readonly group?: string;
  readonly heat?: string;
}

/** The answer, with its figure. */
export interface Compared {
  readonly name: string;
  readonly meaning: string;
  readonly axes: SweepAxes;
  readonly sweep: Sweep;
  readonly over: string | null;
  readonly figure: Figure | null;
}

export const compareRuns = async (question: CompareQuestion): Promise<Compared> =>
  (await ask("api/compare", { method: "POST", body: JSON.stringify(question) })).json() as Promise<Compared>;

export const removeRun = async (id: string): Promise<void> => void (await ask(at(id), { method: "DELETE" }));
export const restoreRun = async (id: string): Promise<void> =>
  void (await ask(`api/removed/${encodeURIComponent(id)}/restore`, { method: "POST" }));

export const listSweeps = (): Promise<SweepSummary[]> => get("api/sweeps");
export const sweepCalled = (name: string): Promise<ShownSweep> => get(`api/sweeps/${encodeURIComponent(name)}`);

export interface RunsFollower {
  run(summary: RunSummary): void;
  removed(id: string): void;
  /** All existing runs, after a lost connection. */
  runs(ids: readonly string[]): void;
  connected(isConnected: boolean): void;
}

export function followRuns(follower: RunsFollower): () => void {
  return follow("api/stream", follower.connected, {
    run: (data) => follower.run(data as RunSummary),
    removed: (data) => follower.removed((data as { id: string }).id),
    runs: (data) => follower.runs(data as string[]),
  });
}

/** The browser reconnects automatically and sends the id of the last event. */
function follow(
  path: string,
  connected: ((isConnected: boolean) => void) | undefined,
  handlers: Readonly<Record<string, (data: unknown) => void>>,
): () => void {
  const events = new EventSource(path);
  events.onopen = () => connected?.(true);
  events.onerror = () => connected?.(false);
  for (const [name, handle] of Object.entries(handlers))
    events.addEventListener(name, (event) => handle(JSON.parse((event as MessageEvent<string>).data)));
  return () => events.close();
}

/** Reads all measurements in a worker (measurementsWorker.ts). */
function measurements(id: string): Promise<Snapshot[]> {
  const worker = new Worker(new URL("./measurementsWorker.ts", import.meta.url), { type: "module" });
  const found: Snapshot[] = [];
  return new Promise<Snapshot[]>((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<{ snapshot?: Snapshot; done?: true; error?: string }>) => {
      if (data.snapshot) found.push(data.snapshot);
      else if (data.error !== undefined) reject(new ServerError(data.error));
      else resolve(found);
    };
    worker.onerror = () => reject(new ServerError("The page could not start the thread that reads measurements."));
    worker.postMessage(new URL(`${at(id)}/measurements`, location.href).href);
  }).finally(() => worker.terminate());
}

export const httpSource: RunSource = {
  details: (id) => get<RunDetails>(at(id)),
  metrics: async (id, { names, from, points } = {}) => {
    const query = new URLSearchParams();
    if (names !== undefined) query.set("names", names.join(","));
    if (from !== undefined) query.set("from", String(from));
    if (points !== undefined) query.set("points", String(points));
    return (await get<{ series: MetricSeries[] }>(`${at(id)}/metrics?${query}`)).series;
  },
  snapshot: (id, step) => get<Snapshot>(`${at(id)}/snapshots/${step}`),
  measurements,
  momentsPlace: (id, step) => new URL(`${at(id)}/moments/${step}`, location.href).href,
  matrix: async (id, { step, layer, side, name, convention }: MatrixPlace): Promise<SquareMatrix> => {
    const path = `${at(id)}/matrix/${step}/${encodeURIComponent(layer)}/${side}/${name}?convention=${convention}`;
    const response = await ask(path);
    const values = new Float32Array(await response.arrayBuffer());
    return { d: Number(response.headers.get("X-Shape")!.split(",")[0]), values };
  },
  follow: (id, follower: RunFollower) =>
    follow(`api/stream?run=${encodeURIComponent(id)}`, follower.connected?.bind(follower), {
      run: (data) => follower.run?.(data as RunSummary),
      metrics: (data) => follower.metrics?.(data as MetricRow[]),
      snapshot: (data) => follower.snapshot?.((data as { step: number }).step),
      reset: () => follower.reset?.(),
      removed: () => follower.removed?.(),
    }),
};
