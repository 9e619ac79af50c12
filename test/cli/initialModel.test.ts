/**
 * @file `crh analyze --initial` on the built program: what stands beside the values at the start, and models that do
 * not fit.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { encodeNpy } from "../../src/data/npy.ts";
import type { Snapshot } from "../../src/measure/snapshot.ts";
import { gpt } from "../../src/networks/gpt.ts";
import { mlp } from "../../src/networks/mlp.ts";
import type { Graph } from "../../src/onnx/graph.ts";
import { WORKING_OPSET } from "../../src/onnx/graphBuilder.ts";
import { encodeModel } from "../../src/onnx/modelFile.ts";
import { Random } from "../../src/random/random.ts";
import { expectOneLine, workplace } from "./builtProgram.ts";

const FAILED = 1;
const USAGE = 2;
const { dir, crh } = workplace();
const n = 64;

/** A network of these widths, its weights drawn from the seed and scaled. */
function network(widths: readonly number[], seed: number, scale = 1): Graph {
  const { graph } = mlp({ widths: [...widths], activation: "tanh" }, new Random(seed));
  const initializers = new Map(
    [...graph.initializers].map(([name, tensor]) => [
      name,
      { ...tensor, data: Float32Array.from(tensor.data as Float32Array, (value) => scale * value) },
    ]),
  );
  return { ...graph, initializers } as Graph;
}

/** Standard deviations of six inputs. */
const spread = [1, 0.7, 0.5, 0.3, 0.2, 0.1];

/** A network whose first map has Z_a = W^T W in proportion to the covariance of inputs of that spread. */
function matchedNetwork(): Graph {
  const graph = network([6, 12, 4], 1);
  const initializers = [...graph.initializers].map(([name, tensor]) => {
    if (tensor.data.length !== 72) return [name, tensor] as const;
    const across = tensor.shape[1] as number;
    const data = (tensor.data as Float32Array).map((_, k) => {
      const [row, column] = [Math.floor(k / across), k % across];
      const [input, output] = across === 6 ? [column, row] : [row, column];
      return output % 6 === input ? spread[input]! : 0;
    });
    return [name, { ...tensor, data }] as const;
  });
  return { ...graph, initializers: new Map(initializers) } as Graph;
}

beforeAll(() => {
  const write = (name: string, graph: Graph) =>
    writeFileSync(join(dir, name), encodeModel({ graph, opset: WORKING_OPSET }));
  const array = (shape: number[], seed: number, scales: readonly number[] = []) => {
    const data = new Float32Array(shape[0]! * shape[1]!);
    new Random(seed).fillNormal(data);
    for (let k = 0; k < data.length; k++) data[k]! *= scales[k % shape[1]!] ?? 1;
    return encodeNpy({ dtype: "float32", shape, data });
  };
  write("model.onnx", network([6, 12, 4], 1));
  write("start.onnx", network([6, 12, 4], 2));
  write("matched.onnx", matchedNetwork());
  write("twice.onnx", network([6, 12, 4], 1, 2));
  write("wider.onnx", network([6, 13, 4], 2));
  write("deeper.onnx", network([6, 12, 4, 4], 2));
  write("shallow.onnx", network([6, 4], 2));
  write("otherInput.onnx", network([7, 12, 4], 2));
  writeFileSync(join(dir, "x.npy"), array([n, 6], 3));
  writeFileSync(join(dir, "y.npy"), array([n, 4], 4));
  writeFileSync(join(dir, "spread.npy"), array([1024, 6], 5, spread));
  writeFileSync(join(dir, "many.npy"), array([1024, 4], 6));
});

function analyze(model: string, ...more: string[]) {
  return crh("analyze", model, "--inputs", "x.npy", "--targets", "y.npy", "--loss", "mse", ...more);
}

async function measured(model: string, ...more: string[]): Promise<Snapshot & { initial?: Snapshot }> {
  const { code, out, err } = await analyze(model, "--json", ...more);
  expect([code, err]).toEqual([0, ""]);
  return JSON.parse(out);
}

