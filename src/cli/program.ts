/**
 * @file The commands of `crh` and their options. Each command's code is loaded when it is called, so that `crh --help` is quick.
 */
import { Command, Option } from "commander";
import {
  type AnalyzeCommand,
  type AnalyzeOptions,
  interval,
  type ResumeCommand,
  type ResumeOptions,
  type RunCommand,
  type RunOptions,
  wholeNumber,
} from "./commandOptions.ts";
import type { DoctorOptions } from "./commands/doctor.ts";
import type { ReportOptions } from "./commands/report.ts";
import type { RunsOptions } from "./commands/runs.ts";
import { UsageError } from "./errors.ts";
import { type Io, widthOf } from "./io.ts";
import { RUNS } from "./runName.ts";
import { crhVersion } from "./versions.ts";

/**
 * @param finish receives what the called command returned
 * @returns a program that throws CommanderError instead of ending the process
 */
export function createProgram(io: Io, finish: (result: unknown) => void): Command {
  const program = new Command("crh")
    .description("A laboratory for how neural networks form their representations.")
    .version(crhVersion(), "-V, --version", "print the version")
    .option("--debug", "show where an error comes from")
    .helpOption("-h, --help", "print this help")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      getOutHelpWidth: () => widthOf(io.stdout),
      getErrHelpWidth: () => widthOf(io.stderr),
      outputError: () => {}, // main says it, in one line
    });
  addRun(program, io, finish);
  addMeasuring(program, io, finish);
  addRunFolders(program, io, finish);
  return program;
}

function addRun(program: Command, io: Io, finish: (result: unknown) => void): void {
  program
    .command("run")
    .description("train a setting and measure how its representations form")
    .usage("<setting> [key=value ...] [options]")
    .argument("[setting]", "fc1, fc2, mlp ..")
    .argument("[assignments...]", "values of the setting's parameters, such as depth=3 lr=0.05")
    .option("--seed <number>", "seed of every random number", wholeNumber(0))
    .option("--steps <number>", "training steps", wholeNumber(0))
    .option("--every <number|log>", "measure every so many steps, or at logarithmic spacing", interval)
    .addOption(new Option("--device <name>", "where to compute").choices(["cpu"]).default("cpu"))
    .option("--threads <number>", "threads of one operator", wholeNumber(1))
    .option("--data <folder>", "folder of the data, for settings that need one")
    .option("--out <folder>", "folder of the runs", RUNS)
    .addOption(
      new Option("--moments <which>", "moments to keep in the run folder")
        .choices(["none", "final", "all"])
        .default("final"),
    )
    .option("--checkpoint-every <number>", "steps between checkpoints", wholeNumber(1))
    .option("--json", "print the result as JSON")
    .option("--quiet", "no progress")
    .helpOption(false)
    .option("-h, --help", "print this help, with the parameters of the setting if one is named")
    .action(
      async (setting: string | undefined, assignments: string[], options: RunOptions & { help?: true }, command) => {
        const module: { runCommand: RunCommand; settingHelp?: (setting?: string) => string } = await import(
          "./commands/run.ts"
        );
        if (options.help === true) {
          io.stdout.write(`${command.helpInformation()}${module.settingHelp?.(setting) ?? ""}`);
          return;
        }
        if (setting === undefined)
          throw new UsageError("crh run: expected the name of a setting, got none; crh run --help lists them");
        finish(await module.runCommand(setting, assignments, options, io));
      },
    );
}

function addMeasuring(program: Command, io: Io, finish: (result: unknown) => void): void {
  program
    .command("resume")
    .description("go on with a run where it stopped, bit for bit")
    .argument("<run>", 'a run: its name, the start of it, its path or "latest"')
    .option("--in <folder>", "folder of the runs", RUNS)
    .option("--from <step>", "checkpoint to go on from (default: the newest)", wholeNumber(0))
    .option("--data <folder>", "folder of the data, if it is no longer where it was")
    .option("--json", "print the result as JSON")
    .option("--quiet", "no progress")
    .action(async (run: string, options: ResumeOptions) => {
      const module: { resumeCommand: ResumeCommand } = await import("./commands/resume.ts");
      finish(await module.resumeCommand(run, options, io));
    });
  program
    .command("analyze")
    .description("measure a trained model")
    .argument("<model>", "an ONNX file")
    .requiredOption("--inputs <file>", "inputs, one sample a row (.npy)")
    .requiredOption("--targets <file>", "targets or labels of the same samples (.npy)")
    .addOption(
      new Option("--loss <name>", "loss of one sample").choices(["mse", "cross-entropy"]).makeOptionMandatory(true),
    )
    .option("--json", "print the measurement as JSON")
    .action(async (model: string, options: AnalyzeOptions) => {
      const module: { analyzeCommand: AnalyzeCommand } = await import("./commands/analyze.ts");
      finish(await module.analyzeCommand(model, options, io));
    });
}

function addRunFolders(program: Command, io: Io, finish: (result: unknown) => void): void {
  program
    .command("runs")
    .description("list the runs")
    .option("--in <folder>", "folder of the runs", RUNS)
    .option("--json", "print them as JSON")
    .action(async (options: RunsOptions) => {
      const { runsCommand } = await import("./commands/runs.ts");
      finish(await runsCommand(options, io));
    });
  program
    .command("report")
    .description("write the report of a run")
    .argument("<run>", 'a run: its name, the start of it, its path or "latest"')
    .option("-o, --output <file>", 'file to write, "-" for stdout (default: report.html in the folder of the run)')
    .option("--in <folder>", "folder of the runs", RUNS)
    .action(async (run: string, options: ReportOptions) => {
      const { reportCommand } = await import("./commands/report.ts");
      finish(await reportCommand(run, options, io));
    });
  program
    .command("doctor")
    .description("versions, devices, what is missing and how to get it")
    .option("--in <folder>", "folder of the runs", RUNS)
    .option("--json", "print the findings as JSON")
    .action(async (options: DoctorOptions) => {
      const { doctorCommand } = await import("./commands/doctor.ts");
      finish(await doctorCommand(options, io));
    });
}
