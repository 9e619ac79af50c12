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
 * What a setting is handed: files of the user's data folder, and threads. All undefined without --data, but `folder`
 * and `augment`.
 */
export interface DataFolder {
  /** Bytes of a file in the folder given by --data, or undefined where there is no such file. */
  readonly file?: (name: string) => Uint8Array | undefined;
  /** Names of the files in that folder and the folders in it, sorted; where --data names a file, that file alone. */
  readonly list?: () => readonly string[];
  /** A file of `list`, read by place: for those that need not fit into memory. */
  readonly open?: (name: string) => ByteSource;
  /** Tokens of text files: in memory, or where they are many in a file that is kept for the next time. */
  readonly tokens?: (files: readonly TextFile[], tokenizer: Tokenizer) => Tokens;
  /** Threads that augment images (augmentThreads). Default: the thread that trains augments them. */
  readonly augment?: (workers: number) => MakeBatches;
  /** Another folder that a parameter names, such as a tokenizer's. */
  readonly folder?: (path: string) => DataFolder;
}

/** Parameters that go together: those that differ from the defaults, which are the paper's. */
export interface Preset {
  /** One line for the help. */
  readonly summary: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  /** Steps between measurements, where --every is not given. Default "log". */
  readonly every?: number;
}

export interface Setting<S extends z.ZodObject = z.ZodObject> {
  /** As in the list of settings. */
  readonly name: string;
  /** Whether it reads a data folder. */
  readonly needsData: boolean;
  /** Whether it reads a data folder with these parameters, where that is not always the same. Default: needsData. */
  readsData?(parameters: z.output<S>): boolean;
  readonly parameters: S;
  /** By name, besides PAPER. Default: none, and --preset is refused. */
  readonly presets?: Readonly<Record<string, Preset>>;
  /** Steps between measurements, where neither --every nor the preset says. Default "log". */
  readonly every?: number;
  /**
   * Whether its steps are large enough to gain from all cores, which are then the default of --threads. Default: one
   * thread.
   */
  readonly parallel?: boolean;
  /** Builds the network, data and optimizer. @throws RangeError in one line when parameters and data do not fit */
  build(parameters: z.output<S>, folder: DataFolder): Experiment;
}

/** The setting as it is: its schema's type is that of the parameters that `build` takes. */
export function defineSetting<S extends z.ZodObject>(setting: Setting<S>): Setting<S> {
  return setting;
}
