import { describe, expect, it } from "vitest";
import { nodeEngine } from "../../src/engineNode/nodeEngine.ts";
import { lowerCuts, lowerSegments } from "../../src/moments/accumulate/lowerBlocks.ts";
import { GraphBuilder, WORKING_OPSET } from "../../src/onnx/graphBuilder.ts";
import { addLowerProduct } from "../../src/onnx/lowerProduct.ts";
import { float32 } from "../../src/onnx/tensor.ts";
import { Random } from "../../src/random/random.ts";

/** Small whole numbers, whose products and sums float32 holds exactly. */
function wholeNumbers(count: number): Float32Array {
  const random = new Random(3);
  return Float32Array.from({ length: count }, () => Math.floor(random.uniform() * 17) - 8);
}

describe("Gram matrices by lower blocks", () => {
  it.each([1, 3, 127, 255, 256, 300, 1100])("hold each entry of the lower triangle once at d = %i", async (d) => {
    const n = 9;
    const rows = wholeNumbers(n * d);
    const builder = new GraphBuilder("gram");
    const x = builder.input("x", "float32", [n, d]);
    builder.output(addLowerProduct(builder, x, x, lowerCuts(d)), "C");
    const program = await nodeEngine.compile({ graph: builder.build(), opset: WORKING_OPSET });
    const C = (await program.run({ x: float32(rows, [n, d]) })).C!.data as Float32Array;
    await program.dispose();
    const found = new Float64Array(d * d);
    const times = new Uint8Array(d * d);
    for (const { row, from, to, at } of lowerSegments(d))
      for (let j = from; j < to; j++) {
        found[row * d + j] = C[at + j - from]!;
        times[row * d + j]!++;
      }
    const [expected, once] = [new Float64Array(d * d), new Uint8Array(d * d)];
    for (let i = 0; i < d; i++)
      for (let j = 0; j <= i; j++) {
        for (let k = 0; k < n; k++) expected[i * d + j]! += rows[k * d + i]! * rows[k * d + j]!;
        once[i * d + j] = 1;
      }
    expect(times).toEqual(once);
    expect(found).toEqual(expected);
    expect(C.length).toBeLessThanOrEqual(d < 1024 ? d * d : 0.57 * d * d);
  });
});
