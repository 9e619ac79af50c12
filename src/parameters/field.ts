/**
 * @file Parameters as zod fields. Each carries its meaning and its source: a place in a paper, or "chosen" with the
 * reason where the paper leaves it open. The command line, its help, a run's config.json and the report's notes all
 * read these fields.
 */
import { z } from "zod";

export interface FieldMeta {
  readonly description: string;
  /** Where the default comes from; begins with "paper" or "chosen". */
  readonly source: string;
}

/** Gives a field its default, meaning and source. */
export function field<T extends z.ZodType>(type: T, otherwise: z.output<T>, description: string, source: string) {
  return type.default(otherwise as never).meta({ description, source } satisfies FieldMeta);
}

const decimal = z
  .string()
  .regex(/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i, "a number")
  .transform(Number)
  .refine(Number.isFinite, "a finite number");
/** A number, also as text from the command line ("1e-4"); the empty text is no number. */
export const number = z.union([z.number(), decimal], { error: "a number" });
export const whole = number.pipe(z.number().int("a whole number"));
export const count = whole.pipe(z.number().min(1, "1 or more"));
/** Layers: a graph of more takes gigabytes before its first step. */
export const layerCount = count.pipe(z.number().max(10_000, "10,000 at most"));
export const positive = number.pipe(z.number().gt(0, "greater than 0"));
export const nonNegative = number.pipe(z.number().min(0, "0 or more"));
export const flag = z.union([z.boolean(), z.enum(["true", "false"]).transform((text) => text === "true")], {
  error: "true or false",
});
/** A whole number from 0 on. */
export const wholeFromZero = whole.pipe(z.number().min(0, "0 or more"));
export const belowOne = nonNegative.pipe(z.number().lt(1, "less than 1"));
