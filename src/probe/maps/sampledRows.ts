/**
 * @file Maps measured on part of their rows: for each sample of a batch, some positions (pixels of a convolution,
 * tokens of a text) drawn at random, the same in every batch. Neighbouring rows carry nearly the same information,
 * while the sums of all rows cost several forward and backward passes (docs/log.md).
 */
import { int } from "../../onnx/graph.ts";
import type { GraphBuilder } from "../../onnx/graphBuilder.ts";
import type { Random } from "../../random/random.ts";
import type { ExampleRows } from "./exampleRows.ts";
import type { Measurable } from "./linearMap.ts";

/**
 * The rows to measure, ascending: for each of the n samples of a batch `count` of its rows, drawn for each sample anew.
 *
 * @param rows of all samples
 * @param where how rows belong to samples. Default: rows of a sample are consecutive
 * @returns undefined where no sample has more rows, or rows do not belong to samples
 */
export function sampleRows(
  rows: number,
  n: number,
  count: number,
  random: Random,
  where: ExampleRows = { n, outer: 1, inner: rows / n },
): number[] | undefined {
  const each = rows / n;
  if (!Number.isInteger(each) || each <= count) return undefined;
  const { inner } = where;
  const row = (sample: number, position: number) =>
    (Math.floor(position / inner) * n + sample) * inner + (position % inner);
  return Array.from({ length: n }, (_, sample) =>
    Array.from(random.permutation(each).slice(0, count), (position) => row(sample, position)),
  )
    .flat()
    .sort((a, b) => a - b);
}

/** A sentence for readers of numbers from some rows. */
export function rowsNote(positions: number): string {
  return `At most ${positions} rows of a map were measured for each sample (pixels, tokens), drawn at random, at the same places in every batch; of a classifier's last map, all rows were.`;
}

/** The same map on some of its rows. */
export function withRows(map: Measurable, rows: readonly number[]): Measurable {
  const some = (builder: GraphBuilder, all: string) =>
    builder.op("Gather", [all, builder.ints(rows)], { axis: int(0) });
  const { input } = map;
  return {
    ...map,
    rows: rows.length,
    outputRows: (builder, value) => some(builder, map.outputRows(builder, value)),
    ...(map.activationRows && { activationRows: (builder) => some(builder, map.activationRows!(builder)) }),
    ...(input && {
      input: {
        ...input,
        inputRows: (builder) => input.someRows?.(builder, rows) ?? some(builder, input.inputRows(builder)),
        ...(input.gradientRows && {
          gradientRows: (builder, added) => {
            const all = input.gradientRows!(builder, added);
            return all && some(builder, all);
          },
        }),
      },
    }),
  };
}
