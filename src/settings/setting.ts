/**
 * @file A setting: a named experiment with validated parameters. To add one, write a file beside fc2.ts and list it in
 * settings.ts.
 */
import { z } from "zod";
import type { OptimizerOptions } from "../train/optimizer.ts";
import { optimizer } from "../train/optimizer.ts";
import { type ScheduleOptions, schedule } from "../train/schedule.ts";
import type { Experiment } from "../train/train.ts";
import type { FieldMeta } from "./parameters.ts";

/** What a setting gets from its surroundings: files of the user's data folder. */
export interface Surroundings {
  /** Bytes of a file in the folder given by --data, or undefined where there is no such file. */
  readonly file?: (name: string) => Uint8Array | undefined;
}

export interface Setting<S extends z.ZodObject = z.ZodObject> {
  readonly name: string;
  /** One line for the help. */
  readonly summary: string;
  /** Whether it reads a data folder. */
  readonly needsData: boolean;
  readonly parameters: S;
  /** Builds the network, data and optimizer. @throws RangeError in one line when parameters and data do not fit */
  build(parameters: z.output<S>, surroundings: Surroundings): Experiment;
}

/** A parameter value that cannot be used; the message is for the user. */
export class ParameterError extends Error {
  override readonly name = "ParameterError";
}

/** Keeps the type of a setting's schema while listing settings together. */
export function defineSetting<S extends z.ZodObject>(setting: Setting<S>): Setting {
  return setting as unknown as Setting;
}

/**
 * Validates parameters of a setting given as texts or values.
 *
 * @returns every parameter, defaults filled in
 * @throws ParameterError naming the first wrong key or value, with the closest key where one is unknown
 */
export function parseParameters(setting: Setting, given: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const known = Object.keys(setting.parameters.shape);
  for (const key of Object.keys(given)) {
    if (known.includes(key)) continue;
    const guess = closest(key, known);
    throw new ParameterError(
      `${setting.name}: expected a parameter of ${setting.name}, got "${key}"; ` +
        (guess === undefined ? `it has ${known.join(", ")}` : `did you mean ${guess}?`),
    );
  }
  const result = z.safeParse(setting.parameters, given);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const key = String(issue.path[0]);
  throw new ParameterError(
    `${setting.name}: expected ${key} to be ${expectation(issue)}, got "${String(given[key])}"; ` +
      `crh run ${setting.name} --help lists the parameters`,
  );
}

function expectation(issue: z.core.$ZodIssue): string {
  if (issue.code === "invalid_value") return `one of ${issue.values.join(", ")}`;
  return issue.message;
}

/** Meaning, source and default of each parameter, in the schema's order. */
export function describeParameters(
  setting: Setting,
): (FieldMeta & { key: string; default: unknown; values?: readonly string[] })[] {
  const defaults = setting.parameters.parse({}) as Record<string, unknown>;
  return Object.entries(setting.parameters.shape).map(([key, type]) => {
    const { description, source } = (type as z.ZodType).meta() as unknown as FieldMeta;
    const inner = type instanceof z.ZodDefault ? type.unwrap() : type;
    const values = inner instanceof z.ZodEnum ? (inner.options as string[]) : undefined;
    return { key, description, source, default: defaults[key], ...(values === undefined ? {} : { values }) };
  });
}

/** Optimizer and schedule from the shared parameters. */
export function optimization(p: Omit<OptimizerOptions, "kind"> & Omit<ScheduleOptions, "kind"> & SharedKinds) {
  const { optimizer: kind, schedule: shape, ...rest } = p;
  return { optimizer: optimizer({ ...rest, kind }), schedule: schedule({ ...rest, kind: shape }) };
}

interface SharedKinds {
  readonly optimizer: OptimizerOptions["kind"];
  readonly schedule: ScheduleOptions["kind"];
}

/** The candidate within two edits of `word`, if any. */
export function closest(word: string, candidates: readonly string[]): string | undefined {
  const ranked = candidates.map((candidate) => ({ candidate, distance: editDistance(word, candidate) }));
  ranked.sort((left, right) => left.distance - right.distance);
  const best = ranked[0];
  return best !== undefined && best.distance <= 2 ? best.candidate : undefined;
}

/** Edits that turn one word into the other: insertions, deletions, replacements, swaps of neighbours (optimal string alignment). */
function editDistance(a: string, b: string): number {
  const D = Array.from({ length: a.length + 1 }, (_, i) =>
    Array.from({ length: b.length + 1 }, (_, j) => (i === 0 ? j : i)),
  );
  for (let i = 1; i <= a.length; i++)
    for (let j = 1; j <= b.length; j++) {
      const replace = D[i - 1]![j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      let best = Math.min(D[i - 1]![j]! + 1, D[i]![j - 1]! + 1, replace);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        best = Math.min(best, D[i - 2]![j - 2]! + 1);
      D[i]![j] = best;
    }
  return D[a.length]![b.length]!;
}
