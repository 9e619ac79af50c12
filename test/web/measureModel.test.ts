/**
 * @file What the page measures of a model is what `crh analyze` does, to the last digit where the engine is the same:
 * several inputs, classes, tokens, a loss of the model's own, a batch of one size, packed files.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import { main } from "../../src/cli/main.ts";
import { type LoadedArrays, loadArrays } from "../../src/data/loadArrays.ts";
import { encodeNpy } from "../../src/data/npy.ts";
import { nodeEngine } from "../../src/engineNode/nodeEngine.ts";
import type { Snapshot } from "../../src/measure/snapshot.ts";
import { decodeModel } from "../../src/onnx/modelFile.ts";
import { type LossName, type ModelRequest, measureModel, preparedModel } from "../../src/web/open/measureModel.ts";
import { testIo } from "../cli/testIo.ts";

const root = join(import.meta.dirname, "..", "exported", "cases");
const folder = mkdtempSync(join(tmpdir(), "crh-measure-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A case's model and arrays, each array also as a file of its own. */
function opened(name: string) {
  const path = join(root, name, readdirSync(join(root, name)).find((file) => file.endsWith(".onnx"))!);
  const loaded = loadArrays(readFileSync(join(root, name, "data.npz")), { name: "data.npz" });
  const files = new Map(
    [...loaded.arrays].map(([key, array]) => {
      const file = join(folder, `${name}-${key}.npy`);
      writeFileSync(file, encodeNpy(array));
      return [key, file] as const;
    }),
  );
  return { path, model: preparedModel(decodeModel(readFileSync(path))), loaded, files };
}

async function analyzed(path: string, files: ReadonlyMap<string, string>, ...options: string[]): Promise<Snapshot> {
  const io = testIo();
  const inputs = [...files].flatMap(([key, file]) => (key === "target" ? [] : ["--inputs", `${key}=${file}`]));
  expect(await main(["analyze", path, ...inputs, ...options, "--json", "--no-save"], io), io.err()).toBe(0);
  return JSON.parse(io.out()) as Snapshot;
}

async function measured(name: string, loss: ModelRequest["loss"], given: Partial<ModelRequest> = {}) {
  const { model, loaded } = opened(name);
  const file = "data.npz";
  const found = await measureModel(nodeEngine, model, new Map([[file, loaded]]), {
    inputs: Object.fromEntries(model.graph.inputs.map((input) => [input.name, { file, array: input.name }])),
    ...(loaded.arrays.has("target") &&
      typeof loss === "string" &&
      loss !== "next-token" && { targets: { file, array: "target" } }),
    loss,
    cost: "standard",
    ...given,
  });
  return JSON.parse(JSON.stringify(found.snapshot)) as Snapshot;
}

const alignments = ({ layers }: Snapshot) => layers.map(({ name, alignment }) => ({ name, alignment }));

describe("a model on the page", () => {
  it.each([
    ["recommender", "bce-with-logits"],
    ["batch-of-4", "cross-entropy"],
    ["text-cnn", "cross-entropy"],
  ] as const)("%s is measured as crh analyze does", async (name, expected) => {
    const { path, files } = opened(name);
    const { objective } = JSON.parse(readFileSync(join(root, name, "expected.json"), "utf8")) as {
      objective: LossName;
    };
    expect(objective).toBe(expected);
    const theirs = await analyzed(path, files, "--loss", objective, "--targets", files.get("target")!);
    const own = await measured(name, objective);
    expect(alignments(own)).toEqual(alignments(theirs));
    expect([own.loss, own.samples, own.pairs?.length]).toEqual([theirs.loss, theirs.samples, theirs.pairs?.length]);
  });

  it("with a loss of its own is, too", async () => {
    const { path, files } = opened("own-loss");
    const theirs = await analyzed(path, files, "--loss-output", "output");
    expect(alignments(await measured("own-loss", { output: "output" }))).toEqual(alignments(theirs));
  });

  it("takes packed files, and a number in place of an input", async () => {
    const { model, files, loaded } = opened("batchnorm-folded");
    const packed = new Map<string, LoadedArrays>(
      [...files].map(([key, file]) => [
        `${key}.npy.gz`,
        loadArrays(gzipSync(readFileSync(file)), { name: `${key}.npy.gz` }),
      ]),
    );
    const input = model.graph.inputs[0]!.name;
    const request = {
      targets: { file: "target.npy.gz", array: "data" },
      loss: "cross-entropy",
      cost: "economy",
    } as const;
    const found = await measureModel(nodeEngine, model, packed, {
      ...request,
      inputs: { [input]: { file: `${input}.npy.gz`, array: "data" } },
    });
    expect(found.samples).toBe(loaded.arrays.get("target")!.shape[0]);
    await expect(
      measureModel(nodeEngine, model, packed, { ...request, inputs: { [input]: { value: 0 } } }),
    ).rejects.toThrow("open: expected an array for one of the inputs, got numbers alone");
  });

  it("says in one line what does not fit", async () => {
    const { model, loaded } = opened("text-cnn");
    const file = "data.npz";
    const [input] = model.graph.inputs;
    const inputs = { [input!.name]: { file, array: input!.name } };
    const measure = (given: Partial<ModelRequest>) =>
      measureModel(nodeEngine, model, new Map([[file, loaded]]), { inputs, loss: "mse", cost: "economy", ...given });
    await expect(measure({})).rejects.toThrow(/^open: expected targets, got none; choose an array/);
    await expect(measure({ targets: { file, array: "gone" } })).rejects.toThrow(
      /^open: expected data.npz, array gone, got no such/,
    );
    await expect(measure({ inputs: {} })).rejects.toThrow(
      /^open: expected data for the input .*, got none; choose some/,
    );
    const short = new Map(loaded.arrays);
    const target = short.get("target")!;
    short.set("target", {
      ...target,
      shape: [2, ...target.shape.slice(1)],
      data: target.data.slice(0, 2) as typeof target.data,
    });
    await expect(
      measureModel(nodeEngine, model, new Map([[file, { ...loaded, arrays: short }]]), {
        ...{ inputs, targets: { file, array: "target" }, loss: "cross-entropy", cost: "economy" },
      }),
    ).rejects.toThrow(/^open: expected \d+ samples of the targets, got 2 in shape/);
  });
});
