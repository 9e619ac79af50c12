/** @file Maps of which some rows of each sample are measured. */
import { expect, test } from "vitest";
import { tokensInMemory } from "../../src/data/tokens.ts";
import { nodeEngine } from "../../src/engineNode/nodeEngine.ts";
import { gpt } from "../../src/networks/gpt.ts";
import { objective } from "../../src/objectives/objective.ts";
import { WORKING_OPSET } from "../../src/onnx/graphBuilder.ts";
import { sampleRows } from "../../src/probe/maps/sampledRows.ts";
import { Probe } from "../../src/probe/probe.ts";
import type { ProbeOptions } from "../../src/probe/probeOptions.ts";
import { Random } from "../../src/random/random.ts";
import { tokenFeeds } from "../../src/train/tokenData.ts";

test("of each sample as many rows, ascending and for each sample others, each as often in the long run", () => {
  const [n, each, count] = [400, 25, 4];
  const rows = sampleRows(n * each, n, count, new Random(5))!;
  expect(rows).toHaveLength(n * count);
  expect(rows).toEqual(rows.toSorted((x, y) => x - y));
  const times = new Array<number>(each).fill(0);
  for (let sample = 0; sample < n; sample++) {
    const own = rows.slice(sample * count, (sample + 1) * count);
    expect(new Set(own).size).toBe(count);
    for (const row of own) {
      expect(Math.floor(row / each)).toBe(sample);
      times[row % each]!++;
    }
  }
  const expected = (n * count) / each;
  for (const found of times) expect(Math.abs(found - expected)).toBeLessThan(5 * Math.sqrt(expected));
});

test("all rows where no sample has more, or where rows do not belong to samples", () => {
  expect(sampleRows(40, 10, 4, new Random(1))).toBeUndefined();
  expect(sampleRows(40, 10, 3, new Random(1))).toHaveLength(30);
  expect(sampleRows(41, 10, 3, new Random(1))).toBeUndefined();
  expect(sampleRows(40, 10, Number.POSITIVE_INFINITY, new Random(1))).toBeUndefined();
});

const [context, samples] = [16, 120];
const { graph } = gpt({ layers: 1, heads: 2, width: 8, context, vocabulary: 256, tied: false }, new Random(2));
const tokens = Uint16Array.from({ length: 2000 }, (_, i) => (i * i * 7 + 31 * i) % 256);
const batches = tokenFeeds(tokensInMemory(tokens), { context, samples, batch: 24 });

async function measured(options: Partial<ProbeOptions> = {}) {
  const probe = new Probe(
    nodeEngine,
    { graph, opset: WORKING_OPSET },
    { objective: objective("cross-entropy"), ...options },
  );
  try {
    return await probe.measure(batches);
  } finally {
    await probe.dispose();
  }
}

test("sums over some tokens of sampled coordinates are a part of those of all coordinates", async () => {
  const all = await measured({ positions: 4, sampleSeed: 3 });
  const some = await measured({ positions: 4, sampleSeed: 3, largest: 5, beyond: "sample" });
  some.total.layers.forEach((layer, index) => {
    for (const side of ["a", "b"] as const) {
      const [part, whole] = [layer[side], all.total.layers[index]![side]];
      if (part?.sample === undefined) continue;
      const { coordinates } = part.sample;
      for (const block of ["hh", "gg"] as const)
        coordinates.forEach((row, i) => {
          const [found, expected] = [part[block]![i * part.d], whole![block]![row * whole!.d + coordinates[0]!]];
          const scale = Math.sqrt(
            whole![block]![row * (whole!.d + 1)]! * whole![block]![coordinates[0]! * (whole!.d + 1)]!,
          );
          expect(Math.abs(found! - expected!), `${layer.name} ${side}.${block}`).toBeLessThanOrEqual(1e-5 * scale);
        });
    }
  });
  expect(some.total.layers.some(({ a }) => a?.sample !== undefined)).toBe(true);
});

test("sums over some tokens are an unbiased sample of those over all; loss and classifier keep all", async () => {
  const whole = await measured();
  const draws = await Promise.all([1, 2, 3, 4, 5, 6].map((sampleSeed) => measured({ positions: 4, sampleSeed })));
  const rows = context * samples;
  const last = whole.total.layers.findIndex(({ labelled }) => labelled !== undefined);
  expect(last).toBeGreaterThan(0);
  for (const draw of draws) {
    expect(draw.loss).toBe(whole.loss);
    expect(draw.total.layers.map(({ n }) => n)).toEqual(
      whole.total.layers.map((_, i) => (i === last ? rows : rows / 4)),
    );
    expect(draw.total.layers[last]!.b.hh).toEqual(whole.total.layers[last]!.b.hh);
  }
  whole.total.layers.forEach((layer, i) => {
    if (i === last) return;
    const mean = draws.reduce((sum, { total }) => sum + total.layers[i]!.b.h2 / total.layers[i]!.n, 0) / draws.length;
    expect(mean / (layer.b.h2 / layer.n), layer.name).toBeGreaterThan(0.95);
    expect(mean / (layer.b.h2 / layer.n), layer.name).toBeLessThan(1.05);
  });
  const [first, second] = draws.map(({ total }) => total.layers[0]!.b.hh!);
  expect(first).not.toEqual(second);
});
