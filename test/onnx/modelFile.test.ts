/**
 * @file Model files: what is written reads back the same; what is torn or hostile is refused in one line, before memory
 * is taken.
 */
import { create, toBinary } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { nodeEngine } from "../../src/engineNode/nodeEngine.ts";
import type { Attribute, Graph, Model } from "../../src/onnx/graph.ts";
import { GraphBuilder, WORKING_OPSET } from "../../src/onnx/graphBuilder.ts";
import { decodeModel, encodeModel } from "../../src/onnx/modelFile.ts";
import {
  AttributeProto_AttributeType as AttributeType,
  type ModelProto,
  ModelProtoSchema,
  TensorProto_DataLocation,
} from "../../src/onnx/proto/onnx_pb.ts";
import { type DataType, float32, float64, int64, type Tensor } from "../../src/onnx/tensor.ts";

const attributes: Record<string, Attribute> = {
  int: { int: -3 },
  ints: { ints: [1, -2, 2 ** 40] },
  float: { float: 0.25 },
  floats: { floats: [0.5, -1] },
  string: { string: "näht" },
  strings: { strings: ["", "b"] },
  tensor: { tensor: float32([1, 2], [2, 1]) },
};

/** The body of a Loop that sums i, with another body inside it. */
function loopBody(depth: number): Graph {
  const b = new GraphBuilder(`body${depth}`);
  b.input(`i${depth}`, "int64", []);
  b.input(`keep${depth}`, "bool", []);
  b.input(`sum${depth}`, "float32", []);
  const step = b.op("Cast", [`i${depth}`], { to: { int: 1 } });
  const outer = b.op("Add", [step, "x"]);
  const total =
    depth === 0 ? outer : b.op("Loop", ["", `keep${depth}`, outer], { body: { graph: loopBody(depth - 1) } });
  b.output(`keep${depth}`, `go${depth}`);
  b.output(b.op("Add", [`sum${depth}`, total]), `next${depth}`);
  return b.build();
}

function example(): Model {
  const g = new GraphBuilder("example");
  g.input("x", "float32", ["N", 3, undefined]);
  g.input("anything", "int64");
  g.input("scalar", "bool", []);
  g.initializer("w", float64([1, 2, 3], [3, 1]));
  g.op("Custom", ["x", "", "w"], attributes, { outputs: ["y", "", "z"], domain: "my.domain", name: "here" });
  g.op("Loop", ["", "scalar", "y"], { body: { graph: loopBody(2) } }, { outputs: ["l"] });
  g.output("l", "result");
  return { graph: g.build(), opset: WORKING_OPSET, domains: { "my.domain": 2 }, producer: "somebody" };
}

