/**
 * @file From moments to the phase with nothing in between: exponents with their intervals, relations, projections,
 * diagnosis.
 */
import { expect, it } from "vitest";
import { layerExponents } from "../../../src/measure/laws/exponent.ts";
import { measureLayer } from "../../../src/measure/measureLayer.ts";
import { layerPhase } from "../../../src/measure/phase/layerPhase.ts";
import { mergeGroups, type PlantedOptions, plantedGroups, plantedRows } from "../plantedLayers.ts";

async function phaseOf(options: PlantedOptions): Promise<string> {
  const groups = plantedGroups(options, 8);
  const layer = mergeGroups(groups);
  const { alignment } = await measureLayer(layer, [], "economy");
  return layerPhase(layer, alignment, { exponents: layerExponents(groups, { replicates: 40 }) })!.label;
}

/** Rows that unrelated matrices of these spectra would be in as well are no label. */
function expected(row: PlantedOptions["row"], { d, rank = d }: { d: number; rank?: number }): string {
  return row === "9" || (rank === d && ["crh", "2", "3"].includes(row)) ? "undecided" : row;
}

const cases: Omit<PlantedOptions, "row" | "seed">[] = [
  { d: 24, rank: 24, noise: 0.1 },
  { d: 24, rank: 16, samples: 4000, outside: 1 },
];

it.each(cases)(
  "the planted phase is found in 19 of 20 layers, and unrelated matrices have none: %o",
  async (options) => {
    const rows = [...plantedRows, "none"] as const;
    const wrong: string[] = [];
    for (const row of rows)
      for (let seed = 0; seed < 10; seed++) {
        const label = await phaseOf({ row, seed, ...options });
        if (label !== expected(row, options)) wrong.push(`${row} as ${label} (seed ${seed})`);
      }
    expect(wrong.length / rows.length / 10, wrong.join(", ")).toBeLessThanOrEqual(0.05);
  },
);

it.each([0.3, 0.5])(
  "a law under noise of %d is found or undecided, never another one and never none",
  async (noise) => {
    for (const row of plantedRows)
      for (let seed = 0; seed < 7; seed++)
        expect([row, "undecided"], `${row}, seed ${seed}`).toContain(
          await phaseOf({ row, d: 24, noise, seed, samples: 4000 }),
        );
  },
);

it("with more noise than a law survives is undecided or none, never another phase", async () => {
  for (const row of plantedRows)
    for (const noise of [1.5, 3])
      expect([row, "undecided", "none"], `${row} at ${noise}`).toContain(await phaseOf({ row, d: 24, noise, seed: 1 }));
});

it("none is said of unrelated matrices in 19 of 20 layers, with few samples and few dimensions too", async () => {
  for (const options of [{ d: 24 }, { d: 24, rank: 16, outside: 1 }, { d: 40, samples: 80 }, { d: 60, rank: 30 }]) {
    const labels: string[] = [];
    for (let seed = 0; seed < 20; seed++) labels.push(await phaseOf({ row: "none", seed, samples: 4000, ...options }));
    expect(labels.filter((label) => label === "none").length, labels.join(" ")).toBeGreaterThanOrEqual(19);
    for (const label of labels) expect(["none", "undecided"]).toContain(label);
  }
});

it("has no label and no shares of rows where fewer than eight directions live: unrelated matrices look alike there", async () => {
  for (const rank of [1, 2, 3, 6])
    for (let seed = 0; seed < 4; seed++) {
      const groups = plantedGroups({ row: "none", d: 40, rank, seed, samples: 1000, decades: 4 }, 8);
      const layer = mergeGroups(groups);
      const { alignment } = await measureLayer(layer, groups, "economy");
      const found = layerPhase(layer, alignment, { exponents: layerExponents(groups, { replicates: 40 }), groups })!;
      expect(["undecided", "none"], `rank ${rank}, seed ${seed}`).toContain(found.label);
      expect(found.weights!["no row"]).toBe(1);
    }
});
