/** @file All squared distances between the followed points of a run at its last recorded step. */
import type { StudiedRun } from "./study.ts";

/** @returns (n, n) row-major, at the layer shown first; undefined if the run followed nothing */
export function lastDistances(run: StudiedRun): Float64Array | undefined {
  const { followed } = run;
  if (followed === undefined) return undefined;
  const rows = run.trajectories();
  const step = rows.at(-1)?.step;
  const n = followed.points.length;
  const out = new Float64Array(n * n);
  let found = 0;
  for (const row of rows) {
    if (row.step !== step || row.layer !== followed.layer) continue;
    const [i, j] = row.pair.split("-").map(Number) as [number, number];
    out[i * n + j] = row.dh2;
    out[j * n + i] = row.dh2;
    found++;
  }
  return found === followed.pairs.length ? out : undefined;
}
