/** @file What a schema found wrong in a file, in words for an error message. */

/** An issue of zod, as far as it is needed here. */
interface Issue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/**
 * The first fault that a schema found: its place, as `layers.0.name`, and what was expected there, as
 * "expected string, got none".
 *
 * @param whole what the place is called where it is the document itself
 */
export function schemaFault(issues: readonly Issue[], whole = "the whole"): { place: string; fault: string } {
  const { path, message } = issues[0]!;
  const fault = message
    .replace(/^Invalid input: /, "")
    .replace(/, received undefined$/, ", got none")
    .replace(/, received (NaN|-?Infinity)$/, ", got one that is not finite")
    .replace(/, received /, ", got ");
  return { place: path.map(String).join(".") || whole, fault };
}
