/** @file Samples whose nearest class mean is another class than the one named, against distances in float64. */
import { expect, test } from "vitest";
import { nodeEngine } from "../../src/engineNode/nodeEngine.ts";
import { emptyLabelledSums } from "../../src/moments/labelledSums.ts";
import { float32, type Tensor } from "../../src/onnx/tensor.ts";
import { Features } from "../../src/probe/nodes/nearestMean.ts";
import { Random } from "../../src/random/random.ts";

const [n, d, classes] = [101, 3, 4];
const random = new Random(7);
const rows = Array.from({ length: n }, () => Array.from({ length: d }, () => Math.fround(random.normal())));
const named = Array.from({ length: n }, () => random.below(classes));

/** Means of the first classes; the last has no samples. */
const sums = emptyLabelledSums(classes, d, classes);
for (let c = 0; c < classes - 1; c++) {
  sums.counts[c] = 10;
  for (let j = 0; j < d; j++) sums.a.sums[c * d + j] = 10 * random.normal();
}

function differs(i: number): boolean {
  const distances = [0, 1, 2].map((c) =>
    rows[i]!.reduce((sum, value, j) => sum + (value - sums.a.sums[c * d + j]! / 10) ** 2, 0),
  );
  return distances.indexOf(Math.min(...distances)) !== named[i];
}

/** The rows in batches of several sizes. */
function kept(most?: number): Features {
  const features = new Features(most);
  for (let from = 0, size = 1; from < n; from += size, size = (size * 3) % 17) {
    const to = Math.min(n, from + size);
    const labels: Tensor = {
      dtype: "int64",
      shape: [to - from],
      data: BigInt64Array.from(named.slice(from, to), BigInt),
    };
    features.add({ f: float32(rows.slice(from, to).flat(), [to - from, d]), c: labels }, { features: "f", named: "c" });
  }
  return features;
}

test.each([
  { what: "all rows", most: undefined, stride: 1 },
  { what: "every second row where all do not fit", most: 60 * (4 * d + 8), stride: 2 },
  { what: "every eighth row", most: 15 * (4 * d + 8), stride: 8 },
])("are counted over $what", async ({ most, stride }) => {
  const chosen = Array.from({ length: n }, (_, i) => i).filter((i) => i % stride === 0);
  const expected = chosen.filter(differs).length / chosen.length;
  expect(await kept(most).disagreement(nodeEngine, sums, 1)).toBe(expected);
});

test("are unknown without rows", async () => {
  expect(await new Features().disagreement(nodeEngine, sums, 1)).toBeUndefined();
});
