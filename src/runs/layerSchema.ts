/** @file Schema of the parts of a layer's snapshot beyond its alignments that sentences use. */
import { z } from "zod";

const number = z.number();
const numberOrNull = z.number().nullable();
const count = z.int().min(0);
const status = z.string().max(60).optional();

const both = <T extends z.ZodType>(side: T) => z.looseObject({ a: side.nullable(), b: side.nullable() });
const byConvention = <T extends z.ZodType>(one: T) => z.record(z.string(), one);

const irrelevant = z
  .looseObject({
    ...{ count, near: count, n: number, chance: number, unseen: number },
    ...{ share: numberOrNull, noise: numberOrNull, floor: numberOrNull, status },
  })
  .refine((found) => found.count === 0 || found.chance > 0, "expected a chance above 0");

const exponent = z.looseObject({
  ...{ value: numberOrNull, r2: numberOrNull, decades: numberOrNull, sorted: numberOrNull, directions: number, status },
  interval: z.tuple([number, number]).nullable(),
});

const spectrum = z.looseObject({
  dimension: count.min(1).optional(),
  above: count.nullable().optional(),
  values: z.array(number).optional(),
});
const sideSpectra = z.looseObject({ H: spectrum, G: spectrum });

const comparison = z.looseObject({ cosine: numberOrNull, pearson: numberOrNull });
const forms = z.looseObject({ one: comparison, half: comparison });

/** Each field is absent if it was not measured. */
export const layerFields = {
  irrelevant: both(irrelevant).optional(),
  exponents: byConvention(both(z.looseObject({ hg: exponent, hz: exponent, gz: exponent }))).optional(),
  spectra: z
    .looseObject({
      ...{ paper: both(sideSpectra).optional(), covariance: both(sideSpectra).optional() },
      ...{ raw: both(sideSpectra).optional(), weights: spectrum.extend({ dimension: count.optional() }).optional() },
    })
    .optional(),
  strongest: byConvention(both(z.looseObject({ value: number, initial: numberOrNull }))).optional(),
  effectiveRows: z.looseObject({ h: numberOrNull, g: numberOrNull }).optional(),
  baselines: z
    .looseObject({
      otherHeads: byConvention(z.looseObject({ median: number, low: number, high: number, count }).nullable()),
      start: byConvention(numberOrNull),
    })
    .optional(),
  collapse: z
    .looseObject({
      ...{ classes: count, n: number, singles: count.optional(), nc4: numberOrNull, status },
      nc1: z.looseObject({ trace: numberOrNull }),
      nc2: z.looseObject({ means: z.looseObject({ equiangular: numberOrNull, equinorm: numberOrNull }) }),
      nc3: z.looseObject({ selfDuality: numberOrNull }).nullable(),
      premises: z.looseObject({ withinShare: numberOrNull }).nullable().optional(),
    })
    .optional(),
  ansatz: z
    .looseObject({
      weights: forms,
      change: forms.nullable(),
      equivariant: z.looseObject({ backward: comparison, forward: comparison }).nullable(),
    })
    .optional(),
} as const;
