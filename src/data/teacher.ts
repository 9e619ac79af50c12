/**
 * @file The teachers of the settings fc1 and fc2: y = u^T sin(W x + b) (theory.md Eq. 25) of inputs x = M x' with M =
 * (1-phi) Z + phi I (theory.md Eq. 26), x' ~ N(0, I). The parameters are drawn here; training evaluates them inside its
 * graph, and `teacherOutput` is the plain float64 twin. Z has entries 0 and 1, 1 with probability 0.8, as in the paper.
 *
 * Scales. The paper draws W, b, u from "Gaussian" and leaves the variances open. Three choices, measured in
 * docs/log.md:
 * - 1 for all. In 100 dimensions the argument of the sine has standard deviation 10, so its phase is effectively
 *   random, the target is uncorrelated with any smooth function of x and nothing can be learned. Outputs have variance
 *   50, at which a ReLU network dies at learning rate 0.1.
 * - 1/sqrt(dIn) for W, 1 for b, 1/sqrt(terms) for u (preset `nonlinear`): W x has unit variance; 63 % of the target's
 *   variance is linear in x.
 * - TEACHER_SCALE for all, the default: 98 % of the target's variance is linear in x.
 */
import type { Random } from "../random/random.ts";

/**
 * Default standard deviation of W, b and u.
 *
 * chosen: that of torch.nn.Linear's default for 100 inputs, U(-1/sqrt(100), 1/sqrt(100)), which is 0.0577; the best of
 * 16 choices tried for how well the six relations of fc2 hold (docs/theory.md, What to expect).
 */
export const TEACHER_SCALE = 0.058;

