import { expect, test } from "vitest";
import { matrix } from "../../src/linalg/matrix.ts";
import { emptyLayer } from "../../src/moments/moments.ts";
import { addCrossMoments } from "../../src/probe/batchSums.ts";
import { Random } from "../../src/random/random.ts";

test("cross moments of both sides follow from that of the map, a bias and means of the gradients included", () => {
  const [n, dIn, dOut] = [5, 3, 4];
  const random = new Random(7);
  const normals = (count: number) => Float64Array.from({ length: count }, () => 1 + random.normal());
  const [W, bias] = [matrix(dOut, dIn, normals(dOut * dIn)), normals(dOut)];
  const layer = emptyLayer("fc", "linear", dIn, dOut, W);
  layer.n = n;
  const expected = { a: new Float64Array(dIn * dIn), b: new Float64Array(dOut * dOut) };
  for (let row = 0; row < n; row++) {
    const [ha, gb] = [normals(dIn), normals(dOut)];
    const hb = bias.map((value, i) => ha.reduce((sum, h, j) => sum + W.data[i * dIn + j]! * h, value));
    const ga = ha.map((_, j) => gb.reduce((sum, g, i) => sum + W.data[i * dIn + j]! * g, 0));
    const add = (into: Float64Array, g: Float64Array, h: Float64Array) =>
      g.forEach((x, i) => {
        for (let j = 0; j < h.length; j++) into[i * h.length + j]! += x * h[j]!;
      });
    add(expected.a, ga, ha);
    add(expected.b, gb, hb);
    add(layer.gbHa!, gb, ha);
    add(layer.a!.hSum!, Float64Array.of(1), ha);
    add(layer.b.hSum!, Float64Array.of(1), hb);
    add(layer.b.gSum!, Float64Array.of(1), gb);
  }
  addCrossMoments(layer);
  for (const [k, value] of expected.a.entries()) expect(layer.a!.gh![k]).toBeCloseTo(value, 10);
  for (const [k, value] of expected.b.entries()) expect(layer.b.gh![k]).toBeCloseTo(value, 10);
});
