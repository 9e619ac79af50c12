/**
 * @file The commands of `crh` and their options. Each command's code is loaded when it is called, so that `crh --help`
 * is quick.
 */
import { Argument, Command, Option } from "commander";
import { devices } from "../engine/engine.ts";
import type { Beyond } from "../probe/probeOptions.ts";
import type { AnalyzeOptions, IngestOptions } from "../runner/analysis/analyzeOptions.ts";
import { lossNames } from "../runner/analysis/chosenLoss.ts";
import type { InspectOptions } from "../runner/analysis/inspectModel.ts";
import { UsageError } from "../runner/errors.ts";
import { readingRun } from "../runner/records/readingRun.ts";
import { RUNS } from "../runner/records/runName.ts";
import { MOST_THREADS, MOST_WORKERS, type ResumeOptions, type RunOptions } from "../runner/training/runOptions.ts";
import { crhVersion } from "../runner/versions.ts";
import { studySizes } from "../studies/study.ts";
import {
  type AnalyzeCommand,
  type IngestCommand,
  interval,
  lossName,
  minutes,
  places,
  type ResumeCommand,
  type RunCommand,
  wholeNumber,
} from "./commandOptions.ts";
import type { DataGetOptions } from "./commands/data.ts";
import type { DoctorOptions } from "./commands/doctor.ts";
import type { ExplainOptions } from "./commands/explain.ts";
import type { OpenOptions } from "./commands/open.ts";
import type { ReportOptions } from "./commands/report.ts";
import type { ReproduceCommandOptions } from "./commands/reproduce.ts";
import type { RunsOptions } from "./commands/runs.ts";
import { type Io, widthOf } from "./io.ts";
import { addLab } from "./labProgram.ts";
import { addSweep, SWEEPS } from "./sweepProgram.ts";
import { wrapColumns } from "./table.ts";
import { addCompare, addExport, addTables } from "./tablesProgram.ts";
import { addTwoPoint } from "./twoPointProgram.ts";

/**
 * @param finish receives the return value of the command
 * @returns a program that throws CommanderError instead of ending the process
 */
export function createProgram(io: Io, finish: (result: unknown) => void): Command {
  const program = new Command("crh")
    .description("A laboratory for how neural networks form their representations.")
    .version(crhVersion(), "-V, --version", "print the version")
    .option("--debug", "show where an error comes from")
    .helpOption("-h, --help", "print this help")
    .exitOverride()
    .configureHelp({ minWidthToWrap: LEAST_HELP })
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      getOutHelpWidth: () => widthOf(io.stdout),
      getErrHelpWidth: () => widthOf(io.stderr),
      outputError: () => {}, // main prints it in one line
    });
  addRun(program, io, finish);
  addMeasuring(program, io, finish);
  addRunFolders(program, io, finish);
  addLab(program, io, finish, RUNS);
  addSweep(program, io, finish);
  addTables(program, io, finish);
  addExport(program, io, finish);
  addReproduce(program, io, finish);
  addTwoPoint(program, io, finish);
  addData(program, io, finish);
  addCompletion(program, io);
  return program;
}

