/**
 * @file `--device`: one that works gives the numbers of the CPU, one that does not is one line; doctor says which are
 * which.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { encodeNpy } from "../../src/data/npy.ts";
import { nodeEngineOn } from "../../src/engineNode/nodeEngine.ts";
import type { Snapshot } from "../../src/measure/snapshot.ts";
import { mlp } from "../../src/networks/mlp.ts";
import { GraphBuilder, WORKING_OPSET } from "../../src/onnx/graphBuilder.ts";
import { encodeModel } from "../../src/onnx/modelFile.ts";
import { float32 } from "../../src/onnx/tensor.ts";
import { Random } from "../../src/random/random.ts";
import { deviceState } from "../../src/runner/devices.ts";
import { openRun } from "../../src/runs/runFolder.ts";
import { type Ended, expectOneLine, onlyRun, TINY, workplace } from "../cli/builtProgram.ts";

/** Float32 sums in another order, over twenty steps of a small network; relative to the loss. */
const OTHER_ORDER = 1e-4;

const { dir, crh } = workplace();
const run = (device: string) =>
  crh("run", "fc2", ...TINY, "--steps", "20", "--every", "20", "--device", device, "--quiet", "--out", device);
const losses = (device: string) =>
  openRun(onlyRun(join(dir, device)))
    .metrics()
    .filter(({ name }) => name === "train/loss")
    .map(({ value }) => value);

/** A network of 6, 9 and 4 neurons on 40 samples. */
const analyze = (device: string) =>
  crh("analyze", "m.onnx", "--inputs", "x.npy", "--targets", "y.npy", "--loss", "mse", "--device", device, "--json");
const alignments = ({ out }: Ended) =>
  (JSON.parse(out) as Snapshot).layers.flatMap(({ alignment: { paper } }) =>
    [paper.a!, paper.b!].flatMap(({ rga, rwa, gwa }) => [rga, rwa, gwa].map(({ value }) => value!)),
  );

beforeAll(() => {
  const random = new Random(1);
  const array = (shape: readonly [number, number]) => {
    const data = new Float32Array(shape[0] * shape[1]);
    random.fillNormal(data);
    return encodeNpy({ dtype: "float32", shape, data });
  };
  const { graph } = mlp({ widths: [6, 9, 4], activation: "tanh" }, random);
  writeFileSync(join(dir, "m.onnx"), encodeModel({ graph, opset: WORKING_OPSET }));
  writeFileSync(join(dir, "x.npy"), array([40, 6]));
  writeFileSync(join(dir, "y.npy"), array([40, 4]));
});

test("the CPU can be used", async () => {
  expect(await deviceState("cpu")).toEqual({ usable: true });
  expect((await run("cpu")).code).toBe(0);
  expect(alignments(await analyze("cpu"))).toHaveLength(12);
});

describe.each(["webgpu", "cuda"] as const)("%s", (device) => {
  test("trains to the numbers of the CPU where the machine has it; else it is one line with the cure, before a run begins", async () => {
    const state = await deviceState(device);
    const ended = await run(device);
    if (state.usable) {
      expect(ended.code).toBe(0);
      const expected = losses("cpu");
      losses(device).forEach((loss, i) => {
        expect(Math.abs(loss / expected[i]! - 1)).toBeLessThan(OTHER_ORDER);
      });
    } else {
      const line = new RegExp(
        `^crh run: expected a device ${device} that works, got \\S.*; .*install.* choose --device cpu$`,
        "m",
      );
      expectOneLine(ended, 1, line);
      expect(ended.err).toContain(state.found);
    }
  }, 120_000);

  test("measures to the alignments of the CPU where the machine has it; else analyze says the same in one line", async () => {
    const { usable } = await deviceState(device);
    const ended = await analyze(device);
    if (!usable) {
      const line = new RegExp(
        `^crh analyze: expected a device ${device} that works, got \\S.* choose --device cpu$`,
        "m",
      );
      return expectOneLine(ended, 1, line);
    }
    const [expected, found] = [alignments(await analyze("cpu")), alignments(ended)];
    expect(found).toHaveLength(expected.length);
    found.forEach((value, i) => {
      expect(Math.abs(value - expected[i]!)).toBeLessThan(OTHER_ORDER);
    });
  }, 120_000);

  test("is in what doctor finds, and its absence is no failure", async () => {
    const { code, out } = await crh("doctor", "--json");
    const { checks } = JSON.parse(out) as { checks: { name: string; status: string; cure?: string }[] };
    const { usable } = await deviceState(device);
    const check = checks.find(({ name }) => name === device);
    expect(check?.status).toBe(usable ? "ok" : "missing");
    expect(check?.cure === undefined).toBe(usable);
    expect(code).toBe(0);
  });
});

test("a driver that is named and not there is no crash", async () => {
  const state = await deviceState("webgpu", { ...process.env, VK_ICD_FILENAMES: "/nowhere.json", LD_LIBRARY_PATH: "" });
  if (process.platform === "linux")
    expect(state).toMatchObject({ usable: false, found: expect.stringMatching(/^\S.*$/) });
});

test("what a device refuses names the CPU as the cure", async () => {
  const state = await deviceState("cuda");
  if (state.usable) return console.log("skipped: everything asked for works on cuda");
  const builder = new GraphBuilder("sum");
  builder.output(builder.op("Add", [builder.input("x", "float32", [2]), builder.scalar(1)]), "y");
  const model = { graph: builder.build(), opset: WORKING_OPSET };
  await expect(nodeEngineOn("cuda").compile(model)).rejects.toThrow(
    /^engine: ONNX Runtime refused the graph: .*; not everything works on cuda: choose the device cpu$/,
  );
  const once = await nodeEngineOn("cuda").compile(model, { optimize: false }); // graphs that run once stay on the CPU
  expect((await once.run({ x: float32(Float32Array.of(1, 2)) })).y?.data).toEqual(Float32Array.of(2, 3));
  await once.dispose();
});
