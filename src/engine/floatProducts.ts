/**
 * @file Products of matrices in float32 by an engine, after the last batch of a measurement. Factors are divided by
 * their largest entry first: their entries are rounded at 1e-7 of it already.
 */
import { GraphBuilder, WORKING_OPSET } from "../onnx/graphBuilder.ts";
import { addLowerProduct } from "../onnx/lowerProduct.ts";
import { float32, type Tensor } from "../onnx/tensor.ts";
import type { CompileOptions, Engine, Program } from "./engine.ts";

/** A matrix, row-major. */
interface Factor {
  readonly rows: number;
  readonly cols: number;
  readonly data: Float64Array;
}

/** Runs products in the engine; programs are kept until disposed of. */
export class FloatProducts {
  private readonly engine: Engine;
  private readonly options: CompileOptions;
  private readonly programs = new Map<string, Promise<Program>>();

  constructor(engine: Engine, options: CompileOptions = { planMemory: false }) {
    this.engine = engine;
    this.options = options;
  }

  /**
   * X^T S X of a symmetric S (d, d) and X (d, D).
   *
   * @param cuts where the D columns are cut into blocks
   * @returns its lower blocks (addLowerProduct), to be multiplied by `scale`
   */
  async congruent(S: Factor, X: Factor, cuts: readonly number[]): Promise<{ lower: Float32Array; scale: number }> {
    const [d, D] = [X.rows, X.cols];
    const program = await this.program(`congruent ${d} ${D}`, (builder) => {
      const [S, X] = [builder.input("S", "float32", [d, d]), builder.input("X", "float32", [d, D])];
      return addLowerProduct(builder, X, builder.op("Gemm", [S, X]), cuts);
    });
    const [left, right] = [scaled(S), scaled(X)];
    const found = await program.run({ S: left.tensor, X: right.tensor });
    return { lower: found.product!.data as Float32Array, scale: left.scale * right.scale * right.scale };
  }

  /** A B. */
  async product(A: Factor, B: Factor): Promise<Float64Array> {
    const program = await this.program("product", (builder) => {
      const [A, B] = [builder.input("A", "float32", ["m", "k"]), builder.input("B", "float32", ["k", "n"])];
      return builder.op("Gemm", [A, B]);
    });
    const [left, right] = [scaled(A), scaled(B)];
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
    const builder = new GraphBuilder("products");
    builder.output(build(builder), "product");
    const made = this.engine.compile({ graph: builder.build(), opset: WORKING_OPSET }, this.options);
    this.programs.set(key, made);
    return made;
  }
}

/** Values divided by their largest absolute one, which is `scale` (1 if all are 0). */
function scaled({ rows, cols, data: values }: Factor): { tensor: Tensor; scale: number } {
  let largest = 0;
  for (const value of values) largest = Math.max(largest, Math.abs(value));
  const scale = largest || 1;
  const data = new Float32Array(values.length);
  for (let i = 0; i < data.length; i++) data[i] = values[i]! / scale;
  return { tensor: float32(data, [rows, cols]), scale };
}
