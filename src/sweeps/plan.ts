/**
 * @file The plan of a sweep: settings with the values of their parameters, from the command line or a YAML file.
 */
import { parseDocument } from "yaml";
import { z } from "zod";
import { suggestion } from "../parameters/suggest.ts";
import { parseValues, type Values, ValuesError } from "./values.ts";

/** Every combination of values, for every condition and every draw, for one setting. */
export interface Block {
  readonly setting: string;
  readonly preset?: string;
  readonly values: Readonly<Record<string, Values>>;
  /** Sets of values used together; every combination is run under each. Empty: one condition without values. */
  readonly conditions: readonly Readonly<Record<string, unknown>>[];
  /** Number of random draws, and their seed. */
  readonly draws?: number;
  readonly drawSeed: number;
}

/** How runs of a sweep are measured and kept: options of `crh run`. */
export type RunChoices = Readonly<z.output<typeof choices>>;

export interface SweepPlan {
  readonly name?: string;
  readonly blocks: readonly Block[];
  readonly options: RunChoices;
}

/** An invalid plan; the message is for the user. */
export class PlanError extends Error {
  override readonly name = "PlanError";
}

const count = z.int({ error: "a whole number" }).min(1, "1 or more");
const scalar = z.union([z.string(), z.number(), z.boolean()], { error: "a number, a text, true or false" });
const written = z.union([scalar, z.array(scalar).min(1, "one value or more")], {
  error: "a value or a list of values",
});
const name = z.string({ error: "a text" }).regex(/^[A-Za-z0-9][\w.-]{0,99}$/, "a name of letters, digits, . _ and -");

const choices = z.strictObject({
  every: z.union([count, z.literal("log")], { error: 'a number of steps or "log"' }).exactOptional(),
  evaluateEvery: count.exactOptional(),
  cost: z.enum(["economy", "standard", "full"], { error: "economy, standard or full" }).exactOptional(),
  moments: z.enum(["none", "final", "all"], { error: "none, final or all" }).default("none"),
  checkpointEvery: count.exactOptional(),
  follow: z.array(z.int().min(0)).exactOptional(),
  followEvery: count.exactOptional(),
  data: z.string({ error: "a folder" }).exactOptional(),
});

const blockFields = {
  setting: z.string({ error: "the name of a setting" }),
  preset: z.string({ error: "the name of a preset" }).optional(),
  values: z.record(z.string(), written, { error: "parameters with their values" }).default({}),
  conditions: z
    .array(z.record(z.string(), scalar, { error: "parameters with one value each" }), { error: "a list" })
    .min(1, "one condition or more")
    .optional(),
  draws: count.optional(),
  drawSeed: z.int({ error: "a whole number" }).min(0, "0 or more").default(0),
};
const shared = { name: name.optional(), options: choices.prefault({}) };
const one = z.strictObject({ ...shared, ...blockFields });
const several = z.strictObject({
  ...shared,
  sweeps: z.array(z.strictObject(blockFields), { error: "a list of settings" }).min(1, "one or more"),
});

/** @throws PlanError if they are invalid */
export function checkedChoices(given: Readonly<Record<string, unknown>>): RunChoices {
  return checked(choices, given, "sweep");
}

/** @param file its name, for messages. @throws PlanError with position and fault */
export function parsePlan(text: string, file: string): SweepPlan {
  const document = parsedYaml(text, file);
  if (Object.hasOwn(document, "sweeps")) {
    const plan = checked(several, document, file);
    return planOf(plan, plan.sweeps, file);
  }
  const plan = checked(one, document, file);
  return planOf(plan, [plan], file);
}

function planOf(
  { name, options }: { name?: string | undefined; options: RunChoices },
  blocks: readonly Omit<z.output<typeof one>, "name" | "options">[],
  file: string,
): SweepPlan {
  return {
    ...(name !== undefined && { name }),
    options,
    blocks: blocks.map(({ setting, preset, values, conditions = [{}], draws, drawSeed }) => ({
      setting,
      ...(preset !== undefined && { preset }),
      values: Object.fromEntries(
        Object.entries(values).map(([key, value]) => [key, readValues(value, `${file}: ${setting}: ${key}`)]),
      ),
      conditions,
      ...(draws !== undefined && { draws }),
      drawSeed,
    })),
  };
}

function readValues(value: z.output<typeof written>, where: string): Values {
  if (Array.isArray(value)) return { kind: "list", values: value };
  if (typeof value !== "string") return { kind: "list", values: [value] };
  return valuesOf(value, where);
}

/** @throws PlanError naming the parameter */
export function valuesOf(text: string, where: string): Values {
  try {
    return parseValues(text);
  } catch (error) {
    if (error instanceof ValuesError) throw new PlanError(`${where}: ${error.message}`);
    throw error;
  }
}

/** chosen: largest size of a plan, which is written by hand. */
const MOST_ALIASES = 1000;

function parsedYaml(text: string, file: string): Record<string, unknown> {
  const document = parseDocument(text, { strict: true, uniqueKeys: true, version: "1.2" });
  const [fault] = document.errors;
  if (fault !== undefined) {
    const { line = 0, col = 0 } = fault.linePos?.[0] ?? {};
    const what = fault.code === "TAB_AS_INDENT" ? "a tab" : fault.message.split(/ at line|\n/)[0]!;
    throw new PlanError(`${file}: expected YAML, got ${what} in line ${line}, column ${col}; indent with spaces`);
  }
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: MOST_ALIASES });
  } catch (error) {
    throw new PlanError(`${file}: expected a plan without endless aliases, got one (${(error as Error).message})`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new PlanError(
      `${file}: expected a setting with values, or sweeps, got ${value === null ? "nothing" : "something else"}`,
    );
  refuseCycles(value, file);
  return value as Record<string, unknown>;
}

/** Refuses an anchor that contains itself, which could not be traversed. */
function refuseCycles(value: object, file: string, above: ReadonlySet<object> = new Set()): void {
  if (above.has(value))
    throw new PlanError(`${file}: expected a plan of finite depth, got an anchor that holds itself`);
  const path = new Set(above).add(value);
  for (const inner of Object.values(value))
    if (typeof inner === "object" && inner !== null) refuseCycles(inner, file, path);
}

function checked<T extends z.ZodType>(schema: T, value: unknown, where: string): z.output<T> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const place = issue.path.map(String).join(".");
  if (issue.code === "unrecognized_keys") {
    const known = knownKeys(schema, issue.path);
    const key = issue.keys[0]!;
    throw new PlanError(
      `${where}: expected known keys${place && ` in ${place}`}, got "${key}"${suggestion(key, known)}`,
    );
  }
  throw new PlanError(
    `${where}: expected ${place || "the plan"} to be ${issue.message}, got ${shown(value, issue.path)}`,
  );
}

function knownKeys(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  if (path[0] === "options" || schema === (choices as z.ZodType)) return Object.keys(choices.shape);
  if (path[0] === "sweeps") return Object.keys(blockFields);
  return Object.keys((schema as unknown as typeof one).shape);
}

function shown(value: unknown, path: readonly PropertyKey[]): string {
  const found = path.reduce<unknown>((inner, key) => (inner as Record<PropertyKey, unknown> | undefined)?.[key], value);
  return found === undefined ? "none" : JSON.stringify(found).slice(0, 60);
}
