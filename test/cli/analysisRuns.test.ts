/**
 * @file An analysis is a run: its folder, the commands on runs that take it, several checkpoints over steps, and what
 * stays when it is stopped. In this process, on a network of two maps.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { main } from "../../src/cli/main.ts";
import { encodeNpy } from "../../src/data/npy.ts";
import type { Snapshot } from "../../src/measure/snapshot.ts";
import { GraphBuilder, WORKING_OPSET } from "../../src/onnx/graphBuilder.ts";
import { encodeModel } from "../../src/onnx/modelFile.ts";
import { float32 } from "../../src/onnx/tensor.ts";
import { Random } from "../../src/random/random.ts";
import { openRun } from "../../src/runs/runFolder.ts";
import { type TestIo, testIo } from "./testIo.ts";

const home = process.cwd();
const dir = mkdtempSync(join(tmpdir(), "crh-analysis-"));
afterAll(() => {
  process.chdir(home);
  rmSync(dir, { recursive: true, force: true });
});

const [n, d, classes] = [40, 5, 3];

function normal(length: number, seed: number): Float32Array<ArrayBuffer> {
  const data = new Float32Array(length);
  new Random(seed).fillNormal(data);
  return data;
}

/** A network whose weights depend on `seed`. */
function network(seed: number, width = 6): Uint8Array {
  const g = new GraphBuilder("net");
  const W = (name: string, rows: number, cols: number, part: number) =>
    g.initializer(name, float32(normal(rows * cols, 10 * seed + part), [rows, cols]));
  const hidden = g.op("Relu", [g.op("MatMul", [g.input("x", "float32", ["n", d]), W("up.weight", d, width, 1)])]);
  g.output(g.op("MatMul", [hidden, W("down.weight", width, classes, 2)]), "y");
  return encodeModel({ graph: g.build(), opset: WORKING_OPSET });
}

beforeAll(() => {
  process.chdir(dir);
  for (const step of [0, 10, 100]) writeFileSync(`step${step}.onnx`, network(step));
  writeFileSync("other1.onnx", network(1, 7));
  writeFileSync("x.npy", encodeNpy({ dtype: "float32", shape: [n, d], data: normal(n * d, 3) }));
  const labels = Int32Array.from({ length: n }, (_, i) => i % classes);
  writeFileSync("y.npy", encodeNpy({ dtype: "int32", shape: [n], data: labels }));
});
beforeEach(() => rmSync(join(dir, "runs"), { recursive: true, force: true }));

async function crh(
  words: readonly string[],
  io: TestIo = testIo(),
): Promise<{ code: number; out: string; err: string }> {
  const code = await main(words, io);
  return { code, out: io.out(), err: io.err() };
}

const data = ["--inputs", "x.npy", "--targets", "y.npy", "--loss", "cross-entropy", "--cost", "economy"];
const analyze = (...words: string[]) => crh(["analyze", ...words, ...data]);
const runs = () => (existsSync("runs") ? readdirSync("runs") : []);
const run = (name = runs()[0]!) => openRun(join("runs", name));

describe("an analysis", () => {
  test("is kept as a run, whose page is the one of --out, and which the commands on runs take", async () => {
    const { code, out } = await analyze("step100.onnx", "--initial", "step0.onnx", "--out", "page.html");
    expect(code).toBe(0);
    expect(out).toContain(`kept in: ${run().dir}\n`);
    expect(runs()[0]).toMatch(/^\d{4}-\d\d-\d\d-step100-[0-9a-f]{6}$/);
    expect(run().info()).toMatchObject({ setting: "analyze", status: "finished", step: 0 });
    expect(run().analysis()).toMatchObject({ models: [{ file: "step100.onnx", step: 0 }], initial: "step0.onnx" });
    expect(run().moments()!.layers).toHaveLength(2);
    const page = readFileSync("page.html", "utf8");
    expect(readFileSync(join(run().dir, "report.html"), "utf8")).toBe(page);
    expect((await crh(["report", "latest", "-o", "again.html"])).code).toBe(0);
    expect(readFileSync("again.html", "utf8")).toBe(page);
    const explained = JSON.parse((await crh(["explain", "latest", "up", "--json"])).out);
    const file = JSON.parse((await analyze("step100.onnx", "--initial", "step0.onnx", "--json", "--no-save")).out);
    writeFileSync("a.json", JSON.stringify(file));
    expect(JSON.parse((await crh(["explain", "a.json", "up", "--json"])).out).layers).toEqual(explained.layers);
    expect((await crh(["runs"])).out).toMatch(/step100-[0-9a-f]{6} +finished +– +– /);
    expect((await crh(["resume", "latest"])).err).toMatch(/expected a training run, got .*; crh analyze step100\.onnx/);
  });

  test("is kept nowhere but where --runs says, and not at all with --no-save", async () => {
    const { code } = await analyze("step0.onnx", "--no-save");
    expect([code, runs()]).toEqual([0, []]);
    const { out } = await analyze("step0.onnx", "--runs", "elsewhere", "--json");
    expect(runs()).toEqual([]);
    const found = JSON.parse(out) as Snapshot;
    const [kept] = readdirSync("elsewhere");
    expect(openRun(join("elsewhere", kept!)).snapshots()[0]!.layers).toEqual(found.layers);
  });

  test("is refused before it is measured where its folder cannot be", async () => {
    writeFileSync("file", "");
    const { code, err } = await analyze("step0.onnx", "--runs", "file");
    expect([code, err]).toEqual([
      1,
      expect.stringMatching(/^crh analyze: expected a folder .*--no-save keeps none\n$/),
    ]);
  });
});

