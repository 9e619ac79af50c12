/** @file The table of runs as data: which runs match, in which order, and which parameters distinguish them. */

import type { RunOverview } from "../../report/runOverview.ts";
import type { RunSummary } from "../../runs/listRuns.ts";
import { shown } from "../sweeps/grid.ts";

/** A run's state in one word; run.json has no status "diverged" or "damaged". */
export type State = "running" | "finished" | "failed" | "interrupted" | "diverged" | "damaged";

export const states: readonly State[] = ["running", "finished", "interrupted", "failed", "diverged", "damaged"];

export function stateOf({ info }: RunSummary): State {
  if (info === undefined) return "damaged";
  return info.status === "failed" && info.error?.includes("expected a finite loss") ? "diverged" : info.status;
}

export interface Wanted {
  /** Words that must all occur in name, setting, state, seed or parameters ("decay=1e-4"). */
  readonly search: string;
  /** "" for any. */
  readonly state: string;
  readonly setting: string;
}

export type SortKey = "name" | "state" | "setting" | "progress" | "loss" | "alignment" | "started" | "time";

export interface Order {
  readonly by: SortKey;
  readonly descending: boolean;
}

export type Overviews = (id: string) => RunOverview | undefined;

export function matching(
  runs: readonly RunSummary[],
  { search, state, setting }: Wanted,
  overview: Overviews,
): readonly RunSummary[] {
  const words = search
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== "");
  return runs.filter(
    (run) =>
      (state === "" || stateOf(run) === state) &&
      (setting === "" || run.info?.setting === setting) &&
      (words.length === 0 || hasAll(textOf(run, overview(run.id)), words)),
  );
}

const hasAll = (text: string, words: readonly string[]): boolean => words.every((word) => text.includes(word));

function textOf(run: RunSummary, overview: RunOverview | undefined): string {
  const parameters = Object.entries(overview?.config ?? {}).map(([key, value]) => `${key}=${String(value)}`);
  const { setting = "", seed = "", argv = [] } = run.info ?? {};
  return [run.id, setting, stateOf(run), `seed=${seed}`, ...argv, ...parameters].join(" ").toLowerCase();
}

/** Sorts by a column; runs without a value in it come last in either direction. */
export function sorted(runs: readonly RunSummary[], { by, descending }: Order, overview: Overviews): RunSummary[] {
  const keyed = runs.map((run) => ({ run, key: keyOf(run, by, overview(run.id)) }));
  const sign = descending ? -1 : 1;
  keyed.sort((x, y) => {
    if (x.key === undefined || y.key === undefined) return Number(x.key === undefined) - Number(y.key === undefined);
    return sign * (x.key < y.key ? -1 : x.key > y.key ? 1 : 0);
  });
  return keyed.map(({ run }) => run);
}

function keyOf(run: RunSummary, by: SortKey, overview: RunOverview | undefined): string | number | undefined {
  const { info } = run;
  switch (by) {
    case "name":
      return run.id;
    case "state":
      return states.indexOf(stateOf(run));
    case "setting":
      return info?.setting;
    case "progress":
      return info?.step;
    case "loss":
      return lossOf(run);
    case "alignment":
      return meanOfSix(overview);
    case "started":
      return info?.startedAt;
    case "time":
      return info?.durationMs;
  }
}

/** Loss on held-out samples, otherwise on training batches. */
export const lossOf = ({ last }: RunSummary): number | undefined => last?.["eval/loss"] ?? last?.["train/loss"];

/** The mean of those of the six medians that exist; used only for sorting. */
export function meanOfSix(overview: RunOverview | undefined): number | undefined {
  const { a, b } = overview?.medians ?? {};
  const all = [...Object.values(a ?? {}), ...Object.values(b ?? {})].filter((value) => value !== null);
  return all.length === 0 ? undefined : all.reduce((sum, value) => sum + value, 0) / all.length;
}

/**
 * For each run, the parameters that distinguish it from other runs of its setting. The most common values are left out.
 */
export function tellingParameters(runs: readonly RunSummary[], overview: Overviews): Map<string, [string, string][]> {
  const bySetting = Map.groupBy(
    runs.filter(({ id }) => overview(id)?.config !== undefined),
    ({ info }) => info?.setting ?? "",
  );
  const found = new Map<string, [string, string][]>();
  for (const group of bySetting.values()) {
    const configs = group.map(({ id }) => overview(id)!.config!);
    const keys = [...new Set(configs.flatMap((config) => Object.keys(config)))].filter((key) => key !== "setting");
    const commonest = new Map(keys.map((key) => [key, mostCommon(configs.map((config) => shown(config[key])))]));
    for (const [i, { id }] of group.entries())
      found.set(
        id,
        keys
          .map((key): [string, string] => [key, shown(configs[i]![key])])
          .filter(([key, value]) => value !== commonest.get(key)),
      );
  }
  return found;
}

function mostCommon(values: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].reduce((best, one) => (one[1] > best[1] ? one : best))[0];
}
