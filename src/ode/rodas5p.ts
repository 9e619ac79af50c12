/**
 * @file Coefficients of Rodas5P, a Rosenbrock-Wanner method of order 5 in eight stages, stiffly accurate and L-stable,
 * with an embedded method of order 4 and dense output of order 4.
 *
 * Source: G. Steinebach, Construction of Rosenbrock-Wanner method Rodas5P and numerical benchmarks within the Julia
 * Differential Equations package, BIT 63 (2023) 27; to the digits of OrdinaryDiffEq.jl. The form without products J v
 * is that of Hairer and Wanner, Solving Ordinary Differential Equations II, section IV.7:
 *
 *     (1/(h gamma) - J) k_i = f(t + c_i h, y + sum_j A_ij k_j) + (1/h) sum_j C_ij k_j + h d_i f_t
 *     y' = y + sum_i b_i k_i
 *
 * with b_i = A_8i and b_8 = 1. The error is k_8, by which y' differs from the embedded method.
 */

export const STAGES = 8;

export const gamma = 0.21193756319429014;

const last = [-7.502846399306121, 2.561846144803919, -11.627539656261098, -0.18268767659942256, 0.030198172008377946];

/** A, strictly lower triangular: row i has i entries. */
export const A: readonly (readonly number[])[] = [
  [],
  [3],
  [2.849394379747939, 0.45842242204463923],
  [-6.954028509809101, 2.489845061869568, -10.358996098473584],
  [2.8029986275628964, 0.5072464736228206, -0.3988312541770524, -0.04721187230404641],
  last,
  [...last, 1],
  [...last, 1, 1],
];

/** C, strictly lower triangular. */
export const C: readonly (readonly number[])[] = [
  [],
  [-14.155112264123755],
  [-17.97296035885952, -2.859693295451294],
  [147.12150275711716, -1.41221402718213, 71.68940251302358],
  [165.43517024871676, -0.4592823456491126, 42.90938336958603, -5.961986721573306],
  [24.854864614690072, -3.0009227002832186, 47.4931110020768, 5.5814197821558125, -0.6610691825249471],
  [
    30.91273214028599, -3.1208243349937974, 77.79954646070892, 34.28646028294783, -19.097331116725623,
    -28.087943162872662,
  ],
  [
    37.80277123390563, -3.2571969029072276, 112.26918849496327, 66.9347231244047, -40.06618937091002,
    -54.66780262877968, -9.48861652309627,
  ],
];

/** Sums of gamma_ij over j: (I/gamma - C) d = 1. */
export const d: readonly number[] = solvedForOnes();

function solvedForOnes(): number[] {
  const found: number[] = [];
  for (const row of C) found.push(gamma * row.reduce((total, value, j) => total + value * found[j]!, 1));
  return found;
}

/** Abscissae: sums of alpha_ij over j, which are A d. */
export const c: readonly number[] = A.map((row) => row.reduce((total, value, j) => total + value * d[j]!, 0));

/**
 * Dense output: y(t + s h) = (1 - s) y + s (y' + (1 - s) (e_1 + s (e_2 + s e_3))), e_m = sum_i H_mi k_i, for s in [0,
 * 1].
 */
export const H: readonly (readonly number[])[] = [
  [
    25.948786856663858, -2.5579724845846235, 10.433815404888879, -2.3679251022685204, 0.524948541321073,
    1.1241088310450404, 0.4272876194431874, -0.17202221070155493,
  ],
  [
    -9.91568850695171, -0.9689944594115154, 3.0438037242978453, -24.495224566215796, 20.176138334709044,
    15.98066361424651, -6.789040303419874, -6.710236069923372,
  ],
  [
    11.419903575922262, 2.8879645146136994, 72.92137995996029, 80.12511834622643, -52.072871366152654,
    -59.78993625266729, -0.15582684282751913, 4.883087185713722,
  ],
];