describe("the model before training", () => {
  test("is measured as by itself, over the same samples, and leaves the model's own alignments as they are", async () => {
    const [both, model, start] = [
      await measured("model.onnx", "--initial", "start.onnx"),
      await measured("model.onnx"),
      await measured("start.onnx"),
    ];
    const alignments = ({ layers }: Snapshot) => layers.map(({ name, alignment }) => ({ name, alignment }));
    expect(alignments(both)).toEqual(alignments(model));
    expect(alignments(both.initial!)).toEqual(alignments(start));
    expect([both.initial!.samples, both.initial!.loss]).toEqual([start.samples, start.loss]);
    expect(model).not.toHaveProperty("initial");
    for (const [i, layer] of both.layers.entries())
      for (const side of ["a", "b"] as const) {
        const strongest = layer.strongest!.paper[side]!;
        const before = start.layers[i]!.alignment.paper[side]![strongest.relation].value!;
        expect(strongest.initial).toBe(before);
        expect(strongest.rise).toBeCloseTo(strongest.value - before, 12);
      }
  });

  test("takes its weights out of the ansatz: twice the start leaves the start, whose W is known too", async () => {
    const [twice, once] = [
      await measured("twice.onnx", "--initial", "model.onnx", "--cost", "full"),
      await measured("twice.onnx", "--cost", "full"),
    ];
    for (const [i, { ansatz }] of twice.layers.entries()) {
      expect(ansatz!.weights).toEqual(once.layers[i]!.ansatz!.weights);
      // W - W_0 = W / 2, and no comparison sees the scale.
      for (const form of ["one", "half"] as const)
        for (const by of ["cosine", "pearson"] as const)
          expect(ansatz!.change![form][by]!).toBeCloseTo(ansatz!.weights[form][by]!, 6);
      expect(once.layers[i]!.ansatz!.change).toBeNull();
    }
    const other = await measured("model.onnx", "--initial", "start.onnx", "--cost", "full");
    const { weights, change } = other.layers[0]!.ansatz!;
    expect(Math.abs(change!.one.cosine! - weights.one.cosine!)).toBeGreaterThan(1e-3);
  });

  test("gives relations that were as strong at the start no credit: a model beside itself has no phase", async () => {
    const matched = async (...more: string[]): Promise<Snapshot> => {
      const data = ["--inputs", "spread.npy", "--targets", "many.npy", "--loss", "mse", "--json"];
      return JSON.parse((await crh("analyze", "matched.onnx", ...data, ...more)).out);
    };
    const alone = await matched();
    expect(alone.layers[0]!.phase!.strong).toContain("a.rwa");
    const { layers } = await matched("--initial", "matched.onnx");
    for (const { strongest, phase } of layers) {
      expect([strongest!.paper.a!.rise, strongest!.paper.b!.rise]).toEqual([0, 0]);
      expect(phase!.strong).toEqual([]);
    }
  });

  test("stands under each value of the table and in the report, and crh explain reads it", async () => {
    const { out } = await analyze("model.onnx", "--initial", "start.onnx", "--out", "report.html");
    expect(out).toContain("below it: null · value in start.onnx");
    expect(out).not.toContain("not known");
    const { initial } = await measured("model.onnx", "--initial", "start.onnx");
    const first = initial!.layers[0]!.alignment.paper.a!.rga.value!.toFixed(2);
    expect(out.split("\n").find((line) => line.includes("6 → 12"))).toMatch(
      new RegExp(`^ +6 → 12 +0\\.\\d\\d · +${first.replace(".", "\\.")}`),
    );
    const page = readFileSync(join(dir, "report.html"), "utf8");
    expect(page).toContain("<dt>before training</dt><dd>start.onnx</dd>");
    expect(page).toContain(`start ${first}`);
    expect(page).not.toContain("values before training are unknown");
    const { out: json } = await analyze("model.onnx", "--initial", "start.onnx", "--json");
    writeFileSync(join(dir, "measured.json"), json);
    const { out: words } = await crh("explain", "measured.json", "layers.0");
    expect(words.replace(/\s+/g, " ")).toMatch(
      new RegExp(
        `Backward RGA [^.]*: [^;]* by the paper's convention \\([^)]*; ${first.replace(".", "\\.")} before training;`,
      ),
    );
    expect(words).not.toContain("before training are unknown");
  });
});

