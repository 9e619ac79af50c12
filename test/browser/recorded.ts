/** @file What is compared of a run of fc2 in Node and in a browser: plain numbers. */
import type { Engine } from "../../src/engine/engine.ts";
import type { Snapshot } from "../../src/measure/snapshot.ts";
import type { buildExperiment } from "../../src/settings/settings.ts";
import type { train } from "../../src/train/train.ts";

/** The library as whoever asks has it: sources here, the bundle there. */
export interface Library {
  readonly engine: Engine;
  readonly buildExperiment: typeof buildExperiment;
  readonly train: typeof train;
  readonly snapshot: typeof import("../../src/measure/snapshot.ts").snapshot;
}

export interface Recorded {
  /** Mean losses of tenths of the steps. */
  readonly losses: readonly number[];
  /** Parameters at the end. */
  readonly weights: readonly { readonly name: string; readonly values: readonly number[] }[];
  /** Each relation of each layer at the end in the paper's convention; none where nothing is measured. */
  readonly alignments: readonly (readonly [relation: string, value: number | null])[];
}

export interface Steps {
  readonly steps: number;
  readonly measure?: readonly number[];
}

export async function recorded(
  { engine, buildExperiment, train, snapshot }: Library,
  given: Readonly<Record<string, unknown>>,
  { steps, measure = [] }: Steps,
): Promise<Recorded> {
  const { experiment } = await buildExperiment("fc2", { ...given, steps });
  const losses: number[] = [];
  const { parameters, measurement } = await train(engine, experiment, {
    steps,
    milestones: { measure, record: Array.from({ length: 10 }, (_, i) => ((i + 1) * steps) / 10), checkpoint: [] },
    observer: {
      onMetrics(metrics) {
        for (const { name, value } of metrics) if (name === "train/loss") losses.push(value);
      },
    },
  });
  return {
    losses,
    weights: [...parameters].map(([name, { data }]) => ({ name, values: Array.from(data as Float32Array) })),
    alignments: measurement === undefined ? [] : alignmentsOf(snapshot(measurement.total)),
  };
}

function alignmentsOf({ layers }: Snapshot): [string, number | null][] {
  return layers.flatMap(({ name, alignment: { paper } }) =>
    (["a", "b"] as const).flatMap((side) =>
      (["rga", "rwa", "gwa"] as const).map((relation): [string, number | null] => [
        `${name} ${side} ${relation}`,
        paper[side]?.[relation].value ?? null,
      ]),
    ),
  );
}
