/**
 * @file Activations and gradients whose squares leave float32 are measured as any others: the same network in other
 * units has the same alignments, ranks, collapse and noise.
 */
import { expect, test } from "vitest";
import { nodeEngine } from "../../src/engineNode/nodeEngine.ts";
import { type Snapshot, snapshot } from "../../src/measure/snapshot.ts";
import { conventions } from "../../src/moments/moments.ts";
import { type ObjectiveName, objective } from "../../src/objectives/objective.ts";
import { GraphBuilder, WORKING_OPSET } from "../../src/onnx/graphBuilder.ts";
import { float32, int64 } from "../../src/onnx/tensor.ts";
import { type Feeds, TARGET } from "../../src/probe/feeds.ts";
import { type Measurement, Probe } from "../../src/probe/probe.ts";
import { Random } from "../../src/random/random.ts";

/** Rounding of float32 sums of some dozen rows in other orders. */
const SAME = 1e-5;
const [n, d, hidden, classes] = [48, 6, 9, 3];

function normal(shape: readonly number[], seed: number, factor = 1) {
  const data = new Float32Array(shape.reduce((x, y) => x * y, 1));
  new Random(seed).fillNormal(data);
  return float32(
    data.map((value) => value * factor),
    shape,
  );
}

interface Units {
  /** Of what enters the network, of what leaves it; the hidden layers have those of the input. */
  readonly input: number;
  readonly output: number;
  readonly tokens?: number;
  readonly bias?: boolean;
}

/** Three maps with biases in the units of their outputs; where there are tokens, samples have as many rows. */
function network({ input, output, tokens, bias: hasBias = true }: Units) {
  const g = new GraphBuilder("net");
  const shape = tokens === undefined ? ["n", d] : ["n", tokens, d];
  const map = (
    x: string,
    name: string,
    [from, to]: readonly [number, number],
    seed: number,
    units: number,
    bias: number,
  ) => {
    const W = g.initializer(`${name}.weight`, normal([from, to], seed, units));
    const y = g.op("MatMul", [x, W]);
    return hasBias ? g.op("Add", [y, g.initializer(`${name}.bias`, normal([to], seed + 10, bias))]) : y;
  };
  const first = g.op("Relu", [map(g.input("x", "float32", shape), "up", [d, hidden], 1, 1, input)]);
  const second = g.op("Relu", [map(first, "mid", [hidden, hidden], 2, 1, input)]);
  g.output(map(second, "down", [hidden, classes], 3, output / input, output), "y");
  return { graph: g.build(), opset: WORKING_OPSET };
}

async function measured(loss: ObjectiveName, units: Units): Promise<{ found: Snapshot; raw: Measurement }> {
  const rows = units.tokens === undefined ? [n] : [n, units.tokens];
  const labels = Array.from({ length: rows.reduce((x, y) => x * y, 1) }, (_, i) => (i * 7) % classes);
  const target = loss === "mse" ? normal([...rows, classes], 5, units.output) : int64(labels, rows);
  const whole: Feeds = { x: normal([...rows, d], 4, units.input), [TARGET]: target };
  const half = (from: number): Feeds =>
    Object.fromEntries(
      Object.entries(whole).map(([name, tensor]) => {
        const size = tensor.data.length / 2;
        const data = tensor.data.slice(from * size, (from + 1) * size);
        return [name, { ...tensor, shape: [n / 2, ...tensor.shape.slice(1)], data } as typeof tensor];
      }),
    );
  const options = { objective: objective(loss), pairs: 1024, outputPasses: 8 };
  const probe = new Probe(nodeEngine, network(units), options);
  const raw = await probe.measure([half(0), half(1)]);
  await probe.dispose();
  return { found: await snapshot(raw.total, { ...raw, cost: "full" }), raw };
}

