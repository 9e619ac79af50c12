/**
 * @file Sums that the built program's threads put together and measure, against the same in this one, and one thread at
 * a time.
 */
import { beforeAll, expect, test } from "vitest";
import { tokensInMemory } from "../../src/data/tokens.ts";
import { nodeEngine } from "../../src/engineNode/nodeEngine.ts";
import { type LayerSnapshot, layerJobs, measureJob } from "../../src/measure/snapshot.ts";
import { gpt } from "../../src/networks/gpt.ts";
import { objective } from "../../src/objectives/objective.ts";
import { WORKING_OPSET } from "../../src/onnx/graphBuilder.ts";
import { Probe, type SummedMeasurement } from "../../src/probe/probe.ts";
import { Random } from "../../src/random/random.ts";
import { tokenFeeds } from "../../src/train/tokenData.ts";
import type { LayerPool } from "../../src/workers/layerPool.ts";
import type { SumsJob } from "../../src/workers/sumsJob.ts";
import { expectAlike } from "../cli/expectAlike.ts";

const built = new URL("../../dist/workers/layerPool.js", import.meta.url).href;
const { LayerPool: Threads } = (await import(/* @vite-ignore */ built)) as { LayerPool: typeof LayerPool };

/** As many rows as make some sides be summed in coordinates of the other one (deferredSide). */
const [width, context, samples, batch] = [32, 128, 256, 16];
const { graph } = gpt({ layers: 1, heads: 2, width, context, vocabulary: 256, tied: false }, new Random(4));
const probe = new Probe(nodeEngine, { graph, opset: WORKING_OPSET }, { objective: objective("cross-entropy") });
const tokens = Uint16Array.from({ length: 60_000 }, (_, i) => (i * i * 7 + 31 * i) % 256);
const batches = tokenFeeds(tokensInMemory(tokens), { context, samples, batch });

let expected: LayerSnapshot[];

beforeAll(async () => {
  const { total, groups } = await probe.measure(batches);
  expected = await Promise.all(layerJobs(total, { groups }).map((job) => measureJob(job)));
}, 60_000);

function jobsOf({ groups }: SummedMeasurement): SumsJob[] {
  const bare = groups.map((group) => ({ ...group, layers: group.layers.map(({ layer }) => layer) }));
  return layerJobs(undefined, { groups: bare }).map((job, i) => ({
    options: job.options,
    sums: groups.map(({ layers }) => layers[i]!),
  }));
}

test("threads give the measures of sums that were put together here", async () => {
  const measuring = new Threads();
  try {
    for (const turn of ["at first", "in memory that was used before"]) {
      const summed = await probe.measureSums(batches);
      expect(summed.groups.length).toBeGreaterThan(1);
      const jobs = jobsOf(summed);
      const mlp = jobs.find(({ sums }) => sums[0]!.layer.dOut === 4 * width && sums[0]!.layer.a)!;
      expect(mlp.sums[0]!.deferred).toBeDefined();
      const layers = await measuring.layers(jobs);
      expect(mlp.sums[0]!.rows.gb!.last!.gram, "went to a thread").toHaveLength(0);
      expectAlike(layers, expected, turn);
    }
  } finally {
    await measuring.close();
  }
}, 60_000);

test("so does this thread", async () => {
  const { LayerPool: Here } = await import("../../src/workers/layerPool.ts");
  expectAlike(await new Here().layers(jobsOf(await probe.measureSums(batches))), expected, "here");
}, 60_000);
