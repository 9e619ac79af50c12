/**
 * @file Text as training data: windows of `context` tokens at random positions, and consecutive windows to measure on.
 */
import type { Tokens } from "../data/tokens.ts";
import type { Tensor } from "../onnx/tensor.ts";
import { type Feeds, TARGET } from "../probe/feeds.ts";
import { MOST_GROUPS } from "../probe/groupCount.ts";
import { Random } from "../random/random.ts";
import type { TrainingData } from "./trainingData.ts";

/**
 * Windows drawn with replacement, each start equally likely.
 *
 * @returns data with x (B, T) int64 and as target (B, T) int64 the token after each
 * @throws RangeError in one line where there are fewer than context + 1 tokens
 */
export function tokenStream(
  tokens: Tokens,
  { batch, context, random }: { readonly batch: number; readonly context: number; readonly random: Random },
): TrainingData {
  checkLength(tokens, context);
  let stream = random;
  return {
    inputShape: [batch, context],
    target: { dtype: "int64", shape: [batch, context] },
    draw(K) {
      const starts = Array.from({ length: K * batch }, () => Math.floor(stream.uniform() * (tokens.length - context)));
      const { x, target } = windows(tokens, starts, context);
      const shape = [K, batch, context];
      return { "data/x": { ...x, shape }, "data/target": { ...target, shape } };
    },
    prepare: (g) => ({
      x: g.input("data/x", "int64", ["K", batch, context]),
      target: g.input("data/target", "int64", ["K", batch, context]),
    }),
    state: () => Array.from(stream.state()),
    restore(state) {
      stream = Random.fromState(state as number[]);
    },
  };
}

/**
 * Consecutive windows, each token once: x (n, T) int64, target (n, T) int64.
 *
 * @param samples most windows; they are spread evenly over the tokens
 * @param batch most windows of one batch; there is about one batch or more for each group of samples
 */
export function tokenFeeds(
  tokens: Tokens,
  { context, samples, batch }: { readonly context: number; readonly samples: number; readonly batch: number },
): Feeds[] {
  checkLength(tokens, context);
  const all = Math.floor((tokens.length - 1) / context);
  const count = Math.min(samples, all);
  const starts = Array.from({ length: count }, (_, i) => context * Math.floor((i * all) / count));
  const size = Math.max(1, Math.min(batch, Math.ceil(count / MOST_GROUPS)));
  return Array.from({ length: Math.ceil(count / size) }, (_, i) => {
    const { x, target } = windows(tokens, starts.slice(i * size, (i + 1) * size), context);
    return { x, [TARGET]: target };
  });
}

function windows(tokens: Tokens, starts: readonly number[], context: number): { x: Tensor; target: Tensor } {
  const shape = [starts.length, context];
  const [x, target] = [new BigInt64Array(starts.length * context), new BigInt64Array(starts.length * context)];
  starts.forEach((start, row) => {
    const window = tokens.read(start, start + context + 1);
    for (let t = 0; t < context; t++) {
      x[row * context + t] = BigInt(window[t]!);
      target[row * context + t] = BigInt(window[t + 1]!);
    }
  });
  return { x: { dtype: "int64", shape, data: x }, target: { dtype: "int64", shape, data: target } };
}

function checkLength({ length }: Tokens, context: number): void {
  if (!Number.isInteger(context) || context < 1 || length < context + 1)
    throw new RangeError(
      `tokens: expected at least ${context + 1} of them for a context of ${context}, got ${length}; pass a longer text or a shorter context`,
    );
}
