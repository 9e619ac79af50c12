import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { closest, suggestion } from "../../src/parameters/suggest.ts";
import { Interrupted, reportOf, UsageError } from "../../src/runner/errors.ts";
import { writing } from "../../src/runs/writeFile.ts";

function thrownBy(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error("test: expected an error, got none");
}

test("each kind of error has its exit code", () => {
  expect(reportOf(new UsageError("crh run: no"))).toEqual({ line: "crh run: no", exitCode: 2, bug: false });
  expect(reportOf(new Interrupted("run: stopped")).exitCode).toBe(130);
  expect(reportOf(new RangeError("analyze: expected (300,), got (10,)")).exitCode).toBe(1);
});

test.each([
  new RangeError('bindShapes: expected data for input "x", got none'),
  new Error("graph fc2/step: expected a new name, got x"),
  new TypeError("engine: bfloat16 cannot be fed"),
  new Error("train/idx-images: expected 784 bytes,\n got 12"),
])("the project's own error is shown as it is, on one line: %s", (error) => {
  expect(reportOf(error)).toEqual({ line: error.message.replace("\n", ""), exitCode: 1, bug: false });
});

test.each([
  ["a property of undefined", () => (undefined as unknown as string[]).length],
  ["an array of bad length", () => new Array(-1)],
  ["a name that is not there", () => JSON.parse("{")],
  ["something that is no error", () => Promise.reject],
  ["Node's own argument check", () => readFileSync(undefined as unknown as string)],
])("%s is a bug", (_, action) => {
  const error = _.startsWith("something") ? "text" : thrownBy(action);
  expect(reportOf(error)).toMatchObject({ bug: true, exitCode: 1 });
  expect(reportOf(error).line).toMatch(/^crh: this is a bug \(.*\); run it again with --debug/);
});

test("what the file system refuses is put into words", () => {
  const missing = reportOf(thrownBy(() => readFileSync("/nowhere/x.npy")));
  expect(missing.line).toBe(
    "crh: expected a file that can be used at /nowhere/x.npy, got none (ENOENT); check the path",
  );
  expect(missing).toMatchObject({ exitCode: 1, bug: false });
  const full = Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC", syscall: "write" });
  expect(
    reportOf(
      thrownBy(() =>
        writing("runs", "/r", () => {
          throw full;
        }),
      ),
    ).line,
  ).toMatch(/^runs: .* a full disk/);
  expect(reportOf(full).line).toBe(
    "crh: expected a file that can be used at output, got a full disk (ENOSPC); check the path",
  );
});

test("a mistyped name finds the one that was meant", () => {
  const keys = ["width", "depth", "lr", "momentum", "decay", "activation"];
  expect(["widht", "dept", "momentun", "LR", "activations", "act"].map((word) => closest(word, keys))).toEqual([
    "width",
    "depth",
    "momentum",
    "lr",
    "activation",
    "activation",
  ]);
  expect(closest("zebra", keys)).toBeUndefined();
  expect(closest("x", ["a", "b"])).toBeUndefined();
  expect(suggestion("widht", keys)).toBe("; did you mean width?");
  expect(suggestion("zebra", ["a", "b"])).toBe("; known: a, b");
});
