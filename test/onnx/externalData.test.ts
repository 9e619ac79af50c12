/** @file Weights beside the model: read as they are, refused where they lead elsewhere or do not fit. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create, toBinary } from "@bufbuild/protobuf";
import { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { filesBeside, readModel } from "../../src/disk/readModel.ts";
import { type ExternalFiles, readExternal } from "../../src/onnx/externalData.ts";
import type { Model } from "../../src/onnx/graph.ts";
import { GraphBuilder, WORKING_OPSET } from "../../src/onnx/graphBuilder.ts";
import { decodeModel, encodeModel, encodeModelParts } from "../../src/onnx/modelFile.ts";
import { type ModelProto, ModelProtoSchema, TensorProto_DataLocation } from "../../src/onnx/proto/onnx_pb.ts";
import { float32 } from "../../src/onnx/tensor.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "crh-external-"));
  mkdirSync(join(folder, "model", "parts"), { recursive: true });
  writeFileSync(join(folder, "secret"), new Uint8Array(64));
  symlinkSync(join(folder, "secret"), join(folder, "model", "link"));
  const bytes = new Uint8Array(40);
  bytes.set(new Uint8Array(Float32Array.of(1, 2, 3, 4, 5, 6).buffer), 16);
  writeFileSync(join(folder, "model", "parts", "w.data"), bytes);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A model y = x W with W (3, 2) in another file. */
function fileWith(fields: Record<string, string>): Uint8Array {
  return toBinary(
    ModelProtoSchema,
    create(ModelProtoSchema, {
      irVersion: 10n,
      opsetImport: [{ domain: "", version: 17n }] as ModelProto["opsetImport"],
      graph: {
        name: "g",
        initializer: [
          {
            name: "W",
            dims: [3n, 2n],
            dataType: 1,
            dataLocation: TensorProto_DataLocation.EXTERNAL,
            externalData: Object.entries(fields).map(([key, value]) => ({ key, value })),
          },
        ],
        node: [{ opType: "MatMul", input: ["x", "W"], output: ["y"] }],
        input: [{ name: "x", type: { value: { case: "tensorType", value: { elemType: 1 } } } }],
        output: [{ name: "y" }],
      },
    } as Parameters<typeof create<typeof ModelProtoSchema>>[1]),
  );
}

function open(fields: Record<string, string>): Model {
  const path = join(folder, "model", "model.onnx");
  writeFileSync(path, fileWith(fields));
  return readModel(path);
}

describe("external data", () => {
  it("is read from the file beside the model: the slice that the tensor is", () => {
    const expected = { dtype: "float32", shape: [3, 2], data: Float32Array.of(1, 2, 3, 4, 5, 6) };
    const slice = { location: "parts/w.data", offset: "16", length: "24" };
    expect(open(slice).graph.initializers.get("W")).toEqual(expected);
    expect(open({ location: "parts/w.data", offset: "16" }).graph.initializers.get("W")).toEqual(expected);
  });

  it.each(["/etc/passwd", "../secret", "parts/../../secret", "..", "C:\\x", "C:x", "a\\b", "a\u0000b", ""])(
    "is refused at %j",
    (location) =>
      expect(() => open({ location })).toThrow(/^onnx: expected the weights of W in a file beside the model/),
  );

  it("is refused behind a link that leaves the folder, in a folder, and where there is no file", () => {
    for (const location of ["link", "parts", "none"])
      expect(() => open({ location })).toThrow(/^onnx: expected the file .+ beside the model, got none/);
  });

  it("is found beside a model that is a link, as both are in a hub's cache, and nowhere else", () => {
    const [blobs, snapshot] = [join(folder, "hub", "blobs"), join(folder, "hub", "snapshots", "0a1b")];
    for (const path of [blobs, snapshot]) mkdirSync(path, { recursive: true });
    for (const [name, link] of [
      ["aaaa", "model.onnx"],
      ["bbbb", "model.onnx_data"],
    ] as const) {
      writeFileSync(join(blobs, name), new Uint8Array(24));
      symlinkSync(join("..", "..", "blobs", name), join(snapshot, link));
    }
    symlinkSync(join(folder, "secret"), join(snapshot, "elsewhere"));
    const files = filesBeside(join(snapshot, "model.onnx"));
    expect(files.size("model.onnx_data")).toBe(24);
    for (const location of ["elsewhere", "../../../secret", "none"]) expect(files.size(location)).toBeUndefined();
  });

  it("is refused when offset and length do not fit file and tensor", () => {
    const location = "parts/w.data";
    expect(() => open({ location, offset: "17" })).toThrow(/expected 41 bytes in .+, got 40/);
    expect(() => open({ location, length: "20" })).toThrow(/expected 24 bytes for W, got 20/);
    for (const offset of ["-1", "1e3", "99999999999999999999", "x"])
      expect(() => open({ location, offset })).toThrow(/as whole numbers/);
  });

  it("needs somebody who reads files", () => {
    expect(() => decodeModel(fileWith({ location: "w" }))).toThrow(/open the model by its path/);
  });

  it("is asked for one slice of a file far larger than memory, and no more", () => {
    const asked: number[][] = [];
    const files: ExternalFiles = {
      size: () => 2 ** 40,
      read: (_, offset, length) => {
        asked.push([offset, length]);
        return new Uint8Array(length);
      },
    };
    const entries = Object.entries({ location: "w", offset: String(2 ** 39), length: "24" });
    readExternal(
      "W",
      entries.map(([key, value]) => ({ key, value })),
      24,
      files,
    );
    expect(asked).toEqual([[2 ** 39, 24]]);
    expect(() => filesBeside(join(folder, "none.onnx"))).toThrow(/ENOENT/);
  });
});

describe("encodeModelParts", () => {
  const g = new GraphBuilder("parts");
  const W = g.initializer("W", float32([1, 2, 3, 4, 5, 6], [3, 2]));
  g.output(
    g.op("Add", [g.op("MatMul", [g.input("x", "float32", [1, 3]), W]), g.initializer("b", float32([10, 20]))]),
    "y",
  );
  const model: Model = { graph: g.build(), opset: WORKING_OPSET };

  it("keeps large weights out of the file, in the memory where they are", async () => {
    const { bytes, external } = encodeModelParts(model, 24);
    expect(bytes.length).toBeLessThan(encodeModel(model).length + 40);
    const [[path, data], ...others] = [...external] as [[string, Uint8Array]];
    expect(others).toEqual([]);
    expect(data.buffer).toBe((model.graph.initializers.get("W")!.data as Float32Array).buffer);
    const session = await InferenceSession.create(bytes, { externalData: [{ path, data }] });
    const { y } = await session.run({ x: new OrtTensor("float32", [1, 0, 1], [1, 3]) });
    expect([...(y!.data as Float32Array)]).toEqual([16, 28]);
    await session.release();
  });
});
