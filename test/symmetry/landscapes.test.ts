import { describe, expect, it } from "vitest";
import { type LandscapeName, landscape, landscapeNames } from "../../src/symmetry/landscapes.ts";

/** Least of a loss over a grid of the plane, or of the line where it has one parameter. */
function least(name: LandscapeName, penalty: number): { value: number; u: number; w: number } {
  const { loss } = landscape(name, penalty);
  const places = Array.from({ length: 401 }, (_, i) => -2 + i / 100);
  const all = places.flatMap((u) => (name === "sign" ? [0] : places).map((w) => ({ value: loss(u, w), u, w })));
  return all.reduce((x, y) => (y.value < x.value ? y : x));
}

describe.each(landscapeNames)("the loss with a symmetry: %s", (name) => {
  const { critical } = landscape(name, 0);

  it.each([0.1, 0.4, 0.8, 1, 1.5])(
    "has its minima where a search finds the least, at %f of the critical penalty",
    (share) => {
      const { loss, minima } = landscape(name, share * critical);
      const found = least(name, share * critical);
      for (const [u, w] of minima) {
        expect(loss(u, w)).toBeLessThanOrEqual(found.value + 1e-12);
        expect(loss(u, w)).toBeGreaterThan(found.value - 1e-3);
      }
      expect(minima).toHaveLength(share < 1 ? 2 : 1);
      const near = minima.map(([u, w]) => Math.hypot(u - found.u, w - found.w));
      expect(Math.min(...near)).toBeLessThan(0.05);
    },
  );

  it("breaks along the line on which its minima lie", () => {
    const { minima, direction } = landscape(name, critical / 2);
    for (const [u, w] of minima) expect(u * direction[1] - w * direction[0]).toBeCloseTo(0, 12);
    expect(Math.hypot(...direction)).toBeCloseTo(1, 12);
  });
});
