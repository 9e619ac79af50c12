/**
 * @file Windows over a text for a language model: `context` input tokens, with the same tokens shifted by one as
 * targets. Batches are made on demand.
 */
import type { DataArray } from "./array.ts";
import type { FittedArray, InputDeclaration } from "./fitArray.ts";

export interface WindowOptions {
  /** Tokens per window. Default: the model's declaration. */
  readonly context?: number;
  /** Stride between the starts of windows. Default `context`: each token is read once. */
  readonly stride?: number;
  /** Largest number of windows. */
  readonly samples?: number;
}

export interface TokenWindows {
  /** (n, context) of the model's integer type */
  readonly inputs: FittedArray;
  /** (n, context) int64: entry (i, t) is the token after input (i, t) */
  readonly targets: FittedArray;
}

/**
 * @param tokens (length) indices, one document or several
 * @param input the model's token input, (n, context)
 * @throws RangeError or TypeError in one line if the input does not take token indices, the context is invalid or not
 *   the model's, or the text is too short for one window
 */
export function tokenWindows(tokens: Int32Array, input: InputDeclaration, options: WindowOptions = {}): TokenWindows {
  const { name, dtype = "int64", shape } = input;
  if (dtype !== "int64" && dtype !== "int32")
    throw new TypeError(
      `input ${name}: expected a model input of token indices (int64 or int32), got ${dtype}; text needs a language model`,
    );
  const declared = shape?.[1];
  const context = options.context ?? (typeof declared === "number" ? declared : undefined);
  const { stride = context ?? 1, samples = Number.POSITIVE_INFINITY } = options;
  if (
    (shape !== undefined && shape.length !== 2) ||
    context === undefined ||
    !(context >= 1) ||
    !Number.isInteger(context)
  )
    throw new RangeError(
      `input ${name}: expected shape (n, context) and a context of at least one token, got shape (${shape?.map((extent) => extent ?? "?").join(", ") ?? "?"}) and context ${context ?? "none"}; give the context length`,
    );
  if (typeof declared === "number" && declared !== context)
    throw new RangeError(
      `input ${name}: expected a context of ${declared} tokens, got ${context}; give the model's own`,
    );
  if (!Number.isInteger(stride) || stride < 1)
    throw new RangeError(`input ${name}: expected a stride of at least one token, got ${stride}; leave it out`);
  const n = Math.min(samples, Math.floor((tokens.length - 1 - context) / stride) + 1);
  if (!(n >= 1))
    throw new RangeError(
      `input ${name}: expected at least ${context + 1} tokens for a window of ${context} and its targets, got ${tokens.length}; pass a longer text or a shorter context`,
    );
  const shifted = (by: number, type: "int64" | "int32", title: string): FittedArray => ({
    name: title,
    n,
    dtype: type,
    shape: [n, context],
    steps: [`cut ${n} windows of ${context} tokens`],
    rows: (from, to) => cut(tokens, from, to, context, stride, by, type),
  });
  return { inputs: shifted(0, dtype, name), targets: shifted(1, "int64", "targets") };
}

function cut(
  tokens: Int32Array,
  from: number,
  to: number,
  context: number,
  stride: number,
  by: number,
  dtype: "int64" | "int32",
): DataArray {
  const shape = [to - from, context];
  const values = new Int32Array((to - from) * context);
  for (let i = from; i < to; i++)
    values.set(tokens.subarray(i * stride + by, i * stride + by + context), (i - from) * context);
  return { dtype, shape, data: dtype === "int32" ? values : BigInt64Array.from(values, BigInt) };
}
