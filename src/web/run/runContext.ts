/** @file The values that all sections of a run's page share. */
import type { Snapshot } from "../../measure/snapshot.ts";
import type { Convention, Side } from "../../moments/moments.ts";
import type { ReportData } from "../../report/reportData.ts";
import type { RunSource } from "../source/runSource.ts";
import type { StepScale } from "./Scrubber.tsx";
import type { WatchedRun } from "./useRun.ts";

export interface SectionProps {
  readonly source: RunSource;
  readonly id: string;
  readonly run: WatchedRun;
  /** With all measurements, and the metrics known at the last one. */
  readonly data: ReportData;
  readonly snapshots: readonly Snapshot[];
  /** Names of all layers, in order of execution. */
  readonly layers: readonly string[];
  readonly layer: string;
  readonly side: Side;
  readonly convention: Convention;
  readonly scale: StepScale;
  readonly choose: (changes: Readonly<Record<string, string | undefined>>) => void;
  /** Changes with the measurements. */
  readonly measured: string;
  /** Changes with the metrics. */
  readonly counted: string;
}

/** The data up to a step, and nothing later. */
export function dataUpTo(data: ReportData, step: number | undefined): ReportData {
  if (step === undefined) return data;
  const snapshots = data.snapshots.filter((snapshot) => snapshot.step <= step);
  return { ...data, snapshots };
}
