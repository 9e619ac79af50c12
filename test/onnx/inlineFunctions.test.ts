import { create, toBinary } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { nodeEngine } from "../../src/engineNode/nodeEngine.ts";
import { decodeModel, encodeModel } from "../../src/onnx/modelFile.ts";
import {
  AttributeProto_AttributeType as AttributeType,
  type ModelProto,
  ModelProtoSchema,
} from "../../src/onnx/proto/onnx_pb.ts";
import { float32, toNumbers } from "../../src/onnx/tensor.ts";

type Parts = Parameters<typeof create<typeof ModelProtoSchema>>[1];
type Node = { opType: string; domain?: string; name?: string; input: string[]; output: string[]; attribute?: object[] };

const float = (name: string, f: number) => ({ name, type: AttributeType.FLOAT, f });
const reference = (name: string, refAttrName: string) => ({ name, type: AttributeType.FLOAT, refAttrName });
const standard = { domain: "", version: 18n };

/** A model over x, y of shape (2) with the given nodes, output "out", and local functions of domain "local". */
function bytesOf(node: Node[], functions: object[]): Uint8Array {
  const dim = [{ value: { case: "dimValue", value: 2n } }];
  const vector = (name: string) => ({
    name,
    type: { value: { case: "tensorType", value: { elemType: 1, shape: { dim } } } },
  });
  const graph = { name: "g", node, input: [vector("x"), vector("y")], output: [vector("out")] };
  const parts = { irVersion: 10n, opsetImport: [standard, { domain: "local", version: 1n }], graph, functions };
  return toBinary(ModelProtoSchema, create(ModelProtoSchema, parts as unknown as Parts) as ModelProto);
}

const call = (name: string, input: string[], output: string[], attribute: object[] = []): Node => ({
  opType: name,
  domain: "local",
  name: `call_${output[0]}`,
  input,
  output,
  attribute,
});

function define(name: string, input: string[], output: string[], node: Node[], more: object = {}) {
  return {
    name,
    domain: "local",
    input,
    output,
    node,
    opsetImport: [standard, { domain: "local", version: 1n }],
    ...more,
  };
}

async function run(bytes: Uint8Array): Promise<number[]> {
  const model = decodeModel(bytes);
  const program = await nodeEngine.compile(decodeModel(encodeModel(model)));
  const { out } = await program.run({ x: float32([1, -2]), y: float32([3, 5]) });
  await program.dispose();
  return toNumbers(out!);
}

const leaky = define(
  "leaky",
  ["a"],
  ["r"],
  [
    { opType: "LeakyRelu", input: ["a"], output: ["t"], attribute: [reference("alpha", "slope")] },
    { opType: "Add", input: ["t", "t"], output: ["r"] },
  ],
);

