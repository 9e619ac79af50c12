import { describe, expect, it } from "vitest";
import { parseParameters } from "../../src/parameters/parse.ts";
import { findPreset, PAPER } from "../../src/settings/presets.ts";
import { estimatedSeconds } from "../../src/studies/cost.ts";
import { studies } from "../../src/studies/studies.ts";
import { studySizes } from "../../src/studies/study.ts";
import { loadedSetting } from "../settings/loadedSettings.ts";

describe("estimates of runs", () => {
  /** Processor seconds on one core of a virtual machine, measurements included; llm: two cores, by its preset. */
  it.each([
    ["fc1", PAPER, { steps: 20_000 }, 28],
    ["fc1", PAPER, { steps: 20_000, optimizer: "adam" }, 30],
    ["fc2", PAPER, { steps: 20_000 }, 31],
    ["fc2", PAPER, {}, 118],
    ["llm", "small", {}, 600],
  ] as const)("%s %s %j takes about %d s", (name, preset, parameters, seconds) => {
    const setting = loadedSetting(name);
    const parsed = parseParameters(setting, { ...findPreset(setting, preset).parameters, ...parameters });
    expect(Math.abs(Math.log2(estimatedSeconds(parsed) / seconds))).toBeLessThan(1);
  });
});

describe("the list of studies", () => {
  it("has every name once", () => {
    expect(new Set(studies.map(({ name }) => name)).size).toBe(studies.length);
  });

  it.each(studies.flatMap((study) => studySizes.map((size) => [study.name, size, study] as const)))(
    "%s, %s: runs have labels of their own, and parameters that their settings take",
    (_, size, study) => {
      const runs = study.runs(size);
      if (runs.length === 0) return;
      expect(new Set(runs.map(({ label }) => label)).size).toBe(runs.length);
      for (const { setting: name, preset = PAPER, parameters, seed, follow } of runs) {
        const setting = loadedSetting(name);
        const values = { ...findPreset(setting, preset).parameters, ...parameters, seed };
        const parsed = parseParameters(setting, values);
        expect(estimatedSeconds(parsed)).toBeGreaterThan(0);
        if (setting.needsData) expect(study.needsData).toBeDefined();
        if (study.name.startsWith("twopoint/")) expect(follow !== undefined).toBe(name === "fc2");
      }
    },
  );

  it("can be evaluated without a single run, and then nothing holds", () => {
    for (const study of studies.filter(({ runs }) => runs("small").length > 0)) {
      const { claims } = study.evaluate([], { size: "small" });
      expect(claims.filter(({ verdict }) => verdict === "holds")).toEqual([]);
    }
  });
});
