/** @file From moments to the phase with nothing in between: exponents with their intervals, relations, projections, diagnosis. */
import { expect, it } from "vitest";
import { layerExponents } from "../../src/measure/exponent.ts";
import { layerPhase } from "../../src/measure/layerPhase.ts";
import { measureLayer } from "../../src/measure/measureLayer.ts";
import { mergeGroups, type PlantedOptions, plantedGroups, plantedRows } from "./plantedLayers.ts";

function phaseOf(options: PlantedOptions): string {
  const groups = plantedGroups(options, 8);
  const layer = mergeGroups(groups);
  const { alignment } = measureLayer(layer, undefined, "economy");
  return layerPhase(layer, alignment, { exponents: layerExponents(groups, { replicates: 40 }) })!.label;
}

const cases: Omit<PlantedOptions, "row" | "seed">[] = [
  { d: 24, rank: 24, noise: 0.1 },
  { d: 24, rank: 16, samples: 4000, outside: 1 },
];

it.each(cases)("the planted phase is found in 19 of 20 layers, and unrelated matrices have none: %o", (options) => {
  const rows = [...plantedRows, "none"] as const;
  const wrong: string[] = [];
  for (const row of rows)
    for (let seed = 0; seed < 10; seed++) {
      const label = phaseOf({ row, seed, ...options });
      if (label !== row) wrong.push(`${row} as ${label} (seed ${seed})`);
    }
  expect(wrong.length / rows.length / 10, wrong.join(", ")).toBeLessThanOrEqual(0.05);
});

it("with more noise than a law survives is undecided or none, never another phase", () => {
  for (const row of plantedRows)
    for (const noise of [0.5, 1.5])
      expect([row, "undecided", "none"], `${row} at ${noise}`).toContain(phaseOf({ row, d: 24, noise, seed: 1 }));
});
