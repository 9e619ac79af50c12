/**
 * @file Which setting another program trained where captures were made (docs/formats.md, setting.json): its parameters
 * by the names that they have here, and what that program did otherwise. It stands in the folder of captures and, under
 * "captured", in the config.json of the run that was made of them. Both are texts of strangers.
 */

import { z } from "zod";
import { schemaFault } from "../formats/schemaFault.ts";

export const CAPTURED_SCHEMA = "crh-lab/captured-setting@1";

/** chosen: what a page shows as a line, and lines of a list. */
const [LONGEST, MOST] = [400, 20];

const line = z
  .string()
  .min(1)
  .max(LONGEST, `at most ${LONGEST} letters`)
  .regex(/^\P{Cc}*$/u, "no control characters");

const capturedSetting = z.looseObject({
  schema: z.literal(CAPTURED_SCHEMA),
  setting: line,
  parameters: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  every: z.union([z.int().min(1), z.literal("log")]),
  program: line,
  differences: z.array(line).max(MOST, `at most ${MOST}`),
});

export interface CapturedSetting {
  readonly schema: typeof CAPTURED_SCHEMA;
  readonly setting: string;
  /** As far as they are named; in a run every parameter. */
  readonly parameters: Readonly<Record<string, string | number | boolean>>;
  /** Steps between captures, the first and the last step besides, or "log" as by `crh run --every log`. */
  readonly every: number | "log";
  /** "PyTorch 2.15.0, res1.py". */
  readonly program: string;
  /** What that program does otherwise than the setting here, a sentence each. */
  readonly differences: readonly string[];
}

/** @throws RangeError in one line naming the file, what is wrong there and the cure */
export function checkedCapturedSetting(found: unknown, path: string): CapturedSetting {
  const parsed = capturedSetting.safeParse(found);
  if (parsed.success) return parsed.data;
  const { place, fault } = schemaFault(parsed.error.issues);
  throw new RangeError(
    `${path}: expected a setting of schema ${CAPTURED_SCHEMA}, got another (${place}: ${fault}); mend it or take it away`,
  );
}
