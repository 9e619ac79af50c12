/**
 * @file Sums of rows x = y X from those of rows y: sum x x^T = X^T (sum y y^T) X, behind the last batch and by the engine.
 *
 * In float32, as the sums of a batch are: their entries are rounded at 1e-7 of the largest already. Means are taken off before and put
 * back in float64 (docs/theory.md Eq. 10), and all factors are divided by their largest entry.
 */
import type { CompileOptions, Engine, Program } from "../../engine/engine.ts";
import { type Matrix, matmul, matrix, maxAbs } from "../../linalg/matrix.ts";
import { GraphBuilder, WORKING_OPSET } from "../../onnx/graphBuilder.ts";
import { float32, type Tensor } from "../../onnx/tensor.ts";
import { addLowerProduct, lowerSegments } from "./lowerBlocks.ts";
import { type RowSums, writeGram } from "./rowSums.ts";

/** sum x and sum x x^T over rows x. */
interface PlainSums {
  readonly sum: Float64Array;
  readonly gram: Float64Array;
}

/** Runs products in the engine; programs are kept until disposed of. */
export class Turning {
  private readonly engine: Engine;
  private readonly options: CompileOptions;
  private readonly programs = new Map<string, Promise<Program>>();

  constructor(engine: Engine, options: CompileOptions) {
    this.engine = engine;
    this.options = options;
  }

  /**
   * Adds the sums of the rows x = y X to the sum and the lower triangle of `into`.
   *
   * @param from of the rows y (n, d)
   * @param X (d, D)
   */
  async addTurned(into: PlainSums, from: RowSums, X: Matrix, n: number): Promise<void> {
    const { sum } = from;
    const [d, D] = [X.rows, X.cols];
    const C = writeGram(from, new Float64Array(d * d));
    for (let i = 0; i < d; i++) {
      const mean = sum[i]! / n;
      for (let j = 0; j < d; j++) C[i * d + j]! -= mean * sum[j]!;
    }
    const program = await this.program(`turned ${d} ${D}`, (builder) => {
      const [S, X] = [builder.input("S", "float32", [d, d]), builder.input("X", "float32", [d, D])];
      return addLowerProduct(builder, X, builder.op("Gemm", [S, X]), D);
    });
    const [left, right] = [scaled(C, [d, d]), scaled(X.data, [d, D])];
    const found = (await program.run({ S: left.tensor, X: right.tensor })).product!.data as Float32Array;
    const scale = left.scale * right.scale * right.scale;
    const means = matmul(matrix(1, d, sum), X).data;
    for (let i = 0; i < D; i++) into.sum[i]! += means[i]!;
    for (const { row, from, to, at } of lowerSegments(D)) {
      const mean = means[row]! / n;
      for (let j = from; j < to; j++) into.gram[row * D + j]! += scale * found[at + j - from]! + mean * means[j]!;
    }
  }

  /** A B. */
  async product(A: Matrix, B: Matrix): Promise<Float64Array> {
    const program = await this.program("product", (builder) => {
      const [A, B] = [builder.input("A", "float32", ["m", "k"]), builder.input("B", "float32", ["k", "n"])];
      return builder.op("Gemm", [A, B]);
    });
    const [left, right] = [scaled(A.data, [A.rows, A.cols]), scaled(B.data, [B.rows, B.cols])];
    const found = (await program.run({ A: left.tensor, B: right.tensor })).product!.data as Float32Array;
    const out = new Float64Array(found);
    for (let i = 0; i < out.length; i++) out[i]! *= left.scale * right.scale;
    return out;
  }

  async dispose(): Promise<void> {
    for (const program of this.programs.values()) await (await program).dispose();
    this.programs.clear();
  }

  private program(key: string, build: (builder: GraphBuilder) => string): Promise<Program> {
    const known = this.programs.get(key);
    if (known !== undefined) return known;
    const builder = new GraphBuilder("turned");
    builder.output(build(builder), "product");
    const made = this.engine.compile({ graph: builder.build(), opset: WORKING_OPSET }, this.options);
    this.programs.set(key, made);
    return made;
  }
}

/** Values divided by their largest absolute one, which is `scale` (1 if all are 0). */
function scaled(values: Float64Array, shape: readonly number[]): { tensor: Tensor; scale: number } {
  const scale = maxAbs(values) || 1;
  const data = new Float32Array(values.length);
  for (let i = 0; i < data.length; i++) data[i] = values[i]! / scale;
  return { tensor: float32(data, shape), scale };
}
