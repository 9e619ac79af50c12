/**
 * @file One convolution with its bias written in every form has the moments of the form whose operator adds it; what is
 * added behind a convolution and is no bias leaves h_b what it is.
 */
import { describe, expect, test } from "vitest";
import { nodeEngine } from "../../src/engineNode/nodeEngine.ts";
import { measureLayer } from "../../src/measure/measureLayer.ts";
import type { LayerMoments } from "../../src/moments/moments.ts";
import { objective } from "../../src/objectives/objective.ts";
import { type Attribute, int, ints } from "../../src/onnx/graph.ts";
import { GraphBuilder, WORKING_OPSET } from "../../src/onnx/graphBuilder.ts";
import { float32, int64, type Tensor } from "../../src/onnx/tensor.ts";
import { sliceBatches, TARGET } from "../../src/probe/feeds.ts";
import { Probe } from "../../src/probe/probe.ts";
import type { ProbeOptions } from "../../src/probe/probeOptions.ts";
import { Random } from "../../src/random/random.ts";

/** float32 sums in another order, relative to the largest. */
const FLOAT32 = 1e-5;
const [n, C, side] = [24, 6, 5];

function normals(seed: number, ...shape: number[]): Tensor {
  const data = new Float32Array(shape.reduce((product, extent) => product * extent, 1));
  new Random(seed).fillNormal(data);
  return float32(data, shape);
}

const K = normals(1, C, 3, 3, 3);
/** As large as the rest of h_b, so that it shows. */
const b = (normals(2, C).data as Float32Array).map((value) => 8 * value);
const x = normals(3, n, 3, side, side);

type Build = (g: GraphBuilder, x: string) => string;

/** The moments of the convolution in front of a tanh, a sum over positions and a linear map. */
async function conv(build: Build, options: Partial<ProbeOptions> = {}, kernel = K): Promise<LayerMoments[]> {
  const g = new GraphBuilder("m");
  g.input("x", "float32", ["n", ...x.shape.slice(1)]);
  g.initializer("conv.weight", kernel);
  const h = g.op("Reshape", [g.op("Tanh", [build(g, "x")]), g.ints([0, -1])]);
  g.output(g.op("ReduceMean", [h, g.ints([1])], { keepdims: int(1) }), "y");
  const model = { graph: g.build(), opset: WORKING_OPSET };
  const probe = new Probe(nodeEngine, model, { objective: objective("mse"), ...options });
  try {
    const { total, skipped } = await probe.measure(sliceBatches({ x, [TARGET]: normals(5, n, 1) }, 10));
    expect(skipped).toEqual([]);
    return total.layers;
  } finally {
    await probe.dispose();
  }
}

function expectSame([first, ...rest]: LayerMoments[], expected: LayerMoments[]): void {
  expect(1 + rest.length).toBe(expected.length);
  for (const [i, layer] of [first!, ...rest].entries()) {
    const of = expected[i]!;
    expect([layer.name, layer.n, layer.dIn, layer.dOut]).toEqual([of.name, of.n, of.dIn, of.dOut]);
    const sums = ({ a, b: out }: LayerMoments) => ({
      hh: out.hh!,
      h: out.hSum!,
      gg: out.gg!,
      ha: a!.hSum!,
      ga: a!.gg!,
    });
    for (const [key, values] of Object.entries(sums(layer))) {
      const wanted = sums(of)[key as "hh"];
      const largest = Math.max(...wanted.map(Math.abs));
      const difference = Math.max(...values.map((value, k) => Math.abs(value - wanted[k]!)));
      expect(difference / largest, key).toBeLessThan(FLOAT32);
    }
  }
}

const product: Build = (g, input) => g.op("Conv", [input, "conv.weight"]);
const own: Build = (g, input) => g.op("Conv", [input, "conv.weight", g.constant(float32(b, [C]))]);
const values = (...shape: number[]) => float32(b, shape);
const plus =
  (...shape: number[]): Build =>
  (g, input) =>
    g.op("Add", [product(g, input), g.constant(values(...shape))]);
const channelsLast = (g: GraphBuilder, y: string) => g.op("Transpose", [y], { perm: ints([0, 2, 3, 1]) });

