/**
 * @file What a newcomer meets first, in this process: crh inspect, crh open, crh completion, and what crh runs says of
 * a resumed run.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { main } from "../../src/cli/main.ts";
import { gram, matrix } from "../../src/linalg/matrix.ts";
import { weightMeasures } from "../../src/measure/spectra/weightMeasures.ts";
import { GraphBuilder, WORKING_OPSET } from "../../src/onnx/graphBuilder.ts";
import { encodeModel } from "../../src/onnx/modelFile.ts";
import { float32 } from "../../src/onnx/tensor.ts";
import { Random } from "../../src/random/random.ts";
import type { Inspection } from "../../src/runner/analysis/inspection.ts";
import { type TestIo, testIo } from "./testIo.ts";

const home = process.cwd();
const dir = mkdtempSync(join(tmpdir(), "crh-first-"));
afterAll(() => {
  process.chdir(home);
  rmSync(dir, { recursive: true, force: true });
});

async function crh(
  words: readonly string[],
  io: TestIo = testIo(),
): Promise<{ code: number; out: string; err: string }> {
  const code = await main(words, io);
  return { code, out: io.out(), err: io.err() };
}

const exported = (name: string, file: string) => join(import.meta.dirname, "..", "exported", "cases", name, file);

/**
 * Two maps, the first with singular values 2^0 .. 2^-4 on a diagonal; of sequences whose free length has to be 32 where
 * `recurrent`.
 */
function network(recurrent = false): Uint8Array {
  const g = new GraphBuilder("net");
  const diagonal = Float32Array.from({ length: 30 }, (_, k) => (k % 6 === Math.floor(k / 6) ? 2 ** -(k % 6) : 0));
  const up = g.initializer("up.weight", float32(diagonal, [5, 6]));
  const x = g.input("x", "float32", ["n", ...(recurrent ? [undefined] : []), 5]);
  const hidden = g.op("Relu", [g.op("MatMul", [x, up])]);
  const W = new Float32Array(12);
  new Random(1).fillNormal(W);
  const y = g.op("MatMul", [hidden, g.initializer("down.weight", float32(W, [6, 2]))]);
  g.output(recurrent ? g.op("Reshape", [y, g.ints([-1, 32, 2])]) : y, "y");
  return encodeModel({ graph: g.build(), opset: WORKING_OPSET });
}

beforeAll(() => {
  process.chdir(dir);
  writeFileSync("model.onnx", network());
  writeFileSync("long.onnx", network(true));
});

const inspected = async (...words: string[]): Promise<Inspection> =>
  JSON.parse((await crh(["inspect", ...words, "--json"])).out) as Inspection;

describe("crh inspect", () => {
  test("lists maps with the measures of weights that are planted", async () => {
    const found = await inspected("model.onnx");
    expect(found.parameters).toBe(42);
    expect(found.layers.map(({ name, dIn, dOut }) => [name, dIn, dOut])).toEqual([
      ["up", 5, 6],
      ["down", 6, 2],
    ]);
    const { weights } = found.layers[0]!;
    const squares = [0, 1, 2, 3, 4].map((k) => 4 ** -k);
    for (const [k, value] of squares.entries()) expect(weights!.eigenvalues[k]).toBeCloseTo(value, 5);
    const total = squares.reduce((sum, value) => sum + value, 0);
    expect(weights!.spectralNorm).toBeCloseTo(1, 6);
    expect(weights!.logNorm).toBeCloseTo(Math.log10(total), 6);
    expect(weights!.stableRank).toBeCloseTo(total, 6);
    expect(weights!.ranks.numerical).toBe(5);
    expect(found.command!.join(" ")).toBe(
      "crh analyze model.onnx --inputs x.npy --targets targets.npy --loss cross-entropy",
    );
    expect(found.bound).toEqual({ n: 2 });
    expect(found.estimate!.seconds).toBeGreaterThan(0);
  });

  test("names heads by attention and number, with the maps of queries, keys, values and output", async () => {
    const { heads, skipped } = await inspected(exported("encoder", "dynamo-18.onnx"), "--no-spectra");
    const attn = "encoder.layers.1.self_attn";
    expect(heads.map(({ block, head }) => `${block} ${head}`)).toEqual(
      [0, 1].flatMap((layer) => [0, 1].map((head) => `encoder.layers.${layer}.self_attn ${head}`)),
    );
    const joint = `${attn}.in_proj`;
    expect(heads[3]).toMatchObject({ queries: joint, keys: joint, values: joint, output: `${attn}.out_proj` });
    expect(skipped[0]!.reason).toBe("both operands depend on the data");
  });

  test("tells queries, keys and values of separate maps apart", async () => {
    const { heads } = await inspected(exported("decoder", "dynamo-20.onnx"), "--no-spectra");
    const { queries, keys, values } = heads[0]!;
    expect(new Set([queries, keys, values]).size).toBe(3);
    for (const [name, letter] of [
      [queries, "q"],
      [keys, "k"],
      [values, "v"],
    ] as const)
      expect(name).toMatch(new RegExp(`\\b${letter}`));
  });

  test("lists the weights where shapes cannot be bound, and maps once they are bound", async () => {
    const found = await inspected("long.onnx");
    expect(found.unbound).toMatch(/\S/);
    expect(found.layers.map(({ name, shape }) => [name, shape])).toEqual([
      ["up", [5, 6]],
      ["down", [6, 2]],
    ]);
    expect(found.layers[0]!.weights!.spectralNorm).toBeCloseTo(1, 6);
    const bound = await inspected("long.onnx", "--bind", "x[1]=32");
    expect([bound.unbound, bound.layers[0]!.rowsPerSample]).toEqual([null, 32]);
    expect((await crh(["inspect", "long.onnx", "--bind", "n"])).err).toMatch(/expected --bind NAME=NUMBER, got "n"/);
  });

  test("fits the terminal", async () => {
    for (const columns of [80, 120]) {
      const model = exported("encoder", "dynamo-18.onnx");
      const { out } = await crh(["inspect", model], testIo({ columns, env: { NO_COLOR: "1" } }));
      const lines = out.split("\n").filter((line) => !line.includes(model));
      for (const line of lines) expect([...line].length, line).toBeLessThanOrEqual(columns);
    }
  });
});

