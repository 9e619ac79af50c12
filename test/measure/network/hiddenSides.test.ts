import { describe, expect, it } from "vitest";
import { hiddenSides, type Placed } from "../../../src/measure/network/hiddenSides.ts";

const linear = (name: string, dIn: number, dOut: number): Placed & { name: string } => ({
  name,
  kind: "linear",
  dIn,
  dOut,
});

const named = (layers: readonly (Placed & { name: string })[]) =>
  hiddenSides(layers)?.hidden.map(({ layer, side }) => `${layer.name}.${side}`);

describe("hiddenSides", () => {
  const chain = [linear("l0", 8, 12), linear("l1", 12, 12), linear("l2", 12, 3)];

  it("takes side a of maps 1 to D and side b of maps 0 to D - 1, data and output apart", () => {
    expect(named(chain)).toEqual(["l0.b", "l1.a", "l1.b", "l2.a"]);
    const found = hiddenSides(chain)!;
    expect(found.data).toEqual({ layer: chain[0], side: "a" });
    expect(found.output).toEqual({ layer: chain[2], side: "b" });
  });

  it("has D sides of each letter", () => {
    for (let D = 0; D < 6; D++) {
      const { hidden } = hiddenSides(Array.from({ length: D + 1 }, (_, i) => linear(`l${i}`, 5, 5)))!;
      for (const letter of ["a", "b"]) expect(hidden.filter(({ side }) => side === letter)).toHaveLength(D);
    }
  });

  it("follows convolutions by their patches and flattened channels", () => {
    const network = [
      { ...linear("conv0", 27, 16), kind: "conv" as const },
      { ...linear("conv1", 144, 32), kind: "conv" as const },
      linear("fc", 32 * 49, 10),
    ];
    expect(named(network)).toEqual(["conv0.b", "conv1.a", "conv1.b", "fc.a"]);
  });

  it("knows no hidden sides of networks that branch, of widths that do not follow, and of nothing", () => {
    expect(hiddenSides([])).toBeUndefined();
    expect(hiddenSides([...chain.slice(0, 2), { ...linear("heads[0]", 4, 4), kind: "head" }])).toBeUndefined();
    expect(hiddenSides([{ ...linear("block", 4, 4), kind: "block" }, ...chain])).toBeUndefined();
    expect(hiddenSides([linear("q", 8, 16), linear("k", 8, 16)])).toBeUndefined();
  });
});
