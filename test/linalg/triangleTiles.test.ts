import { expect, it } from "vitest";
import { lowerTiles } from "../../src/linalg/triangleTiles.ts";

it("tiles cover every entry of the lower triangle once", () => {
  for (const d of [0, 1, 31, 32, 33, 100]) {
    const visits = new Uint8Array(d * d);
    lowerTiles(d, (top, bottom, left, right) => {
      for (let i = top; i < bottom; i++) for (let j = left; j < Math.min(right, i + 1); j++) visits[i * d + j]!++;
    });
    const expected = visits.map((_, k) => (k % d <= Math.floor(k / d) ? 1 : 0));
    expect(visits).toEqual(expected);
  }
});
