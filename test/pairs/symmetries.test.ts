/**
 * @file Every symmetry that is claimed of a model is one: the weights of each pair are moved along it, and no loss
 * changes; the charges change as e^(2 lambda A) has it (docs/theory.md Eqs. 104, 105). Over the models of PyTorch's,
 * JAX's and Keras' exporters.
 */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { toFloat32 } from "../../src/data/array.ts";
import { decodeNpz } from "../../src/data/npz.ts";
import { nodeEngine } from "../../src/engineNode/nodeEngine.ts";
import { type Matrix, matmul, matrix, transpose } from "../../src/linalg/matrix.ts";
import type { EdgeEnd, MapEdge } from "../../src/moments/edges.ts";
import { objective } from "../../src/objectives/objective.ts";
import { castModel } from "../../src/onnx/castModel.ts";
import { dequantizeModel } from "../../src/onnx/dequantizeModel.ts";
import { GraphBuilder, WORKING_OPSET } from "../../src/onnx/graphBuilder.ts";
import { decodeModel } from "../../src/onnx/modelFile.ts";
import { float32, type Tensor, toNumbers } from "../../src/onnx/tensor.ts";
import { upgradeModel } from "../../src/onnx/upgrade.ts";
import { type Feeds, TARGET } from "../../src/probe/feeds.ts";
import { type Prepared, prepare } from "../../src/probe/prepare.ts";
import { Random } from "../../src/random/random.ts";

const folders = ["../exported/cases/", "cases/"].map((path) => fileURLToPath(new URL(path, import.meta.url)));
const cases = folders.flatMap((folder) =>
  readdirSync(folder).flatMap((name) =>
    readdirSync(folder + name)
      .filter((file) => file.endsWith(".onnx") && !name.startsWith("half"))
      .map((file): [string, string, string] => [name, file, folder]),
  ),
);

/** chosen: samples, enough for a loss to show a change; some models take one or four alone. */
const SAMPLES = 4;

function feedsOf(folder: string, name: string, samples: number): Feeds {
  const arrays = [...decodeNpz(readFileSync(`${folder}${name}/data.npz`))];
  return Object.fromEntries(
    arrays.map(([key, array]): [string, Tensor] => {
      const shape = [samples, ...array.shape.slice(1)];
      const size = shape.reduce((product, extent) => product * extent, 1);
      const tensor: Tensor =
        array.dtype === "int64"
          ? { dtype: "int64", shape, data: (array.data as BigInt64Array).slice(0, size) }
          : float32(toFloat32(array).slice(0, size), shape);
      return [key === "target" ? TARGET : key, tensor];
    }),
  );
}

async function prepared(folder: string, name: string, file: string): Promise<{ found: Prepared; feeds: Feeds }> {
  const { objective: loss } = JSON.parse(readFileSync(`${folder}${name}/expected.json`, "utf8"));
  const model = castModel(dequantizeModel(upgradeModel(decodeModel(readFileSync(`${folder}${name}/${file}`)))));
  const chosen = loss === "own" ? { name: "output output", lossOutput: "output" } : objective(loss);
  const samples = name.endsWith("batch-of-1") ? 1 : SAMPLES;
  const feeds = feedsOf(folder, name, samples);
  return { found: await prepare(nodeEngine, model, { objective: chosen, pairs: 0 }, feeds), feeds };
}

type Weights = Map<string, Tensor>;

/** The losses of the samples with some initializers in place of the model's. */
async function losses({ loss }: Prepared, feeds: Feeds, weights: Weights): Promise<number[]> {
  const builder = new GraphBuilder("losses", {
    ...loss.graph,
    initializers: new Map([...loss.graph.initializers, ...weights]),
  });
  builder.output(loss.perSample, "losses");
  const program = await nodeEngine.compile({ graph: builder.build(), opset: WORKING_OPSET });
  const found = await program.run(feeds);
  await program.dispose();
  return Array.from(toNumbers(found.losses!));
}

/**
 * Multiplies the shared values of one end of a pair: rows of (W bias) from the left, or columns of W from the right.
 */