test("heads have their own start beside the other heads", async () => {
  const options = { layers: 1, heads: 2, width: 8, vocabulary: 11, context: 6, tied: true };
  for (const [name, seed] of [
    ["gpt.onnx", 1],
    ["gpt0.onnx", 2],
  ] as const)
    writeFileSync(join(dir, name), encodeModel({ graph: gpt(options, new Random(seed)).graph, opset: WORKING_OPSET }));
  const tokens = (shift: number) =>
    encodeNpy({
      dtype: "int64",
      shape: [40, 6],
      data: BigInt64Array.from({ length: 240 }, (_, i) => BigInt((7 * i + (i % 13) + shift) % 11)),
    });
  writeFileSync(join(dir, "tokens.npy"), tokens(0));
  writeFileSync(join(dir, "next.npy"), tokens(3));
  const run = async (...more: string[]) => {
    const words = ["--inputs", "tokens.npy", "--targets", "next.npy", "--loss", "cross-entropy", "--json", ...more];
    const { out, err } = await crh("analyze", "gpt.onnx", ...words);
    expect(err).toBe("");
    return (JSON.parse(out) as Snapshot).layers.filter(({ kind }) => kind === "head");
  };
  const [own, other] = [await run("--initial", "gpt.onnx"), await run("--initial", "gpt0.onnx")];
  expect(own).toHaveLength(2);
  const full = ["--inputs", "tokens.npy", "--targets", "next.npy", "--loss", "cross-entropy", "--initial", "gpt0.onnx"];
  writeFileSync(join(dir, "heads.json"), (await crh("analyze", "gpt.onnx", ...full, "--json")).out);
  const { out: words } = await crh("explain", "heads.json", own[0]!.name);
  expect(words).toMatch(
    /Beside other heads\n {2}- H of the head aligns with H of the other head of its layer at \d\.\d\d; its RGA/,
  );
  for (const [i, { baselines }] of own.entries()) {
    expect(baselines!.start.paper).toBeCloseTo(1, 12);
    expect(other[i]!.baselines!.start.paper!).toBeLessThan(0.99);
    expect(other[i]!.baselines!.otherHeads).toEqual(baselines!.otherHeads);
  }
});

describe("what does not fit is one line", () => {
  test.each<[string, number, RegExp]>([
    [
      "wider.onnx",
      FAILED,
      /^crh analyze: expected layer layers\.0, linear 6 → 12, in --initial wider\.onnx, got linear 6 → 13; export/,
    ],
    [
      "shallow.onnx",
      FAILED,
      /^crh analyze: expected layer layers\.0, linear 6 → 12, in --initial shallow\.onnx, got linear 6 → 4; /,
    ],
    [
      "deeper.onnx",
      FAILED,
      /^crh analyze: expected the 2 layers of the model in --initial deeper\.onnx, got layers\.2, linear 4 → 4, as well; /,
    ],
    [
      "otherInput.onnx",
      FAILED,
      /^crh analyze: expected the inputs of the model, x float32\(.*6\), in --initial otherInput\.onnx, got x float32\(.*7\); /,
    ],
    ["nowhere.onnx", FAILED, /^crh analyze: expected a file .* at nowhere\.onnx, got none/],
    ["x.npy", FAILED, /^crh analyze: expected an ONNX model/],
  ])("%s", async (initial, code, line) => {
    expectOneLine(await analyze("model.onnx", "--initial", initial, "--json"), code, line);
  });

  test("a layer that is missing, named with those that there are", async () => {
    expectOneLine(
      await analyze("deeper.onnx", "--initial", "model.onnx", "--json"),
      FAILED,
      /^crh analyze: expected layer layers\.2, linear 4 → 4, in --initial model\.onnx, got none \(it has layers\.0, layers\.1\); /,
    );
  });

  test("--initial without a file", async () => {
    expectOneLine(await analyze("model.onnx", "--initial"), USAGE, /initial/);
  });
});
