/** @file MatMul in the letters of Einsum, including broadcasts and vectors. */

/** Letters for the leading axes of the result; a model has far fewer axes. */
const LEADING = "abcdefghijlm";

/**
 * @param A shape of the left operand
 * @param B shape of the right operand
 * @param constantLeft which of them is the constant: where both have an axis of extent 1, it belongs to the other
 * @returns letters of A, B and the result; an axis of extent 1 that is broadcast or dropped has a capital letter of its
 *   own
 */
export function matmulAxes(
  A: readonly number[],
  B: readonly number[],
  constantLeft: boolean,
): [string, string, string] {
  const [left, right] = [A.slice(0, -2), B.slice(0, -2)];
  const rank = Math.max(left.length, right.length);
  const [a, b, y] = [[] as string[], [] as string[], [] as string[]];
  for (let i = 0; i < rank; i++) {
    const letter = LEADING[i]!;
    const [p, q] = [left[i - rank + left.length], right[i - rank + right.length]];
    const whole = Math.max(p ?? 1, q ?? 1);
    const drop = (own: number | undefined, other: number | undefined, isConstant: boolean) =>
      own === 1 && other !== undefined && (whole > 1 || isConstant);
    if (p !== undefined) a.push(drop(p, q, constantLeft) ? letter.toUpperCase() : letter);
    if (q !== undefined) b.push(drop(q, p, !constantLeft) ? letter.toUpperCase() : letter);
    y.push(letter);
  }
  // (..., n, k) times (..., k, o); a vector has only k.
  const ends = [
    A.length > 1 ? "nk" : "k",
    B.length > 1 ? "ko" : "k",
    (A.length > 1 ? "n" : "") + (B.length > 1 ? "o" : ""),
  ];
  return [a.join("") + ends[0], b.join("") + ends[1], y.join("") + ends[2]];
}
