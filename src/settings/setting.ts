/**
 * @file A setting: a named experiment with validated parameters. To add one, write a file beside fc2.ts and list it in
 * settings.ts.
 */
import type { z } from "zod";
import type { ByteSource } from "../data/byteSource.ts";
import type { TextFile } from "../data/corpus.ts";
import type { Tokenizer } from "../data/tokenizer.ts";
import type { Tokens } from "../data/tokens.ts";
import { describeParameters } from "../parameters/describe.ts";
import { ParameterError } from "../parameters/parse.ts";
import { Random } from "../random/random.ts";
import type { Experiment } from "../train/experiment.ts";
import type { OptimizerOptions } from "../train/optimizer.ts";
import { optimizer } from "../train/optimizer.ts";
import { type ScheduleOptions, schedule } from "../train/schedule.ts";

/** What a setting gets from its surroundings: files of the user's data folder. All undefined without --data, but `folder`. */
export interface Surroundings {
  /** Bytes of a file in the folder given by --data, or undefined where there is no such file. */
  readonly file?: (name: string) => Uint8Array | undefined;
  /** Names of the files in that folder and the folders in it, sorted; where --data names a file, that file alone. */
  readonly list?: () => readonly string[];
  /** A file of `list`, read by place: for those that need not fit into memory. */
  readonly open?: (name: string) => ByteSource;
  /** Tokens of text files: in memory, or where they are many in a file that is kept for the next time. */
  readonly tokens?: (files: readonly TextFile[], tokenizer: Tokenizer) => Tokens;
  /** Another folder that a parameter names, such as a tokenizer's. */
  readonly folder?: (path: string) => Surroundings;
}

/** Parameters that go together: those that differ from the defaults, which are the paper's. */
export interface Preset {
  /** One line for the help. */
  readonly summary: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  /** Steps between measurements, where --every is not given. Default "log". */
  readonly every?: number;
}

/** The preset of the defaults. */
export const PAPER = "paper";

export interface Setting<S extends z.ZodObject = z.ZodObject> {
  readonly name: string;
  /** One line for the help. */
  readonly summary: string;
  /** Whether it reads a data folder. */
  readonly needsData: boolean;
  /** Whether it reads a data folder with these parameters, where that is not always the same. Default: needsData. */
  readsData?(parameters: z.output<S>): boolean;
  readonly parameters: S;
  /** By name, besides PAPER. Default: none, and --preset is refused. */
  readonly presets?: Readonly<Record<string, Preset>>;
  /** Steps between measurements, where neither --every nor the preset says. Default "log". */
  readonly every?: number;
  /** Whether its steps are large enough to gain from all cores, which are then the default of --threads. Default: one thread. */
  readonly parallel?: boolean;
  /** Builds the network, data and optimizer. @throws RangeError in one line when parameters and data do not fit */
  build(parameters: z.output<S>, surroundings: Surroundings): Experiment;
}

/** Keeps the type of a setting's schema while listing settings together. */
export function defineSetting<S extends z.ZodObject>(setting: Setting<S>): Setting {
  return setting as unknown as Setting;
}

/**
 * A preset of a setting by name.
 *
 * @throws ParameterError listing the presets where there is none of that name
 */
export function findPreset({ name, presets = {} }: Setting, preset: string): Preset {
  const all: Readonly<Record<string, Preset>> = {
    [PAPER]: { summary: "the paper's values, chosen ones where it leaves them open", parameters: {} },
    ...presets,
  };
  const found = Object.hasOwn(all, preset) ? all[preset] : undefined;
  if (found !== undefined) return found;
  throw new ParameterError(`${name}: expected a preset of ${Object.keys(all).join(", ")}, got "${preset}"`);
}

/** chosen: parameters by which a network or its training is smaller than another. */
const SIZES: ReadonlySet<string> = new Set(["layers", "depth", "heads", "width", "context", "batch", "steps"]);

/** The parameters that make a run smaller than the paper's, whose are the defaults: claims of the paper may fail at their size. */
export function smallerThanPaper(setting: Setting, parameters: Readonly<Record<string, unknown>>): string[] {
  const less = (value: unknown, than: unknown) => typeof value === "number" && typeof than === "number" && value < than;
  return describeParameters(setting)
    .filter((field) => SIZES.has(field.key) && less(parameters[field.key], field.default))
    .map(({ key }) => key);
}

/** @throws ParameterError where a batch cannot be cut into so many equal parts */
export function checkAccumulate(name: string, { batch, accumulate }: { batch: number; accumulate: number }): void {
  if (accumulate > 0 && batch % accumulate !== 0)
    throw new ParameterError(
      `${name}: expected accumulate to divide the batch of ${batch}, got ${accumulate}; change one`,
    );
}

/**
 * Optimizer and schedule from the shared parameters, and with `syre` the decay towards a random point, which then is all the decay there
 * is.
 */
export function optimization(p: Omit<OptimizerOptions, "kind"> & Omit<ScheduleOptions, "kind"> & SharedKinds) {
  const { optimizer: kind, schedule: shape, syre, syreSize: size, syreSpread: spread, seed, ...rest } = p;
  const { decay = 0 } = rest;
  const plain = { optimizer: optimizer({ ...rest, kind }), schedule: schedule({ ...rest, kind: shape }) };
  if (!syre || decay === 0) return plain;
  const random = new Random(seed).split("syre");
  return { ...plain, optimizer: optimizer({ ...rest, decay: 0, kind }), syre: { decay, size, spread, random } };
}

interface SharedKinds {
  readonly seed: number;
  readonly syre: boolean;
  readonly syreSize: number;
  readonly syreSpread: number;
  readonly optimizer: OptimizerOptions["kind"];
  readonly schedule: ScheduleOptions["kind"];
}
