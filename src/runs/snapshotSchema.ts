/**
 * @file Schema of the parts of a snapshot that readers rely on. Run folders may come from others, and text in place of
 * a number would otherwise reach pages and tables unchecked.
 */

import { z } from "zod";
import { schemaFault } from "../formats/schemaFault.ts";
import { completeRecord } from "../measure/earlierRecords.ts";
import type { Snapshot } from "../measure/snapshot.ts";
import { layerFields } from "./layerSchema.ts";

/** Short words without markup: names of phases, statuses. */
const word = z.string().regex(/^[\w\- .,:^~]{0,60}$/, "a short word");
const number = z.number();
const numberOrNull = z.number().nullable();
const count = z.int().min(0);

/** A value of a measure: numbers or null, and a reason. */
const value = z.looseObject({
  value: numberOrNull.optional(),
  null: numberOrNull.optional(),
  noise: numberOrNull.optional(),
  n: number,
  status: word.optional(),
});
const side = z.record(z.string(), value).nullable();
const share = number.min(0).max(1);
const scores = z.record(z.string(), share.nullable()).optional();
const weights = z.record(z.string(), share).optional();
const phase = z
  .looseObject({
    label: word,
    scores,
    weights,
    paperWeights: weights,
    ranges: z.array(z.looseObject({ share, dimension: count, decades: number, weights })).optional(),
    paper: z.looseObject({ label: word, scores }).optional(),
    evidence: z.array(z.string()).optional(),
    differs: z.array(z.string()).optional(),
  })
  .nullable();

const layer = z.looseObject({
  name: z.string(),
  kind: z.enum(["linear", "conv", "head", "block"]),
  dIn: count,
  dOut: count,
  samples: number,
  alignment: z.record(z.string(), z.looseObject({ a: side, b: side })),
  phase: phase.optional(),
  ...layerFields,
});

const pair = z.looseObject({
  first: z.string(),
  second: z.string(),
  through: z.string(),
  symmetry: z.enum(["rescaling", "rotation", "scale"]),
  width: count,
  charge: z.union([
    z.array(number),
    z.looseObject({ frobenius: number, trace: number, eigenvalues: z.array(number) }),
    z.null(),
  ]),
  imbalance: numberOrNull,
  noiseBalance: z.looseObject({
    alignment: numberOrNull,
    ratio: numberOrNull,
    null: numberOrNull,
    n: number,
    status: z.string(),
  }),
  status: z.string(),
});

const snapshot = z.looseObject({
  schema: z.literal("crh-lab/snapshot@1"),
  step: count,
  loss: z.looseObject({ mean: numberOrNull }),
  accuracy: number.optional(),
  samples: number,
  objective: z.string(),
  layers: z.array(layer),
  skipped: z.array(z.looseObject({ node: z.string(), reason: z.string() })).optional(),
  pairs: z.array(pair).optional(),
  unpaired: z.array(z.looseObject({ first: z.string(), second: z.string().nullable(), reason: z.string() })).optional(),
});

/** The fault of a snapshot as text: where, and what was expected; undefined if there is none. */
export function snapshotFault(found: unknown): string | undefined {
  const parsed = snapshot.safeParse(found);
  if (parsed.success) return undefined;
  const { place, fault } = schemaFault(parsed.error.issues);
  return `${place}: ${fault}`;
}

/**
 * A snapshot from its text; those of earlier versions are completed.
 *
 * @throws Error naming the file if it is damaged or has another schema
 */
export function parseSnapshot(text: string, path: string): Snapshot {
  let value: Partial<Snapshot> | null = null;
  try {
    value = JSON.parse(text) as Partial<Snapshot> | null;
  } catch {
    // reported below, like any other damage
  }
  if (value?.schema !== "crh-lab/snapshot@1" || !Array.isArray(value.layers))
    throw new Error(
      `runs: expected a snapshot of schema crh-lab/snapshot@1 in ${path}, got something else; delete that file`,
    );
  const fault = snapshotFault(value);
  if (fault !== undefined)
    throw new Error(
      `runs: expected a snapshot as docs/formats.md has it in ${path}, got another (${fault}); delete that file`,
    );
  return completeRecord(value as Snapshot);
}
