/**
 * @file `crh analyze` of a network in parts: with the model before training, against the same as a whole, and where it
 * is stopped.
 */
import { expect, test } from "vitest";
import { terminalObserver } from "../../src/cli/progress.ts";
import { tokensInMemory } from "../../src/data/tokens.ts";
import { nodeEngine } from "../../src/engineNode/nodeEngine.ts";
import { type Snapshot, snapshot } from "../../src/measure/snapshot.ts";
import { gpt } from "../../src/networks/gpt.ts";
import { objective } from "../../src/objectives/objective.ts";
import { WORKING_OPSET } from "../../src/onnx/graphBuilder.ts";
import { inParts } from "../../src/probe/parts.ts";
import { Probe } from "../../src/probe/probe.ts";
import { Random } from "../../src/random/random.ts";
import { analyzeInParts, type Pass } from "../../src/runner/analysis/analyzeInParts.ts";
import type { AnalyzeOptions } from "../../src/runner/analysis/analyzeOptions.ts";
import { tokenFeeds } from "../../src/train/tokenData.ts";
import { MOST_KEPT_BYTES } from "../../src/workers/snapshotInParts.ts";
import { expectAlike } from "../cli/expectAlike.ts";
import { testIo } from "../cli/testIo.ts";

const context = 6;
const batches = tokenFeeds(tokensInMemory(Uint16Array.from({ length: 200 }, (_, i) => 97 + ((i * i) % 7))), {
  context,
  samples: 12,
  batch: 3,
});
/** Windows of a batch: one here, since twelve windows are cut into a batch for each group. */
const windows = 12 / batches.length;
const options = { cost: "standard", quiet: true } as unknown as AnalyzeOptions;

function probeOf(seed: number): Probe {
  const { graph } = gpt({ layers: 1, heads: 2, width: 8, context, vocabulary: 256, tied: false }, new Random(seed));
  return new Probe(nodeEngine, { graph, opset: WORKING_OPSET }, { objective: objective("cross-entropy") });
}

/** A pass over a probe; `after` is called behind each batch. */
function passOf(probe: Probe, signal?: AbortSignal, after: () => void = () => {}): Pass {
  return (layers, onShare) => {
    let batch = 0;
    return probe.measureSums(batches, {
      layers,
      ...(signal && { signal }),
      onBatch: () => {
        onShare(++batch / batches.length);
        after();
      },
    });
  };
}

test("has the snapshots of the model and of that before training that one pass over each gives", async () => {
  const [trained, untrained] = [probeOf(1), probeOf(2)];
  const start = await untrained.measure(batches);
  const initial = await snapshot(start.total, { ...start, exponentSeconds: 0 });
  const whole = await trained.measure(batches);
  const initialWeights = new Map(start.total.layers.flatMap(({ name, W }) => (W ? [[name, W] as const] : [])));
  const expected = await snapshot(whole.total, { ...whole, initial, initialWeights, start: start.total });
  const parts = inParts(await trained.outline(batches[0]!), 1, batches.length);
  const found = await analyzeInParts(parts, { pass: passOf(trained), before: passOf(untrained) }, options, {
    observer: terminalObserver(testIo()),
    signal: new AbortController().signal,
  });
  expect(found.layers).toBe(parts.length);
  const head = found.result.layers.find(({ kind }) => kind === "head");
  expect(head!.baselines!.start.paper).not.toBeNull();
  expectAlike(found.initial!, initial, "initial");
  expectAlike(found.result, expected, "result");
  await trained.dispose();
  await untrained.dispose();
});

test("stopped in the first pass it has those layers over the samples so far; later, the layers before, over all", async () => {
  const probe = probeOf(1);
  const parts = inParts(await probe.outline(batches[0]!), 1, batches.length);
  const stoppedBehind = (count: number): Promise<{ result: Snapshot; layers: number }> => {
    const controller = new AbortController();
    let done = 0;
    const pass = passOf(probe, controller.signal, () => {
      if (++done === count) controller.abort();
    });
    return analyzeInParts(parts, { pass, before: undefined }, options, {
      observer: terminalObserver(testIo()),
      signal: controller.signal,
    });
  };
  const first = await stoppedBehind(2);
  expect([first.layers, first.result.layers[0]!.samples]).toEqual([1, 2 * windows * context]);
  const later = await stoppedBehind(2 * batches.length + 1);
  expect(later.layers).toBe(2);
  for (const { samples } of later.result.layers) expect(samples).toBe(12 * context);
  const names = parts.flat().map(({ name }) => name);
  expect(later.result.skipped.slice(-names.length + 2)).toEqual(
    names.slice(2).map((node) => ({ node, reason: "stopped before it was measured" })),
  );
  await probe.dispose();
});

test("refuses moments that do not fit in a file before anything is measured", async () => {
  const layer = {
    name: "w",
    kind: "linear",
    dIn: 4,
    dOut: 4,
    a: { d: 4 },
    b: { d: 4 },
    bytes: MOST_KEPT_BYTES,
  } as const;
  const pass: Pass = () => Promise.reject(new Error("measured"));
  const writing = { ...options, moments: "m.safetensors" };
  const surroundings = { observer: terminalObserver(testIo()), signal: new AbortController().signal };
  await expect(analyzeInParts([[layer]], { pass, before: undefined }, writing, surroundings)).rejects.toThrow(
    /^analyze: expected moments of at most 2 GiB for one file, got 2\.0; choose some --layers/,
  );
});
