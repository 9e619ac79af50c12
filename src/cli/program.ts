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
    .configureHelp({ minWidthToWrap: LEAST_HELP })
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
      "measure every so many steps, or at about 30 of logarithmic spacing; the first and last step always (default: log, fewer where training is short, or the preset's)",
      interval,
    )
    .option(
      "--evaluate-every <number>",
      "loss of held-out samples, without measuring, every so many steps too",
      wholeNumber(1),
    )
    .addOption(deviceOption())
    .option("--preset <name>", "parameters that go together: small, or paper, the defaults")
    .option(
      "--threads <number>",
      "threads of one operator (default: 1; all cores for llm, res1 and res2)",
      wholeNumber(1, MOST_THREADS),
    )
    .option(
      "--data <path>",
      "folder of the data, or for llm a text, where a setting needs one; crh data get fetches some",
    )
    .option("--runs <folder>", "folder of the runs", RUNS)
    .addOption(earlier("--out <folder>"))
    .on("option:out", setRuns)
    .addOption(
      new Option("--moments <which>", "second moments to keep in the run folder: of no, the last or every measurement")
        .choices(["none", "final", "all"])
        .default("final"),
    )
    .addOption(
      new Option(
        "--cost <level>",
        "what every measurement holds, as of crh analyze (default: laws at the last step alone, ranks as far as training leaves time)",
      ).choices(["economy", "standard", "full"]),
    )
    .option(
      "--checkpoint-every <number>",
      "steps between checkpoints (default: a tenth of the run, at most 10000)",
      wholeNumber(1),
    )
    .option(
      "--checkpoint-minutes <number>",
      "write a checkpoint too when the last is so many minutes old (default: 2)",
      minutes,
    )
    .option("--keep <number>", "checkpoints that stay, the newest ones (default: 3)", wholeNumber(1))
    .addOption(
      new Option("--keep-best <by>", "a checkpoint that stays besides: that of the best evaluation")
        .choices(["loss", "accuracy", "none"])
        .default("loss"),
    )
    .option("--follow <samples>", "held-out samples whose distances are recorded, by place: 0,17,305", places)
    .option(
      "--follow-every <steps>",
      "steps between looks at them (default: 1000 looks, fewer at many pairs)",
      wholeNumber(1),
    )
    .option(
      "--yes",
      "go on even if the run is estimated to take more than an hour; without, it stops with a checkpoint",
    )
    .option("--lab", "show the run live on the page of crh lab, which stays until Ctrl-C where there is a terminal")
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
    .description("go on with a run where it stopped, bit for bit")
    .argument("<run>", 'a run: its name, the start of it, its path or "latest"')
    .option("--runs <folder>", "folder of the runs", RUNS)
    .addOption(earlier("--in <folder>"))
    .on("option:in", setRuns)
    .option("--from <step>", "checkpoint to go on from (default: the newest)", wholeNumber(0))
    .option("--data <folder>", "folder of the data, if it is no longer where it was")
    .option(
      "--yes",
      "go on even if the run is estimated to take more than an hour; without, it stops with a checkpoint",
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
    .description("measure moments or rows that were captured elsewhere; a folder of captures as one run over steps")
    .argument(
      "<files...>",
      "a folder of captures, step-00000500.safetensors; or moments files, whose shards merge, or rows in npz or safetensors",
    )
    .option("--objective <name>", "objective of rows, which do not say theirs")
    .option("--live", "wait for captures that are yet to be written into the folder, until Ctrl-C or its file finished")
    .option("--quiet", "print no progress");
  addOutputs(ingest).action(async (files: string[], options: IngestOptions) => {
    const module: { ingestCommand: IngestCommand } = await import("./commands/ingest.ts");
    finish(await module.ingestCommand(files, options, io));
  });
}

