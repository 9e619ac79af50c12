/** @file `crh lab` and its options; the server is loaded when the command is called. */
import { type Command, Option } from "commander";
import { wholeNumber } from "./commandOptions.ts";
import type { LabCommandOptions } from "./commands/lab.ts";
import type { Io } from "./io.ts";
import { SWEEPS } from "./sweepProgram.ts";

/** chosen: unassigned port, easy to type. */
const PORT = 4100;

/** chosen: the number of ports. */
const MOST_PORTS = 65_535;

export function addLab(program: Command, io: Io, finish: (result: unknown) => void, runs: string): void {
  program
    .command("lab")
    .description("a page in the browser: runs as they train, in detail and compared, and a playground")
    .argument(
      "[folder]",
      "a folder of runs, one run, or a folder of captures, which are measured as they arrive (default: --in)",
    )
    .option("--in <folder>", "folder of the runs", runs)
    .addOption(new Option("--runs <folder>").hideHelp())
    .option("--sweeps <folder>", "folder of the sweeps", SWEEPS)
    .option("--port <number>", "port to listen on, 0 for any free one", wholeNumber(0, MOST_PORTS), PORT)
    .option("--host <address>", "address to listen on; any address but localhost needs the printed token")
    .option("--no-open", "open no browser")
    .addOption(new Option("--attached", "end when the input closes").hideHelp())
    .action(
      async (folder: string | undefined, options: { in: string; runs?: string } & Omit<LabCommandOptions, "runs">) => {
        const { labCommand } = await import("./commands/lab.ts");
        const { in: runs, ...rest } = options;
        finish(await labCommand(folder, { ...rest, runs: options.runs ?? runs }, io));
      },
    );
}
