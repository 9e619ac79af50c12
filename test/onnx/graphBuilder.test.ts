/** @file GraphBuilder: names, shared constants, continuing a graph; tensors and attributes. */
import { describe, expect, it } from "vitest";
import { floatAttribute, intAttribute, intsAttribute, type Node, stringAttribute } from "../../src/onnx/graph.ts";
import { GraphBuilder } from "../../src/onnx/graphBuilder.ts";
import { float32, int64, toNumbers } from "../../src/onnx/tensor.ts";

describe("a graph builder", () => {
  it("gives every value a name of its own, also when it goes on from a graph of the same name", () => {
    const first = new GraphBuilder("g");
    first.input("x", "float32", [2]);
    first.op("Add", ["x", first.scalar(1)]);
    const second = new GraphBuilder("g", first.build());
    second.op("Add", ["x", second.scalar(1)]);
    const graph = second.build();
    const names = [...graph.initializers.keys(), ...graph.nodes.flatMap(({ outputs }) => outputs)];
    expect(new Set(names).size).toBe(names.length);
    expect(graph.inputs).toEqual(first.build().inputs);
  });

  it("refuses a name that is taken, whatever took it", () => {
    const g = new GraphBuilder("g");
    g.input("x", "float32");
    g.initializer("w", float32([1]));
    for (const name of ["x", "w"]) {
      expect(() => g.input(name, "float32")).toThrow(/^graph g: expected a new name, got ".*" a second time/);
      expect(() => g.initializer(name, float32([1]))).toThrow(RangeError);
      expect(() => g.op("Relu", ["x"], {}, { outputs: [name] })).toThrow(RangeError);
    }
  });

  it("shares equal scalars and integer lists, and keeps 0 and -0 and the types apart", () => {
    const g = new GraphBuilder("g");
    expect(g.scalar(2)).toBe(g.scalar(2));
    expect(g.ints([1, 2])).toBe(g.ints([1, 2]));
    expect(new Set([g.scalar(0), g.scalar(-0), g.scalar(0, "float64"), g.ints([0])]).size).toBe(4);
    expect(() => g.scalar(1, "int64")).toThrow(/expected float32 or float64, got int64/);
  });

  it("does not change a graph that was built before", () => {
    const g = new GraphBuilder("g");
    const before = g.build();
    g.output(g.input("x", "float32"));
    expect([before.inputs.length, before.outputs.length]).toEqual([0, 0]);
  });
});

describe("tensors and attributes", () => {
  it("refuse values that do not fit the shape", () => {
    expect(() => float32([1, 2], [3])).toThrow("float32: expected 3 values for shape [3], got 2");
    expect(() => int64([1], [])).not.toThrow();
    expect(() => toNumbers({ dtype: "float16", shape: [1], data: Uint16Array.of(1) })).toThrow(TypeError);
  });

  it("give the default when absent and an error of one line when of another kind", () => {
    const node: Node = {
      op: "Op",
      domain: "",
      name: "n",
      inputs: [],
      outputs: ["y"],
      attributes: { a: { floats: [] } },
    };
    expect([intAttribute(node, "b", 3), floatAttribute(node, "b", 0.5), stringAttribute(node, "b", "s")]).toEqual([
      3,
      0.5,
      "s",
    ]);
    expect(intsAttribute(node, "b")).toBeUndefined();
    for (const read of [
      () => intAttribute(node, "a", 1),
      () => intsAttribute(node, "a"),
      () => stringAttribute(node, "a", ""),
    ])
      expect(read).toThrow(/^onnx: expected attribute a of Op \(n\) to be .*; the model file is malformed$/);
  });
});
