/** @file Directions without gradients or activations on layers where they were planted (theory.md Eq. 65). */
import { describe, expect, test } from "vitest";
import { irrelevantInWords } from "../../../src/findings/explain/explainFeatures.ts";
import { eigh } from "../../../src/linalg/eigh.ts";
import { matmul, transpose } from "../../../src/linalg/matrix.ts";
import { layerSnapshot } from "../../../src/measure/layerSnapshot.ts";
import { irrelevantDirections } from "../../../src/measure/training/irrelevantDirections.ts";
import { addRows } from "../../../src/moments/addRows.ts";
import { emptyLayer, type LayerMoments, mergeMoments } from "../../../src/moments/moments.ts";
import { Random } from "../../../src/random/random.ts";
import { renderIrrelevant } from "../../../src/report/irrelevantTable.ts";
import { diagonal, gaussian, rotation } from "../matrices.ts";

const [dIn, dOut, lost, dead] = [12, 10, 3, 4];

/**
 * n rows: no gradient in the last `lost` outputs, where h_b has size `kept`; the last `dead` inputs are 0, their
 * weights of size `left`.
 */
function group(n: number, kept: number, left: number, seed: number): LayerMoments {
  const W = gaussian(new Random(1), dOut, dIn);
  for (let k = 0; k < W.data.length; k++) W.data[k]! *= k % dIn >= dIn - dead ? left : 1;
  for (let k = 0; k < W.data.length; k++) W.data[k]! *= k >= (dOut - lost) * dIn ? kept : 1;
  const random = new Random(seed);
  const ha = gaussian(random, n, dIn);
  const gb = gaussian(random, n, dOut);
  for (let k = 0; k < ha.data.length; k++) if (k % dIn >= dIn - dead) ha.data[k] = 0;
  for (let k = 0; k < gb.data.length; k++) if (k % dOut >= dOut - lost) gb.data[k] = 0;
  const layer = emptyLayer("fc", "linear", dIn, dOut, W);
  addRows(layer, { ha: ha.data, hb: matmul(ha, transpose(W)).data, gb: gb.data });
  return layer;
}

async function measured(n: number, kept: number, left: number) {
  const groups = [2, 3].map((seed) => group(n / 2, kept, left, seed));
  const [total] = groups
    .map((layer) => ({ step: 0, objective: "none", source: "planted", layers: [layer] }))
    .reduce(mergeMoments).layers;
  return await layerSnapshot(total!, groups);
}

describe("directions without gradients and without activations", () => {
  test("are counted, with what the outputs and the gradients keep in them", async () => {
    const { a, b } = (await measured(400, 1, 1)).irrelevant!;
    expect([b.count, a!.count]).toEqual([lost, dead]);
    expect([b.chance, a!.chance]).toEqual([lost / dOut, dead / dIn]);
    for (const side of [a!, b]) {
      expect(Math.abs(side.share! - side.chance)).toBeLessThan(3 * side.chanceSpread!);
      expect(side.noise!).toBeGreaterThan(0);
      expect(side.noise!).toBeLessThan(0.03);
      expect(side.status).toBeUndefined();
    }
    expect(b.unseen).toBe((dOut - lost + 1) / 401);
  });

  test("hold nothing where the theory's fixed point is reached, and as much as was left where it is not", async () => {
    const still = (await measured(400, 0, 0)).irrelevant!;
    for (const side of [still.a!, still.b]) expect(side.share!).toBeLessThanOrEqual(side.floor!);
    const { a, b } = (await measured(400, 0.1, 0.1)).irrelevant!;
    for (const side of [a!, b]) {
      expect(side.share!).toBeGreaterThan(1e-3);
      expect(side.share!).toBeLessThan(0.02);
    }
  });

  test("are put down to the samples where these are fewer than the dimensions", async () => {
    const { a, b } = (await measured(6, 1, 1)).irrelevant!;
    expect(b.count).toBe(dOut - 6);
    expect([a!.status, b.status]).toEqual(["too-few-samples", "too-few-samples"]);
    expect(b.unseen).toBe(1);
  });

  test("say how many more are near the line that divides them from the others", async () => {
    const [n, sizes] = [300, [1, 1, 1, 3e-3, 2e-3, 1e-4, 0]] as const;
    const head = emptyLayer("head", "head", 7, 7);
    const gb = gaussian(new Random(6), n, 7).data.map((value, k) => value * sizes[k % 7]!);
    addRows(head, { hb: gaussian(new Random(5), n, 7).data, gb });
    const { b } = (await layerSnapshot(head, [])).irrelevant!;
    expect([b.count, b.near]).toEqual([2, 2]);
    expect(irrelevantInWords({ a: null, b })[0]).toContain(", in 2 more below a ten-thousandth (");
    expect((await measured(400, 1, 1)).irrelevant!.b.near).toBe(0);
  });

  test("none is no share, and a layer without side a has none there", async () => {
    const n = 200;
    const rows = gaussian(new Random(5), n, 5).data;
    const head = emptyLayer("head", "head", 5, 5);
    addRows(head, { hb: rows, gb: gaussian(new Random(6), n, 5).data });
    const { a, b } = (await layerSnapshot(head, [])).irrelevant!;
    expect(a).toBeNull();
    expect([b.count, b.share, b.noise]).toEqual([0, null, null]);
    expect(irrelevantInWords({ a, b })).toEqual([]);
  });
});