describe("checkpoints", () => {
  test("are one run over steps, each measured as by itself, the first being the start of the others", async () => {
    expect((await analyze("step100.onnx", "step0.onnx", "step10.onnx")).code).toBe(0);
    expect(run().info()).toMatchObject({ status: "finished", step: 100, steps: 100 });
    const found = run().snapshots();
    expect(found.map(({ step }) => step)).toEqual([0, 10, 100]);
    for (const [i, step] of [0, 10, 100].entries()) {
      const alone = JSON.parse((await analyze(`step${step}.onnx`, "--json", "--no-save")).out) as Snapshot;
      expect(found[i]!.layers.map(({ alignment }) => alignment)).toEqual(
        alone.layers.map(({ alignment }) => alignment),
      );
      expect(found[i]!.loss).toEqual(alone.loss);
    }
    expect(found[2]!.layers[0]!.change?.since ?? null).toBe(10);
    const page = readFileSync(join(run().dir, "report.html"), "utf8");
    expect(page).toContain("Loss over training");
    expect(page).toContain("step0.onnx to step100.onnx");
    expect(page).toContain("report of 3 checkpoints");
    const { out } = await crh(["explain", "latest", "up"], testIo({ columns: 80 }));
    expect(out).toContain("step 100");
  });

  test("of another network are refused in a line that names both, before anything is kept", async () => {
    const { code, out, err } = await crh(["analyze", "step0.onnx", "other1.onnx", ...data, "--quiet"]);
    expect([code, out, runs()]).toEqual([1, "", []]);
    expect(err).toMatch(
      /^crh analyze: expected layer up, linear 5 → 7, in step0\.onnx, as in other1\.onnx, got linear 5 → 6; .*\n$/,
    );
  });

  test("print one document with all of them", async () => {
    const { out } = await analyze("step0.onnx", "step10.onnx", "--json", "--no-save");
    const { run: dir, models, snapshots } = JSON.parse(out);
    expect([dir, models]).toEqual([null, [0, 10].map((step) => ({ file: `step${step}.onnx`, step }))]);
    expect(snapshots.map(({ step }: Snapshot) => step)).toEqual([0, 10]);
  });

  test("that were measured before a Ctrl-C stay, with their page", async () => {
    const io = testIo();
    const stopping = {
      ...io,
      stderr: {
        write(text: string) {
          if (text.startsWith("step 100:")) io.interrupt();
          io.stderr.write(text);
        },
      },
    };
    const { code, err } = await crh(["analyze", "step0.onnx", "step10.onnx", "step100.onnx", ...data], stopping);
    expect(code).toBe(130);
    expect(err).toMatch(/stopped after 2 of 3 checkpoints; these are kept\n$/);
    expect(run().info()).toMatchObject({ status: "interrupted", step: 10, steps: 100 });
    expect(run().snapshotSteps()).toEqual([0, 10]);
    expect(run().hasReport()).toBe(true);
  });
});

test("any two stand side by side: analyses layer by layer, beside a training run without parameters, within 80 columns", async () => {
  await analyze("step0.onnx");
  await analyze("step0.onnx", "step10.onnx");
  const tiny = ["depth=2", "width=6", "inputs=5", "outputs=3", "terms=4", "batch=10", "samples=30", "steps=20"];
  expect((await crh(["run", "fc2", ...tiny, "--quiet"])).code).toBe(0);
  const { code, out } = await crh(["compare", ...runs()], testIo({ columns: 80, env: { NO_COLOR: "1" } }));
  expect(code).toBe(0);
  expect(out).not.toContain("null");
  expect(out).toContain("parameters are not compared");
  for (const line of out.split("\n")) expect([...line].length).toBeLessThanOrEqual(80);
  const found = JSON.parse((await crh(["compare", ...runs(), "--json"])).out);
  const up = found.layers.find(({ layer }: { layer: string }) => layer === "up");
  expect(up.runs.map(({ run: id }: { run: string }) => id)).toEqual(runs().filter((id) => id.includes("-step0-")));
});
