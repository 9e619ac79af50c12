/** @file Convolutions in the blocked layout of ONNX Runtime get their own kernels back, whatever the processor here. */
import { describe, expect, it } from "vitest";
import { plainLayout, possibleBlocks } from "../../src/onnx/blockedLayout.ts";
import { int, type Model, type Node } from "../../src/onnx/graph.ts";
import { float32 } from "../../src/onnx/tensor.ts";
import { Random } from "../../src/random/random.ts";

const random = new Random(1);
const kernel = (O: number, I: number, k: number) => ({
  O,
  I,
  k,
  data: Float32Array.from({ length: O * I * k }, () => random.normal()),
});

/** The kernel with O (and I, if it is blocked) padded to blocks, in the order of the processor. */
function blocked({ O, I, k, data }: ReturnType<typeof kernel>, B: number, isInputBlocked: boolean) {
  const padded = (n: number) => Math.ceil(n / B) * B;
  const [outputs, inputs] = [padded(O), isInputBlocked ? padded(I) : I];
  const inner = isInputBlocked ? B : 1;
  const values: number[] = [];
  for (let o = 0; o < outputs; o += B)
    for (let i = 0; i < inputs; i += inner)
      for (let at = 0; at < k; at++)
        for (let p = i; p < i + inner; p++)
          for (let q = o; q < o + B; q++) values.push(q < O && p < I ? data[(q * I + p) * k + at]! : 0);
  return float32(Float32Array.from(values), [outputs, inputs, 1, k]);
}

const node = (op: string, inputs: string[], output: string, attributes: Node["attributes"] = {}): Node => ({
  ...{ op, domain: "com.microsoft.nchwc", name: output, inputs, outputs: [output], attributes },
});

describe.each([8, 16])("of %i channels to a register", (B) => {
  it("expansion, depthwise convolution and projection whose channels fill no block", () => {
    const kernels = { expand: kernel(12, 3, 1), depthwise: kernel(12, 1, 3), project: kernel(5, 12, 1) };
    const model: Model = {
      opset: 24,
      graph: {
        name: "",
        nodes: [
          node("Conv", ["x", "expand"], "a", { group: int(1) }),
          node("Conv", ["a", "depthwise"], "b", { group: int(16) }),
          node("Conv", ["b", "project"], "c", { group: int(1) }),
          node("ReorderOutput", ["c"], "y", { channels: int(5) }),
        ],
        initializers: new Map([
          ["expand", blocked(kernels.expand, B, false)],
          ["depthwise", blocked(kernels.depthwise, B, false)],
          ["project", blocked(kernels.project, B, true)],
        ]),
        inputs: [{ name: "x", dtype: "float32", shape: ["n", 3, 1, 9] }],
        outputs: [{ name: "y", dtype: "float32" }],
      },
    };
    expect(possibleBlocks(model)).toContain(B);
    const { nodes, initializers } = plainLayout(model, B).graph;
    for (const [name, { O, I, k, data }] of Object.entries(kernels)) {
      expect(initializers.get(name)!.shape, name).toEqual([O, I, 1, k]);
      expect(initializers.get(name)!.data, name).toEqual(data);
    }
    expect(nodes.map(({ op, domain }) => `${domain}${op}`)).toEqual(["Conv", "Conv", "Conv", "Identity"]);
    expect(nodes.map(({ attributes }) => attributes.group)).toEqual([int(1), int(12), int(1), undefined]);
  });
});
