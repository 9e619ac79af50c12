/** @file The jobs of a plan: each combination of values once, named by a hash of its resolved configuration. */
import { createHash } from "node:crypto";
import { describeParameters } from "../parameters/describe.ts";
import { ParameterError, type Parametrised, parseParameters } from "../parameters/parse.ts";
import { suggestion } from "../parameters/suggest.ts";
import { Random } from "../random/random.ts";
import { type Block, PlanError, type RunChoices } from "./plan.ts";
import type { Values } from "./values.ts";

/** One run of a sweep. */
export interface Job {
  /** "fc2-0a1b2c3d4e5f": setting, and a hash of everything that the run's numbers depend on. */
  readonly id: string;
  readonly setting: string;
  readonly preset?: string;
  /** The parameters that the sweep sets, checked. The others have the preset's values. */
  readonly values: Readonly<Record<string, unknown>>;
  /** Options of this job that differ from the sweep's. */
  readonly options?: RunChoices;
}

/** A block's setting with the values of its preset. */
export interface BlockSetting extends Parametrised {
  readonly preset: Readonly<Record<string, unknown>>;
}

/** chosen: planning more takes a minute, and no cluster would run them. */
export const MOST_JOBS = 1_000_000;

/** Number of jobs of a block, without creating them. */
export function countJobs({ values, conditions, draws = 1 }: Block): number {
  return lists(values).reduce((product, [, { length }]) => product * length, conditions.length * draws);
}

/**
 * The jobs of a block, the last parameter changing fastest.
 *
 * @param setting the block's setting
 * @throws PlanError naming an unknown parameter or an invalid value
 */
export function* jobsOf(block: Block, setting: BlockSetting, options: RunChoices): Generator<Job & Resolved> {
  const { values, conditions, draws = 1, preset } = block;
  checkKeys(block, setting);
  const drawn = Object.entries(values).filter(([, { kind }]) => kind === "drawn");
  if (drawn.length > 0 && block.draws === undefined)
    throw new PlanError(
      `sweep: expected --draws, or draws in the plan, for ${drawn[0]![0]}, whose values are random, got none`,
    );
  if (drawn.length === 0 && block.draws !== undefined)
    throw new PlanError("sweep: expected a parameter with random values for draws, as lr=loguniform:1e-3..1, got none");
  const grid = lists(values);
  for (const condition of conditions)
    for (let draw = 0; draw < draws; draw++) {
      const random = drawnAt(drawn, block.drawSeed, draw);
      for (const point of combinations(grid)) {
        const given = { ...condition, ...random, ...point };
        const parameters = parsed(setting, { ...setting.preset, ...given });
        yield {
          id: jobId(setting.name, parameters, options),
          setting: setting.name,
          ...(preset !== undefined && { preset }),
          values: Object.fromEntries(Object.keys(given).map((key) => [key, parameters[key]])),
          parameters,
        };
      }
    }
}

/** With every parameter, the preset and defaults filled in. */
export interface Resolved {
  readonly parameters: Readonly<Record<string, unknown>>;
}

/**
 * The id of a job, equal for equal setting, parameters, measurements and data, however they were written. Threads and
 * device are not part of it.
 */
export function jobId(setting: string, parameters: Readonly<Record<string, unknown>>, options: RunChoices): string {
  const sorted = (record: Readonly<Record<string, unknown>>) =>
    Object.entries(record)
      .filter(([, value]) => value !== undefined)
      .sort(([x], [y]) => (x < y ? -1 : 1));
  const text = JSON.stringify([setting, sorted(parameters), sorted(options)]);
  return `${setting}-${createHash("sha256").update(text).digest("hex").slice(0, 12)}`;
}

function checkKeys({ values, conditions, setting: name }: Block, setting: Parametrised): void {
  const known = describeParameters(setting).map(({ key }) => key);
  const keys = new Set([...Object.keys(values), ...conditions.flatMap((condition) => Object.keys(condition))]);
  for (const key of keys)
    if (!known.includes(key))
      throw new PlanError(`sweep: expected a parameter of ${name}, got "${key}"${suggestion(key, known)}`);
  for (const condition of conditions)
    for (const key of Object.keys(condition))
      if (Object.hasOwn(values, key))
        throw new PlanError(
          `sweep: expected ${key} of ${name} in values or in conditions, got it in both; take out one`,
        );
}

function parsed(setting: Parametrised, given: Readonly<Record<string, unknown>>): Record<string, unknown> {
  try {
    return parseParameters(setting, given);
  } catch (error) {
    if (error instanceof ParameterError) throw new PlanError(`sweep: ${error.message}`);
    throw error;
  }
}

function lists(values: Readonly<Record<string, Values>>): [string, readonly unknown[]][] {
  return Object.entries(values).flatMap(([key, found]): [string, readonly unknown[]][] =>
    found.kind === "list" ? [[key, found.values]] : [],
  );
}

function drawnAt(drawn: readonly (readonly [string, Values])[], seed: number, draw: number): Record<string, unknown> {
  const random = new Random(seed).split(`draw ${draw}`); // further draws change no earlier ones
  return Object.fromEntries(
    drawn.map(([key, values]) => [key, values.kind === "drawn" ? values.draw(random.split(key)) : undefined]),
  );
}

function* combinations(grid: readonly (readonly [string, readonly unknown[]])[]): Generator<Record<string, unknown>> {
  const [first, ...rest] = grid;
  if (first === undefined) {
    yield {};
    return;
  }
  const [key, values] = first;
  for (const value of values) for (const others of combinations(rest)) yield { [key]: value, ...others };
}