test("chance and its spread are those of random directions", () => {
  const [d, k, draws] = [12, 4, 3000];
  const random = new Random(7);
  const H = diagonal(Array.from({ length: d }, (_, i) => 2 ** -i));
  const shares: number[] = [];
  let spread = 0;
  for (let r = 0; r < draws; r++) {
    const values = Float64Array.from({ length: d }, (_, i) => (i < d - k ? 1 : 0));
    const found = irrelevantDirections(H, { values, vectors: rotation(random, d) });
    shares.push(found.share!);
    spread = found.chanceSpread!;
  }
  const mean = shares.reduce((sum, x) => sum + x, 0) / draws;
  const sd = Math.sqrt(shares.reduce((sum, x) => sum + (x - mean) ** 2, 0) / draws);
  expect(Math.abs(mean - k / d)).toBeLessThan((4 * spread) / Math.sqrt(draws));
  expect(Math.abs(sd / spread - 1)).toBeLessThan(0.06); // four standard errors of a standard deviation
});

test("a further sample leaves the range of those seen no more often than the bound says, on average", () => {
  // Rows are unit vectors of d categories, some rare: a further row has a part in the null space where its category was
  // not seen.
  const [d, n, runs] = [10, 12, 400];
  const weights = Array.from({ length: d }, (_, i) => 2 ** -i);
  const total = weights.reduce((sum, x) => sum + x, 0);
  const random = new Random(8);
  let [missed, bound] = [0, 0];
  for (let r = 0; r < runs; r++) {
    const seen = new Set<number>();
    for (let i = 0; i < n; i++) {
      let at = random.uniform() * total;
      let category = 0;
      while (category < d - 1 && at > weights[category]!) at -= weights[category++]!;
      seen.add(category);
    }
    const G = eigh(diagonal(Array.from({ length: d }, (_, i) => (seen.has(i) ? 1 : 0))));
    const { count } = irrelevantDirections(diagonal(weights.map(() => 1)), G);
    expect(count).toBe(d - seen.size);
    missed += weights.reduce((sum, x, i) => sum + (seen.has(i) ? 0 : x / total), 0) / runs;
    bound += (d - count + 1) / (n + 1) / runs;
  }
  expect(missed).toBeGreaterThan(0.01);
  expect(missed).toBeLessThan(bound);
});

describe("what is said of them", async () => {
  const last = await measured(400, 0.1, 0);
  const first = await measured(400, 1, 1);

  test("in a report: counts, shares with noise, chance and start, and what is below rounding", () => {
    const html = renderIrrelevant([last], [first]);
    expect(html).toMatch(
      /data-label="without gradient"><span class="value">3<\/span> of 10<small>a new sample reaches them: at most 2 %/,
    );
    expect(html).toMatch(
      /data-label="share of H forward"><span class="value">0\.0\d\d<\/span><span class="pm"> ± [^<]+<\/span>/,
    );
    expect(html).toMatch(/chance 0\.30 ± 0\.\d\d · start 0\.\d{3} in 3</);
    expect(html).toMatch(/data-label="share of G backward"><span class="value">≤ [\d.]+e−\d/);
    const full = { ...last, irrelevant: { a: null, b: { ...last.irrelevant!.b, count: 0, share: null } } };
    expect(renderIrrelevant([last, full], [])).toContain("1 other layer has none.");
    expect(renderIrrelevant([full], [])).toBe("");
  });

  test("in words", async () => {
    const [outputs, inputs] = irrelevantInWords(last.irrelevant!);
    expect(outputs).toMatch(
      /^In 3 of the 10 directions of its outputs the mean squared gradient over 400 rows is below a millionth of the largest \(a further row has a component in them with probability 0\.020 at most\); they hold 0\.0\d+ \(± .*\) of the variance of h, by chance 0\.30, stationary under weight decay 0\.$/,
    );
    expect(inputs).toMatch(
      /^In 4 of the 12 directions of its inputs the mean squared activation over 400 rows is below .* they hold nothing that float32 sums resolve/,
    );
    const few = irrelevantInWords((await measured(6, 1, 1)).irrelevant!);
    expect(few[0]).toMatch(/: that may be due to too few samples\.$/);
  });
});
