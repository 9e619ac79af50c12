/** @file Run folders whose numbers are known: written as runs are written, without any training. */
import type { AlignmentValue, LayerSnapshot, Snapshot } from "../../src/measure/snapshot.ts";
import { createRun, type RunFolder } from "../../src/runs/runFolder.ts";

/** What is planted. */
export interface Planted {
  readonly setting?: string;
  readonly seed?: number;
  readonly steps?: number;
  readonly config?: Readonly<Record<string, unknown>>;
  /** "running" leaves the run as it is while it goes on. */
  readonly status?: "finished" | "failed" | "running";
  readonly error?: string;
  /** Forward RGA by the paper's convention of each layer at the last step, null where it has none. */
  readonly rga?: readonly (number | null)[];
  readonly loss?: number;
}

/** What covariances are planted to have: half of the paper's. */
export const COVARIANCE = 0.5;
/** Alignments at step 0, of every layer. */
export const START = 0.125;

/** A run of two measurements, at steps 0 and `steps`, of a chain of layers 4 wide. */
export function plantRun(root: string, planted: Planted = {}): RunFolder {
  const { setting = "fc2", seed = 1, steps = 100, config = {}, status = "finished", error, loss = 0.25 } = planted;
  const run = createRun(root, {
    ...{ setting, seed, steps, argv: ["run", setting] },
    config: { ...config, seed, steps, smaller: ["steps"], run: { every: "log" } },
    versions: { crh: "0.1.0", node: "20.19.0", onnxruntime: "1.30.0" },
    now: new Date("2026-11-30T10:00:00.500Z"),
  });
  run.appendMetrics([
    { step: 0, name: "eval/loss", value: 2 * loss },
    { step: steps, name: "train/loss", value: loss / 2 },
    { step: steps, name: "eval/loss", value: loss },
  ]);
  const { rga = [0.5, 0.75, 1] } = planted;
  run.writeSnapshot(
    snapshot(
      0,
      rga.map(() => START),
    ),
  );
  run.writeSnapshot(snapshot(steps, rga));
  if (status !== "running")
    run.update({ status, step: steps, endedAt: "2026-11-30T10:01:00.000Z", ...(error !== undefined && { error }) });
  return run;
}

function snapshot(step: number, rga: readonly (number | null)[]): Snapshot {
  return {
    ...{ schema: "crh-lab/snapshot@1", step, loss: { mean: 0.5 }, samples: 10, objective: "mse", skipped: [] },
    layers: rga.map((value, i) => layer(`layers.${i}`, value)),
  };
}

function layer(name: string, rga: number | null): LayerSnapshot {
  const side = (scale: number) => ({
    rga: value(rga === null ? null : scale * rga),
    rwa: value(0.25 * scale),
    gwa: value(-0.25 * scale),
  });
  const both = (scale: number) => ({ a: side(scale / 4), b: side(scale) });
  const rank = {
    numerical: 2,
    threshold: 1e-3,
    stable: 1.5,
    participation: 1.75,
    leading: [1, 0.5],
    dimension: 4,
    n: 10,
  };
  const ranks = { H: rank, G: { ...rank, numerical: 3 } };
  const found = {
    ...{ name, kind: "linear", dIn: 4, dOut: 4, samples: 10, groups: 2 },
    alignment: { paper: both(1), covariance: both(COVARIANCE), raw: both(0.25) },
    ranks: {
      ...{ paper: { a: ranks, b: ranks }, covariance: { a: ranks, b: ranks }, raw: { a: ranks, b: ranks } },
      weights: { ...rank, numerical: 4, n: 0 },
    },
  };
  return found as unknown as LayerSnapshot;
}

function value(of: number | null): AlignmentValue {
  return {
    ...{ value: of, cosine: of, null: 0.0625, noise: 0.03125, corrected: of, n: 10 },
    ...(of === null && { status: "dead" as const }),
  };
}
