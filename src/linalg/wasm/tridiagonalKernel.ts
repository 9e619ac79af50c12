/**
 * @file The inner loop of `tridiagonalize` for processors with vector instructions, in WebAssembly, two float64 per
 * instruction.
 *
 * It has a memory of its own, which grows to the largest matrix that it was used for.
 */
import {
  add,
  added,
  advance,
  again,
  type Code,
  entries,
  get,
  instantiate,
  less,
  load,
  loadBoth,
  loop,
  minus,
  pageBytes,
  set,
  store,
  times,
  zero,
} from "./assembler.ts";

/**
 * chosen: memory that is not given back, enough for 8,000 rows; beyond, the time goes into moving the matrix and not
 * into arithmetic.
 */
const mostBytes = 2 ** 28;

export interface TridiagonalKernel {
  /** Room for the matrix. */
  readonly a: Float64Array;
  /** Four vectors, as long as the matrix has rows or a little longer. */
  readonly vectors: readonly Float64Array[];
  /** As `updateAndMultiply` of tridiagonalize.ts, for vectors of this kernel. */
  step(v: Float64Array, q: Float64Array, u: Float64Array, product: Float64Array, blocks: number): void;
}

let found: ReturnType<typeof instantiate> | undefined;

/**
 * A kernel with room for a matrix of some float64 and vectors of some length, until the next one is asked for; null
 * where the engine has no vectors, or the matrix is beyond what memory is kept for.
 */
export function tridiagonalKernel(size: number, length: number): TridiagonalKernel | null {
  const vectorBytes = 32 * Math.ceil(length / 4);
  const bytes = 4 * vectorBytes + 8 * size;
  if (bytes > mostBytes) return null;
  if (found === undefined) found = instantiate(code());
  if (!found) return null;
  const { memory, run } = found;
  if (bytes > memory.buffer.byteLength) memory.grow(Math.ceil((bytes - memory.buffer.byteLength) / pageBytes));
  const { buffer } = memory;
  return {
    a: new Float64Array(buffer, 4 * vectorBytes, size),
    vectors: [0, 1, 2, 3].map((i) => new Float64Array(buffer, i * vectorBytes, vectorBytes / 8).fill(0)),
    step: (v, q, u, product, blocks) =>
      run(4 * vectorBytes, v.byteOffset, q.byteOffset, u.byteOffset, product.byteOffset, blocks),
  };
}

const rows = [0, 1, 2, 3] as const;

/** Parameters: addresses of the matrix and of the block's entries of the vectors, blocks to go. */
const [a0, v, q, u, product, blocks] = [0, 1, 2, 3, 4, 5];
/**
 * Columns of the block in fours, how many of them are left, their bytes; addresses of rows after the first, and along
 * the vectors.
 */
const [fours, left, bytes, a1, vi, qi, ui, pi] = [6, 7, 8, 9, 12, 13, 14, 15];
/** Entries of the block's rows of v, q and u, each twice; their sums; a pair of each vector and of a row. */
const [vr, qr, ur, sums, V, Q, U, P, A] = [16, 20, 24, 28, 32, 33, 34, 35, 36];

const address = (r: number): number => (r === 0 ? a0 : a1 + r - 1);
const along: readonly (readonly [number, number])[] = [
  [v, vi],
  [q, qi],
  [u, ui],
  [product, pi],
];

/** Two columns of the block: A - v q^T - q v^T, its rows times u, and its columns times the rows' u. */
function twoColumns(offset: number): number[] {
  const take = (from: number, to: number): number[] => [...get(from), ...load(offset), ...set(to)];
  const addTo = (sum: number, x: number): number[] => [
    ...get(sum),
    ...get(A),
    ...get(x),
    ...times,
    ...add,
    ...set(sum),
  ];
  return [
    ...[...take(vi, V), ...take(qi, Q), ...take(ui, U), ...take(pi, P)],
    ...rows.flatMap((r) => [
      ...[...take(address(r), A), ...get(address(r)), ...get(A)],
      ...[...get(vr + r), ...get(Q), ...times, ...get(qr + r), ...get(V), ...times, ...add, ...minus],
      ...[...set(A), ...get(A), ...store(offset)],
      ...[...addTo(sums + r, U), ...addTo(P, ur + r)],
    ]),
    ...[...get(pi), ...get(P), ...store(offset)],
  ];
}

function code(): Code {
  const twice = (from: number, to: number): number[] =>
    rows.flatMap((r) => [...get(from), ...loadBoth(8 * r), ...set(to + r)]);
  const columns = [
    ...[...twoColumns(0), ...twoColumns(16)],
    ...[...rows.map(address), vi, qi, ui, pi].flatMap((pointer) => advance(pointer, 32)),
    ...again(left),
  ];
  const bothSums = (r: number): number[] => [...get(sums + r), ...get(sums + r + 1)];
  const storeSums = (r: number): number[] => [
    ...[...get(product), ...bothSums(r), ...entries(0), ...bothSums(r), ...entries(1), ...add, ...store(8 * r)],
  ];
  const block = [
    ...[...advance(fours, 1), ...get(fours), ...set(left)],
    ...[...twice(v, vr), ...twice(q, qr), ...twice(u, ur)],
    ...rows.flatMap((r) => [...zero, ...set(sums + r)]),
    ...along.flatMap(([end, start]) => [...get(end), ...get(bytes), ...less, ...set(start)]),
    ...advance(bytes, 32),
    ...[1, 2, 3].flatMap((r) => [...get(address(r - 1)), ...get(bytes), ...added, ...set(address(r))]),
    ...loop(columns),
    ...[...storeSums(0), ...storeSums(2), ...get(address(3)), ...set(a0)],
    ...along.flatMap(([end]) => advance(end, 32)),
    ...again(blocks),
  ];
  return { parameters: 6, integers: 10, pairs: 21, body: loop(block), bytes: pageBytes };
}
