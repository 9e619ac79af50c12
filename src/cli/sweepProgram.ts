/** @file `crh sweep`, `crh worker` and their options; their code is loaded when they are called. */
import { type Command, InvalidArgumentError, Option } from "commander";
import { MOST_THREADS } from "../runner/training/runOptions.ts";
import type { Share } from "../sweeps/sweepFolder.ts";
import { interval, places, wholeNumber } from "./commandOptions.ts";
import type { DoSweepOptions, SweepOptions } from "./commands/sweep.ts";
import type { WorkerOptions } from "./commands/worker.ts";
import { type Io, widthOf } from "./io.ts";
import { withSlurm } from "./slurmOptions.ts";
import { wrapColumns } from "./table.ts";

export const SWEEPS = "sweeps";
/** chosen: more than any cluster runs at once. */
const MOST_JOBS = 100_000;

/** chosen: the largest number that was measured. */
const MOST_TOGETHER = 16;
const TOGETHER =
  "most small networks that a worker trains in one graph, where that is faster; results are equal up to rounding";

const EXAMPLES = `
Values: 1e-6,1e-5 each of them; 0..4 whole numbers; lin:0..1:5 and log:1e-6..1e-3:7 so many points;
uniform:0..1, loguniform:1e-6..1e-3 and integer:1..8 drawn at random, --draws times.

Examples:
  crh sweep fc2 decay=1e-6,1e-5,1e-4 width=50,100,200 seed=0..4 --jobs 2
  crh sweep fc2 lr=loguniform:1e-3..1 --draws 20 --steps 2000
  crh sweep plan.yaml --dry-run
  crh sweep plan.yaml --slurm --partition gpu --time 2:00:00
  crh worker sweeps/2026-12-01-fc2                joins it from any machine that shares the disk
  crh compare sweeps/2026-12-01-fc2 --x decay --y b.rga

A file names settings, values and conditions, which are values that go together:
  name: decay
  options: {every: log, moments: final}
  sweeps:
    - setting: fc2
      values: {decay: "log:1e-6..1e-3:4", seed: 0..2}
      conditions: [{width: 50, lr: 0.1}, {width: 200, lr: 0.05}]
`;

