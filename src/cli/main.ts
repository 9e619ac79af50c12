#!/usr/bin/env node
/**
 * @file The program `crh`: results on stdout, everything else on stderr; exit code 0 ok, 1 failed, 2 wrong usage, 130
 * interrupted. An error is one line; --debug adds the stack.
 */
import { realpathSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Command, CommanderError } from "commander";
import { printable } from "../formats/printable.ts";
import { EXIT_USAGE, reportOf } from "../runner/errors.ts";
import { commandOf, errorLine, usageLine } from "./errorLine.ts";
import { type Io, processIo } from "./io.ts";
import { createProgram } from "./program.ts";

/**
 * Runs one command.
 *
 * @param argv the words after the program's name
 * @returns the exit code; never throws
 */
export async function main(argv: readonly string[], io: Io): Promise<number> {
  let result: unknown;
  const program = createProgram(io, (value) => {
    result = value;
  });
  const called = calledBy(program, argv, io);
  try {
    if (argv.length === 0) {
      io.stderr.write(program.helpInformation());
      return EXIT_USAGE;
    }
    const [first, second] = argv;
    const words = first === "help" && second !== undefined ? [second, "--help"] : [...argv];
    await program.parseAsync(words, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) return complain(error, called);
    if (error.exitCode === 0) return 0; // help and version
    if (error.code === "commander.help") return EXIT_USAGE; // no command: the help has been printed
    io.stderr.write(`${printable(usageLine(error.message, called.command, argv))}\n`);
    return EXIT_USAGE;
  }
  return typeof result === "number" ? result : 0;
}

interface Called {
  readonly command: string;
  readonly argv: readonly string[];
  readonly commands: readonly string[];
  readonly io: Io;
}

function calledBy(program: Command, argv: readonly string[], io: Io): Called {
  const commands = program.commands.map((one) => one.name());
  return { command: commandOf(program, argv), argv, commands, io };
}

/** Prints the error and returns the exit code. */
function complain(error: unknown, called: Called): number {
  const { argv, io } = called;
  const { line, exitCode } = reportOf(error);
  io.stderr.write(`${errorLine(line, called)}\n`);
  if (argv.includes("--debug") && error instanceof Error) io.stderr.write(`${stackOf(error)}\n`);
  return exitCode;
}

function stackOf(error: Error): string {
  const stack = error.stack ?? String(error);
  return error.cause instanceof Error ? `${stack}\ncaused by ${stackOf(error.cause)}` : stack;
}

async function start(): Promise<void> {
  const io = processIo();
  const argv = process.argv.slice(2);
  const called = calledBy(
    createProgram(io, () => {}),
    argv,
    io,
  );
  process.on("uncaughtException", (error) => process.exit(complain(error, called)));
  const exitCode = await main(argv, io);
  for (const stream of [process.stdout, process.stderr])
    await new Promise<unknown>((written) => stream.write("", written));
  // explicit exit: otherwise the engine is freed for a tenth of a second, in which a signal would end a successful
  // command
  process.exit(exitCode || process.exitCode);
}

/** Whether this file is run as the program (perhaps through a link in a bin folder), not imported. */
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
