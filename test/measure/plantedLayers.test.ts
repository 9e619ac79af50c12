import { describe, expect, it } from "vitest";
import { gram, type Matrix, matmul, transpose } from "../../src/linalg/matrix.ts";
import { cosine } from "../../src/measure/alignment/cosine.ts";
import { type LayerMoments, type Side, secondMoment } from "../../src/moments/moments.ts";
import { mergeGroups, plantedExponents, plantedGroups, plantedLayer, plantedRows } from "./plantedLayers.ts";

/** What each row assumes, one relation a side. */
const assumed: Record<string, string> = {
  crh: "aHG aHZ aGZ bHG bHZ bGZ",
  b: "aHG aHZ aGZ",
  f: "bHG bHZ bGZ",
  "1": "aHG bHG",
  "2": "aHZ bHZ",
  "3": "aGZ bGZ",
  "4": "aHG bHZ",
  "5": "aHZ bHG",
  "6": "aHG bGZ",
  "7": "aGZ bHG",
  "8": "aHZ bGZ",
  "9": "aGZ bHZ",
};

function six(layer: LayerMoments): Record<string, Matrix> {
  const of = (side: Side) => ({
    [`${side}H`]: secondMoment(layer[side]!, "H", "raw", layer.n)!,
    [`${side}G`]: secondMoment(layer[side]!, "G", "raw", layer.n)!,
    [`${side}Z`]: gram(layer.W!, side),
  });
  return { ...of("a"), ...of("b") };
}

describe("planted layers", () => {
  it("satisfy the relations of their row and no other, at full and deficient rank", () => {
    for (const row of plantedRows)
      for (const rank of [20, 12]) {
        const found = six(plantedLayer({ row, d: 20, rank, seed: 1 }));
        const held = ["aHG", "aHZ", "aGZ", "bHG", "bHZ", "bGZ"].filter(
          (name) => cosine(found[name[0]! + name[1]!]!, found[name[0]! + name[2]!]!).value! > 1 - 1e-9,
        );
        expect(`${row} ${rank}: ${held.join(" ")}`).toBe(`${row} ${rank}: ${assumed[row]}`);
      }
  });

  it("have the exponents of their row on the range of W", () => {
    expect(plantedExponents("6")).toEqual({ Ha: 2, Ga: 2, Hb: 3, Gb: 1 });
    expect(plantedExponents("1")).toBeNull();
    const { aH, aZ } = six(plantedLayer({ row: "6", d: 15, seed: 3 }));
    expect(cosine(aH!, matmul(aZ!, aZ!)).value).toBeCloseTo(1, 10);
  });

  it("drawn from samples come near the exact ones, and satisfy the identities of Eq. 6", () => {
    const exact = six(plantedLayer({ row: "5", d: 30, seed: 4 }));
    const groups = plantedGroups({ row: "5", d: 30, seed: 4, samples: 40_000 }, 8);
    expect(groups.map((group) => group.n)).toEqual(Array(8).fill(5000));
    const layer = mergeGroups(groups);
    const drawn = six(layer);
    for (const name of Object.keys(exact)) expect(cosine(exact[name]!, drawn[name]!).value).toBeGreaterThan(0.995);
    const Hb = matmul(matmul(layer.W!, drawn.aH!), transpose(layer.W!));
    expect(cosine(Hb, drawn.bH!).value).toBeCloseTo(1, 12);
    const few = six(plantedLayer({ row: "5", d: 30, seed: 4, samples: 10 }));
    const sum = (A: Matrix): number => A.data.reduce((total, value, k) => total + (k % 31 === 0 ? value : 0), 0);
    expect(sum(few.aH!) / sum(exact.aH!)).toBeGreaterThan(0.3);
    expect(sum(few.aH!) / sum(exact.aH!)).toBeLessThan(3);
  });

  it("leave their law the more the higher the noise", () => {
    const at = (noise: number): number => {
      const { aH, aZ } = six(plantedLayer({ row: "5", d: 40, seed: 5, noise }));
      return cosine(aH!, aZ!).value!;
    };
    expect(at(0.1)).toBeGreaterThan(0.98);
    expect(at(0.1)).toBeLessThan(1 - 1e-6);
    expect(at(3)).toBeLessThan(0.9);
  });
});
