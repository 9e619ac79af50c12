/**
 * @file The schemas of all settings: names, values, defaults with their sources, and the way through config.json and
 * back.
 */
import { describe, expect, test } from "vitest";
import { describeParameters } from "../../src/parameters/describe.ts";
import { ParameterError, parseParameters } from "../../src/parameters/parse.ts";
import type { Setting } from "../../src/settings/setting.ts";
import { findSetting, settings } from "../../src/settings/settings.ts";
import { loadedSetting } from "./loadedSettings.ts";

function refusal(setting: Setting, given: Record<string, unknown>): string {
  try {
    parseParameters(setting, given);
  } catch (error) {
    expect(error).toBeInstanceOf(ParameterError);
    return (error as Error).message;
  }
  throw new Error(`test: expected ${JSON.stringify(given)} to be refused, it was taken`);
}

describe.each(settings.map(({ name }) => name))("setting %s", (name) => {
  const setting = loadedSetting(name);

  test("has the name under which it is listed", () => {
    expect(setting.name).toBe(name);
  });

  test("says of every parameter what it means, where its default comes from, and has that default", () => {
    for (const parameter of describeParameters(setting)) {
      expect(parameter.source, parameter.key).toMatch(/^(paper|chosen)\b/);
      expect(parameter.description, parameter.key).toMatch(/\S{2}/);
      expect(parameter.default, parameter.key).not.toBeUndefined();
    }
  });

  test("takes its own defaults, as values and as the texts of a command line", () => {
    const defaults = parseParameters(setting, {});
    const texts = Object.fromEntries(Object.entries(defaults).map(([key, value]) => [key, String(value)]));
    expect(Object.keys(defaults)).toEqual(describeParameters(setting).map(({ key }) => key));
    expect(parseParameters(setting, texts)).toEqual(defaults);
  });

  test("reads what config.json holds as the same parameters", () => {
    const given = { seed: "7", lr: "2.5e-2", steps: "1e3", nesterov: "true", optimizer: "adamw", schedule: "cosine" };
    const parameters = parseParameters(setting, { ...given, ...(name === "mlp" ? { hidden: "8,4" } : {}) });
    expect(parameters).toMatchObject({ seed: 7, lr: 0.025, steps: 1000, nesterov: true });
    expect(parseParameters(setting, JSON.parse(JSON.stringify(parameters)))).toEqual(parameters);
  });

  test("refuses an unknown key with the one that was meant", () => {
    expect(refusal(setting, { momentun: 0.5 })).toBe(
      `${setting.name}: expected a parameter, got "momentun"; did you mean momentum?`,
    );
    expect(refusal(setting, { zebra: 1 })).toMatch(/got "zebra"; known: .*seed, steps, /);
    for (const key of ["toString", "constructor", "__proto__"])
      expect(refusal(setting, JSON.parse(`{"${key}":1}`))).toContain(`got "${key}"`);
  });
});

describe("a wrong value is refused in one line that names the key, what is expected and what came", () => {
  test.each<[string, string, unknown, string]>([
    ["fc2", "lr", "abc", "a number"],
    ["fc2", "lr", "", "a number"],
    ["fc2", "lr", "0x10", "a number"],
    ["fc2", "lr", "NaN", "a number"],
    ["fc2", "lr", Number.NaN, "a number"],
    ["fc2", "lr", null, "a number"],
    ["fc2", "lr", "1e400", "a finite number"],
    ["fc2", "lr", "0", "greater than 0"],
    ["fc2", "lr", -1, "greater than 0"],
    ["fc2", "width", "0", "1 or more"],
    ["fc2", "width", "2.5", "a whole number"],
    ["fc2", "steps", "1e300", "a whole number"],
    ["fc2", "seed", "-1", "0 or more"],
    ["fc2", "momentum", "1", "less than 1"],
    ["fc2", "decay", "-1e-4", "0 or more"],
    ["fc2", "phi", "1.1", "at most 1"],
    ["fc2", "nesterov", "maybe", "true or false"],
    ["fc2", "optimizer", "SGD", "one of sgd, adam, adamw"],
    ["fc2", "schedule", "", "one of constant, step, cosine, geometric"],
    ["mlp", "hidden", "", "widths of 1 or more, such as 256,256"],
    ["mlp", "hidden", "8,0", "widths of 1 or more, such as 256,256"],
    ["mlp", "hidden", "8,a", "widths of 1 or more, such as 256,256"],
    ["mlp", "hidden", [8, 1.5], "widths of 1 or more, such as 256,256"],
    ["mlp", "objective", "nll", "one of mse, cross-entropy"],
    ["mlp", "measureOn", "both", "one of test, train"],
  ])("%s %s=%j", (name, key, value, expected) => {
    const setting = loadedSetting(name);
    expect(refusal(setting, { [key]: value })).toBe(
      `${setting.name}: expected ${key} to be ${expected}, got "${String(value)}"; crh run ${setting.name} --help lists the parameters`,
    );
  });
});

test("an unknown setting is refused with the one that was meant", async () => {
  await expect(findSetting("fc3")).rejects.toThrow(/^run: expected a setting, got "fc3"; did you mean fc1\?$/);
  await expect(findSetting("transformer")).rejects.toThrow(
    /^run: expected a setting, got "transformer"; known: fc1, fc2, mlp, llm, res1, res2, twopoint, twopoint-mnist, twopoint-xor, twopoint-blobs/,
  );
});
