/**
 * @file The networks of the two-point experiments beside loops written out by hand: skips, convolutions, scale of the
 * weights.
 */
import { describe, expect, it } from "vitest";
import { nodeEngine } from "../../src/engineNode/nodeEngine.ts";
import { convolutional1d } from "../../src/networks/convolutional1d.ts";
import { mlp } from "../../src/networks/mlp.ts";
import type { Network } from "../../src/networks/network.ts";
import { GraphBuilder, WORKING_OPSET } from "../../src/onnx/graphBuilder.ts";
import { float32 } from "../../src/onnx/tensor.ts";
import { Random } from "../../src/random/random.ts";

const leaky = (z: number) => (z > 0 ? z : 0.01 * z);
const input = [0.7, -1.3];
const valuesOf = (network: Network, name: string) => [...(network.graph.initializers.get(name)!.data as Float32Array)];

/** Every hidden value and the output for one sample. */
async function computed(network: Network): Promise<number[][]> {
  const g = new GraphBuilder("all", network.graph);
  network.hidden!.forEach(({ value, name }) => {
    g.output(value, `hidden/${name}`);
  });
  const program = await nodeEngine.compile({ graph: g.build(), opset: WORKING_OPSET });
  const out = await program.run({ x: float32(input, [1, 2]) });
  await program.dispose();
  const names = [...network.hidden!.map(({ name }) => `hidden/${name}`), "output"];
  return names.map((name) => [...(out[name]!.data as Float32Array)]);
}

function dense(network: Network, name: string, x: readonly number[]): number[] {
  const [W, b] = [valuesOf(network, `${name}.weight`), valuesOf(network, `${name}.bias`)];
  return b.map((bias, i) => x.reduce((sum, value, j) => sum + W[i * x.length + j]! * value, bias));
}

/** A convolution of kernel 11 without padding, channels x places. */
function convolved(network: Network, name: string, x: readonly (readonly number[])[]): number[][] {
  const [W, b] = [valuesOf(network, `${name}.weight`), valuesOf(network, `${name}.bias`)];
  const places = x[0]!.length - 10;
  return b.map((bias, o) =>
    Array.from({ length: places }, (_, at) => {
      let sum = bias;
      x.forEach((channel, c) => {
        for (let k = 0; k < 11; k++) sum += W[(o * x.length + c) * 11 + k]! * channel[at + k]!;
      });
      return leaky(sum);
    }),
  );
}

function expectAlike(found: readonly number[][], expected: readonly (readonly number[])[]): void {
  expect(found.map((row) => row.length)).toEqual(expected.map((row) => row.length));
  found.forEach((row, l) => {
    row.forEach((value, i) => {
      expect(value).toBeCloseTo(expected[l]![i]!, 5);
    });
  });
}

describe("the networks of the two-point experiments", () => {
  it("add the activation two layers below, from the third hidden layer on, and not at the output", async () => {
    const widths = [2, 4, 4, 4, 4, 1];
    const network = mlp({ widths, activation: "leaky-relu", initialisation: "torch", skip: true }, new Random(3));
    const h: number[][] = [];
    for (let k = 0; k < 4; k++) {
      const plain = dense(network, `layers.${k}`, h[k - 1] ?? input).map(leaky);
      h.push(k > 1 ? plain.map((value, i) => value + h[k - 2]![i]!) : plain);
    }
    expectAlike(await computed(network), [...h, dense(network, "layers.4", h[3]!)]);
  });

  it("take ten places away in each of depth + 1 convolutions, between two dense maps", async () => {
    const options = { inputs: 2, outputs: 1, width: 36, channels: 3, depth: 2, activation: "leaky-relu" } as const;
    const network = convolutional1d(options, new Random(4));
    const first = dense(network, "layers.0", input).map(leaky);
    const maps = [[first]];
    for (let k = 1; k <= 3; k++) maps.push(convolved(network, `layers.${k}`, maps[k - 1]!));
    expect(maps.map((map) => [map.length, map[0]!.length])).toEqual([
      [1, 36],
      [3, 26],
      [3, 16],
      [1, 6],
    ]);
    expectAlike(await computed(network), [...maps.map((map) => map.flat()), dense(network, "layers.4", maps[3]![0]!)]);
  });

  it.each([
    ["xavier", 0.5],
    ["he", 2],
    ["torch", 1.7],
  ] as const)("begin with weights of %s times the gain, and biases without it", (initialisation, gain) => {
    const build = (factor: number) =>
      mlp({ widths: [30, 20, 10], activation: "relu", initialisation, gain: factor }, new Random(5));
    const [plain, scaled] = [build(1), build(gain)];
    const [W, V] = [plain, scaled].map((network) => valuesOf(network, "layers.0.weight"));
    V!.forEach((value, i) => {
      expect(value).toBeCloseTo(gain * W![i]!, 6);
    });
    expect(valuesOf(scaled, "layers.0.bias")).toEqual(valuesOf(plain, "layers.0.bias"));
  });
});