function addInspect(program: Command, io: Io, finish: (result: unknown) => void): void {
  program
    .command("inspect")
    .description(
      "what a model holds and what an analysis will measure of it, without data: layers, heads, weights, time",
    )
    .argument("<model>", "an ONNX file")
    .option("--bind <values...>", "free dimensions of the inputs, such as sequence=16 (default: small guesses)")
    .option("--layers <globs...>", "only layers of these names, such as 'blocks.*.mlp.*'")
    .option("--no-spectra", "do not look into the weights: no norms, ranks and tail exponents")
    .option("--quiet", "print no progress")
    .option("--json", "print everything as JSON, eigenvalues too")
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
    .option("--targets <file[@axis=K]>", "targets or labels of the same samples, where the inputs carry none")
    .option("--initial <model>", "the same model before training, whose values stand beside those of this one")
    .addOption(
      new Option("--loss <name>", "loss of one sample, whose gradients are measured")
        .choices(lossNames)
        .argParser(lossName),
    )
    .option("--loss-output <name>", "in place of --loss: output of the model that holds its own loss of each sample")
    .option("--output <name>", "output of the model that the loss is taken of (default: the first)")
    .option("--as-exported", "keep dropout and batch normalization in training form, where the model has them so")
    .option("--normalize <values...>", "mean=A,B,C std=D,E,F per channel, after bytes are scaled to [0, 1]")
    .addOption(
      new Option("--pixels <how>", "scale bytes to [0, 1], or leave them (default: unit for images in bytes)").choices([
        "unit",
        "raw",
      ]),
    )
    .option("--samples <number>", "at most so many samples (default: all)", wholeNumber(1))
    .option(
      "--batch <number>",
      "samples per batch (default: chosen by the largest map); all at once are divided where the model allows",
      wholeNumber(1),
    )
    .option("--layers <globs...>", "only layers of these names, such as 'blocks.*.mlp.*'")
    .option(
      "--limit <number>",
      "neurons on a side above which a layer is not measured whole (default: none)",
      wholeNumber(2),
    )
    .addOption(
      new Option("--beyond <how>", "skip layers above the limit, or measure them on a random sample of so many neurons")
        .choices(["skip", "sample"] satisfies Beyond[])
        .default("skip"),
    )
    .option(
      "--positions <number>",
      "at most so many rows of each sample (pixels, tokens), at random, of every map but a classifier's last (default: all)",
      wholeNumber(1),
    )
    .option("--sample-seed <number>", "seed of what is drawn at random", wholeNumber(0), 0)
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

/** chosen: characters of a description on a line; commander's 40 leave lines wider than a terminal of 80. */
const LEAST_HELP = 20;

/** An option by the name of an earlier version, which still works and is not listed. */
function earlier(flags: string): Option {
  return new Option(flags).hideHelp();
}

/** What an earlier name of --runs was given. */
function setRuns(this: Command, folder: string): void {
  this.setOptionValueWithSource("runs", folder, "cli");
}

/** What an earlier name of --out was given. */
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
  return new Option("--device <name>", "where to compute; crh doctor says what works here")
    .choices(devices)
    .default("cpu");
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
    .option("-o, --out <file>", "write the report, a page of HTML, there too")
    .option("--moments <file>", "write the second moments, as safetensors, there: crh ingest reads and merges them")
    .option("--runs <folder>", "folder of the runs, where what is measured is kept", RUNS)
    .option("--no-save", "keep nothing but what --out and --moments name")
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
    .description("say in words what was found about a layer, from which numbers, with which doubts")
    .argument("<run>", 'a run: its name, the start of it, its path or "latest"; or the JSON of crh analyze')
    .argument("[layer]", "one layer; all of them, briefly, where none is named")
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
    .description("versions, devices, what is missing and how to get it")
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
    .description("do the runs that a figure of a paper needs, draw it and judge the paper's claims")
    .argument("[studies...]", "twopoint/2 and others, which --list names (default: all, one after the other)")
    .addOption(
      new Option("--size <size>", "small: what two cores finish soon; paper: the paper's sizes and numbers of seeds")
        .choices(studySizes)
        .default("small"),
    )
    .option(
      "--data <folder>",
      "folder of the data, where a study needs it, or one with mnist/, cifar10/ and tinyshakespeare/ in it, as crh " +
        "data get leaves them (default: data, where it is there)",
    )
    .option("--runs <folder>", "folder of runs that are there: one with the same parameters is not done again", RUNS)
    .option("--sweeps <folder>", "folder of the sweeps in which runs are done, one a study", SWEEPS)
    .option("--jobs <number>", "runs at once", wholeNumber(1, MOST_WORKERS), 1)
    .option("--done-only", "judge by the runs that are done, of captures too, and start none")
    .option("--plan-only", "write the sweeps, for crh worker or crh sweep resume --slurm, and start nothing")
    .addOption(earlier("--out <folder>"))
    .on("option:out", setRuns)
    .option("--to <folder>", "folder that gets a folder for each study, with figures, score card and page", "reproduce")
    .option("--list", "name the studies with what they need, what is done and what time is left")
    .option("--yes", "go on even if all together is estimated to take more than an hour")
    .option("--json", "print score cards, or with --list the list, as JSON")
    .option("--quiet", "print no progress")
    .action(async (names: string[], options: ReproduceCommandOptions) => {
      const { reproduceCommand } = await import("./commands/reproduce.ts");
      finish(await reproduceCommand(names, options, io));
    });
}

function addData(program: Command, io: Io, finish: (result: unknown) => void): void {
  const data = program.command("data").description("fetch data sets from where their publishers offer them");
  data
    .command("list")
    .description("the sets that are known")
    .option("--json", "print them as JSON, with addresses and checksums")
    .action(async (options: { json?: boolean }) => {
      const { dataListCommand } = await import("./commands/data.ts");
      finish(dataListCommand(options, io));
    });
  data
    .command("get")
    .description("fetch a set, or go on with it; checked by its checksum and unpacked")
    .argument("<name>", "cifar10, cifar100, mnist, tinyshakespeare or gpt2-bpe")
    .option("-o, --out <folder>", "folder of its files (default: data/<name>)")
    .option("--from <url>", "address of a folder that offers the same files")
    .option("--quiet", "print no progress")
    .action(async (name: string, options: DataGetOptions) => {
      const { dataGetCommand } = await import("./commands/data.ts");
      finish(await dataGetCommand(name, options, io));
    });
}

function addCompletion(program: Command, io: Io): void {
  program
    .command("completion")
    .description("print the script that completes commands, settings, parameters and runs in a shell")
    .addArgument(new Argument("<shell>", "the shell").choices(["bash", "zsh", "fish"]))
    .action(async (shell: string) => {
      const { completionCommand } = await import("./commands/completion.ts");
      completionCommand(shell, io);
    });
  program
    .command("complete", { hidden: true })
    .argument("[words...]", "those of the command line up to the cursor")
    .action(async (words: string[]) => {
      const { completeCommand } = await import("./commands/completion.ts");
      await completeCommand(words, program, io);
    });
}