describe("local functions", () => {
  it("take their attributes from the call, from their defaults, or from the operator's own default", async () => {
    const nodes = [call("leaky", ["x"], ["out"], [float("slope", 0.5)])];
    expect(await run(bytesOf(nodes, [leaky]))).toEqual([2, -2]);
    const defaults = { ...leaky, attributeProto: [float("slope", 0.25)] };
    expect(await run(bytesOf([call("leaky", ["x"], ["out"])], [defaults]))).toEqual([2, -1]);
    const [first, second] = await run(bytesOf([call("leaky", ["x"], ["out"])], [leaky]));
    expect([first, second!.toFixed(5)]).toEqual([2, "-0.04000"]);
  });

  it("may be called twice and call each other, and keep the scopes of their calls", async () => {
    const twice = define("twice", ["a"], ["r"], [call("leaky", ["a"], ["h"]), call("leaky", ["h"], ["r"])]);
    const nodes = [
      call("twice", ["x"], ["u"]),
      call("twice", ["y"], ["v"]),
      { opType: "Add", input: ["u", "v"], output: ["out"] },
    ];
    const bytes = bytesOf(nodes, [{ ...leaky, attributeProto: [float("slope", 0.5)] }, twice]);
    expect(await run(bytes)).toEqual([16, 18]);
    expect(decodeModel(bytes).graph.nodes[0]!.name).toBe("call_u/call_h/LeakyRelu");
  });

  it("may leave inputs and outputs out, and pass inputs on", async () => {
    const clip = define(
      "clip",
      ["a", "low", "high"],
      ["r", "same"],
      [{ opType: "Clip", input: ["a", "low", "high"], output: ["r"] }],
    );
    const passing = define("passing", ["a"], ["a"], []);
    const nodes = [call("clip", ["x"], ["c"]), call("passing", ["c"], ["out"])];
    expect(await run(bytesOf(nodes, [clip, passing]))).toEqual([1, -2]);
  });

  it("reach into bodies of control flow", async () => {
    const boolean = { name: "c", dataType: 9, dims: [], int32Data: [1] };
    const body = (name: string, opType: string) => ({
      name,
      type: AttributeType.GRAPH,
      g: { name, node: [{ opType, input: ["a"], output: [`${name}_out`] }], output: [{ name: `${name}_out` }] },
    });
    const choose = define(
      "choose",
      ["a"],
      ["r"],
      [
        {
          opType: "Constant",
          input: [],
          output: ["c"],
          attribute: [{ name: "value", type: AttributeType.TENSOR, t: boolean }],
        },
        {
          opType: "If",
          input: ["c"],
          output: ["r"],
          attribute: [body("then_branch", "Neg"), body("else_branch", "Abs")],
        },
      ],
    );
    expect(await run(bytesOf([call("choose", ["x"], ["out"])], [choose]))).toEqual([-1, 2]);
  });

  it("that call each other in a circle, or another version of the operators, are refused in one line", () => {
    const circle = define("circle", ["a"], ["r"], [call("circle", ["a"], ["r"])]);
    expect(() => decodeModel(bytesOf([call("circle", ["x"], ["out"])], [circle]))).toThrow(/^onnx: .*circle/);
    const bomb = Array.from({ length: 40 }, (_, i) => {
      const inner = (from: string, to: string) => call(`f${i + 1}`, [from], [to]);
      return define(
        `f${i}`,
        ["a"],
        ["r"],
        i === 39 ? [{ opType: "Neg", input: ["a"], output: ["r"] }] : [inner("a", "h"), inner("h", "r")],
      );
    });
    expect(() => decodeModel(bytesOf([call("f0", ["x"], ["out"])], bomb))).toThrow(
      /^onnx: expected at most 40000 nodes/,
    );
    const older = { ...leaky, opsetImport: [{ domain: "", version: 13n }] };
    expect(() => decodeModel(bytesOf([call("leaky", ["x"], ["out"])], [older]))).toThrow(/opset 18 .* got 13/);
    expect(() => decodeModel(bytesOf([call("leaky", ["x", "y"], ["out"])], [leaky]))).toThrow(/at most 1 inputs/);
  });

  it("are replaced in time that grows with the calls, however these are named", () => {
    const chain = (count: number, name: string, called: object) =>
      bytesOf(
        Array.from({ length: count }, (_, i) => ({
          ...call("one", [i === 0 ? "x" : `v${i}`], [i === count - 1 ? "out" : `v${i + 1}`]),
          name,
        })),
        [called],
      );
    const one = define("one", ["a"], ["r"], [{ opType: "Relu", input: ["a"], output: ["r"] }]);
    const { nodes } = decodeModel(chain(5000, "same", one)).graph;
    expect(nodes).toHaveLength(5000);
    expect(nodes.at(-1)!.name).toBe("same#4999/Relu");
    expect(() => decodeModel(chain(50_000, "", one))).toThrow(/^onnx: expected at most 40000 nodes, got more/);
    const arguments_ = Array.from({ length: 20_000 }, (_, i) => `a${i}`);
    expect(() => decodeModel(chain(5000, "wide", { ...one, input: arguments_, node: [] }))).toThrow(/letters in all/);
  });
});