describe("a model file", () => {
  it("reads back as it was: attributes of every kind, nested bodies, dimensions by number, name and unknown", () => {
    expect(decodeModel(encodeModel(example()))).toEqual(example());
  });

  it("takes names of axes that would not print on a line as none", () => {
    const b = new GraphBuilder("axes");
    b.input("x", "float32", ["batch", "line\nbreak", "escape\u001b[31m", "länge"]);
    b.output(b.op("Relu", ["x"]), "y");
    const read = decodeModel(encodeModel({ graph: b.build(), opset: WORKING_OPSET }));
    expect(read.graph.inputs[0]!.shape).toEqual(["batch", undefined, undefined, "länge"]);
  });

  it("takes the largest 64-bit integers of attributes as the largest exact numbers", () => {
    const attribute = [{ name: "ends", type: AttributeType.INTS, ints: [2n ** 63n - 1n, -(2n ** 63n), 7n] }];
    const model = decodeModel(file({ node: [{ opType: "Op", output: ["y"], attribute }] }));
    const ends = { ints: [Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, 7] };
    expect(model.graph.nodes[0]!.attributes).toEqual({ ends });
    expect(decodeModel(encodeModel(model)).graph).toEqual(model.graph);
  });

  it("keeps tensors of every element type, of every shape, empty ones too", () => {
    const half = Uint16Array.of(0x3c00, 0x7bff, 1);
    const numbers: [DataType, Tensor["data"]][] = [
      ["float32", Float32Array.of(1.5, -0, Number.NaN)],
      ["float64", Float64Array.of(Math.PI, 1e300, Number.NEGATIVE_INFINITY)],
      ["float16", half],
      ["bfloat16", half],
      ["int64", BigInt64Array.of(-(2n ** 63n), 0n, 2n ** 63n - 1n)],
      ["uint64", BigUint64Array.of(0n, 1n, 2n ** 64n - 1n)],
      ["int32", Int32Array.of(-(2 ** 31), 0, 2 ** 31 - 1)],
      ["uint32", Uint32Array.of(0, 1, 2 ** 32 - 1)],
      ["int16", Int16Array.of(-32768, 0, 32767)],
      ["uint16", Uint16Array.of(0, 1, 65535)],
      ["int8", Int8Array.of(-128, 0, 127)],
      ["uint8", Uint8Array.of(0, 1, 255)],
      ["bool", Uint8Array.of(0, 1, 1)],
      ["string", ["", "a", "ünïcode"]],
    ];
    const g = new GraphBuilder("tensors");
    for (const [dtype, data] of numbers) {
      g.initializer(`${dtype} list`, { dtype, shape: [3], data });
      g.initializer(`${dtype} cube`, { dtype, shape: [1, 3, 1], data });
      g.initializer(`${dtype} empty`, { dtype, shape: [2, 0], data: data.slice(0, 0) as Tensor["data"] });
      g.initializer(`${dtype} scalar`, { dtype, shape: [], data: data.slice(1, 2) as Tensor["data"] });
    }
    const model: Model = { graph: g.build(), opset: 24, domains: {}, producer: "crh-lab" };
    expect(decodeModel(encodeModel(model))).toEqual(model);
  });

  it("reads from a Node Buffer at any alignment, and shares no memory with it", () => {
    const g = new GraphBuilder("aligned");
    g.initializer("w", float64([1, 2, 3]));
    const bytes = encodeModel({ graph: g.build(), opset: 24 });
    for (let offset = 0; offset < 8; offset++) {
      const buffer = Buffer.concat([Buffer.alloc(offset), bytes]).subarray(offset);
      const { data } = decodeModel(buffer).graph.initializers.get("w")!;
      buffer.fill(0);
      expect(data).toEqual(Float64Array.of(1, 2, 3));
    }
  });

  it("reads values from typed fields as well as from raw bytes", () => {
    const tensors = [
      { name: "f", dataType: 1, floatData: [1.5, 2] },
      { name: "d", dataType: 11, doubleData: [1.5, 2] },
      { name: "l", dataType: 7, int64Data: [-1n, 2n] },
      { name: "i", dataType: 6, int32Data: [-1, 2] },
      { name: "b", dataType: 9, int32Data: [0, 1] },
      { name: "h", dataType: 10, int32Data: [0x3c00, 0] },
      { name: "u", dataType: 12, uint64Data: [1n, 4294967295n] },
      { name: "v", dataType: 13, uint64Data: [1n, 2n ** 64n - 1n] },
    ];
    const { initializers } = decodeModel(file({ initializer: tensors.map((one) => ({ ...one, dims: [2n] })) })).graph;
    expect([...initializers.values()].map(({ data }) => Array.from<unknown>(data as ArrayLike<unknown>))).toEqual([
      ...[
        [1.5, 2],
        [1.5, 2],
        [-1n, 2n],
        [-1, 2],
        [0, 1],
        [0x3c00, 0],
        [1, 4294967295],
        [1n, 2n ** 64n - 1n],
      ],
    ]);
  });

  it("leaves out inputs that have a value, as files before IR version 4 list them", () => {
    const input = ["x", "w"].map((name) => ({ name, type: floatType }));
    const initializer = [{ name: "w", dataType: 1, dims: [1n], floatData: [1] }];
    expect(decodeModel(file({ input, initializer })).graph.inputs.map(({ name }) => name)).toEqual(["x"]);
  });

  it("runs in ONNX Runtime with nested bodies", async () => {
    const g = new GraphBuilder("loops");
    g.input("x", "float32", []);
    const count = g.constant(int64([3], []));
    const zero = g.constant(float32([0], []));
    g.output(g.op("Loop", [count, "", zero], { body: { graph: loopBody(0) } }), "y");
    const program = await nodeEngine.compile({ graph: g.build(), opset: WORKING_OPSET });
    expect((await program.run({ x: float32([10], []) })).y!.data).toEqual(Float32Array.of(0 + 1 + 2 + 30));
    await program.dispose();
  });
});

const floatType = { value: { case: "tensorType", value: { elemType: 1 } } } as const;
type GraphFields = NonNullable<Parameters<typeof create<typeof ModelProtoSchema>>[1]>["graph"];

/** The bytes of a model with the given graph. */
function file(graph: GraphFields, opsetImport: unknown[] = [{ domain: "", version: 24n }]): Uint8Array {
  const proto = create(ModelProtoSchema, { irVersion: 10n, graph: graph!, opsetImport: opsetImport as never });
  return toBinary(ModelProtoSchema, proto as ModelProto);
}

/** The message with which a file is refused; must be one line. */
function refusal(bytes: Uint8Array): string {
  try {
    decodeModel(bytes);
  } catch (error) {
    const { message } = error as Error;
    expect(message).toMatch(/^onnx: .+$/);
    expect(message).not.toMatch(/\n/);
    expect(message.length).toBeLessThan(400);
    return message;
  }
  return "accepted";
}

