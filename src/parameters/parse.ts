/** @file Parses parameters, such as those of a setting, from texts or values. */
import { z } from "zod";
import { suggestion } from "./suggest.ts";

/** Something with parameters. */
export interface Parametrised {
  readonly name: string;
  readonly parameters: z.ZodObject;
}

/** An invalid parameter value; the message is for the user. */
export class ParameterError extends Error {
  override readonly name = "ParameterError";
}

/** Names of some parameters in other programs. */
const otherNames: Readonly<Record<string, string>> = {
  wd: "decay",
  weight_decay: "decay",
  "weight-decay": "decay",
  weightDecay: "decay",
  learning_rate: "lr",
  "learning-rate": "lr",
};

/** The name used here for a parameter that other programs name differently; other names are unchanged. */
export function usualName(key: string): string {
  return Object.hasOwn(otherNames, key) ? otherNames[key]! : key;
}

/**
 * Validates parameters given as texts or values.
 *
 * @returns every parameter, defaults filled in
 * @throws ParameterError naming the first wrong key or value, with the closest key where one is unknown
 */
export function parseParameters(
  owner: Parametrised,
  given: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const known = Object.keys(owner.parameters.shape);
  for (const key of Object.keys(given)) {
    if (known.includes(key)) continue;
    throw new ParameterError(`${owner.name}: expected a parameter, got "${key}"${suggestion(usualName(key), known)}`);
  }
  const result = z.safeParse(owner.parameters, given);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const key = String(issue.path[0]);
  throw new ParameterError(
    `${owner.name}: expected ${key} to be ${expectation(issue)}, got "${String(given[key])}"; ` +
      `crh run ${owner.name} --help lists the parameters`,
  );
}

function expectation(issue: z.core.$ZodIssue): string {
  if (issue.code === "invalid_value") return `one of ${issue.values.join(", ")}`;
  return issue.message;
}
