/** @file Targets in the form of a loss: class indices, or the tokens shifted by one. */
import type { DataArray } from "../data/array.ts";
import { IGNORED } from "../objectives/objective.ts";
import type { ValueInfo } from "../onnx/graph.ts";

/**
 * Class indices from targets with one extra axis: a column of indices, as in Keras, or one-hot rows. Anything else is
 * left for the loss to refuse.
 *
 * @param output declared shape of the model's output, (n, classes) for one target per sample
 */
export function classTargets(targets: DataArray, output: ValueInfo["shape"]): DataArray {
  const [n, width, ...more] = targets.shape;
  const isFloat = targets.dtype === "float32" || targets.dtype === "float64";
  // Integers (n, T) may be tokens, unless the model declares one output per sample.
  const mayBe = output === undefined ? width === 1 || isFloat : output.length === 2;
  if (!mayBe || n === undefined || width === undefined || more.length > 0) return targets;
  if (width === 1) return { ...targets, shape: [n] };
  const values = Array.from(targets.data as ArrayLike<number | bigint>, Number);
  const classes = new Int32Array(n);
  for (let i = 0; i < n; i++) {
    const row = values.slice(i * width, (i + 1) * width);
    classes[i] = row.indexOf(1);
    if (classes[i] === -1 || row.some((value, k) => value !== (k === classes[i] ? 1 : 0)))
      throw new RangeError(
        `analyze: expected a class index for each sample, or one-hot rows, got targets (${targets.shape.join(", ")}) whose row ${i} is neither; ` +
          "take the argmax, or --loss with a target for each output",
      );
  }
  return labelArray(classes);
}

/**
 * The token after each one: (n, T) int64, entry (i, t) is token (i, t + 1). The last token of a sample has no target
 * (IGNORED).
 *
 * @param tokens (n, T)
 */
export function nextTokens({ shape, data }: DataArray): DataArray {
  const T = shape[1]!;
  const next = BigInt64Array.from({ length: data.length }, (_, i) =>
    BigInt((i + 1) % T === 0 ? IGNORED : Number(data[i + 1]!)),
  );
  return { dtype: "int64", shape, data: next };
}

/** Class indices as an array. */
export function labelArray(labels: Int32Array): DataArray {
  return { dtype: "int32", shape: [labels.length], data: Int32Array.from(labels) };
}