export function addSweep(program: Command, io: Io, finish: (result: unknown) => void): void {
  const sweep = withDoing(
    program
      .command("sweep")
      .description("many runs over values of parameters, several at once; no work is repeated or lost")
      .usage("<setting> [key=values ...] | <plan.yaml> | resume <sweep> | status <sweep>   [options]")
      .argument("[what]", "a setting, or a YAML file with settings, values and conditions")
      .argument("[assignments...]", "values of parameters: decay=1e-6,1e-5 seed=0..4"),
  );
  sweep
    .option("--name <name>", "name of the sweep (default: the date and the setting)")
    .option("--preset <name>", "preset of every run")
    .option("--steps <number>", "training steps of every run", wholeNumber(0))
    .option("--draws <number>", "number of random draws", wholeNumber(1))
    .option("--draw-seed <number>", "seed of the draws (default: 0)", wholeNumber(0))
    .option("--every <number|log>", "when every run is measured, as for crh run", interval)
    .option("--evaluate-every <number>", "as for crh run", wholeNumber(1))
    .addOption(
      new Option("--moments <which>", "second moments that every run keeps (default: none)").choices([
        ...["none", "final", "all"],
      ]),
    )
    .addOption(new Option("--cost <level>", "as for crh run").choices(["economy", "standard", "full"]))
    .option("--checkpoint-every <number>", "as for crh run", wholeNumber(1))
    .option("--follow <samples>", "as for crh run", places)
    .option("--follow-every <steps>", "as for crh run", wholeNumber(1))
    .option("--fail-fast", "stop at the first failure (default: continue with the other jobs)")
    .option("--again", "repeat jobs that another sweep in the folder has done")
    .option("--dry-run", "show the jobs with estimated time and memory, and do nothing")
    .option("--plan-only", "only write the sweep's folder, for crh worker");
  withSlurm(sweep)
    .addHelpText("after", () => wrapColumns(EXAMPLES, widthOf(io.stdout)))
    .action(async (what: string | undefined, assignments: string[], options: SweepOptions) => {
      const { sweepCommand } = await import("./commands/sweep.ts");
      finish(await sweepCommand(what, assignments, options, io));
    });
  const resume = withDoing(
    sweep
      .command("resume")
      .description("do the remaining jobs of a sweep, unfinished runs from their checkpoints")
      .argument("<sweep>", 'its folder, its name or "latest"'),
  ).option("--failed", "try failed jobs again");
  withSlurm(resume).action(async (which: string, _, command: Command) => {
    const { sweepResumeCommand } = await import("./commands/sweep.ts");
    finish(await sweepResumeCommand(which, optionsOf<DoSweepOptions & { failed?: boolean }>(command), io));
  });
  sweep
    .command("status")
    .description("progress of a sweep: done, failed, running, in Slurm's queue, time left")
    .argument("<sweep>", 'its folder, its name or "latest"')
    .option("--sweeps <folder>", "folder of the sweeps", SWEEPS)
    .option("--json", "print it as JSON")
    .action(async (which: string, _, command: Command) => {
      const { sweepStatusCommand } = await import("./commands/sweep.ts");
      finish(await sweepStatusCommand(which, optionsOf<{ sweeps: string; json?: boolean }>(command), io));
    });
  program
    .command("worker")
    .description("join a sweep from any machine that shares its folder, and do its jobs one by one")
    .argument("<sweep>", 'its folder, its name or "latest"')
    .option("--sweeps <folder>", "folder of the sweeps", SWEEPS)
    .option("--threads <number>", "threads of one operator (default: all cores)", wholeNumber(1, MOST_THREADS))
    .option("--together <number>", TOGETHER, wholeNumber(1, MOST_TOGETHER), 1)
    .option("--data <folder>", "data folder, if it is elsewhere on this machine")
    .option("--list <file>", "only jobs whose names are in the file, one per line")
    .option("--share <i/n>", "only every n-th job, from the i-th on, i from 0", share)
    .option(
      "--no-wait",
      "end when all remaining jobs are being done by others; do not wait to take over from dead workers",
    )
    .option("--stale <seconds>", "silence after which another worker counts as dead (default: 150)", wholeNumber(1))
    .option("--quiet", "print no progress")
    .action(async (which: string, options: WorkerOptions) => {
      const { workerCommand } = await import("./commands/worker.ts");
      finish(await workerCommand(which, options, io));
    });
}

/** `crh sweep` parses options it shares with its subcommands before they do, wherever they appear. */
const optionsOf = <T extends object>(command: Command): T => command.optsWithGlobals<T>();

/** Options shared by the commands that run a sweep's jobs. */
function withDoing(command: Command): Command {
  return command
    .option("--sweeps <folder>", "folder of the sweeps", SWEEPS)
    .option("--jobs <number>", "workers at once (default: 1)", wholeNumber(1, MOST_JOBS))
    .option("--threads <number>", "threads of all workers together (default: all cores)", wholeNumber(1, MOST_THREADS))
    .option("--together <number>", TOGETHER, wholeNumber(1, MOST_TOGETHER), 1)
    .option("--data <folder>", "data folder, if the setting needs one")
    .option("--json", "print the result as JSON")
    .option("--quiet", "print no progress");
}

/** Parses --share: "0/40". */
function share(text: string): Share {
  const [, index, of] = /^(\d+)\/(\d+)$/.exec(text) ?? [];
  const read = { index: Number(index), of: Number(of) };
  if (of === undefined || read.of < 1 || read.index >= read.of)
    throw new InvalidArgumentError("Expected i/n with i from 0 to n - 1, such as 0/40.");
  return read;
}
