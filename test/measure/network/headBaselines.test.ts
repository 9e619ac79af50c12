import { expect, test } from "vitest";
import { matrix } from "../../../src/linalg/matrix.ts";
import { alignment } from "../../../src/measure/alignment/alignment.ts";
import { byHeadLayer, headBaselines } from "../../../src/measure/network/headBaselines.ts";
import { snapshot } from "../../../src/measure/snapshot.ts";
import { addRows } from "../../../src/moments/addRows.ts";
import { emptyLayer, type LayerMoments, type Moments, secondMoment } from "../../../src/moments/moments.ts";
import { Random } from "../../../src/random/random.ts";

const d = 5;

function head(name: string, random: Random, scale: number): LayerMoments {
  const layer = emptyLayer(name, "head", d, d);
  const rows = () => Float64Array.from({ length: 40 * d }, (_, k) => random.normal() * (1 + scale * (k % d)));
  addRows(layer, { hb: rows(), gb: rows() });
  return layer;
}

function measured(seed: number): Moments {
  const random = new Random(seed);
  const map = emptyLayer(
    "map",
    "linear",
    d,
    d,
    matrix(
      d,
      d,
      Float64Array.from({ length: d * d }, () => random.normal()),
    ),
  );
  const rows = () => Float64Array.from({ length: 40 * d }, () => random.normal());
  addRows(map, { ha: rows(), hb: rows(), gb: rows() });
  const heads = ["x[0]", "x[1]", "x[2]", "y[0]"].map((name, i) => head(name, random, i));
  return { step: seed, objective: "mse", source: "planted", layers: [map, ...heads] };
}

const H = (moments: Moments, name: string, convention: "paper" | "raw") => {
  const layer = moments.layers.find((one) => one.name === name)!;
  return secondMoment(layer.b, "H", convention, layer.n)!;
};

test("baselines are the alignments of H with the other heads of the layer and with its own start", () => {
  const [now, start] = [measured(2), measured(1)];
  const found = headBaselines(now, start);
  expect([...found.keys()]).toEqual(["x[0]", "x[1]", "x[2]", "y[0]"]);
  for (const convention of ["paper", "raw"] as const) {
    const own = found.get("x[1]")!;
    const values = ["x[0]", "x[2]"]
      .map((name) => alignment(H(now, "x[1]", convention), H(now, name, convention)).value!)
      .sort((x, y) => x - y);
    const { median, low, high, count } = own.otherHeads[convention]!;
    expect(count).toBe(2);
    expect(median).toBeCloseTo((values[0]! + values[1]!) / 2, 12);
    expect(low).toBeCloseTo(values[0]!, 13);
    expect(high).toBeCloseTo(values[1]!, 13);
    const same = alignment(H(now, "x[1]", convention), H(start, "x[1]", convention)).value;
    expect(own.start[convention]).toBeCloseTo(same!, 12);
  }
  expect(headBaselines(now, now).get("x[2]")!.start.paper).toBeCloseTo(1, 12);
});

test("a head that is alone has no others; without a start, or with another width there, there is none", () => {
  const [now, start] = [measured(2), measured(1)];
  expect(headBaselines(now).get("y[0]")).toEqual({
    otherHeads: { paper: null, covariance: null, raw: null },
    start: { paper: null, covariance: null, raw: null },
  });
  const other = { ...start, layers: [emptyLayer("x[0]", "head", 3, 3)] };
  expect(headBaselines(now, other).get("x[0]")!.start).toEqual({ paper: null, covariance: null, raw: null });
});

test("a snapshot has them on its heads alone", async () => {
  const layers = (await snapshot(measured(2), { start: measured(1), cost: "economy" })).layers;
  expect(layers.map(({ baselines }) => baselines !== undefined)).toEqual([false, true, true, true, true]);
  expect(layers[1]!.baselines!.start.paper).not.toBeNull();
});

test("heads are grouped by their name without the number at its end", () => {
  expect([...byHeadLayer(["a[0]", "b[0]", "a[1]"], (name) => name)]).toEqual([
    ["a", ["a[0]", "a[1]"]],
    ["b", ["b[0]"]],
  ]);
});