/** A float32 array with its shape, row-major. */
export interface Float32Block {
  readonly dtype: "float32";
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

export interface Teacher {
  readonly dIn: number;
  readonly dOut: number;
  readonly terms: number;
  /** (terms, dIn) */
  readonly w: Float32Block;
  /** (terms) */
  readonly b: Float32Block;
  /** (dOut, terms) */
  readonly u: Float32Block;
  /** M of Eq. 26, (dIn, dIn); absent in fc1, where x = x' */
  readonly mixing?: Float32Block;
}

export interface TeacherOptions {
  /** dimension of x and x' */
  readonly dIn?: number;
  /** dimension of y: 1 in fc1, 100 in fc2 */
  readonly dOut?: number;
  /** number of sines in the sum */
  readonly terms?: number;
  /** weight of the identity in M, 0..1; without it x = x' */
  readonly phi?: number;
  /** probability of a 1 in Z */
  readonly density?: number;
  /** standard deviation of the entries of w; default TEACHER_SCALE, as b and u */
  readonly wScale?: number;
  /** standard deviation of the entries of b */
  readonly bScale?: number;
  /** standard deviation of the entries of u */
  readonly uScale?: number;
}

/**
 * Draws a teacher (theory.md Eqs. 25 and 26).
 *
 * @param random each of w, b, u, Z is drawn from its own child stream, so that teachers of one seed share w and Z
 *   whatever dOut, phi or the scales are
 * @returns w (terms, dIn), b (terms), u (dOut, terms), mixing (dIn, dIn) or absent; float32
 * @throws RangeError if an extent is no positive integer, phi or density is outside [0, 1], or a scale is not finite
 */
export function drawTeacher(
  random: Random,
  {
    dIn = 100,
    dOut = 1,
    terms = 100,
    phi,
    density = 0.8,
    wScale = TEACHER_SCALE,
    bScale = TEACHER_SCALE,
    uScale = TEACHER_SCALE,
  }: TeacherOptions = {},
): Teacher {
  checkRange({ dIn, dOut, terms }, (value) => Number.isSafeInteger(value) && value > 0, "a positive integer");
  checkRange({ phi: phi ?? 1, density }, (value) => value >= 0 && value <= 1, "a number in [0, 1]");
  checkRange(
    { wScale, bScale, uScale },
    (value) => Number.isFinite(value) && value >= 0,
    "a finite number not below 0",
  );
  const teacher = {
    dIn,
    dOut,
    terms,
    w: normalBlock(random.split("teacher/w"), [terms, dIn], wScale),
    b: normalBlock(random.split("teacher/b"), [terms], bScale),
    u: normalBlock(random.split("teacher/u"), [dOut, terms], uScale),
  };
  if (phi === undefined) return teacher;
  return { ...teacher, mixing: mixingMatrix(random.split("teacher/Z"), dIn, phi, density) };
}

function normalBlock(random: Random, shape: readonly number[], scale: number): Float32Block {
  const data = new Float32Array(shape.reduce((product, extent) => product * extent, 1));
  random.fillNormal(data, scale);
  return { dtype: "float32", shape, data };
}

/** M = (1-phi) Z + phi I (theory.md Eq. 26), Z_ij = 1 with probability `density`, else 0. */
function mixingMatrix(random: Random, d: number, phi: number, density: number): Float32Block {
  const data = new Float32Array(d * d);
  for (let i = 0; i < d; i++)
    for (let j = 0; j < d; j++) {
      const Z = random.uniform() < density ? 1 : 0;
      data[i * d + j] = (1 - phi) * Z + (i === j ? phi : 0);
    }
  return { dtype: "float32", shape: [d, d], data };
}

/**
 * The student's inputs x = M x' (theory.md Eq. 26), or a copy of x' for a teacher without mixing.
 *
 * @param xPrime (n, dIn), one sample per row
 * @returns (n, dIn) float64, sums in float64
 * @throws RangeError if xPrime is not whole rows of dIn
 */
export function teacherInput({ dIn, mixing }: Teacher, xPrime: Float32Array | Float64Array): Float64Array {
  checkRows("teacherInput", xPrime, dIn);
  return mixing === undefined ? Float64Array.from(xPrime) : timesTransposed(Float64Array.from(xPrime), mixing, dIn);
}

/**
 * The targets y = u^T sin(W x + b) of x = M x' (theory.md Eqs. 25 and 26): the plain float64 twin of the graph's
 * evaluation.
 *
 * @param xPrime (n, dIn), one sample per row
 * @returns (n, dOut) float64. O(n (dIn^2 + terms (dIn + dOut))).
 * @throws RangeError if xPrime is not whole rows of dIn
 */
export function teacherOutput(teacher: Teacher, xPrime: Float32Array | Float64Array): Float64Array {
  const { dIn, terms, w, b, u } = teacher;
  checkRows("teacherOutput", xPrime, dIn);
  const sines = timesTransposed(teacherInput(teacher, xPrime), w, dIn); // (n, terms)
  for (let i = 0; i < sines.length; i++) sines[i] = Math.sin(sines[i]! + b.data[i % terms]!);
  return timesTransposed(sines, u, terms);
}

/** X A^T for X (n, inner) and A (outer, inner); returns (n, outer). */
function timesTransposed(X: Float64Array, A: Float32Block, inner: number): Float64Array {
  const n = X.length / inner;
  const outer = A.data.length / inner;
  const out = new Float64Array(n * outer);
  for (let row = 0; row < n; row++)
    for (let i = 0; i < outer; i++) {
      let sum = 0;
      for (let j = 0; j < inner; j++) sum += X[row * inner + j]! * A.data[i * inner + j]!;
      out[row * outer + i] = sum;
    }
  return out;
}

function checkRows(where: string, x: { readonly length: number }, dIn: number): void {
  if (x.length % dIn !== 0)
    throw new RangeError(
      `${where}: expected rows of ${dIn} values, got ${x.length} values; pass samples of the teacher's dIn`,
    );
}

function checkRange(values: Record<string, number>, valid: (value: number) => boolean, expected: string): void {
  for (const [name, value] of Object.entries(values))
    if (!valid(value))
      throw new RangeError(`drawTeacher: expected ${name} to be ${expected}, got ${value}; change ${name}`);
}