function trace(matrix: Float64Array): number {
  const size = Math.sqrt(matrix.length);
  return matrix.reduce((sum, value, i) => (i % (size + 1) === 0 ? sum + value : sum), 0);
}

/** All alignments of all layers. */
function alignments({ layers }: Snapshot): (number | null)[] {
  return layers.flatMap(({ alignment }) =>
    conventions.flatMap((convention) =>
      [alignment[convention].a!, alignment[convention].b].flatMap(({ rga, rwa, gwa }) => [
        rga.value,
        rwa.value,
        gwa.value,
      ]),
    ),
  );
}

function expectSame(found: readonly (number | null)[], expected: readonly (number | null)[], tolerance = SAME): void {
  expect(found).toHaveLength(expected.length);
  expected.forEach((value, i) => {
    expect(value, `${i}`).not.toBeNull();
    expect(Math.abs(found[i]! - value!), `${i}: ${found[i]} and ${value}`).toBeLessThan(tolerance);
  });
}

test.each([undefined, 5])("activations of 1e20 and of 1e-25, tokens: %s", async (tokens) => {
  const loss = "cross-entropy";
  const given = { bias: false, ...(tokens === undefined ? {} : { tokens }) };
  const usual = await measured(loss, { input: 1, output: 1, ...given });
  for (const input of [1e20, 1e-25]) {
    const other = await measured(loss, { input, output: 1, ...given });
    expectSame(alignments(other.found), alignments(usual.found));
    const [sums, expected] = [other, usual].map(({ raw }) => raw.total.layers);
    sums!.forEach((layer, i) => {
      const same = expected![i]!;
      const inUnits = (x: number, y: number, units: number) => expect(x / (y * units)).toBeCloseTo(1, 4);
      inUnits(layer.a!.h2, same.a!.h2, input ** 2);
      inUnits(layer.a!.h4, same.a!.h4, input ** 4);
      expect(layer.a!.keptH).toBe(same.a!.keptH);
      inUnits(layer.a!.g2, same.a!.g2, input ** -2);
      const isLast = i === sums!.length - 1;
      // Outputs by h are in units of 1 / h, squared gradients of W (g h)^2 in none but for the last map.
      if (same.outputGradients)
        inUnits(trace(layer.outputGradients!.sum), trace(same.outputGradients.sum), isLast ? 1 : input ** -2);
      const [noise, expectedNoise] = [layer.noise!, same.noise!];
      for (const side of ["a", "b"] as const)
        if (expectedNoise[side])
          inUnits(trace(noise[side]!.sum), trace(expectedNoise[side]!.sum), isLast ? input ** 2 : 1);
      expect(expectedNoise.b ?? expectedNoise.a).toBeDefined();
      for (const [c, value] of (same.labelled?.a.squares ?? []).entries())
        inUnits(layer.labelled!.a.squares[c]!, value, input ** 2);
    });
    expect(other.raw.nearestMean).toEqual(usual.raw.nearestMean);
  }
});

test("beside a bias, whose input is 1, the noise of activations of 1e-25 is that of the bias alone", async () => {
  const { raw } = await measured("cross-entropy", { input: 1e-25, output: 1 });
  for (const { noise, b } of raw.total.layers)
    if (noise?.b) expect(trace(noise.b.sum) / trace(b.gg!)).toBeCloseTo(1, 5);
  expect(raw.total.layers.some(({ noise }) => noise?.b)).toBe(true);
});

test("biases in the units of activations change nothing", async () => {
  const usual = await measured("cross-entropy", { input: 1, output: 1 });
  const other = await measured("cross-entropy", { input: 1e20, output: 1 });
  expectSame(alignments(other.found), alignments(usual.found));
});

test("gradients of 1e-25, and of 1e15, as the activations", async () => {
  const usual = await measured("mse", { input: 1, output: 1 });
  for (const units of [1e-25, 1e15])
    expectSame(alignments((await measured("mse", { input: units, output: units })).found), alignments(usual.found));
});
