/** @file Schemas of the parts of records that readers rely on, by the schema that a record names (docs/formats.md). */

import { z } from "zod";
import { schemaFault } from "../formats/schemaFault.ts";

const number = z.number();
const numberOrNull = z.number().nullable();
const count = z.int().min(0);
const text = z.string();
/** Upper limit of plausible steps and counts. */
const step = z.int().min(0).max(Number.MAX_SAFE_INTEGER);

const watched = z.looseObject({
  groups: z.array(
    z.looseObject({
      title: text,
      axis: text,
      log: z.boolean(),
      quantities: z.array(z.looseObject({ name: text, meaning: text })),
      expected: z.array(z.looseObject({ meaning: text, value: number })),
    }),
  ),
});

const pair = { pair: z.string().regex(/^\d+-\d+$/, "two places"), dx2: number, dy2: number };

const followed = z.looseObject({
  points: z.array(text),
  pairs: z.array(z.looseObject(pair)),
  layers: z.array(text),
  layer: text,
  lossFactor: numberOrNull,
  every: z.int().min(1),
});

const rate = z.looseObject({ value: numberOrNull, interval: z.tuple([numberOrNull, numberOrNull]).nullable() });
const variables = z.looseObject({ dh2: numberOrNull, dy2: numberOrNull, w: numberOrNull });

const fit = z.looseObject({
  layer: z.union([text, number]),
  status: text,
  doubt: text.nullable().optional(),
  etaH: rate.nullable().optional(),
  etaY: rate.nullable().optional(),
  r2: variables.nullable().optional(),
  against: z.looseObject({ fall: number, rise: number, range: number }),
});

const twopoint = z.looseObject({
  step,
  layer: text,
  pair: text.nullable(),
  layers: z.array(fit),
  pairs: z.array(z.looseObject({ ...pair, missing: number, layers: z.array(fit) })),
  pairsLeftOut: count,
  pairsAlike: count,
});

const side = z.int().min(1).max(4096);
const pictures = z.looseObject({
  step,
  groups: z.array(
    z.looseObject({
      title: text,
      width: side,
      height: side,
      count: count.max(4096),
      columns: side,
      pixels: z.base64(),
    }),
  ),
});

const records: Readonly<Record<string, z.ZodType>> = {
  "crh-lab/watched@1": watched,
  "crh-lab/followed@1": followed,
  "crh-lab/twopoint@1": twopoint,
  "crh-lab/pictures@1": pictures,
};

/**
 * The fault of a record as text: where, and what was expected; undefined if there is none or the schema is unknown.
 */
function recordFault(schema: string, found: unknown): string | undefined {
  const parsed = records[schema]?.safeParse(found);
  if (parsed === undefined || parsed.success) return undefined;
  const { place, fault } = schemaFault(parsed.error.issues);
  return `${place}: ${fault}`;
}

/** A record from its text. @throws Error naming the file if it is damaged or has another schema */
export function parseRecord<T extends { readonly schema: string }>(text: string, path: string, schema: T["schema"]): T {
  const value = parsed<Partial<T>>(text);
  if (value?.schema !== schema)
    throw new Error(`runs: expected a record of schema ${schema} in ${path}, got something else; delete that file`);
  const fault = recordFault(schema, value);
  if (fault !== undefined)
    throw new Error(
      `runs: expected a record as docs/formats.md has it in ${path}, got another (${fault}); delete that file`,
    );
  return value as T;
}

/** Undefined if the text is not JSON. */
function parsed<T>(text: string): T | null | undefined {
  try {
    return JSON.parse(text) as T | null;
  } catch {
    return undefined;
  }
}
