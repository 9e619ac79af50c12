/**
 * @file Cross moments sum g h^T of a map's sides, derived from sum g_b h_a^T: with h_b = W h_a + bias and
 * g_a = W^T g_b, sum g_b h_b^T = (sum g_b h_a^T) W^T + (sum g_b) bias^T and sum g_a h_a^T = W^T (sum g_b h_a^T).
 */
import { matmul, matrix, transpose } from "../linalg/matrix.ts";
import type { LayerMoments } from "./moments.ts";

/**
 * Computes a missing `gh` of a map from sum g_b h_a^T and W: of side b and, without a bias, when measures need it, of
 * side a.
 */
export function completeCross({ a, b, W, bias, gbHa, dIn, dOut }: LayerMoments): void {
  if (!a || !W || !gbHa) return;
  const cross = matrix(dOut, dIn, gbHa);
  if (!bias) a.gh ??= matmul(transpose(W), cross).data;
  if (b.gh || (bias && !b.gSum)) return;
  b.gh = matmul(cross, transpose(W)).data;
  if (!bias) return;
  for (let i = 0; i < dOut; i++) for (let j = 0; j < dOut; j++) b.gh[i * dOut + j]! += b.gSum![i]! * bias[j]!;
}
