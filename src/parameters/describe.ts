/** @file What parameters mean, and where their defaults come from. */
import { z } from "zod";
import type { FieldMeta } from "./field.ts";
import type { Parametrised } from "./parse.ts";

/** Meaning, source and default of each parameter, in the schema's order. */
export function describeParameters(
  owner: Parametrised,
): (FieldMeta & { key: string; default: unknown; values?: readonly string[] })[] {
  const defaults = owner.parameters.parse({}) as Record<string, unknown>;
  return Object.entries(owner.parameters.shape).map(([key, type]) => {
    const { description, source } = (type as z.ZodType).meta() as unknown as FieldMeta;
    const inner = type instanceof z.ZodDefault ? type.unwrap() : type;
    const values = inner instanceof z.ZodEnum ? (inner.options as string[]) : undefined;
    return { key, description, source, default: defaults[key], ...(values === undefined ? {} : { values }) };
  });
}