test("the exponent of a planted power law is found, with the norms of the same matrix", () => {
  const [n, alpha] = [400, 3];
  const W = matrix(n, n);
  for (let k = 0; k < n; k++) W.data[k * n + k] = Math.sqrt(((k + 0.5) / n) ** (-1 / (alpha - 1)));
  const found = weightMeasures(W);
  expect(found.alpha).toBeCloseTo(alpha, 1);
  expect(found.tail.value).toBeCloseTo(found.alpha!, 10);
  expect(found.alphaWeighted).toBeCloseTo(found.alpha! * Math.log10(gram(W, "a").data[0]!), 6);
});

describe("a run", () => {
  const tiny = ["depth=2", "width=6", "inputs=5", "outputs=3", "terms=4", "batch=10", "samples=30"];

  test("is shown by the program that BROWSER names, or its path is said", async () => {
    writeFileSync("browser.sh", `#!/bin/sh\necho "$1" > ${join(dir, "shown")}\n`, { mode: 0o755 });
    const { code } = await crh(["run", "fc2", ...tiny, "steps=20", "--every", "20", "--quiet"]);
    expect(code).toBe(0);
    const page = join(process.cwd(), "runs", readdirSync("runs")[0]!, "report.html");
    const none = await crh(["open"], testIo({ env: { BROWSER: "none" } }));
    expect([none.code, none.out, none.err]).toEqual([0, `${page}\n`, expect.stringMatching(/no browser was opened/)]);
    for (const words of [
      ["open", "latest"],
      ["report", "latest", "--open"],
      ["open", page],
    ]) {
      rmSync("shown", { force: true });
      await crh(words, testIo({ env: { BROWSER: join(dir, "browser.sh") } }));
      await expect.poll(() => existsSync("shown") && readFileSync("shown", "utf8")).toBe(`${page}\n`);
    }
  });

  test("that is resumed counts the time of all its processes", async () => {
    const io = testIo();
    const stopping = {
      ...io,
      stderr: {
        write(text: string) {
          if (text.startsWith("run folder")) io.interrupt();
        },
      },
    };
    expect(await main(["run", "fc2", ...tiny, "steps=4000", "--every", "4000", "--out", "long"], stopping)).toBe(130);
    const path = join("long", readdirSync("long")[0]!, "run.json");
    const stopped = JSON.parse(readFileSync(path, "utf8")) as { durationMs: number };
    writeFileSync(path, JSON.stringify({ ...stopped, durationMs: 3_600_000 }));
    expect((await crh(["resume", "latest", "--in", "long", "--quiet"])).code).toBe(0);
    expect((JSON.parse(readFileSync(path, "utf8")) as typeof stopped).durationMs).toBeGreaterThan(3_600_000);
  });

  test("and settings, parameters and options are completed", async () => {
    const complete = async (...words: string[]) => (await crh(["complete", "--", ...words])).out.trim().split("\n");
    expect(await complete("ins")).toEqual(["inspect"]);
    expect(await complete("run", "")).toContain("fc2");
    expect(await complete("run", "fc2", "d")).toEqual(["depth=", "decay="]);
    expect(await complete("run", "fc2", "--preset", "")).toEqual(["small", "nonlinear"]);
    expect(await complete("analyze", "m.onnx", "--loss", "cr")).toEqual(["cross-entropy"]);
    expect(await complete("explain", readdirSync("runs")[0]!.slice(0, 6))).toEqual(readdirSync("runs"));
    expect(await complete("analyze", "")).toEqual([""]);
    for (const shell of ["bash", "zsh", "fish"])
      expect((await crh(["completion", shell])).out).toContain("crh complete");
  });
});
