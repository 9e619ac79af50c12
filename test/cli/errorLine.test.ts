/** @file Every error ends a command with its name in front, whatever part of the program it comes from. */
import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { commandOf, errorLine, rooms, usageLine } from "../../src/cli/errorLine.ts";
import { main } from "../../src/cli/main.ts";
import { createProgram } from "../../src/cli/program.ts";
import { testIo } from "./testIo.ts";

const program = createProgram(testIo(), () => {});
const commands = program.commands.map((one) => one.name());
const ended = (line: string, words: string) => {
  const argv = words.split(" ");
  return errorLine(line, { command: commandOf(program, argv), argv, commands });
};

test("the command is said once, and names of the program's own parts are not", () => {
  const expected = "crh report: expected a run, got none; crh runs lists them";
  const rest = "expected a run, got none; crh runs lists them";
  for (const where of ["crh report: ", "crh: ", "report: ", "runs: ", "run: ", "readRun: ", "RunFolder.open: ", ""])
    expect(ended(`${where}${rest}`, "report latest")).toBe(expected);
  expect(ended("data get: expected a set, got x", "data get x")).toBe("crh data get: expected a set, got x");
  expect(ended("twopoint fit: expected a, got b", "twopoint fit x.csv")).toBe("crh twopoint fit: expected a, got b");
});

test("a place that the user knows stays", () => {
  for (const [words, where] of [
    ["run fc2 lr=x", "fc2"],
    ["run twopoint gain=0", "twopoint"],
    ["analyze m.onnx --inputs x.npy", "x.npy"],
    ["analyze m.onnx --inputs x.npy", "input x"],
    ["analyze m.onnx --inputs x.npy --loss mse", "mse"],
  ] as const)
    expect(ended(`${where}: expected a, got b`, words)).toBe(`crh ${words.split(" ")[0]}: ${where}: expected a, got b`);
});

test("the rooms are the folders of src", () => {
  const folders = readdirSync("src", { withFileTypes: true }).filter((one) => one.isDirectory());
  expect([...rooms].sort()).toEqual(folders.map(({ name }) => name).sort());
});

test.each<[string, RegExp]>([
  ["run fc2 --lr 0.1", /^crh run: expected an option, got --lr; parameters .* as lr=0\.1, and crh run SETTING --help/],
  [
    "run fc2 --wd=0.1",
    /^crh run: expected an option, got --wd=?\S*; parameters of a setting are given as decay=0\.1, /,
  ],
  ["run fc2 --weight-decay", /as decay=VALUE, /],
  ["run fc2 wd=0.1", /^crh run: fc2: expected a parameter, got "wd"; did you mean decay\?/],
  ["run fc2 --seed 1 seed=2", /^crh run: expected seed once, got it twice; give it once/],
  ["run fc2 --seed", /^crh run: expected a value after --seed <number>, got none; crh run --help shows/],
  ["data fetch", /^crh data: expected a command, got fetch; crh data --help lists them/],
  ["twopoint fit x.csv", /^crh twopoint fit: expected --dx2 <number>, got none; /],
  ["completion tcsh", /^crh completion: expected one of bash, zsh, fish as <shell>, got tcsh; /],
  ["report no-such-run", /^crh report: expected /],
  ["report --runs nowhere latest", /^crh report: expected at least one run in nowhere, got none/],
  ["explain --in nowhere latest", /^crh explain: expected at least one run in nowhere, got none/],
])("crh %s", async (words, line) => {
  const io = testIo();
  expect(await main(words.split(" "), io)).toBeGreaterThan(0);
  expect([io.out(), io.err()]).toEqual(["", expect.stringMatching(line)]);
  expect(io.err()).toMatch(/^[^\n]+\n$/);
});

test("what commander adds later is said as it is", () => {
  expect(usageLine("error: something new.", "run", [])).toBe(
    "crh run: something new; crh run --help shows what there is",
  );
});
