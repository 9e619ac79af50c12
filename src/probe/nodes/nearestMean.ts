/**
 * @file Share of samples whose nearest class mean, among a classifier's features, differs from the predicted class
 * (docs/theory.md Eq. 70). The means are known only after the last batch. Until then the features are kept, evenly
 * thinned out where rows are very many.
 */
import type { Engine, Program } from "../../engine/engine.ts";
import type { LabelledSums } from "../../moments/labelledSums.ts";
import { int } from "../../onnx/graph.ts";
import { GraphBuilder, WORKING_OPSET } from "../../onnx/graphBuilder.ts";
import { float32, type Tensor } from "../../onnx/tensor.ts";
import type { Classifier } from "./classNodes.ts";

/** chosen: 65,536 rows of 1,024 features, which give a share to 0.002. */
const MOST_BYTES = 2 ** 28;

/** Names of the outputs. */
export interface FeatureNames {
  readonly features: string;
  readonly named: string;
}

/** Adds the rows h_a (n, dIn) of the classifier, and the class of each row's largest output (n). */
export function addFeatures(builder: GraphBuilder, { map, classes }: Classifier, output: string): FeatureNames {
  const logits = builder.op("Reshape", [output, builder.ints([-1, classes])]);
  return {
    features: builder.op("Identity", [map.input!.inputRows(builder)]),
    named: builder.op("ArgMax", [logits], { axis: int(1), keepdims: int(0) }),
  };
}

/** Rows one after the other. */
interface Rows {
  readonly features: Float32Array;
  readonly named: BigInt64Array;
}

/**
 * Features and predicted classes of the rows of a measurement: all, or every second, fourth, ... where they would not
 * fit.
 */
export class Features {
  private readonly most: number;
  private readonly batches: Rows[] = [];
  private stride = 1;
  private seen = 0;

  constructor(most = MOST_BYTES) {
    this.most = most;
  }

  add(outputs: Readonly<Record<string, Tensor>>, names: FeatureNames): void {
    const features = outputs[names.features]!.data as Float32Array;
    const named = outputs[names.named]!.data as BigInt64Array;
    const first = (this.stride - (this.seen % this.stride)) % this.stride;
    this.batches.push(every({ features, named }, first, this.stride));
    this.seen += named.length;
    while (this.bytes() > this.most && this.count() > 1) this.thin();
  }

  /** Share of the kept rows whose nearest class mean differs from the predicted class; undefined without rows. */
  async disagreement(engine: Engine, sums: LabelledSums, threads: number): Promise<number | undefined> {
    const count = this.count();
    if (count === 0) return undefined;
    const program = await nearestProgram(engine, threads);
    try {
      let differing = 0;
      const means = classMeans(sums);
      for (const { features, named } of this.batches) {
        const n = named.length;
        if (n === 0) continue;
        const rows = float32(features, [n, features.length / n]);
        const found = await program.run({ ...means, rows, named: { dtype: "int64", shape: [n], data: named } });
        differing += (found.differing!.data as Float32Array)[0]!;
      }
      return differing / count;
    } finally {
      await program.dispose();
    }
  }

  private count(): number {
    return this.batches.reduce((sum, { named }) => sum + named.length, 0);
  }

  private bytes(): number {
    return this.batches.reduce((sum, { features, named }) => sum + features.byteLength + named.byteLength, 0);
  }

  /** Keeps every second row. */
  private thin(): void {
    let before = 0;
    this.batches.forEach((batch, i) => {
      this.batches[i] = every(batch, before % 2, 2);
      before += batch.named.length;
    });
    this.stride *= 2;
  }
}

/** Rows first, first + stride, ... */
function every(rows: Rows, first: number, stride: number): Rows {
  if (stride === 1) return rows;
  const n = rows.named.length;
  const d = n === 0 ? 0 : rows.features.length / n;
  const count = Math.max(0, Math.ceil((n - first) / stride));
  const kept: Rows = { features: new Float32Array(count * d), named: new BigInt64Array(count) };
  for (let k = 0, row = first; k < count; k++, row += stride) {
    kept.features.set(rows.features.subarray(row * d, (row + 1) * d), k * d);
    kept.named[k] = rows.named[row]!;
  }
  return kept;
}

function nearestProgram(engine: Engine, threads: number): Promise<Program> {
  const builder = new GraphBuilder("nearest");
  const rows = builder.input("rows", "float32", ["n", "d"]);
  const named = builder.input("named", "int64", ["n"]);
  const means = builder.input("means", "float32", ["classes", "d"]);
  const norms = builder.input("norms", "float32", [1, "classes"]);
  // |h - mu|^2 without |h|^2, which is the same for every class.
  const distances = builder.op("Gemm", [rows, means, norms], { transB: int(1), alpha: { float: -2 } });
  const nearest = builder.op("ArgMin", [distances], { axis: int(1), keepdims: int(0) });
  const differs = builder.op("Cast", [builder.op("Not", [builder.op("Equal", [nearest, named])])], { to: int(1) });
  builder.output(builder.op("ReduceSum", [differs], { keepdims: int(0) }), "differing");
  return engine.compile({ graph: builder.build(), opset: WORKING_OPSET }, { threads });
}

/**
 * Class means and their squared norms, both divided by a power of two that keeps the squares within float32. Classes
 * without samples are infinitely far.
 */
function classMeans({ classes, counts, a }: LabelledSums): Record<string, Tensor> {
  const d = a.sums.length / classes;
  const means = new Float32Array(classes * d);
  const norms = new Float32Array(classes);
  const largest = a.sums.reduce((most, sum, i) => {
    const count = counts[Math.floor(i / d)]!;
    return count > 0 ? Math.max(most, Math.abs(sum) / count) : most;
  }, 0);
  const unit = largest > 0 && Number.isFinite(largest) ? 2 ** Math.floor(Math.log2(largest)) : 1;
  for (let c = 0; c < classes; c++) {
    let square = 0;
    for (let j = 0; j < d; j++) {
      const mean = counts[c]! > 0 ? a.sums[c * d + j]! / counts[c]! : 0;
      means[c * d + j] = mean / unit;
      square += mean * mean;
    }
    norms[c] = counts[c]! > 0 ? square / unit : Number.MAX_VALUE;
  }
  return { means: float32(means, [classes, d]), norms: float32(norms, [1, classes]) };
}