function addRun(program: Command, io: Io, finish: (result: unknown) => void): void {
  program
    .command("run")
    .description("train a setting and measure how its representations form")
    .usage("<setting> [key=value ...] [options]")
    .argument("[setting]", "fc2, twopoint, res1 and others; they are listed below")
    .argument("[assignments...]", "values of the setting's parameters, such as depth=3 lr=0.05")
    .option("--seed <number>", "seed of every random number", wholeNumber(0))
    .option("--steps <number>", "training steps", wholeNumber(0))
    .option(
      "--every <number|log>",
      "measure every N steps, or at about 30 logarithmically spaced steps; always at the first and last step (default: log, fewer for short training, or the preset's)",
      interval,
    )
    .option(
      "--evaluate-every <number>",
      "also evaluate the loss of held-out samples, without measuring, every N steps",
      wholeNumber(1),
    )
    .addOption(deviceOption())
    .option("--preset <name>", "set of parameters: small, or paper, the defaults")
    .option(
      "--threads <number>",
      "threads of one operator (default: 1; all cores for llm, res1 and res2)",
      wholeNumber(1, MOST_THREADS),
    )
    .option("--data <path>", "data folder, or for llm a text, if the setting needs it; crh data get downloads some")
    .option("--runs <folder>", "folder of the runs", RUNS)
    .addOption(earlier("--out <folder>"))
    .on("option:out", setRuns)
    .addOption(
      new Option("--moments <which>", "keep second moments in the run folder: of no, the last or every measurement")
        .choices(["none", "final", "all"])
        .default("final"),
    )
    .addOption(
      new Option(
        "--cost <level>",
        "extent of every measurement, as for crh analyze (default: laws at the last step only, ranks as far as the time of training allows)",
      ).choices(["economy", "standard", "full"]),
    )
    .option(
      "--checkpoint-every <number>",
      "steps between checkpoints (default: a tenth of the run, at most 10000)",
      wholeNumber(1),
    )
    .option(
      "--checkpoint-minutes <number>",
      "also write a checkpoint when the last is N minutes old (default: 2)",
      minutes,
    )
    .option("--keep <number>", "number of newest checkpoints to keep (default: 3)", wholeNumber(1))
    .addOption(
      new Option("--keep-best <by>", "also keep the checkpoint of the best evaluation")
        .choices(["loss", "accuracy", "none"])
        .default("loss"),
    )
    .option("--follow <samples>", "held-out samples whose distances are recorded, by index: 0,17,305", places)
    .option(
      "--follow-every <steps>",
      "steps between looks at them (default: 1000 looks, fewer for many pairs)",
      wholeNumber(1),
    )
    .option(
      "--yes",
      "continue even if the run is estimated to take more than an hour; otherwise it stops with a checkpoint",
    )
    .option("--lab", "show the run live on the page of crh lab; in a terminal it stays until Ctrl-C")
    .option("--open", "show the report in the browser at the end")
    .option("--json", "print the result as JSON")
    .option("--quiet", "print no progress")
    .helpOption(false)
    .option("-h, --help", "print this help, with the parameters of the setting if one is named")
    .action(
      async (setting: string | undefined, assignments: string[], options: RunOptions & { help?: true }, command) => {
        const module: { runCommand: RunCommand; settingHelp?: (setting?: string) => Promise<string> } = await import(
          "./commands/run.ts"
        );
        if (options.help === true) {
          const help = wrapColumns((await module.settingHelp?.(setting)) ?? "", widthOf(io.stdout));
          io.stdout.write(`${command.helpInformation()}${help}`);
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
    .description("continue a run where it stopped, bit for bit")
    .argument("<run>", 'a run: its name, the start of it, its path or "latest"')
    .option("--runs <folder>", "folder of the runs", RUNS)
    .addOption(earlier("--in <folder>"))
    .on("option:in", setRuns)
    .option("--from <step>", "checkpoint to continue from (default: the newest)", wholeNumber(0))
    .option("--data <folder>", "data folder, if it has moved")
    .option(
      "--yes",
      "continue even if the run is estimated to take more than an hour; otherwise it stops with a checkpoint",
    )
    .option("--json", "print the result as JSON")
    .option("--quiet", "print no progress")
    .action(async (run: string, options: ResumeOptions) => {
      const module: { resumeCommand: ResumeCommand } = await import("./commands/resume.ts");
      finish(await module.resumeCommand(run, options, io));
    });
  addInspect(program, io, finish);
  addAnalyze(program, io, finish);
  const ingest = program
    .command("ingest")
    .description("measure moments or rows captured elsewhere; a folder of captures as one run over steps")
    .argument(
      "<files...>",
      "a folder of captures, step-00000500.safetensors; or moments files, whose shards merge, or rows in npz or safetensors",
    )
    .option("--objective <name>", "objective of rows, which do not state it")
    .option("--live", "wait for further captures in the folder, until Ctrl-C or its file finished")
    .option("--quiet", "print no progress");
  addOutputs(ingest).action(async (files: string[], options: IngestOptions) => {
    const module: { ingestCommand: IngestCommand } = await import("./commands/ingest.ts");
    finish(await module.ingestCommand(files, options, io));
  });
}

function addInspect(program: Command, io: Io, finish: (result: unknown) => void): void {
  program
    .command("inspect")
    .description("show a model and what an analysis would measure, without data: layers, heads, weights, time")
    .argument("<model>", "an ONNX file")
    .option("--bind <values...>", "free dimensions of the inputs, such as sequence=16 (default: small guesses)")
    .option("--layers <globs...>", "only layers with these names, such as 'blocks.*.mlp.*'")
    .option("--no-spectra", "skip the weights: no norms, ranks and tail exponents")
    .option("--quiet", "print no progress")
    .option("--json", "print everything as JSON, including eigenvalues")
    .action(async (model: string, options: InspectOptions) => {
      const { inspectCommand } = await import("./commands/inspect.ts");
      finish(await inspectCommand(model, options, io));
    });
}

function addAnalyze(program: Command, io: Io, finish: (result: unknown) => void): void {
  const analyze = program
    .command("analyze")
    .description("measure every linear map and attention head of a trained model, or of several checkpoints of one")
    .usage("<models...> --inputs FILES --targets FILE --loss NAME ...")
    .argument("[models...]", "an ONNX file; several are checkpoints, whose steps are the numbers in their names")
    .option(
      "--inputs <files...>",
      "npy, npz, safetensors, IDX, CIFAR records, gzip of each, text; name=file[@axis=K | @same], name=number (see below)",
    )
    .option("--targets <file[@axis=K]>", "targets or labels of the same samples, if the inputs contain none")
    .option("--initial <model>", "the same model before training, whose values are shown for comparison")
    .addOption(
      new Option("--loss <name>", "loss per sample, whose gradients are measured")
        .choices(lossNames)
        .argParser(lossName),
    )
    .option("--loss-output <name>", "instead of --loss: output of the model with its own loss per sample")
    .option("--output <name>", "output of the model that enters the loss (default: the first)")
    .option("--as-exported", "keep dropout and batch normalization in training form, if the model has them so")
    .option("--normalize <values...>", "mean=A,B,C std=D,E,F per channel, after bytes are scaled to [0, 1]")
    .addOption(
      new Option("--pixels <how>", "scale bytes to [0, 1], or leave them (default: unit for images in bytes)").choices([
        "unit",
        "raw",
      ]),
    )
    .option("--samples <number>", "most samples (default: all)", wholeNumber(1))
    .option(
      "--batch <number>",
      "samples per batch (default: by the largest map); inputs for all samples are divided where the model allows",
      wholeNumber(1),
    )
    .option("--layers <globs...>", "only layers with these names, such as 'blocks.*.mlp.*'")
    .option(
      "--limit <number>",
      "largest number of neurons on a side of a layer that is measured whole (default: no limit)",
      wholeNumber(2),
    )
    .addOption(
      new Option(
        "--beyond <how>",
        "skip layers above the limit, or measure them on a random sample of that many neurons",
      )
        .choices(["skip", "sample"] satisfies Beyond[])
        .default("skip"),
    )
    .option(
      "--positions <number>",
      "most rows per sample (pixels, tokens), at random, for every map but a classifier's last (default: all)",
      wholeNumber(1),
    )
    .option("--sample-seed <number>", "seed of random samples", wholeNumber(0), 0)
    .option("--tokenizer <folder>", "for text: bytes, or a folder with GPT-2's encoder.json and vocab.bpe", "bytes")
    .option("--context <number>", "for text: tokens of one window", wholeNumber(1))
    .addOption(deviceOption())
    .option("--threads <number>", "threads of one operator (default: 2)", wholeNumber(1, MOST_THREADS))
    .option("--quiet", "print no progress");
  analyze.addHelpText("after", () => wrapColumns(analyzeExample, widthOf(io.stdout)));
  addOutputs(analyze).action(async (models: string[], options: AnalyzeOptions) => {
    const module: { analyzeCommand: AnalyzeCommand } = await import("./commands/analyze.ts");
    finish(await module.analyzeCommand(models, options, io));
  });
}

/** chosen: least width of descriptions; commander's 40 would make lines wider than a terminal of 80. */
const LEAST_HELP = 20;

/** An option with the name of an earlier version, which still works but is not listed. */
function earlier(flags: string): Option {
  return new Option(flags).hideHelp();
}

/** The value given to an earlier name of --runs. */
function setRuns(this: Command, folder: string): void {
  this.setOptionValueWithSource("runs", folder, "cli");
}

/** The value given to an earlier name of --out. */
function setOut(this: Command, file: string): void {
  this.setOptionValueWithSource("out", file, "cli");
}

const analyzeExample = `
Inputs, samples along their first axis unless it is said:
  x.npy                 of a model of one input; an archive has an array for each by its name
  x=x.npy h=h.npy       of a model of several
  h=h.npy@axis=1        samples along axis 1, in the file as in the model; so too --targets y.npy@axis=1
  edges=edges.npy@same  the whole array with every batch: it is the same for all samples
  sr=16000 h=zeros      this number in every entry
Where all inputs are @same or numbers the data are one example, such as a graph with its nodes.
--loss next-token is the cross-entropy with the tokens one position further along; next-token=INPUT says which input has them.

Examples:
  crh analyze model.onnx --inputs x.npy --targets labels.npy --loss cross-entropy
  crh analyze step*.onnx --inputs x.npy --targets labels.npy --loss cross-entropy    several checkpoints, over steps

What is measured is kept in a folder below runs/ as that of a run: crh runs, report, compare and explain take it.
`;

function deviceOption(): Option {
  return new Option("--device <name>", "device; crh doctor shows which work here").choices(devices).default("cpu");
}

/** The options of AnalysisOutputs. */
function addOutputs(command: Command): Command {
  return command
    .addOption(
      new Option(
        "--cost <level>",
        "economy: alignments only; standard: ranks, spectra and laws too, within seconds; full: everything",
      )
        .choices(["economy", "standard", "full"])
        .default("standard"),
    )
    .option("-o, --out <file>", "also write the report, an HTML page, to this file")
    .option("--moments <file>", "write the second moments to this safetensors file, which crh ingest reads and merges")
    .option("--runs <folder>", "folder of the runs, in which the analysis is kept", RUNS)
    .option("--no-save", "keep only the files of --out and --moments")
    .option("--open", "show the report in the browser")
    .option("--json", "print the measurement as JSON");
}

function addRunFolders(program: Command, io: Io, finish: (result: unknown) => void): void {
  program
    .command("runs")
    .description("list the runs")
    .option("--runs <folder>", "folder of the runs", RUNS)
    .addOption(earlier("--in <folder>"))
    .on("option:in", setRuns)
    .option("--json", "print them as JSON")
    .action(async (options: RunsOptions) => {
      const { runsCommand } = await import("./commands/runs.ts");
      finish(await runsCommand(options, io));
    });
  program
    .command("report")
    .description("write the report of a run")
    .argument("<run>", 'a run: its name, the start of it, its path or "latest"')
    .option("-o, --out <file>", 'file to write, "-" for stdout (default: report.html in the folder of the run)')
    .addOption(earlier("--output <file>"))
    .on("option:output", setOut)
    .option("--figures", "also write every figure as SVG and CSV to figures/ in the folder of the run")
    .option("--open", "show it in the browser")
    .option("--runs <folder>", "folder of the runs", RUNS)
    .addOption(earlier("--in <folder>"))
    .on("option:in", setRuns)
    .action(async (run: string, options: ReportOptions) => {
      const { reportCommand } = await import("./commands/report.ts");
      finish(await readingRun(run, () => reportCommand(run, options, io)));
    });
  program
    .command("open")
    .description("show a report in the browser")
    .argument(
      "[run]",
      'a run or an analysis: its name, the start of it, its path or "latest"; or a page, report.html',
      "latest",
    )
    .option("--runs <folder>", "folder of the runs", RUNS)
    .addOption(earlier("--in <folder>"))
    .on("option:in", setRuns)
    .action(async (run: string, options: OpenOptions) => {
      const { openCommand } = await import("./commands/open.ts");
      finish(await readingRun(run, () => openCommand(run, options, io)));
    });
  addCompare(program, io, finish);
  program
    .command("explain")
    .description("explain the findings on a layer in words, with numbers and doubts")
    .argument("<run>", 'a run: its name, the start of it, its path or "latest"; or the JSON of crh analyze')
    .argument("[layer]", "one layer (default: all, briefly)")
    .option("--runs <folder>", "folder of the runs", RUNS)
    .addOption(earlier("--in <folder>"))
    .on("option:in", setRuns)
    .option("--json", "print it as JSON")
    .action(async (run: string, layer: string | undefined, options: ExplainOptions) => {
      const { explainCommand } = await import("./commands/explain.ts");
      finish(await readingRun(run, () => explainCommand(run, layer, options, io)));
    });
  program
    .command("doctor")
    .description("check versions and devices; show what is missing and how to get it")
    .option("--runs <folder>", "folder of the runs", RUNS)
    .addOption(earlier("--in <folder>"))
    .on("option:in", setRuns)
    .option("--json", "print the findings as JSON")
    .action(async (options: DoctorOptions) => {
      const { doctorCommand } = await import("./commands/doctor.ts");
      finish(await doctorCommand(options, io));
    });
}

function addReproduce(program: Command, io: Io, finish: (result: unknown) => void): void {
  program
    .command("reproduce")
    .description("run what a figure of a paper needs, draw it and judge the paper's claims")
    .argument("[studies...]", "twopoint/2 and others, which --list names (default: all, one after the other)")
    .addOption(
      new Option("--size <size>", "small: soon finished on two cores; paper: the paper's sizes and numbers of seeds")
        .choices(studySizes)
        .default("small"),
    )
    .option(
      "--data <folder>",
      "data folder, if a study needs it, or a folder with mnist/, cifar10/ and tinyshakespeare/, as crh " +
        "data get creates it (default: data, if it exists)",
    )
    .option("--runs <folder>", "folder of existing runs; one with equal parameters is not repeated", RUNS)
    .option("--sweeps <folder>", "folder of the sweeps in which runs are made, one per study", SWEEPS)
    .option("--jobs <number>", "runs at once", wholeNumber(1, MOST_WORKERS), 1)
    .option("--done-only", "judge the finished runs, those of captures included, and start none")
    .option("--plan-only", "only write the sweeps, for crh worker or crh sweep resume --slurm")
    .addOption(earlier("--out <folder>"))
    .on("option:out", setRuns)
    .option("--to <folder>", "output folder, with one folder per study for figures, score card and page", "reproduce")
    .option("--list", "list the studies with their requirements, progress and time left")
    .option("--yes", "continue even if everything together is estimated to take more than an hour")
    .option("--json", "print score cards, or with --list the list, as JSON")
    .option("--quiet", "print no progress")
    .action(async (names: string[], options: ReproduceCommandOptions) => {
      const { reproduceCommand } = await import("./commands/reproduce.ts");
      finish(await reproduceCommand(names, options, io));
    });
}

function addData(program: Command, io: Io, finish: (result: unknown) => void): void {
  const data = program.command("data").description("download data sets from their publishers");
  data
    .command("list")
    .description("list the known sets")
    .option("--json", "print them as JSON, with addresses and checksums")
    .action(async (options: { json?: boolean }) => {
      const { dataListCommand } = await import("./commands/data.ts");
      finish(dataListCommand(options, io));
    });
  data
    .command("get")
    .description("download a set, or continue a download; checksums are verified")
    .argument("<name>", "cifar10, cifar100, mnist, tinyshakespeare or gpt2-bpe")
    .option("-o, --out <folder>", "folder of its files (default: data/<name>)")
    .option("--from <url>", "address of a mirror with the same files")
    .option("--quiet", "print no progress")
    .action(async (name: string, options: DataGetOptions) => {
      const { dataGetCommand } = await import("./commands/data.ts");
      finish(await dataGetCommand(name, options, io));
    });
}

function addCompletion(program: Command, io: Io): void {
  program
    .command("completion")
    .description("print a shell script that completes commands, settings, parameters and runs")
    .addArgument(new Argument("<shell>", "the shell").choices(["bash", "zsh", "fish"]))
    .action(async (shell: string) => {
      const { completionCommand } = await import("./commands/completion.ts");
      completionCommand(shell, io);
    });
  program
    .command("complete", { hidden: true })
    .argument("[words...]", "words of the command line up to the cursor")
    .action(async (words: string[]) => {
      const { completeCommand } = await import("./commands/completion.ts");
      await completeCommand(words, program, io);
    });
}
