/**
 * @file Seconds for eigenvalues with and without eigenvectors of random symmetric matrices, ours against NumPy's (LAPACK) on one
 * thread, taken in turn so that a busy machine slows both; the ratios of the best of a few. Build first (`npm run build`), then
 * `node bench/eigh.mjs [n ...]`. NumPy is looked for in $CRH_PYTHON or python3.
 */
import { spawnSync } from "node:child_process";
import { eigh } from "../dist/linalg/eigh.js";
import { eigvalsh } from "../dist/linalg/eigvalsh.js";
import { matrix } from "../dist/linalg/matrix.js";
import { Random } from "../dist/random/random.js";

const script = `
import sys, time, numpy as np
n = int(sys.argv[1]); A = np.random.default_rng(1).standard_normal((n, n)); A = A + A.T
def seconds(f):
    f(A); start = time.perf_counter(); f(A); return time.perf_counter() - start
print(seconds(np.linalg.eigh), seconds(np.linalg.eigvalsh))
`;

function seconds(solve, A) {
  solve(A);
  const start = performance.now();
  solve(A);
  return (performance.now() - start) / 1000;
}

function numpy(n) {
  const env = { ...process.env, OMP_NUM_THREADS: "1", OPENBLAS_NUM_THREADS: "1", MKL_NUM_THREADS: "1" };
  const { status, stdout } = spawnSync(process.env.CRH_PYTHON ?? "python3", ["-c", script, String(n)], { env });
  return status === 0 ? stdout.toString().split(" ").map(Number) : [Number.NaN, Number.NaN];
}

const sizes = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [256, 512, 1024, 2048];
for (const n of sizes) {
  const random = new Random(1);
  const A = matrix(n, n);
  for (let i = 0; i < n; i++) for (let j = 0; j <= i; j++) A.data[i * n + j] = A.data[j * n + i] = random.normal();
  const runs = Array.from({ length: n > 1500 ? 2 : 4 }, () => [seconds(eigh, A), seconds(eigvalsh, A), ...numpy(n)]);
  const [all, values, npAll, npValues] = [0, 1, 2, 3].map((k) => Math.min(...runs.map((run) => run[k])));
  const against = (ours, theirs) =>
    `${ours.toFixed(4)} s (NumPy ${theirs.toFixed(4)} s, ratio ${(ours / theirs).toFixed(2)})`;
  console.log(`n = ${n}: eigh ${against(all, npAll)}; eigvalsh ${against(values, npValues)}`);
}
