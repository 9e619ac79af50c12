import { describe, expect, it } from "vitest";
import { evenGroups } from "../../../src/measure/laws/heavyGroups.ts";
import { addRows } from "../../../src/moments/addRows.ts";
import { emptyLayer, type LayerMoments, mergeLayers } from "../../../src/moments/moments.ts";
import { Random } from "../../../src/random/random.ts";
import { gaussian } from "../matrices.ts";

/** Groups of Gaussian rows; the outlier is a hundred times as long, in the first group. */
function groupsOf(count: number, outlier: boolean): LayerMoments[] {
  const random = new Random(3);
  const W = gaussian(random, 6, 8);
  return Array.from({ length: count }, (_, g) => {
    const layer = emptyLayer("x", "linear", 8, 6, W);
    const ha = gaussian(random, 50, 8).data;
    if (outlier && g === 0) for (let i = 0; i < 8; i++) ha[i]! *= 100;
    const hb = new Float64Array(300);
    for (let r = 0; r < 50; r++)
      for (let i = 0; i < 6; i++) for (let j = 0; j < 8; j++) hb[r * 6 + i]! += W.data[i * 8 + j]! * ha[r * 8 + j]!;
    addRows(layer, { ha, hb, gb: gaussian(random, 50, 6).data });
    return layer;
  });
}
const total = (groups: readonly LayerMoments[]) => groups.reduce((x, y) => mergeLayers(x, y));

describe("groups that few rows dominate (Eq. 88)", () => {
  it("leaves Gaussian groups as they are, the very same objects", () => {
    const groups = groupsOf(8, false);
    const found = evenGroups(groups, total(groups));
    expect(found.heavy).toBe(0);
    expect(found.groups).toBe(groups);
  });

  it("scales a heavy group to twice the variance of the others, and keeps H_b = W H_a W^T", () => {
    const groups = groupsOf(8, true);
    const found = evenGroups(groups, total(groups));
    expect(found.heavy).toBe(1);
    const [heavy, other] = [found.groups[0]!, found.groups[1]!];
    expect(heavy.a!.h2).toBeLessThan(4 * other.a!.h2);
    expect(found.groups[1]).toBe(groups[1]);
    const { W, a, b } = found.total;
    let off = 0;
    for (let i = 0; i < 6; i++)
      for (let k = 0; k < 6; k++) {
        let through = 0;
        for (let p = 0; p < 8; p++)
          for (let q = 0; q < 8; q++) through += W!.data[i * 8 + p]! * a!.hh![p * 8 + q]! * W!.data[k * 8 + q]!;
        off = Math.max(off, Math.abs(through - b.hh![i * 6 + k]!) / b.hh![0]!);
      }
    expect(off).toBeLessThan(1e-12);
  });

  it("needs three groups to tell which is heavy", () => {
    const groups = groupsOf(2, true);
    expect(evenGroups(groups, total(groups)).heavy).toBe(0);
  });
});
