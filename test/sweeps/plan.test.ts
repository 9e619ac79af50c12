import { describe, expect, it } from "vitest";
import { z } from "zod";
import { field, number, whole } from "../../src/parameters/field.ts";
import { type BlockSetting, countJobs, jobsOf } from "../../src/sweeps/jobs.ts";
import { checkedChoices, parsePlan } from "../../src/sweeps/plan.ts";

const toy: BlockSetting = {
  name: "toy",
  parameters: z.strictObject({
    lr: field(number, 0.1, "rate", "chosen"),
    width: field(whole, 10, "width", "chosen"),
    seed: field(whole, 0, "seed", "chosen"),
  }),
  preset: {},
};
const options = checkedChoices({});
const jobs = (text: string) => {
  const plan = parsePlan(text, "p.yaml");
  return plan.blocks.flatMap((block) => [...jobsOf(block, toy, plan.options)]);
};

describe("a plan", () => {
  it("is every combination, the last parameter fastest, under each condition", () => {
    const found = jobs("{setting: toy, values: {lr: '0.1,0.2', seed: 0..1}, conditions: [{width: 1}, {width: 2}]}").map(
      ({ values }) => values,
    );
    expect(found.slice(0, 5)).toEqual([
      { width: 1, lr: 0.1, seed: 0 },
      { width: 1, lr: 0.1, seed: 1 },
      { width: 1, lr: 0.2, seed: 0 },
      { width: 1, lr: 0.2, seed: 1 },
      { width: 2, lr: 0.1, seed: 0 },
    ]);
    expect(found).toHaveLength(8);
  });

  it("names a job by what its numbers depend on, however that was written", () => {
    const [one] = jobs("{setting: toy, values: {lr: 1e-1, seed: 3}}");
    const [other] = jobs("{setting: toy, values: {seed: '3', lr: 0.1, width: 10}, options: {}}");
    const [measured] = jobs("{setting: toy, values: {lr: 0.1, seed: 3}, options: {every: 5}}");
    expect(one!.id).toMatch(/^toy-[0-9a-f]{12}$/);
    expect(other!.id).toBe(one!.id);
    expect(measured!.id).not.toBe(one!.id);
  });

  it("draws jointly, and more draws change none", () => {
    const text = (draws: number) =>
      `{setting: toy, draws: ${draws}, drawSeed: 5, values: {lr: "loguniform:1e-3..1", width: "integer:1..9"}}`;
    const [few, many] = [jobs(text(3)), jobs(text(6))];
    expect(many.slice(0, 3)).toEqual(few);
    expect(new Set(many.map(({ values }) => values.lr)).size).toBe(6);
  });

  it("is counted without being made", () => {
    const values = Object.fromEntries(["lr", "width", "seed"].map((key) => [key, "0..999"]));
    const { blocks } = parsePlan(JSON.stringify({ setting: "toy", values }), "p.yaml");
    expect(countJobs(blocks[0]!)).toBe(1e9);
  });

  it.each([
    ["setting: toy\nvalues:\n\tlr: 1", "p.yaml: expected YAML, got a tab in line 3"],
    ["setting: toy\nvalues: &v\n  lr: *v", "expected a plan"],
    ["setting: toy\nvalues: {lr: [1,}", "p.yaml: expected YAML"],
    ["", "p.yaml: expected a setting with values, or sweeps, got nothing"],
    ["- 1", "p.yaml: expected a setting with values"],
    ["setting: toy\nvalue: {lr: 1}", 'p.yaml: expected known keys, got "value"; did you mean values?'],
    ["sweeps: [{setting: toy, draw: 2}]", 'expected known keys in sweeps.0, got "draw"; did you mean draws?'],
    ["setting: toy\noptions: {evry: 3}", 'expected known keys in options, got "evry"; did you mean every?'],
    ["setting: toy\noptions: {every: no}", 'expected options.every to be a number of steps or "log", got "no"'],
    ["setting: 5", "expected setting to be the name of a setting, got 5"],
    ["setting: toy\nvalues: {lr: {a: 1}}", "expected values.lr to be a value or a list of values"],
    ["setting: toy\nvalues: {lr: 5..1}", "p.yaml: toy: lr: expected a range from the smaller"],
    ["setting: toy\nname: ../x", "expected name to be a name of letters"],
    ["setting: toy\nvalues: {rate: 1}", 'sweep: expected a parameter of toy, got "rate"; known: lr, width, seed'],
    ["setting: toy\nvalues: {lr: fast}", "sweep: toy: expected lr to be a number"],
    ["setting: toy\nvalues: {lr: uniform:0..1}", "sweep: expected --draws, or draws in the plan, for lr"],
    ["setting: toy\ndraws: 3", "sweep: expected a parameter with random values"],
    ["setting: toy\nvalues: {lr: 1}\nconditions: [{lr: 2}]", "expected lr of toy in values or in conditions"],
  ])("is refused in one line: %j", (text, message) => {
    expect(() => jobs(text)).toThrow(message);
    expect(() => jobs(text)).toThrow(/^[^\n]+$/);
  });

  it("does not expand a bomb of aliases", () => {
    const levels = Array.from({ length: 12 }, (_, i) => `a${i + 1}: &a${i + 1} [${Array(9).fill(`*a${i}`).join()}]`);
    const text = `a0: &a0 [x]\n${levels.join("\n")}\n`;
    const begun = performance.now();
    expect(() => jobs(text)).toThrow("p.yaml: expected");
    expect(performance.now() - begun).toBeLessThan(2000);
  });
});

describe("options", () => {
  it("of every run are checked", () => {
    expect(options).toEqual({ moments: "none" });
    expect(() => checkedChoices({ cost: "cheap" })).toThrow("expected cost to be economy, standard or full");
  });
});