function moved({ loss, chosen }: Prepared, weights: Weights, name: string, end: EdgeEnd, M: Matrix): Weights {
  const { input, dOut } = chosen.find(({ map }) => map.name === name)!.map;
  const changed = new Map(weights);
  const current = (of: string) => changed.get(of) ?? loss.graph.initializers.get(of)!;
  // Which entry of which initializer each weight is: asked for with their places as values.
  const places = (read: (value: (of: string) => Tensor) => ArrayLike<number>) => {
    let asked = "";
    const at = read((of) => {
      asked = of;
      const { shape, data } = current(of);
      return float32(
        Float32Array.from({ length: data.length }, (_, i) => i),
        shape,
      );
    });
    return { asked, at };
  };
  const W = places((value) => input!.weight(value).data);
  const dIn = input!.dIn;
  const data = Float64Array.from(toNumbers(current(W.asked)));
  const take = (i: number, j: number) => data[W.at[i * dIn + j]!]!;
  const old = matrix(
    dOut,
    dIn,
    Array.from({ length: dOut * dIn }, (_, k) => take(Math.floor(k / dIn), k % dIn)),
  );
  const out = old.data.slice();
  const width = M.rows;
  const channels = dIn / (end.outer * end.inner);
  if (end.side === "b")
    for (let c = 0; c < width; c++)
      for (let j = 0; j < dIn; j++) {
        let sum = 0;
        for (let k = 0; k < width; k++) sum += M.data[c * width + k]! * old.data[(end.from + k) * dIn + j]!;
        out[(end.from + c) * dIn + j] = sum;
      }
  else
    for (let i = 0; i < dOut; i++)
      for (let o = 0; o < end.outer; o++)
        for (let p = 0; p < end.inner; p++) {
          const column = (c: number) => (o * channels + end.from + c) * end.inner + p;
          for (let c = 0; c < width; c++) {
            let sum = 0;
            for (let k = 0; k < width; k++) sum += old.data[i * dIn + column(k)]! * M.data[k * width + c]!;
            out[i * dIn + column(c)] = sum;
          }
        }
  for (let k = 0; k < out.length; k++) data[W.at[k]!] = out[k]!;
  changed.set(W.asked, float32(Float32Array.from(data), current(W.asked).shape));
  if (end.side === "b" && input!.bias) {
    const bias = places((value) => input!.bias!(value));
    const sign = bias.at.length > 1 && bias.at[1]! < 0 ? -1 : 1;
    const values = Float64Array.from(toNumbers(current(bias.asked)));
    const before = values.slice();
    for (let c = 0; c < width; c++) {
      let sum = 0;
      for (let k = 0; k < width; k++) sum += M.data[c * width + k]! * before[sign * bias.at[end.from + k]!]!;
      values[sign * bias.at[end.from + c]!] = sum;
    }
    changed.set(bias.asked, float32(Float32Array.from(values), current(bias.asked).shape));
  }
  return changed;
}

/** An element of the symmetry's group, and its inverse. */
function element({ symmetry, width, together = 1 }: MapEdge, random: Random): { M: Matrix; inverse: Matrix } {
  const diagonal = (of: (c: number) => number) => {
    const D = matrix(width, width);
    for (let c = 0; c < width; c++) D.data[c * (width + 1)] = of(c);
    return D;
  };
  const factors = Array.from({ length: width }, () => Math.exp(0.5 * random.normal()));
  const factor = (c: number) => factors[symmetry === "scale" ? Math.floor(c / together) : c]!;
  const D = { M: diagonal(factor), inverse: diagonal((c) => 1 / factor(c)) };
  if (symmetry !== "rotation") return D;
  // Shears beside factors: I + u v^T with u and v on different values, whose inverse is I - u v^T.
  const shear = (sign: number) => {
    const S = diagonal(() => 1);
    for (let c = 0; c + 1 < width; c += 2) S.data[c * width + c + 1] = sign * 0.7;
    return S;
  };
  return { M: matmul(D.M, shear(1)), inverse: matmul(shear(-1), D.inverse) };
}

const distance = (x: readonly number[], y: readonly number[]) =>
  Math.max(...x.map((value, i) => Math.abs(value - y[i]!))) / Math.max(...x.map(Math.abs));

describe.each(cases)("%s, %s", (name, file, folder) => {
  test("keeps its losses when weights move along the symmetries that it is said to have, and not along half of them", async () => {
    const { found, feeds } = await prepared(folder, name, file);
    const before = await losses(found, feeds, new Map());
    // Running statistics are fixed in a model for inference: its scale is free in training alone.
    const pairs = found.edges!.pairs.filter(({ through }) => !through.includes("BatchNormalization"));
    for (const edge of pairs) {
      const { first, second, firstEnd, secondEnd, through, head } = edge;
      const { M, inverse } = element(edge, new Random(7));
      const half = moved(found, new Map(), first, firstEnd, M);
      const scores = secondEnd?.side === "b";
      const whole = secondEnd ? moved(found, half, second, secondEnd, scores ? transpose(inverse) : inverse) : half;
      const what = `${first} - ${second} through ${through} ${head ?? ""}`;
      expect(distance(before, await losses(found, feeds, whole)), what).toBeLessThan(1e-5);
      if (secondEnd) expect(distance(before, await losses(found, feeds, half)), what).toBeGreaterThan(5e-5);
    }
  });
});
