/** @file Each example runs as its first lines say, stays short, and prints what it promises. */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

const root = join(import.meta.dirname, "..", "..");
const folder = join(root, "examples");
const MOST_LINES = 80;
/** The narrated one, from a graph to an alignment. */
const MOST_NARRATED = 150;

function run(name: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(folder, name), ...args], { encoding: "utf8" });
  expect(stderr).toBe("");
  expect(status).toBe(0);
  return stdout;
}

describe("examples", () => {
  test("are numbered and short", () => {
    const files = readdirSync(folder);
    expect(files.every((name) => /^\d-[a-z-]+\.mjs$/.test(name))).toBe(true);
    for (const name of files)
      expect(readFileSync(join(folder, name), "utf8").split("\n").length).toBeLessThanOrEqual(
        name.startsWith("7-") ? MOST_NARRATED : MOST_LINES,
      );
  });

  test("1: training prints six alignments of six layers at three steps", () => {
    const lines = run("1-train-and-measure.mjs", "20").split("\n");
    expect(lines.filter((line) => /^layers\.\d +(0\.\d\d\s*){6}$/.test(line)).length).toBe(18);
  });

  test("2: of made-up arrays only the two planted relations hold", () => {
    const values = new Map(
      run("2-your-own-arrays.mjs")
        .trim()
        .split("\n")
        .map((line) => line.split(/\s+/) as [string, string])
        .map(([key, value]) => [key, Number(value)]),
    );
    expect(values.get("b.rwa")).toBeGreaterThan(0.99);
    expect(values.get("a.gwa")).toBeGreaterThan(0.99);
    for (const other of ["a.rga", "a.rwa", "b.rga", "b.gwa"]) expect(values.get(other)).toBeLessThan(0.9);
    expect(values.size).toBe(6);
  });

  test("3: the gradient agrees with a finite difference", () => {
    expect(run("3-differentiate-a-graph.mjs")).toMatch(/off by \d\.\de-\d/);
  });

  test("4: other coordinates of the outputs leave alignments alone and change the feature ansatz", () => {
    const [backward, forward, ansatz] = run("4-change-the-outputs-coordinates.mjs")
      .trim()
      .split("\n")
      .slice(1)
      .map((line) => line.split(/\s+/).slice(-2).map(Number));
    expect(backward![1]).toBe(backward![0]);
    expect(forward![1]).toBe(forward![0]);
    expect(Math.abs(ansatz![1]! - ansatz![0]!)).toBeGreaterThan(0.01);
  });

  test("5: two rates, near half of the step size each, tell where the representations end", () => {
    const out = run("5-fit-a-trajectory.mjs");
    expect(out).toMatch(/^status {4}ok, rich$/m);
    for (const name of ["etaH", "etaY"])
      expect(Math.abs(Number(new RegExp(`^${name} +([\\d.]+)`, "m").exec(out)![1]) / 0.025 - 1)).toBeLessThan(0.35);
    const [measured, predicted] = /^distance {2}([\d.]+) in the end, ([\d.]+)/m.exec(out)!.slice(1).map(Number);
    expect(Math.abs(predicted! / measured! - 1)).toBeLessThan(0.05);
  });

  test("6: a step of SGD moves each charge by what the noise predicts, and the pair says the same", () => {
    const lines = run("6-charges-of-your-own-arrays.mjs").trim().split("\n");
    const rows = lines.slice(1, 5).map((line) => line.trim().split(/\s+/).map(Number));
    for (const [, , moved, predicted] of rows) expect(Math.abs(moved! - predicted!)).toBeLessThanOrEqual(1e-6);
    expect(lines[5]).toMatch(/^imbalance 0\.\d+, noise balance -?\d\.\d+, tr A \/ tr B \d\.\d+$/);
    const incoming = lines[6]!.split(" ").slice(5).map(Number);
    expect(incoming).toHaveLength(4);
  });

  test("the library lines of the README are example 1", () => {
    const readme = readFileSync(join(root, "README.md"), "utf8");
    const example = readFileSync(join(folder, "1-train-and-measure.mjs"), "utf8");
    const code = /```js\n([\s\S]*?)```/.exec(readme)?.[1];
    expect(code).toBeDefined();
    expect(example).toContain(code!.trim());
  });

  test("7: sums of its own give the alignments that the library measures", () => {
    const rows = run("7-from-a-batch-to-an-alignment.mjs").trim().split("\n").slice(2);
    expect(rows).toHaveLength(3);
    for (const row of rows) {
      const [, here, library] = row.trim().split(/\s+/);
      expect(Math.abs(Number(here) - Number(library))).toBeLessThan(1e-4);
    }
  });
});
