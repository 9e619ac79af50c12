/**
 * Planted layers as rows of samples, through moments of groups, to the label and its exponents. CRH_SEEDS=<n> runs that
 * many seeds of each setting (default 1); what a large grid gave is in docs/log.md.
 */
import { describe, expect, it } from "vitest";
import { plantedExponents, plantedRows as rows } from "./plantedLayers.ts";
import { allowedLabels, equalGroups, type RowOptions, snapshotOfRows } from "./plantedRows.ts";

const seeds = Number(process.env.CRH_SEEDS ?? 1);
type Setting = Omit<RowOptions, "row" | "seed">;
const timeout = 60_000 * seeds;

/** Labels and intervals of all rows of a setting. */
async function tally(setting: Setting) {
  const found = {
    all: 0,
    right: 0,
    stated: 0,
    inside: 0,
    wrong: [] as string[],
    open: [] as string[],
    shares: [] as number[],
  };
  for (const row of rows)
    for (let seed = 0; seed < seeds; seed++) {
      const options: RowOptions = { ...setting, row, seed };
      const { phase, exponents } = await snapshotOfRows(options);
      const [label, allowed] = [phase!.label, allowedLabels(options)];
      if (!allowed.includes("undecided")) {
        found.all++;
        found.shares.push(phase!.weights![row]);
        if (label === row) found.right++;
        else found.open.push(`$rowas $label`);
      }
      if (label !== "undecided" && !allowed.includes(label)) found.wrong.push(`$rowas $label(seed $seed)`);
      const truth = plantedExponents(row);
      if (!truth) continue;
      const { a, b } = exponents!.covariance;
      const pairs = [
        [a!.hz, truth.Ha],
        [a!.gz, truth.Ga],
        [a!.hg, truth.Ha / truth.Ga],
        [b.hz, truth.Hb],
        [b.gz, truth.Gb],
        [b.hg, truth.Hb / truth.Gb],
      ] as const;
      for (const [{ interval }, exponent] of pairs) {
        if (!interval || !Number.isFinite(exponent)) continue;
        found.stated++;
        if (interval[0] <= exponent && exponent <= interval[1]) found.inside++;
      }
    }
  return found;
}

describe("planted rows as samples", () => {
  it.each<Setting>([
    { d: 20, samples: 500, mean: 0.9, bias: true },
    { d: 20, rank: 10, samples: 1000, noise: 0.1, tails: "elliptical", mean: 0.5 },
    { d: 24, rank: 16, samples: 800, noise: 0.1, mean: 0.85, meanAlong: "weights", bias: true },
    { d: 24, dOut: 36, samples: 1000, noise: 0.1, mean: 0.5, bias: true },
    { d: 20, samples: 1000, noise: 0.1, tails: "elementwise" },
    { d: 100, rank: 50, samples: 2500, noise: 0.1, tails: "elementwise", mean: 0.5, bias: true },
  ])("are found in nine of ten layers, and never another row: %o", { timeout }, async (setting) => {
    const { all, right, stated, inside, wrong, open, shares } = await tally(setting);
    expect(wrong).toEqual([]);
    expect(right / all, open.join(", ")).toBeGreaterThanOrEqual(0.9);
    expect(shares.reduce((sum, share) => sum + share, 0) / all).toBeGreaterThanOrEqual(0.9);
    expect(stated).toBeGreaterThan(20);
    expect(inside / stated).toBeGreaterThanOrEqual(0.93);
  });

  it.each<Setting>([
    { d: 20, samples: 2000, noise: 0.3, tails: "elliptical", mean: 0.6, bias: true },
    { d: 24, rank: 12, samples: 120, noise: 0.1, mean: 0.5 },
    { d: 20, rank: 12, samples: 800, noise: 0.1, outlier: 300 },
    { d: 20, rank: 12, samples: 800, noise: 0.1, outlier: 300, groups: equalGroups(2) },
    { d: 20, rank: 12, samples: 800, noise: 0.1, groups: equalGroups(3), tails: "elliptical" },
    { d: 20, rank: 12, samples: 800, noise: 0.1, groups: [200, 1, 100, 50, 20, 10, 5, 2, 1] },
    { d: 20, dead: 20, samples: 1000, noise: 0.1, mean: 0.5, bias: true },
  ])("under what hides them are found or undecided: %o", { timeout }, async (setting) => {
    expect((await tally(setting)).wrong).toEqual([]);
  });

  it("unrelated matrices have no row, whatever mean, tails and outliers", { timeout }, async () => {
    for (const setting of [
      { d: 20, samples: 500, mean: 0.9, bias: true },
      { d: 30, rank: 15, samples: 1000, tails: "elliptical", mean: 0.5 },
      { d: 30, samples: 1000, tails: "elementwise", bias: true },
      { d: 24, dOut: 40, samples: 1000 },
      { d: 24, rank: 12, samples: 800, outlier: 300, groups: equalGroups(2) },
      { d: 24, samples: 120 },
    ] satisfies Setting[])
      for (let seed = 0; seed < 2 * seeds; seed++) {
        const { phase } = await snapshotOfRows({ ...setting, row: "none", seed });
        expect(["none", "undecided"], JSON.stringify(setting)).toContain(phase!.label);
        expect(phase!.weights!["no row"], JSON.stringify(setting)).toBeGreaterThanOrEqual(0.95);
      }
  });
});