describe("a file that is torn or hostile", () => {
  it("cut at any byte is read or refused in one line, never a crash", () => {
    const bytes = encodeModel(example());
    const refused = Array.from(bytes, (_, length) => refusal(bytes.subarray(0, length)));
    expect(refused.filter((message) => message === "accepted").length).toBeLessThan(refused.length / 10);
  });

  it("with any byte changed is read or refused in one line", () => {
    const bytes = encodeModel(example());
    for (let i = 0; i < bytes.length; i++)
      for (const value of [0, 0x7f, 0xff]) {
        const broken = bytes.slice();
        broken[i] = value;
        refusal(broken);
      }
  });

  it.each([
    ["far larger than its data", [2n ** 40n], /expected 1099511627776 values/],
    ["whose product overflows", [2n ** 40n, 2n ** 40n], /expected a tensor shape/],
    ["negative", [-1n], /expected a tensor shape/],
    ["negative twice", [-2n, -2n], /expected a tensor shape/],
    ["smaller than its data", [1n], /expected 1 values/],
    ["with a zero beside a huge extent", [0n, 2n ** 62n], /expected/],
  ] as const)("with a tensor %s", (_, dims, message) => {
    const before = process.memoryUsage().arrayBuffers;
    expect(refusal(file({ initializer: [{ name: "w", dataType: 1, dims: [...dims], floatData: [1, 2] }] }))).toMatch(
      message,
    );
    const raw = new Uint8Array(8);
    expect(refusal(file({ initializer: [{ name: "w", dataType: 1, dims: [...dims], rawData: raw }] }))).not.toBe(
      "accepted",
    );
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(10_000_000);
  });

  it("with a tensor of an unknown type, or in another file", () => {
    expect(refusal(file({ initializer: [{ name: "w", dataType: 99, dims: [1n] }] }))).toMatch(/type code 99/);
    const external = [{ key: "location", value: "../../etc/passwd" }];
    const tensor = { name: "w", dataType: 1, dims: [1n], externalData: external };
    expect(refusal(file({ initializer: [tensor] }))).toMatch(/in the model file, got a reference/);
    const location = TensorProto_DataLocation.EXTERNAL;
    expect(refusal(file({ initializer: [{ ...tensor, externalData: [], dataLocation: location }] }))).toMatch(/refer/);
  });

  it("with names that nothing produces, or that are produced twice", () => {
    const node = (input: string[], output: string[]) => ({ opType: "Relu", input, output });
    expect(refusal(file({ node: [node(["nowhere"], ["y"])] }))).toMatch(/reads "nowhere"/);
    expect(refusal(file({ output: [{ name: "y", type: floatType }] }))).toMatch(/output "y" is produced by no node/);
    const input = [{ name: "x", type: floatType }];
    expect(refusal(file({ input, node: [node(["x"], ["y"]), node(["x"], ["y"])] }))).toMatch(/got "y" twice/);
    expect(refusal(file({ input, node: [node(["x"], ["x"])] }))).toMatch(/got "x" twice/);
    expect(refusal(file({ input: [...input, ...input] }))).toMatch(/got "x" twice/);
    const tensor = { name: "w", dataType: 1, dims: [1n], floatData: [1] };
    expect(refusal(file({ initializer: [tensor, tensor] }))).toMatch(/got "w" twice/);
  });

  it("without an operator set, a graph or anything", () => {
    expect(refusal(file({}, []))).toMatch(/with a graph and an operator set/);
    expect(refusal(file({}, [{ domain: "other", version: 3n }]))).toMatch(/version of the standard operator set/);
    expect(refusal(new Uint8Array())).toMatch(/with a graph/);
    expect(refusal(new TextEncoder().encode("<html>not a model</html>"))).toMatch(/onnx: expected an ONNX model/);
  });

  it("with graphs nested without end", () => {
    let graph: GraphFields = {};
    for (let depth = 0; depth < 20; depth++)
      graph = { node: [{ opType: "If", attribute: [{ name: "then_branch", type: AttributeType.GRAPH, g: graph }] }] };
    expect(refusal(file(graph))).toMatch(/at most 16 nested graphs/);
  });

  it("with attributes of kinds that are not read, or inputs that are no tensors", () => {
    const attribute = [{ name: "a", type: AttributeType.SPARSE_TENSOR }];
    expect(refusal(file({ node: [{ opType: "Relu", attribute }] }))).toMatch(/attribute a .* got type SPARSE_TENSOR/);
    const type = { value: { case: "sequenceType" as const, value: {} } };
    expect(refusal(file({ input: [{ name: "x", type }] }))).toMatch(/expected x to be a tensor, got sequenceType/);
    const shape = { dim: [{ value: { case: "dimValue" as const, value: -5n } }] };
    const negative = { value: { case: "tensorType" as const, value: { elemType: 1, shape } } };
    expect(refusal(file({ input: [{ name: "x", type: negative }] }))).toMatch(/expected .*x/);
  });
});
