/** @file The options by which `crh sweep` submits its jobs to Slurm. */
import { type Command, InvalidArgumentError } from "commander";
import { wholeNumber } from "./commandOptions.ts";

export interface SlurmOptions {
  readonly slurm?: boolean;
  readonly partition?: string;
  readonly time?: string;
  readonly cpusPerTask?: number;
  readonly gres?: string;
  readonly account?: string;
  readonly slurmArg?: readonly string[];
}

/** chosen: more than any node has. */
const MOST_CPUS = 4096;

export function withSlurm(command: Command): Command {
  return command
    .optionsGroup("Slurm:")
    .option("--slurm", "submit the jobs to Slurm as an array, and end; --jobs limits the tasks that run at once")
    .option("--partition <names>", "as of sbatch", word)
    .option("--time <limit>", "as for sbatch; before the limit a job writes a checkpoint and is requeued", word)
    .option("--cpus-per-task <number>", "as for sbatch: threads of each job", wholeNumber(1, MOST_CPUS))
    .option("--gres <resources>", "as of sbatch", word)
    .option("--account <name>", "as of sbatch", word)
    .option(
      "--slurm-arg <argument>",
      "any other argument of sbatch, such as --slurm-arg=--qos=long; once for each",
      (argument: string, earlier: readonly string[] = []) => [...earlier, argument],
    );
}

/** The first given option that only applies to Slurm. */
export function slurmOption(options: SlurmOptions): string | undefined {
  const given: readonly (readonly [string, unknown])[] = [
    ...([
      ["--partition", options.partition],
      ["--time", options.time],
      ["--gres", options.gres],
    ] as const),
    ...([
      ["--cpus-per-task", options.cpusPerTask],
      ["--account", options.account],
    ] as const),
    ["--slurm-arg", options.slurmArg],
  ];
  return given.find(([, value]) => value !== undefined)?.[0];
}

/** Refuses empty words, which would silently be dropped on the way to Slurm. */
function word(text: string): string {
  if (text.trim() === "") throw new InvalidArgumentError("Expected a name or a value.");
  return text;
}