describe("a bias that another node adds to a convolution belongs to h_b", () => {
  test.each<[string, Build]>([
    ["(1, C, 1, 1)", plus(1, C, 1, 1)],
    ["(C, 1, 1)", plus(C, 1, 1)],
    ["added from the left", (g, y) => g.op("Add", [g.constant(values(1, C, 1, 1)), product(g, y)])],
    ["a Sum", (g, y) => g.op("Sum", [product(g, y), g.constant(values(C, 1, 1))])],
    [
      "subtracted with the other sign",
      (g, y) => {
        const minus = float32(
          b.map((value) => -value),
          [C, 1, 1],
        );
        return g.op("Sub", [product(g, y), g.constant(minus)]);
      },
    ],
    [
      "through a Reshape",
      (g, y) => g.op("Add", [product(g, y), g.op("Reshape", [g.constant(values(C)), g.ints([1, -1, 1, 1])])]),
    ],
    [
      "through an Unsqueeze and an Identity of the product",
      (g, y) =>
        g.op("Add", [g.op("Identity", [product(g, y)]), g.op("Unsqueeze", [g.constant(values(C)), g.ints([1, 2])])]),
    ],
    [
      "behind a Transpose to channels last",
      (g, y) => g.op("Add", [channelsLast(g, product(g, y)), g.constant(values(C))]),
    ],
    [
      "behind a Reshape of positions",
      (g, y) => g.op("Add", [g.op("Reshape", [product(g, y), g.ints([0, 0, -1])]), g.constant(values(C, 1))]),
    ],
    [
      "behind a Transpose and a Reshape to rows",
      (g, y) =>
        g.op("Add", [g.op("Reshape", [channelsLast(g, product(g, y)), g.ints([-1, C])]), g.constant(values(1, C))]),
    ],
    [
      "of a dynamically quantized model, as a product of scales leaves it",
      (g, y) => {
        const cast = g.op("Cast", [product(g, y)], { to: int(1) });
        return g.op("Add", [cast, g.op("Reshape", [g.constant(values(C)), g.constant(int64([1, C, 1, 1]))])]);
      },
    ],
  ])("%s", async (_, build) => {
    const shaped: Build = (g, y) => g.op("Reshape", [build(g, y), g.ints([-1, C * 9])]);
    const plain: Build = (g, y) => g.op("Reshape", [own(g, y), g.ints([-1, C * 9])]);
    const found = await conv(shaped);
    expectSame(found, await conv(plain));
    expect(Math.max(...found[0]!.b.hSum!.map((sum, i) => Math.abs(sum / found[0]!.n - b[i]!)))).toBeLessThan(1);
    for (const options of [{ positions: 2 }, { largest: 4, beyond: "sample" }] as const) {
      const [some, expected] = [await conv(shaped, options), await conv(plain, options)];
      expect(some[0]!.b.h2 / expected[0]!.b.h2).toBeCloseTo(1, 5);
      expect(some[0]!.b.g2 / expected[0]!.b.g2).toBeCloseTo(1, 5);
    }
  });

  test("of a grouped convolution to each group its part", async () => {
    const grouped = normals(6, C, 2, 3, 3);
    const withGroups = (bias: boolean): Build => {
      const attributes = { group: int(3) };
      return (g, y) => {
        const twice = g.op("Concat", [y, y], { axis: int(1) });
        return bias
          ? g.op("Conv", [twice, "conv.weight", g.constant(values(C))], attributes)
          : g.op("Add", [g.op("Conv", [twice, "conv.weight"], attributes), g.constant(values(C, 1, 1))]);
      };
    };
    const found = await conv(withGroups(false), {}, grouped);
    expect(found.map(({ name }) => name)).toEqual(["conv.group0", "conv.group1", "conv.group2"]);
    expectSame(found, await conv(withGroups(true), {}, grouped));
  });

  test("of a depthwise convolution as of the convolution of all channels with zeros", async () => {
    const depthwise = normals(6, C, 1, 3, 3);
    const dense = new Float32Array(C * 27);
    for (let o = 0; o < C; o++)
      dense.set((depthwise.data as Float32Array).subarray(o * 9, o * 9 + 9), (o * 3 + Math.floor(o / 2)) * 9);
    const build =
      (attributes: Record<string, Attribute>): Build =>
      (g, y) =>
        g.op("Conv", [y, "conv.weight", g.constant(values(C))], attributes);
    expectSame(
      await conv(build({ group: int(3) }), {}, depthwise),
      await conv(build({}), {}, float32(dense, [C, 3, 3, 3])),
    );
  });

  test("changes forward RWA of plain second moments as the operator's own does", async () => {
    const rwa = async (build: Build) => (await measureLayer((await conv(build))[0]!)).alignment.raw.b.rwa.value!;
    const [third, added, none] = [await rwa(own), await rwa(plus(C, 1, 1)), await rwa(product)];
    expect(added).toBeCloseTo(third, 5);
    expect(Math.abs(added - none)).toBeGreaterThan(0.1);
  });
});

