#!/usr/bin/env node
/**
 * @file The program `crh`: results on stdout, everything else on stderr; exit code 0 ok, 1 failed, 2 wrong usage, 130
 * interrupted. An error is one line; --debug adds the stack.
 */
import { realpathSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { CommanderError } from "commander";
import { EXIT_USAGE, reportOf } from "../runner/errors.ts";
import { type Io, processIo } from "./io.ts";
import { createProgram } from "./program.ts";

/**
 * Runs one command.
 *
 * @param argv what follows the program's name
 * @returns the exit code; never throws
 */
export async function main(argv: readonly string[], io: Io): Promise<number> {
  let result: unknown;
  try {
    const program = createProgram(io, (value) => {
      result = value;
    });
    if (argv.length === 0) {
      io.stderr.write(program.helpInformation());
      return EXIT_USAGE;
    }
    const [first, second] = argv;
    const words = first === "help" && second !== undefined ? [second, "--help"] : [...argv];
    await program.parseAsync(words, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) return complain(error, argv, io);
    if (error.exitCode === 0) return 0; // help and version
    if (error.code === "commander.help") return EXIT_USAGE; // no command: the help has been printed
    io.stderr.write(`${usageLine(error.message, argv)}\n`);
    return EXIT_USAGE;
  }
  return typeof result === "number" ? result : 0;
}

/** Says what went wrong and returns the exit code. */
function complain(error: unknown, argv: readonly string[], io: Io): number {
  const { line, exitCode } = reportOf(error);
  io.stderr.write(`${line}\n`);
  if (argv.includes("--debug") && error instanceof Error) io.stderr.write(`${stackOf(error)}\n`);
  return exitCode;
}

function stackOf(error: Error): string {
  const stack = error.stack ?? String(error);
  return error.cause instanceof Error ? `${stack}\ncaused by ${stackOf(error.cause)}` : stack;
}

/** Commander's "error: unknown option '--sed'\n(Did you mean --seed?)" as one line in our words. */
function usageLine(message: string, argv: readonly string[]): string {
  const [first = "", ...rest] = message.replace(/^error: /, "").split("\n");
  const hint = rest
    .join(" ")
    .trim()
    .replace(/^\(Did you mean (.*)\?\)$/, "did you mean $1?");
  const command = argv.find((word) => !word.startsWith("-"));
  const option = /^unknown option '--([\w-]+)/.exec(first)?.[1];
  // What is no option of a run may be a parameter of its setting.
  if (command === "run" && option !== undefined && hint === "")
    return `crh run: ${first}; parameters of a setting are given as ${option}=VALUE, and crh run SETTING --help lists them`;
  const help = command === undefined || first.includes("command") ? "crh --help" : `crh ${command} --help`;
  return `crh: ${first.replace(/\.$/, "")}; ${hint || `${help} shows what there is`}`;
}

async function start(): Promise<void> {
  const io = processIo();
  const argv = process.argv.slice(2);
  process.on("uncaughtException", (error) => process.exit(complain(error, argv, io)));
  const exitCode = await main(argv, io);
  for (const stream of [process.stdout, process.stderr])
    await new Promise<unknown>((written) => stream.write("", written));
  // not by running out of work: for a tenth of a second, while that frees the engine, a signal would end what has succeeded
  process.exit(exitCode || process.exitCode);
}

/** Whether this file is the program (perhaps through a link in a bin folder) and not imported by another. */
function isProgram(): boolean {
  const program = process.argv[1];
  if (program === undefined) return false;
  try {
    return realpathSync(program) === fileURLToPath(import.meta.url);
  } catch {
    return false;
  }
}

if (isProgram()) await start();
