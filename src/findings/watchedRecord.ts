/**
 * @file records/watched.json: descriptions of the quantities that a run watches besides loss and moments. Their values
 * are the metrics `watch/<quantity>`.
 */
import type { MetricPoint } from "./lastHalf.ts";
import { brief, scientific } from "./numbers.ts";

export const WATCHED_SCHEMA = "crh-lab/watched@1";

export interface WatchedRecord {
  readonly schema: typeof WATCHED_SCHEMA;
  /** Quantities that share an axis. */
  readonly groups: readonly WatchedQuantities[];
}

export interface WatchedQuantities {
  /** A short description. */
  readonly title: string;
  /** Name of the axis. */
  readonly axis: string;
  /** Whether a logarithmic axis suits them. */
  readonly log: boolean;
  readonly quantities: readonly { readonly name: string; readonly meaning: string }[];
  /** Theoretical values. */
  readonly expected: readonly { readonly meaning: string; readonly value: number }[];
}

/** The course of one quantity, by step. */
export function watchedCourse(metrics: readonly MetricPoint[], quantity: string): { step: number; value: number }[] {
  const name = `watch/${quantity}`;
  return metrics
    .filter((row) => row.name === name)
    .map(({ step, value }) => ({ step, value }))
    .sort((x, y) => x.step - y.step);
}

/** A watched value as text: three digits, in scientific notation where it is very small or large. */
export function watchedNumber(value: number): string {
  const size = Math.abs(value);
  return size !== 0 && (size < 1e-3 || size >= 1e5) ? scientific(value) : brief(value);
}
