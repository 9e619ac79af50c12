/**
 * @file The line with which a command fails: `crh <command>: expected X, got Y; cure`. Errors of the library begin with
 * their origin. An origin known to the user (a file, a setting, an input) is kept; names of the program's parts are
 * removed.
 */
import type { Command } from "commander";
import { usualName } from "../parameters/parse.ts";

/** The command called by some words: "run", "data get"; "" if none is. */
export function commandOf(program: Command, argv: readonly string[]): string {
  const names: string[] = [];
  let command: Command | undefined = program;
  for (const word of argv) {
    if (word.startsWith("-")) continue;
    command = command.commands.find((one) => one.name() === word);
    if (command === undefined) break;
    names.push(word);
  }
  return names.join(" ");
}

/** Rooms of the program (docs/architecture.md), with which errors of the library begin. */
export const rooms: ReadonlySet<string> = new Set([
  ...["random", "linalg", "ode", "formats", "moments", "measure", "twopoint", "symmetry", "onnx", "autodiff", "engine"],
  ...["engineNode", "engineWeb", "figuresNode"],
  ...["objectives", "probe", "networks", "data", "train", "parameters", "settings", "runs", "findings", "figures"],
  ...["report", "studies", "sweeps", "replicate", "tables", "disk", "workers", "runner", "cli", "lab", "web", "models"],
]);

/** Names of functions: "emptyLayer", "Random.fromState". */
const FUNCTION = /^([a-z]+[A-Z]\w*|[A-Z]\w*\.\w+)$/;

/**
 * An error's line, with the command in front.
 *
 * @param given.argv the words of the user, which are kept where they name the origin
 * @param given.commands the names of all commands, which do not count as origins
 */
export function errorLine(
  line: string,
  { command, argv, commands }: { command: string; argv: readonly string[]; commands: readonly string[] },
): string {
  const [, own] = /^crh(?: [a-z-]+)*: (.+)$/su.exec(line) ?? [];
  const [, where = "", what] = own === undefined ? (/^([^:]{1,80}): (.+)$/su.exec(line) ?? []) : [];
  const isCommand = where === command || command.split(" ").includes(where);
  const isInner = (rooms.has(where) || commands.includes(where) || FUNCTION.test(where)) && !argv.includes(where);
  const rest = own ?? (what !== undefined && (isCommand || isInner) ? what : line);
  return `${["crh", command].filter(Boolean).join(" ")}: ${rest}`;
}

/**
 * Converts commander's messages on wrong words ("error: unknown option '--sed'\n(Did you mean --seed?)") to the form of
 * all errors.
 */
export function usageLine(message: string, command: string, argv: readonly string[]): string {
  const [first = "", ...rest] = message.replace(/^error: /, "").split("\n");
  const near = /\(Did you mean (.*)\?\)/.exec(rest.join(" "))?.[1];
  const crh = ["crh", command].filter(Boolean).join(" ");
  const option = /^unknown option '--([\w-]+)/.exec(first)?.[1];
  const cure =
    near !== undefined
      ? `did you mean ${near}?`
      : command === "run" && option !== undefined
        ? asParameter(option, argv)
        : first.startsWith("unknown command")
          ? `${crh} --help lists them`
          : `${crh} --help shows what there is`;
  return `${crh}: ${expectation(first)}; ${cure}`;
}

const patterns: readonly (readonly [RegExp, (...found: string[]) => string])[] = [
  [/^unknown option '(.+)'$/s, (option) => `expected an option, got ${option}`],
  [/^unknown command '(.+)'$/s, (word) => `expected a command, got ${word}`],
  [/^missing required argument '(.+)'$/, (name) => `expected <${name}>, got none`],
  [/^required option '(.+)' not specified$/, (flags) => `expected ${flags}, got none`],
  [/^option '(.+)' argument missing$/, (flags) => `expected a value after ${flags}, got none`],
  [
    /^too many arguments for '.+'\. Expected (\d+) arguments? but got (\d+)/,
    (most, got) => `expected ${most} arguments, got ${got}`,
  ],
  [
    /^option '(?:-\w, )?(--[\w-]+)[^']*' argument '(.*)' is invalid\. (.+)$/s,
    (flag, got, said) => `expected ${wanted(said!)} as ${flag}, got ${got}`,
  ],
  [
    /^command-argument value '(.*)' is invalid for argument '(.+)'\. (.+)$/s,
    (got, name, said) => `expected ${wanted(said!)} as <${name}>, got ${got}`,
  ],
];

function expectation(text: string): string {
  for (const [pattern, words] of patterns) {
    const found = pattern.exec(text);
    if (found) return words(...found.slice(1));
  }
  return text.replace(/\.$/, "");
}

/** "a whole number" of "Expected a whole number.", "one of a, b" of "Allowed choices are a, b." */
function wanted(said: string): string {
  return said
    .replace(/\.$/, "")
    .replace(/^Allowed choices are /, "one of ")
    .replace(/^Expected /, "");
}

/** An unknown option of a run may be a parameter of its setting: "lr=0.1" for "--lr 0.1". */
function asParameter(option: string, argv: readonly string[]): string {
  const [at, given] = [argv.findIndex((word) => word.startsWith(`--${option}`)), new RegExp(`^--${option}=(.+)$`, "s")];
  const next = argv[at + 1];
  const value = given.exec(argv[at] ?? "")?.[1] ?? (next === undefined || next.startsWith("-") ? "VALUE" : next);
  return `parameters of a setting are given as ${usualName(option)}=${value}, and crh run SETTING --help lists them`;
}
