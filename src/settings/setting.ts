/**
 * @file A setting: a named experiment with validated parameters. To add one, write a file beside fc2.ts and list it in
 * settings.ts.
 */
import type { z } from "zod";
import type { MakeBatches } from "../data/augment/batchMaker.ts";
import type { ByteSource } from "../data/byteSource.ts";
import type { TextFile } from "../data/corpus.ts";
import type { Tokenizer } from "../data/tokenizer.ts";
import type { Tokens } from "../data/tokens.ts";
import type { Experiment } from "../train/experiment.ts";

/**
 * Inputs of a setting: files of the user's data folder, and threads. Without --data all are undefined except `folder`
 * and `augment`.
 */
export interface DataFolder {
  /** Bytes of a file in the folder given by --data, or undefined if there is no such file. */
  readonly file?: (name: string) => Uint8Array | undefined;
  /** Sorted names of the files in that folder and its subfolders; if --data names a file, that file only. */
  readonly list?: () => readonly string[];
  /** A file of `list` with random access, which need not fit in memory. */
  readonly open?: (name: string) => ByteSource;
  /** Tokens of text files: in memory or, if there are many, in a cached file. */
  readonly tokens?: (files: readonly TextFile[], tokenizer: Tokenizer) => Tokens;
  /** Threads that augment images (augmentThreads). Default: the training thread. */
  readonly augment?: (workers: number) => MakeBatches;
  /** Another folder named by a parameter, such as that of a tokenizer. */
  readonly folder?: (path: string) => DataFolder;
}

/** A set of parameters that differ from the defaults, which are the paper's. */
export interface Preset {
  /** One line for the help. */
  readonly summary: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  /** Steps between measurements, where --every is not given. Default "log". */
  readonly every?: number;
}

export interface Setting<S extends z.ZodObject = z.ZodObject> {
  /** Name in the list of settings. */
  readonly name: string;
  /** Whether it reads a data folder. */
  readonly needsData: boolean;
  /** Whether it reads a data folder for these parameters, if that depends on them. Default: needsData. */
  readsData?(parameters: z.output<S>): boolean;
  readonly parameters: S;
  /** Presets by name, besides PAPER. Default: none; --preset is then refused. */
  readonly presets?: Readonly<Record<string, Preset>>;
  /** Steps between measurements, unless --every or the preset sets it. Default "log". */
  readonly every?: number;
  /**
   * Whether its steps are large enough to benefit from all cores, which is then the default of --threads. Default: one
   * thread.
   */
  readonly parallel?: boolean;
  /** Builds the network, data and optimizer. @throws RangeError in one line if parameters and data do not fit */
  build(parameters: z.output<S>, folder: DataFolder): Experiment;
}

/** Returns the setting unchanged; infers the parameter type of `build` from its schema. */
export function defineSetting<S extends z.ZodObject>(setting: Setting<S>): Setting<S> {
  return setting;
}
