/**
 * @file `crh twopoint` and its options; its code is loaded when it is called.
 */
import { type Command, Option } from "commander";
import { twoPointSystems } from "../twopoint/equations.ts";
import type { TwoPointFitOptions, TwoPointTheoryOptions } from "./commands/twopoint.ts";
import type { Io } from "./io.ts";

export function addTwoPoint(program: Command, io: Io, finish: (result: unknown) => void): void {
  const twopoint = program
    .command("twopoint")
    .description("the two-point theory of how two representations move during learning, solved and fitted");
  const system = () =>
    new Option("--system <name>", "the theory, or one of four altered systems as a negative control")
      .choices(twoPointSystems)
      .default("theory");
  twopoint
    .command("theory")
    .description("solve the equations for given rates and start")
    .usage("[key=value ...] [options]")
    .argument("[assignments...]", "h0=0.01 y0=0.001 and others")
    .addOption(system())
    .option("--json", "print {t, dh2, dy2, w} as JSON")
    .helpOption(false)
    .option("-h, --help", "print this help, with the parameters")
    .action(async (assignments: string[], options: TwoPointTheoryOptions & { help?: true }, command: Command) => {
      const { theoryHelp, twoPointTheoryCommand } = await import("./commands/twopoint.ts");
      if (options.help === true) io.stdout.write(`${command.helpInformation()}${theoryHelp}`);
      else finish(twoPointTheoryCommand(assignments, options, io));
    });
  twopoint
    .command("fit")
    .description("fit both rates to trajectories of a network, layer by layer")
    .argument("<file>", "CSV with columns step, layer, dh2, dy2, w, or npz with these arrays; layer may be missing")
    .requiredOption("--dx2 <number>", "squared distance of the two inputs")
    .requiredOption("--dy2 <number>", "squared distance of the two targets")
    .option("--layer <name>", "only this layer")
    .option("--pair <name>", "pair to fit, if the file has a column pair with several: 0-1")
    .option("--loss <file>", "CSV with columns step, loss: fits the third rate, of the outputs' mean, too")
    .addOption(
      new Option("--fit-start <when>", "also fit the start, whose measured values may be noisy; auto: if the rows are")
        .choices(["auto", "yes", "no"])
        .default("auto"),
    )
    .addOption(system())
    .option("--json", "print {layers} as JSON")
    .addHelpText("after", "\nExample:\n  crh twopoint fit trajectory.csv --dx2 1 --dy2 0.5 --loss loss.csv\n")
    .action(async (file: string, options: TwoPointFitOptions) => {
      const { twoPointFitCommand } = await import("./commands/twopoint.ts");
      finish(twoPointFitCommand(file, options, io));
    });
}
