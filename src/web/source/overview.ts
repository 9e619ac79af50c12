/** @file What the table of runs shows of each beside its summary, as the server sends it. */
import type { SideValues } from "../../findings/hiddenMedians.ts";
import type { MetricSeries } from "./runSource.ts";

export interface RunOverview {
  readonly id: string;
  readonly config?: Readonly<Record<string, unknown>>;
  readonly spark?: MetricSeries;
  /** Medians by the paper's convention, over hidden representations of a chain of maps, else over all maps. */
  readonly medians?: {
    readonly step: number;
    readonly of: "hidden" | "maps";
    readonly a: SideValues;
    readonly b: SideValues;
  };
  /** What is wrong with it, in place of all else. */
  readonly problem?: string;
}
