/**
 * @file The measurements of a run in today's form. Those of earlier versions are completed; the last one is measured
 * again if its moments were kept, so that old runs are judged by covariances and by today's rule.
 */
import { isEarlier } from "../../measure/earlierRecords.ts";
import { type LayerSnapshot, type Snapshot, snapshot } from "../../measure/snapshot.ts";
import type { RunFolder } from "../../runs/runFolder.ts";

/** All measurements by step. The last one of an earlier version takes as many seconds as its laws need. */
export async function runMeasurements(run: RunFolder): Promise<Snapshot[]> {
  const all = run.snapshots();
  const last = all.at(-1);
  if (last === undefined || !isWithoutCovariances(last)) return all;
  const moments = run.moments();
  if (moments?.step !== last.step) return all;
  const first = all.length > 1 ? all[0]! : undefined;
  const anew = await snapshot(moments, first ? { initial: first } : {});
  const layers = last.layers.map((layer) => {
    const found = anew.layers.find(({ name }) => name === layer.name);
    return found ? withErrors({ ...layer, ...found }, layer) : layer;
  });
  return [...all.slice(0, -1), { ...last, layers }];
}

/** The measurements that runs are compared by: the last one, and the start if there is one. */
export interface StartAndEnd {
  readonly last: Snapshot;
  /** The first measurement, if different; for an analysis, the model before training. */
  readonly start: Snapshot | undefined;
}

/** Undefined where nothing was measured. */
export async function startAndEnd(run: RunFolder): Promise<StartAndEnd | undefined> {
  const all = await runMeasurements(run);
  const last = all.at(-1);
  return last && { last, start: run.initial() ?? (all.length > 1 ? all[0] : undefined) };
}

/** Whether nothing was measured by covariances, as in records of earlier versions, completed or not. */
function isWithoutCovariances(found: Snapshot): boolean {
  if (isEarlier(found)) return true;
  const values = found.layers.flatMap(({ alignment }) => Object.values(alignment.covariance.b));
  return values.length > 0 && values.every(({ status }) => status === "not-measured");
}

/** Sums without groups give no standard error, so the recorded one is kept: half the difference of two halves. */
function withErrors(now: LayerSnapshot, record: LayerSnapshot): LayerSnapshot {
  const alignment = { ...now.alignment };
  for (const convention of ["paper", "raw"] as const) {
    const { a, b } = alignment[convention];
    const was = record.alignment[convention];
    const side = (found: typeof b, old: typeof b | null): typeof b =>
      Object.fromEntries(
        Object.entries(found).map(([name, value]) => [
          name,
          { ...value, noise: old?.[name as keyof typeof old].noise ?? null },
        ]),
      ) as typeof b;
    alignment[convention] = { a: a && side(a, was.a), b: side(b, was.b) };
  }
  return { ...now, alignment };
}