describe("what is added behind a convolution and is no bias leaves h_b alone", () => {
  test.each<[string, Build]>([
    [
      "another activation (a residual)",
      (g, y) => {
        const pooled = g.op("AveragePool", [y], { kernel_shape: ints([3, 3]) });
        return g.op("Add", [product(g, y), g.op("ReduceMean", [pooled, g.ints([1])], { keepdims: int(1) })]);
      },
    ],
    ["a constant for each position", (g, y) => g.op("Add", [product(g, y), g.constant(normals(7, 1, 1, 3, 3))])],
    [
      "a constant for each channel and position",
      (g, y) => g.op("Add", [product(g, y), g.constant(normals(4, 1, C, 3, 3))]),
    ],
    ["one number for all channels", (g, y) => g.op("Add", [product(g, y), g.scalar(3)])],
    ["a constant minus the output", (g, y) => g.op("Sub", [g.constant(values(C, 1, 1)), product(g, y)])],
    [
      "a constant by channel that the operator's own bias precedes",
      (g, y) =>
        g.op("Add", [
          g.op("Conv", [y, "conv.weight", g.constant(float32(new Float32Array(C), [C]))]),
          g.constant(values(C, 1, 1)),
        ]),
    ],
    [
      "a constant by channel where the output has another use",
      (g, y) => {
        const h = product(g, y);
        return g.op("Mul", [h, g.op("Add", [h, g.constant(values(C, 1, 1))])]);
      },
    ],
    [
      "a constant along an axis that is not the channels",
      (g, y) => {
        const moved = g.op("Transpose", [product(g, y)], { perm: ints([0, 3, 2, 1]) }); // positions in another order
        return g.op("Add", [moved, g.constant(values(C))]);
      },
    ],
  ])("%s", async (_, build) => {
    const [layer] = await conv(build);
    const [bare] = await conv(product);
    expect(layer!.name).toBe("conv");
    const largest = Math.max(...bare!.b.hh!);
    layer!.b.hh!.forEach((sum, i) => {
      expect(Math.abs(sum - bare!.b.hh![i]!) / largest).toBeLessThan(FLOAT32);
    });
  });
});

describe("a bias behind a product has its sign where sums are made from W and the bias (deferredSums.ts)", () => {
  const [tokens, dIn, dOut] = [400, 4, 128];
  const data = { x: normals(8, n, tokens, dIn), [TARGET]: normals(9, n, 1) };
  const [W, bias] = [normals(10, dIn, dOut), normals(11, dOut)];
  const negative = float32(
    (bias.data as Float32Array).map((value) => -value),
    [dOut],
  );

  /** Sums of h_b, and of h_b h_b^T. */
  async function sums(add: (g: GraphBuilder, product: string) => string) {
    const g = new GraphBuilder("m");
    const y = add(g, g.op("MatMul", [g.input("x", "float32", ["n", tokens, dIn]), g.initializer("fc.weight", W)]));
    g.output(g.op("ReduceMean", [g.op("Tanh", [y]), g.ints([1, 2])], { keepdims: int(0) }), "loss");
    const model = { graph: g.build(), opset: WORKING_OPSET };
    const probe = new Probe(nodeEngine, model, { objective: { name: "own", lossOutput: "loss" } });
    const { total } = await probe.measure(sliceBatches({ x: data.x }, 12));
    await probe.dispose();
    return total.layers[0]!.b;
  }

  test.each<[string, (g: GraphBuilder, product: string) => string]>([
    ["Sub", (g, y) => g.op("Sub", [y, g.initializer("fc.bias", negative)])],
    ["Sum", (g, y) => g.op("Sum", [g.initializer("fc.bias", bias), y])],
  ])("%s", async (_, form) => {
    const found = await sums(form);
    const expected = await sums((g, y) => g.op("Add", [y, g.initializer("fc.bias", bias)]));
    for (const key of ["hSum", "hh", "gg"] as const) {
      const largest = Math.max(...expected[key]!.map(Math.abs));
      const difference = Math.max(...found[key]!.map((value, i) => Math.abs(value - expected[key]![i]!)));
      expect(difference / largest, key).toBeLessThan(FLOAT32);
    }
  });
});
